"""The experiment: train on some articles, be judged on the others, and keep what was found.

A corpus enters; the model to keep, its evaluation and the facts of the run leave. The figures are
those of a model that has seen no test article; the model to keep is fitted with the same settings
on every article, unless told otherwise.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    score_rows,
    score_words,
)
from stance.examples import split_by_article
from stance.model import StanceClassifier
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
        ``held_out``, ``unseen_actors`` and ``detection``, as `stance.evaluation` gives them;
        JSON values.
    metadata : dict
        Target, data, code, versions, settings, seed and the split; JSON values.
    """

    model: StanceClassifier
    evaluation: dict[str, Any]
    metadata: dict[str, Any]


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
    settings = settings or Settings()
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
    train = build_training_set(train_rows, target, settings.phrasebook_weight)
    model, facts = train_model(
        train,
        target,
        settings,
        search=search,
        seed=seed,
        n_jobs=n_jobs,
        actor_prior=actor_prior,
        progress=progress,
    )
    settings = Settings(**facts["settings"])
    dates = {article.id: article.date for article in corpus.articles.values()}
    test = build_training_set(test_rows, target, for_training=False)
    evaluation = {
        "held_out": evaluate_held_out(
            train, test, score_rows(model, test), _score_otherwise(model, test)
        ),
        "unseen_actors": None,
    }
    read_train = [row for row in train_rows if row.article and row.source != "weak"]
    if read_train:
        progress("learning who takes part")
        model.detector_ = train_detector(read_train, target, seed)
        model.namer_ = train_namer(read_train, target, dates, seed)
    evaluation["detection"] = evaluate_detection(test_rows, model, dates)
    everything = train.join(test)
    if len(set(everything.actors[everything.is_read].tolist())) > 1:
        evaluation["unseen_actors"] = evaluate_unseen_actors(
            everything, settings, seed, n_jobs, progress, _without_priors(model.context)
        )
    if refit:
        progress("fitting on every article")
        context = model.context
        if context is not None and context.priors is not None:
            read = everything.take(np.flatnonzero(everything.is_read))
            context = replace(context, priors=count_priors(read.places, read.y))
        model = fit_model(everything, target, settings, seed)
        model.context_ = context
        read_all = [row for row in corpus.examples if row.source != "weak"]
        model.detector_ = train_detector(read_all, target, seed)
        model.namer_ = train_namer(read_all, target, dates, seed)
    model.other_context_ = None
    test_articles = sorted(set(test.articles.tolist()))
    metadata = {
        "target": {"name": target.name, "title": target.title, "sha256": target.sha256},
        "data": {
            "sha256": hash_examples(rows),
            "n_articles": len(corpus.articles),
            "n_pairs": sum(row.has_actor for row in corpus.examples),
            "n_actors": len({row.canonical for row in corpus.examples if row.has_actor}),
            "n_phrasebook": len(corpus.phrasebook),
        },
        "split": {"test_share": TEST_SHARE, "test_articles": test_articles},
        "training": {**facts, "refitted_on_all_articles": refit},
        "code_sha256": hash_code(),
        "versions": list_versions(),
    }
    return Experiment(model, _without_nan(evaluation), _without_nan(metadata))


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
