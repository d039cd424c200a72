"""The experiment: train on some articles, be judged on the others, and keep what was found.

A corpus, or a labelled table, enters; the model to keep, its evaluation and the facts of the run
leave. The figures are those of a model that has seen no test article; the model to keep is fitted
with the same settings on every article, unless told otherwise.
"""

from __future__ import annotations

import hashlib
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import stance
from stance.context import Context
from stance.coreference_training import train_namer
from stance.corpus import Corpus
from stance.detection_training import train_detector
from stance.errors import StanceError
from stance.evaluation import (
    evaluate_detection,
    evaluate_held_out,
    evaluate_unseen_actors,
    predict_rows,
    score_rows,
    score_words,
    summarize,
    trace_learning_curve,
)
from stance.examples import Example, split_by_article
from stance.labelled import LabelledTable, find_shared_texts
from stance.mistakes import find_worst_errors
from stance.model import StanceClassifier
from stance.name_swap import measure_name_swap
from stance.pipeline import Settings
from stance.targets import Target
from stance.training import (
    TrainingSet,
    build_training_set,
    count_priors,
    fit_model,
    hash_examples,
    train_model,
)

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Experiment:
    """What one run found.

    Parameters
    ----------
    model : StanceClassifier
        The model to keep.
    evaluation : dict
        ``held_out``, ``unseen_actors`` and ``detection``, as `stance.evaluation` gives them, the
        last two None where they cannot be measured; in ``held_out`` besides ``worst_errors``,
        ``name_swap`` (None without named actors) and ``learning_curve`` (None unless asked for);
        JSON values.
    metadata : dict
        Target, data, code, versions, settings, seed and the split; JSON values.
    seconds : float
        How long the run took. It stands apart, since the same data and seed give the same metadata.
    """

    model: StanceClassifier
    evaluation: dict[str, Any]
    metadata: dict[str, Any]
    seconds: float


def run_experiment(
    corpus: Corpus,
    target: Target,
    settings: Settings | None = None,
    *,
    search: bool = True,
    refit: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
    actor_prior: bool = False,
    learning_curve: bool = False,
    progress: Callable[[str], None] = lambda message: None,
) -> Experiment:
    """Train and evaluate on a corpus.

    Parameters
    ----------
    corpus : Corpus
        Articles and labels.
    target : Target
        What the stance is about.
    settings : Settings, optional
        Where the search begins, or what to use without it.
    search : bool, default=True
        Whether to choose settings by cross-validation over the training articles.
    refit : bool, default=True
        Whether the model to keep is fitted on the test articles as well, once it is judged.
    seed : int, default=0
        Seed of everything random. The same corpus and seed give the same model and figures.
    n_jobs : int, optional
        Processes for cross-validation.
    actor_prior : bool, default=False
        Whether the model hears how each actor's claims were labelled in training.
    learning_curve : bool, default=False
        Whether to fit on growing shares of the training rows as well.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    Experiment

    Raises
    ------
    StanceError
        If the corpus is too small to be split or trained on.
    """
    run = _Run(
        target, settings or Settings(), search, seed, n_jobs, actor_prior, learning_curve, progress
    )
    progress("reading the actors of each sentence")
    rows = [*corpus.examples, *corpus.phrasebook]
    train_rows, test_rows = split_by_article(rows, TEST_SHARE)
    # Only labels that somebody has read may judge a model.
    test_rows = [row for row in test_rows if row.source != "weak"]
    if not any(row.has_actor for row in test_rows):
        raise StanceError(
            "no reviewed pairs to test on: a model is judged on articles that it has not seen. "
            "Label at least two articles."
        )
    train = build_training_set(train_rows, target, run.settings.phrasebook_weight)
    test = build_training_set(test_rows, target, for_training=False)
    judged = [row for row in test_rows if row.has_actor]
    model, facts, held_out = _fit_and_judge(run, train, test, judged)
    dates = {article.id: article.date for article in corpus.articles.values()}
    read_train = [row for row in train_rows if row.article and row.source != "weak"]
    if read_train:
        progress("learning who takes part")
        model.detector_ = train_detector(read_train, target, seed)
        model.namer_ = train_namer(read_train, target, dates, seed)
    detection = evaluate_detection(test_rows, model, dates)
    everything = train.join(test)
    unseen = _judge_unseen_actors(run, everything, model, facts)
    if refit:
        model = _fit_on_everything(run, everything, model, facts)
        read_all = [row for row in corpus.examples if row.source != "weak"]
        model.detector_ = train_detector(read_all, target, seed)
        model.namer_ = train_namer(read_all, target, dates, seed)
    data = {
        "sha256": hash_examples(rows),
        "n_articles": len(corpus.articles),
        "n_pairs": sum(row.has_actor for row in corpus.examples),
        "n_actors": len({row.canonical for row in corpus.examples if row.has_actor}),
        "n_phrasebook": len(corpus.phrasebook),
    }
    split = {"test_share": TEST_SHARE, "test_articles": sorted(set(test.articles.tolist()))}
    evaluation = {"held_out": held_out, "unseen_actors": unseen, "detection": detection}
    return _conclude(run, model, evaluation, data, split, facts, refit)


