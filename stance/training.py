"""Training: labelled examples become a model and the facts of its run.

Settings are searched by cross-validation in which no article is on both sides; the model is fitted
with the best. Examples enter as rows; nothing here reads or writes files.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from stance.context import ALONE, N_CLASSES, PRIOR, Context, Place, describe_context
from stance.cues import STANCES
from stance.errors import StanceError
from stance.examples import Example
from stance.features import VIEWS, build_view_table, to_passages
from stance.model import StanceClassifier, check_labels
from stance.pipeline import CountedViews, Settings, build_classifier
from stance.targets import Target

C_GRID = (1.0, 2.0, 4.0)
N_FOLDS = 5
# Below so many claims out of fold the second regression has too little to learn from.
MIN_CONTEXT = 200
# The score of a class that training did not know.
_NEVER = -30.0

Views = dict[str, list[str]]


@dataclass(frozen=True)
class TrainingSet:
    """Rows ready for training: views, labels, groups and weights.

    Parameters
    ----------
    views : dict of str to list of str
        One column for each view.
    y : ndarray of str, shape (n_rows,)
        The stances.
    articles, actors : ndarray of str, shape (n_rows,)
        Article and canonical name of each row; ``""`` for the phrasebook.
    weights : ndarray of float64, shape (n_rows,)
        Weight of each row.
    sentences : ndarray of int64, shape (n_rows,)
        Where in its article the sentence of each row begins.
    """

    views: Views
    y: np.ndarray
    articles: np.ndarray
    actors: np.ndarray
    weights: np.ndarray
    sentences: np.ndarray

    @property
    def is_read(self) -> np.ndarray:
        """Which rows come from an article, and not from the phrasebook."""
        return np.asarray(self.articles != "")

    @property
    def places(self) -> list[Place]:
        """Where each row stands, for judging it in its article."""
        return [
            Place(article, str(sentence), actor)
            for article, sentence, actor in zip(
                self.articles.tolist(), self.sentences.tolist(), self.actors.tolist(), strict=True
            )
        ]

    def take(self, rows: np.ndarray) -> TrainingSet:
        """Return some of the rows."""
        views = {view: [column[i] for i in rows] for view, column in self.views.items()}
        return TrainingSet(
            views,
            self.y[rows],
            self.articles[rows],
            self.actors[rows],
            self.weights[rows],
            self.sentences[rows],
        )

    def join(self, other: TrainingSet) -> TrainingSet:
        """Return these rows and the other's."""
        return TrainingSet(
            {view: column + other.views[view] for view, column in self.views.items()},
            np.concatenate([self.y, other.y]),
            np.concatenate([self.articles, other.articles]),
            np.concatenate([self.actors, other.actors]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.sentences, other.sentences]),
        )


def build_training_set(
    examples: Sequence[Example],
    target: Target,
    phrasebook_weight: float = 0.25,
    *,
    for_training: bool = True,
    whole_texts: bool = False,
) -> TrainingSet:
    """Build the views of labelled examples once, for every fit that follows.

    Parameters
    ----------
    examples : sequence of Example
        Rows of articles and of the phrasebook. Sentences of articles without an actor are left
        out: nobody takes a stance in them.
    target : Target
        Finds the other actors of each sentence.
    phrasebook_weight : float, default=0.25
        Weight of a row of the phrasebook; 0 leaves the phrasebook out.
    for_training : bool, default=True
        Whether a model is to be fitted on the rows; rows to test on may be of one class.
    whole_texts : bool, default=False
        Whether a row without an actor is a label of the text as a whole, as in a labelled table,
        and kept.

    Returns
    -------
    TrainingSet

    Raises
    ------
    StanceError
        If there are no rows, or one class only and a model is to be fitted.
    """
    rows = [
        e
        for e in examples
        if (whole_texts or e.has_actor) and (phrasebook_weight > 0 or e.source != "phrasebook")
    ]
    y = np.array([e.label for e in rows], dtype=str)
    if not rows:
        raise StanceError("no labelled (sentence, actor) pairs to train on; label some first.")
    if for_training:
        check_labels(len(rows), y)
    return TrainingSet(
        build_view_table(to_passages(rows, None, target), target, VIEWS),
        y,
        np.array([e.article for e in rows], dtype=str),
        np.array([e.canonical for e in rows], dtype=str),
        np.array([phrasebook_weight if e.source == "phrasebook" else 1.0 for e in rows]),
        np.array([e.start for e in rows], dtype=np.int64),
    )


