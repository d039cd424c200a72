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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from joblib import delayed

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
    hold_out_actors,
    predict_rows,
    score_words,
    summarize,
    trace_learning_curve,
)
from stance.examples import Example, split_by_article
from stance.labelled import LabelledTable, find_shared_texts
from stance.mistakes import find_worst_errors
from stance.model import StanceClassifier
from stance.name_swap import measure_name_swap
from stance.pipeline import CountedViews, Settings
from stance.targets import Target
from stance.training import (
    Fold,
    Job,
    Search,
    TrainingSet,
    assemble_model,
    build_training_set,
    choose_settings,
    conclude_training,
    count_priors,
    hash_examples,
    plan_choice,
    plan_fit,
    plan_folds,
    run_jobs,
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
        Processes for the fits; their number does not change the outcome.
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
    dates = {article.id: article.date for article in corpus.articles.values()}
    marked = [[row for row in train_rows if row.article and row.source != "weak"]]
    if refit:
        marked.append([row for row in corpus.examples if row.source != "weak"])
    jobs = [
        job
        for some in marked
        for job in (
            delayed(train_namer)(some, target, dates, seed),
            delayed(train_detector)(some, target, seed),
        )
    ]
    everything = train.join(test)
    fitted = _fit(run, train, everything, np.arange(len(everything.y)), jobs, refit=refit)
    model, kept = fitted.model, fitted.refitted
    model.namer_, model.detector_, *others = fitted.beside
    if kept is not None:
        kept.namer_, kept.detector_ = others
    data = {
        "sha256": hash_examples(rows),
        "n_articles": len(corpus.articles),
        "n_pairs": sum(row.has_actor for row in corpus.examples),
        "n_actors": len({row.canonical for row in corpus.examples if row.has_actor}),
        "n_phrasebook": len(corpus.phrasebook),
    }
    split = {"test_share": TEST_SHARE, "test_articles": sorted(set(test.articles.tolist()))}
    finding = delayed(evaluate_detection)(test_rows, model, dates)
    held_out, detection = _judge(run, train, test, fitted, judged, [finding])
    evaluation = {
        "held_out": held_out,
        "unseen_actors": fitted.unseen,
        "detection": detection,
    }
    return _conclude(run, fitted, evaluation, data, split)


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
        Processes for the fits; their number does not change the outcome.
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
    everything = train if given else train.join(tested)
    named = np.flatnonzero(everything.actors != "")
    fitted = _fit(run, train, everything, named, refit=refit and not given)
    (held_out,) = _judge(run, train, tested, fitted, test_rows)
    is_shared = np.array(find_shared_texts(train_rows, test_rows))
    if is_shared.any() and not is_shared.all():
        y_pred = predict_rows(fitted.model, tested)[~is_shared]
        held_out["others"]["texts not trained on"] = summarize(tested.y[~is_shared], y_pred)
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
    evaluation = {"held_out": held_out, "unseen_actors": fitted.unseen, "detection": None}
    return _conclude(run, fitted, evaluation, data, split)


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


@dataclass(frozen=True)
class _Fitted:
    """What the fits of a run found."""

    # Of the training rows, to be judged.
    model: StanceClassifier
    # Of every row, to be kept; None where the first one is.
    refitted: StanceClassifier | None
    facts: dict[str, Any]
    unseen: dict[str, Any] | None
    # What the jobs beside the fits returned.
    beside: list[Any]


def _fit(
    run: _Run,
    train: TrainingSet,
    everything: TrainingSet,
    named: np.ndarray,
    jobs: Sequence[Job] = (),
    *,
    refit: bool,
) -> _Fitted:
    """Fit every model of a run, in two rounds of independent jobs over terms counted once.

    `everything` begins with the rows of `train`; `named` are those of it that unseen actors are
    held out of.
    """
    search, seed = run.search, run.seed
    plans: list[tuple[CountedViews, Search]] = []

    def plan_jobs() -> Iterator[Job]:
        # The jobs beside need no counted terms: they are done while these are counted.
        yield from jobs
        run.progress("counting terms")
        counted = CountedViews(everything.views)
        plans.append((counted, plan_choice(train, counted, run.settings, seed, search=search)))
        doing = "choosing settings" if search else "cross-validating"
        run.progress(f"{doing} on {len(train.y)} rows; learning who takes part")
        yield from plans[0][1].jobs

    results = run_jobs(plan_jobs(), run.n_jobs)
    [(counted, plan)] = plans
    beside, results = results[: len(jobs)], results[len(jobs) :]
    choice = choose_settings(train, plan, results, run.settings, seed)
    settings = choice.settings
    sides = [np.arange(len(n.y)) for n in (train, everything)][: 1 + refit]
    folds, unseen_jobs = _plan_unseen_actors(everything, counted, named, settings, seed)
    run.progress(f"fitting with C={settings.C:g}; holding out actors in {len(folds)} folds")
    fits = [plan_fit(everything, counted, rows, settings, seed) for rows in sides]
    done = run_jobs([*reversed(fits), *unseen_jobs], run.n_jobs)
    model, *kept = [
        assemble_model(run.target, counted, rows, classifier, settings, seed)
        for rows, classifier in zip(sides, reversed(done[: len(fits)]), strict=True)
    ]
    facts = conclude_training(
        model, train, choice, seed, search=search, actor_prior=run.actor_prior
    )
    for refitted in kept:
        refitted.context_ = _with_priors_of(everything, model.context)
    context = _without_priors(model.context)
    unseen = _judge_unseen_actors(everything, folds, done[len(fits) :], context)
    return _Fitted(model, next(iter(kept), None), facts, unseen, beside)


def _judge(
    run: _Run,
    train: TrainingSet,
    test: TrainingSet,
    fitted: _Fitted,
    examples: Sequence[Example],
    jobs: Sequence[Job] = (),
) -> list[Any]:
    """Return the scores of the model of the training rows on those held out.

    What jobs beside that return follows them.
    """
    model = fitted.model
    words = score_words(model, test)
    otherwise = _score_otherwise(model, test, words) if (test.actors != "").any() else {}
    context = model.context
    scores = words if context is None else context.adjust(words, test.places)
    held_out = evaluate_held_out(train, test, scores, otherwise)
    run.progress("looking into the held-out articles")
    own = [
        delayed(find_worst_errors)(model, examples, test, scores),
        delayed(measure_name_swap)(model, examples, seed=run.seed),
    ]
    *others, errors, swaps = run_jobs([*jobs, *own], run.n_jobs)
    held_out["worst_errors"], held_out["name_swap"] = errors, swaps
    held_out["learning_curve"] = None
    if run.learning_curve:
        run.progress("tracing the learning curve")
        settings = Settings(**fitted.facts["settings"])
        held_out["learning_curve"] = trace_learning_curve(
            train, test, settings, run.seed, run.n_jobs
        )
    return [held_out, *others]


def _plan_unseen_actors(
    data: TrainingSet,
    counted: CountedViews,
    rows: np.ndarray,
    settings: Settings,
    seed: int,
) -> tuple[list[Fold], list[Job]]:
    """Plan the fits with whole actors held out; none where there are too few of them."""
    if len(set(data.actors[rows][data.is_read[rows]].tolist())) < 2:
        return [], []
    folds = hold_out_actors(data, rows, seed)
    try:
        jobs = plan_folds(data, counted, folds, settings, seed)
    except StanceError:  # what the other actors leave is of one class
        return [], []
    return folds, [delayed(_try)(job) for job in jobs]


def _try(job: Job) -> Any:
    """Return what a job returns; None where its rows are too few to learn from."""
    function, arguments, options = job
    try:
        return function(*arguments, **options)
    except StanceError:
        return None


def _judge_unseen_actors(
    data: TrainingSet, folds: list[Fold], results: list[Any], context: Context | None
) -> dict[str, Any] | None:
    """Return the scores with whole actors held out; None where they could not be fitted."""
    if not folds or any(fold is None for fold in results):
        return None
    return evaluate_unseen_actors(data, folds, results, context)


def _with_priors_of(rows: TrainingSet, context: Context | None) -> Context | None:
    """Return the second regression with the priors, where it has such, of other rows."""
    if context is None or context.priors is None:
        return context
    read = replace(rows, views={}).take(np.flatnonzero(rows.is_read))
    return replace(context, priors=count_priors(read.places, read.y))


def _conclude(
    run: _Run,
    fitted: _Fitted,
    evaluation: dict[str, Any],
    data: dict[str, Any],
    split: dict[str, Any],
) -> Experiment:
    """Return the experiment with the facts that every run has."""
    model = fitted.model if fitted.refitted is None else fitted.refitted
    model.other_context_ = None
    target = run.target
    training = {**fitted.facts, "refitted_on_all_articles": fitted.refitted is not None}
    metadata = {
        "target": {"name": target.name, "title": target.title, "sha256": target.sha256},
        "data": data,
        "split": split,
        "training": training,
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


def _score_otherwise(
    model: StanceClassifier, test: TrainingSet, words: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the scores of the model judging claims alone, and of its twin as to actor priors."""
    context, other = model.context, model.other_context_
    alone = words if context is None else context.adjust(words, test.places, alone=True)
    scores = {"each claim judged alone": alone}
    if other is not None:
        name = "with --actor-prior" if other.priors is not None else "without --actor-prior"
        scores[name] = other.adjust(words, test.places)
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