def run_table_experiment(
    table: LabelledTable,
    settings: Settings | None = None,
    *,
    test: LabelledTable | None = None,
    search: bool = True,
    refit: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
    actor_prior: bool = False,
    learning_curve: bool = False,
    progress: Callable[[str], None] = lambda message: None,
) -> Experiment:
    """Train and evaluate on a labelled table.

    Parameters
    ----------
    table : LabelledTable
        Rows of text, actor and label. Where it has a test part of its own, that is tested on.
    settings : Settings, optional
        Where the search begins, or what to use without it.
    test : LabelledTable, optional
        Rows to test on in place of a fifth of the groups. The model that is kept never learns
        from them, nor from a test part.
    search : bool, default=True
        Whether to choose settings by cross-validation over the training rows.
    refit : bool, default=True
        Whether the model to keep is fitted on the fifth as well, once it is judged.
    seed : int, default=0
        Seed of everything random. The same rows and seed give the same model and figures.
    n_jobs : int, optional
        Processes for cross-validation.
    actor_prior : bool, default=False
        Whether the model hears how each actor's rows were labelled in training.
    learning_curve : bool, default=False
        Whether to fit on growing shares of the training rows as well.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    Experiment
        Its ``evaluation["detection"]`` is None: a table does not say who else takes part, so
        the actors of a text are found by rules.

    Raises
    ------
    StanceError
        If the table is too small to be split or trained on.

    See Also
    --------
    stance.labelled.read_labelled_table : Makes the table.
    """
    run = _Run(
        table.target,
        settings or Settings(),
        search,
        seed,
        n_jobs,
        actor_prior,
        learning_curve,
        progress,
    )
    progress("reading the texts")
    given = (test.examples + test.held_out) if test is not None else table.held_out
    train_rows, test_rows = (table.examples, given) if given else split_by_article(table.examples)
    if not test_rows:
        raise StanceError(
            f"table {table.name!r} cannot be split: all of its {len(train_rows)} rows are of one "
            "group or text. Add others, or name a table to test on with --test-data."
        )
    train = build_training_set(train_rows, table.target, whole_texts=True)
    tested = build_training_set(test_rows, table.target, for_training=False, whole_texts=True)
    model, facts, held_out = _fit_and_judge(run, train, tested, test_rows)
    is_shared = np.array(find_shared_texts(train_rows, test_rows))
    if is_shared.any() and not is_shared.all():
        y_pred = predict_rows(model, tested)[~is_shared]
        held_out["others"]["texts not trained on"] = summarize(tested.y[~is_shared], y_pred)
    everything = train if given else train.join(tested)
    named = everything.take(np.flatnonzero(everything.actors != ""))
    unseen = _judge_unseen_actors(run, named, model, facts)
    if refit and not given:
        model = _fit_on_everything(run, everything, model, facts)
    rows = [*train_rows, *test_rows]
    data = {
        "sha256": hash_examples(rows),
        "n_articles": len({row.article for row in rows}),
        "n_pairs": len(rows),
        "n_actors": len({row.canonical for row in rows if row.canonical}),
        "n_phrasebook": 0,
        "table": {
            "name": table.name,
            "test": (test.name if test is not None else table.name) if given else None,
            "unit": table.target.unit,
            "notes": table.notes,
            "test_notes": test.notes if test is not None else [],
            "n_shared_with_test": int(is_shared.sum()),
        },
    }
    groups = sorted({row.article for row in test_rows})
    split = {"test_share": None if given else TEST_SHARE, "test_articles": groups}
    evaluation = {"held_out": held_out, "unseen_actors": unseen, "detection": None}
    return _conclude(run, model, evaluation, data, split, facts, refit and not given)