def grouped_folds(
    data: TrainingSet, groups: np.ndarray, n_folds: int = N_FOLDS, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds in which no group is on both sides; the phrasebook only ever trains.

    Parameters
    ----------
    data : TrainingSet
        The rows.
    groups : ndarray of str, shape (n_rows,)
        Group of each row: its article, or its actor.
    n_folds : int, default=5
        How many, at most as many as there are groups.
    seed : int, default=0
        Seed of the shuffle of groups.

    Returns
    -------
    list of (train, test)
        Row numbers.

    Raises
    ------
    StanceError
        If there are fewer than two groups.
    """
    read = np.flatnonzero(data.is_read)
    book = np.flatnonzero(~data.is_read)
    n_groups = len(set(groups[read].tolist()))
    if n_groups < 2:
        raise StanceError(
            f"cross-validation needs at least 2 articles, texts or actors, found {n_groups}; "
            "label more of them."
        )
    splitter = GroupKFold(min(n_folds, n_groups), shuffle=True, random_state=seed)
    return [
        (np.concatenate([read[train], book]), read[test])
        for train, test in splitter.split(read, groups=groups[read])
    ]


def cross_validate_settings(
    data: TrainingSet,
    settings: Settings,
    seed: int = 0,
    n_jobs: int | None = None,
    grid: Sequence[float] = C_GRID,
) -> tuple[list[dict[str, float]], dict[float, np.ndarray], np.ndarray]:
    """Score each strength of the penalty by cross-validation grouped by article.

    Parameters
    ----------
    data : TrainingSet
        The rows.
    settings : Settings
        Everything but ``C``, which runs over `grid`.
    seed : int, default=0
        Seed of folds and solver.
    n_jobs : int, optional
        Processes; by default those of joblib's backend in force.
    grid : sequence of float, default=`C_GRID`
        The strengths to try.

    Returns
    -------
    table : list of dict
        For each ``C``: ``C``, ``macro_f1`` and ``accuracy``, means over the rows of all folds, of
        what the words of each claim alone say.
    scores : dict of float to ndarray of float64, shape (n_read_rows, 3)
        For each ``C`` the scores out of fold.
    rows : ndarray of int, shape (n_read_rows,)
        Which rows they belong to.
    """
    folds = grouped_folds(data, data.articles, seed=seed)
    results = score_folds(data, folds, settings, seed, n_jobs, grid)
    rows = np.concatenate([test for _, test in folds])
    truth = data.y[rows]
    scores = {c: np.concatenate([fold[i] for fold in results]) for i, c in enumerate(grid)}
    table = []
    for c in grid:
        predicted = np.array(STANCES)[scores[c].argmax(axis=1)]
        table.append(
            {
                "C": c,
                "macro_f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
                "accuracy": float(np.mean(truth == predicted)),
            }
        )
    return table, scores, rows


def score_folds(
    data: TrainingSet,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: Settings,
    seed: int = 0,
    n_jobs: int | None = None,
    grid: Sequence[float] | None = None,
) -> list[list[np.ndarray]]:
    """Score each fold's test side by fits on its training side; terms are counted once for all.

    Parameters
    ----------
    data : TrainingSet
        All rows.
    folds : sequence of (train, test)
        Row numbers.
    settings : Settings
        The settings to fit with.
    seed : int, default=0
        Seed of the solver.
    n_jobs : int, optional
        Processes; by default those of joblib's backend in force.
    grid : sequence of float, optional
        Values of ``C``; by default that of `settings` alone.

    Returns
    -------
    list of list of ndarray
        For each fold what `score_fold` returns.

    Raises
    ------
    StanceError
        If a training side is of one class only.
    """
    if any(len(set(data.y[train].tolist())) < 2 for train, _ in folds):
        raise StanceError(
            f"{len(data.y)} rows are too few to cross-validate: with one fold held out, those left "
            "are of one class only; label more of the others."
        )
    counted = CountedViews(data.views)
    bare = replace(data, views={})
    results: list[list[np.ndarray]] = Parallel(n_jobs=n_jobs)(
        delayed(score_fold)(bare, counted, train, test, settings, seed, grid)
        for train, test in folds
    )
    return results


def score_fold(
    data: TrainingSet,
    counted: CountedViews,
    train: np.ndarray,
    test: np.ndarray,
    settings: Settings,
    seed: int = 0,
    grid: Sequence[float] | None = None,
) -> list[np.ndarray]:
    """Fit on one side of a fold and score the other, once for each strength of the penalty.

    Parameters
    ----------
    data : TrainingSet
        All rows; their views are not read.
    counted : CountedViews
        The views' terms.
    train, test : ndarray of int
        Row numbers of the two sides.
    settings : Settings
        The settings to fit with.
    seed : int, default=0
        Seed of the solver.
    grid : sequence of float, optional
        Values of ``C``; by default that of `settings` alone.

    Returns
    -------
    list of ndarray of float64, shape (n_test_rows, 3)
        For each value the scores before the softmax, in the order of `STANCES`.

    Notes
    -----
    The solver's tolerance is 1e-3 here, where the fit that is kept has 1e-6: predictions that
    are counted need less exactness than coefficients that are published.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        X_train, X_test = counted.weigh(train, test, settings.min_df)
        results = []
        for c in grid or (settings.C,):
            classifier: LogisticRegression = build_classifier(replace(settings, C=c), seed)
            classifier.set_params(tol=1e-3)
            classifier.fit(X_train, data.y[train], sample_weight=data.weights[train])
            results.append(score_all_classes(classifier, X_test))
    return results


def score_all_classes(classifier: Any, X: Any) -> np.ndarray:
    """Return the scores of the three stances, also where training knew fewer of them."""
    scores = np.asarray(classifier.decision_function(X))
    if scores.ndim == 1:
        scores = np.column_stack([-scores / 2, scores / 2])
    result = np.full((len(scores), len(STANCES)), _NEVER)
    result[:, [STANCES.index(stance) for stance in classifier.classes_]] = scores
    return result


def fit_context(
    scores: np.ndarray,
    places: Sequence[Place],
    y: np.ndarray,
    seed: int = 0,
    *,
    actor_prior: bool = False,
) -> Context | None:
    """Fit the regression that judges claims in the light of their article.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_claims, 3)
        Scores of claims by a model that has not seen their articles.
    places : sequence of Place, length n_claims
        Where they stand.
    y : ndarray of str, shape (n_claims,)
        Their stances.
    seed : int, default=0
        Seed of the solver.
    actor_prior : bool, default=False
        Whether it hears how each actor's claims in other articles were labelled.

    Returns
    -------
    Context or None
        None where a class is missing or there are fewer than `MIN_CONTEXT` claims.
    """
    if len(y) < MIN_CONTEXT or set(y.tolist()) != set(STANCES):
        return None
    priors = count_priors(places, y) if actor_prior else None
    features = describe_context(scores, places, priors)
    if priors is not None:
        features[:, PRIOR] = _priors_elsewhere(places, y, priors)
    n_alone = len(ALONE) if actor_prior else N_CLASSES
    fitted = []
    for table in (features, features[:, ALONE[:n_alone]]):
        # Unweighted: its probabilities are to mean what they say.
        model = LogisticRegression(C=1.0, solver="newton-cg", tol=1e-8, random_state=seed)
        fitted.append(model.fit(table, y))
    inside, alone = fitted
    return Context(
        np.ascontiguousarray(inside.coef_.T),
        inside.intercept_,
        np.ascontiguousarray(alone.coef_.T),
        alone.intercept_,
        priors,
    )


def count_priors(places: Sequence[Place], y: np.ndarray) -> dict[str, list[int]]:
    """Return how often each actor takes each stance, in the order of `STANCES`."""
    counts: dict[str, list[int]] = {}
    for place, stance in zip(places, y.tolist(), strict=True):
        if place.actor:
            counts.setdefault(place.actor, [0] * len(STANCES))[STANCES.index(stance)] += 1
    return dict(sorted(counts.items()))


def _priors_elsewhere(
    places: Sequence[Place], y: np.ndarray, priors: dict[str, list[int]]
) -> np.ndarray:
    """Return the priors of claims with the labels of their own article left out."""
    here: dict[tuple[str, str], np.ndarray] = {}
    for place, stance in zip(places, y.tolist(), strict=True):
        own = here.setdefault((place.article, place.actor), np.zeros(len(STANCES)))
        own[STANCES.index(stance)] += 1
    table = np.zeros((len(y), len(STANCES)))
    for i, place in enumerate(places):
        if place.actor:
            counts = np.array(priors[place.actor]) - here[place.article, place.actor]
            table[i] = np.log(N_CLASSES * (counts + 1) / (counts.sum() + N_CLASSES))
    return table


def train_model(
    data: TrainingSet,
    target: Target,
    settings: Settings | None = None,
    *,
    search: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
    actor_prior: bool = False,
    progress: Callable[[str], None] = lambda message: None,
) -> tuple[StanceClassifier, dict[str, Any]]:
    """Choose settings and fit the model.

    Parameters
    ----------
    data : TrainingSet
        The rows to learn from.
    target : Target
        What the stance is about.
    settings : Settings, optional
        Where to begin; without `search`, what to use.
    search : bool, default=True
        Whether ``C`` is chosen by cross-validation grouped by article.
    seed : int, default=0
        Seed of folds and solver. The same rows and seed give the same model.
    n_jobs : int, optional
        Processes for the search.
    actor_prior : bool, default=False
        Whether the model hears how each actor's claims were labelled in training.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    model : StanceClassifier
        Fitted.
    facts : dict
        ``settings``, ``search`` (the table of the cross-validation), ``n_rows``, ``n_articles``,
        ``n_read_rows``, ``labels`` and ``seed``.

    Raises
    ------
    StanceError
        If the rows are too few to cross-validate.
    """
    settings = settings or Settings()
    table: list[dict[str, float]] = []
    context = with_prior = None
    if len(set(data.articles[data.is_read].tolist())) > 1 or search:
        progress(f"{'choosing settings' if search else 'cross-validating'} on {len(data.y)} rows")
        grid = C_GRID if search else (settings.C,)
        table, scores, rows = cross_validate_settings(data, settings, seed, n_jobs, grid)
        best = max(table, key=lambda row: (round(row["macro_f1"], 4), -row["C"]))
        settings = replace(settings, C=best["C"])
        places = data.places
        at, y = [places[i] for i in rows], data.y[rows]
        context, with_prior = (
            fit_context(scores[settings.C], at, y, seed, actor_prior=prior)
            for prior in (False, True)
        )
    progress(f"fitting with C={settings.C:g}")
    model = fit_model(data, target, settings, seed)
    model.context_ = with_prior if actor_prior else context
    model.other_context_ = context if actor_prior else with_prior
    facts = {
        "settings": settings.as_dict(),
        "search": table if search else [],
        "n_rows": len(data.y),
        "n_read_rows": int(data.is_read.sum()),
        "n_articles": len(set(data.articles[data.is_read].tolist())),
        "labels": dict(sorted(Counter(data.y[data.is_read].tolist()).items())),
        "actor_prior": actor_prior,
        "seed": seed,
    }
    return model, facts


def fit_model(
    data: TrainingSet, target: Target, settings: Settings, seed: int = 0
) -> StanceClassifier:
    """Fit a model with given settings.

    Parameters
    ----------
    data : TrainingSet
        The rows to learn from.
    target : Target
        What the stance is about.
    settings : Settings
        The settings.
    seed : int, default=0
        Seed of the solver.

    Returns
    -------
    StanceClassifier
    """
    model = StanceClassifier(
        target,
        C=settings.C,
        min_df=settings.min_df,
        class_weight=settings.class_weight,
        random_state=seed,
    )
    return model.fit_views(data.views, data.y, data.weights)


def hash_examples(examples: Sequence[Example]) -> str:
    """Return a hash of the rows, as hexadecimal digits."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps(asdict(example), sort_keys=True).encode())
    return digest.hexdigest()