@dataclass(frozen=True)
class _Run:
    """What the steps of a run share."""

    target: Target
    settings: Settings
    search: bool
    seed: int
    n_jobs: int | None
    actor_prior: bool
    learning_curve: bool
    progress: Callable[[str], None]
    began: float = field(default_factory=time.perf_counter)


def _fit_and_judge(
    run: _Run, train: TrainingSet, test: TrainingSet, examples: Sequence[Example]
) -> tuple[StanceClassifier, dict[str, Any], dict[str, Any]]:
    """Return a model of the training rows, the facts of its making, and its held-out scores."""
    model, facts = train_model(
        train,
        run.target,
        run.settings,
        search=run.search,
        seed=run.seed,
        n_jobs=run.n_jobs,
        actor_prior=run.actor_prior,
        progress=run.progress,
    )
    scores = score_rows(model, test)
    others = _score_otherwise(model, test) if (test.actors != "").any() else {}
    held_out = evaluate_held_out(train, test, scores, others)
    run.progress("looking into the errors")
    held_out["worst_errors"] = find_worst_errors(model, examples, test, scores)
    held_out["name_swap"] = measure_name_swap(model, examples, seed=run.seed)
    held_out["learning_curve"] = None
    if run.learning_curve:
        run.progress("tracing the learning curve")
        settings = Settings(**facts["settings"])
        held_out["learning_curve"] = trace_learning_curve(
            train, test, settings, run.seed, run.n_jobs
        )
    return model, facts, held_out


def _judge_unseen_actors(
    run: _Run, rows: TrainingSet, model: StanceClassifier, facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the scores with whole actors held out; None where there are too few of them."""
    if len(set(rows.actors[rows.is_read].tolist())) < 2:
        return None
    settings, context = Settings(**facts["settings"]), _without_priors(model.context)
    try:
        return evaluate_unseen_actors(rows, settings, run.seed, run.n_jobs, run.progress, context)
    except StanceError:  # what the other actors leave is of one class, or next to nothing
        return None


def _fit_on_everything(
    run: _Run, everything: TrainingSet, model: StanceClassifier, facts: Mapping[str, Any]
) -> StanceClassifier:
    """Return the model fitted again, with the same settings, on the rows it was judged by, too."""
    run.progress("fitting on every article")
    context = model.context
    if context is not None and context.priors is not None:
        read = everything.take(np.flatnonzero(everything.is_read))
        context = replace(context, priors=count_priors(read.places, read.y))
    model = fit_model(everything, run.target, Settings(**facts["settings"]), run.seed)
    model.context_ = context
    return model


def _conclude(
    run: _Run,
    model: StanceClassifier,
    evaluation: dict[str, Any],
    data: dict[str, Any],
    split: dict[str, Any],
    facts: dict[str, Any],
    refitted: bool,
) -> Experiment:
    """Return the experiment with the facts that every run has."""
    model.other_context_ = None
    target = run.target
    metadata = {
        "target": {"name": target.name, "title": target.title, "sha256": target.sha256},
        "data": data,
        "split": split,
        "training": {**facts, "refitted_on_all_articles": refitted},
        "code_sha256": hash_code(),
        "versions": list_versions(),
    }
    seconds = time.perf_counter() - run.began
    return Experiment(model, _without_nan(evaluation), _without_nan(metadata), seconds)


def _without_priors(context: Context | None) -> Context | None:
    """Return the second regression as it meets actors of whom training told nothing."""
    if context is None or context.priors is None:
        return context
    return replace(context, priors={})


def _score_otherwise(model: StanceClassifier, test: TrainingSet) -> dict[str, np.ndarray]:
    """Return the scores of the model judging claims alone, and of its twin as to actor priors."""
    scores = {"each claim judged alone": score_rows(model, test, in_context=False)}
    other = model.other_context_
    if other is not None:
        name = "with --actor-prior" if other.priors is not None else "without --actor-prior"
        scores[name] = other.adjust(score_words(model, test), test.places)
    return scores


def hash_code() -> str:
    """Return a hash of the package's sources, as hexadecimal digits."""
    digest = hashlib.sha256()
    folder = Path(stance.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def list_versions() -> dict[str, str]:
    """Return the versions that a model depends on."""
    return {
        "python": platform.python_version(),
        "stance": stance.__version__,
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn", "nupunkt")},
    }


def _without_nan(value: Any) -> Any:
    """Return JSON values with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
