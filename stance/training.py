"""Training: labelled examples become a model and the facts of its run.

Settings are searched by cross-validation in which no article is on both sides; the model is fitted
with the best. Examples enter as rows; nothing here reads or writes files.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
from stance.merging import merge_equal_columns
from stance.model import StanceClassifier, check_labels
from stance.pipeline import CountedViews, Settings, ViewVectorizer, build_classifier
from stance.regression import SoftmaxRegression, fit_path
from stance.targets import Target

C_GRID = (1.0, 2.0, 4.0)
N_FOLDS = 5
# Below so many claims out of fold the second regression has too little to learn from.
MIN_CONTEXT = 200
# The score of a class that training did not know.
_NEVER = -30.0

# What is judged out of fold is judged as at the optimum (benchmarks/solvers.py). At 1e-4 a fit that
# begins where that for half of its C ended would stop there.
FOLD_TOLERANCE = 1e-5

Views = dict[str, list[str]]
# The row numbers of the two sides; and a call of joblib's `delayed`.
Fold = tuple[np.ndarray, np.ndarray]
Job = tuple[Any, ...]


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


@dataclass(frozen=True)
class Search:
    """A cross-validation that is planned: run its jobs, in any order and company.

    Parameters
    ----------
    folds : list of (train, test)
        Row numbers.
    grid : tuple of float
        The strengths of the penalty to try.
    jobs : list
        One call of `score_fold` for each fold, for `run_jobs`.
    """

    folds: list[Fold]
    grid: tuple[float, ...]
    jobs: list[Job]


def plan_search(
    data: TrainingSet,
    counted: CountedViews,
    settings: Settings,
    seed: int = 0,
    grid: Sequence[float] = C_GRID,
) -> Search:
    """Plan the scoring of each strength of the penalty, in folds grouped by article.

    Parameters
    ----------
    data : TrainingSet
        The rows.
    counted : CountedViews
        Their terms; it may hold more rows after them.
    settings : Settings
        Everything but ``C``, which runs over `grid`.
    seed : int, default=0
        Seed of folds and solver.
    grid : sequence of float, default=`C_GRID`
        The strengths to try.

    Returns
    -------
    Search
    """
    folds = grouped_folds(data, data.articles, seed=seed)
    grid = tuple(grid)
    return Search(folds, grid, plan_folds(data, counted, folds, settings, seed, grid))


def tabulate_search(
    data: TrainingSet, search: Search, results: Sequence[list[np.ndarray]]
) -> tuple[list[dict[str, float]], dict[float, np.ndarray], np.ndarray]:
    """Gather what the jobs of a search found.

    Parameters
    ----------
    data : TrainingSet
        The rows.
    search : Search
        The plan.
    results : sequence of list of ndarray
        What each of its jobs returned.

    Returns
    -------
    table, scores, rows
        As `cross_validate_settings`.
    """
    rows = np.concatenate([test for _, test in search.folds])
    truth = data.y[rows]
    scores = {c: np.concatenate([fold[i] for fold in results]) for i, c in enumerate(search.grid)}
    table = []
    for c in search.grid:
        predicted = np.array(STANCES)[scores[c].argmax(axis=1)]
        table.append(
            {
                "C": c,
                "macro_f1": float(f1_score(truth, predicted, average="macro", zero_division=0)),
                "accuracy": float(np.mean(truth == predicted)),
            }
        )
    return table, scores, rows


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
    search = plan_search(data, CountedViews(data.views), settings, seed, grid)
    return tabulate_search(data, search, run_jobs(search.jobs, n_jobs))


def run_jobs(jobs: Iterable[Job], n_jobs: int | None = None) -> list[Any]:
    """Run independent jobs, in as many processes as there are, and return what each returned.

    Parameters
    ----------
    jobs : iterable of joblib.delayed calls
        The long ones first keep every process busy to the end. Each is begun as soon as it is
        there, while this process goes on to make the next.
    n_jobs : int, optional
        Processes; by default those of joblib's backend in force.

    Returns
    -------
    list
        In the order of the jobs.
    """
    # One at a time: they differ in length, and are long.
    return list(Parallel(n_jobs=n_jobs, batch_size=1, pre_dispatch="all")(jobs))


def score_folds(
    data: TrainingSet,
    folds: Sequence[Fold],
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
    jobs = plan_folds(data, CountedViews(data.views), folds, settings, seed, grid)
    return run_jobs(jobs, n_jobs)


def plan_folds(
    data: TrainingSet,
    counted: CountedViews,
    folds: Sequence[Fold],
    settings: Settings,
    seed: int = 0,
    grid: Sequence[float] | None = None,
) -> list[Job]:
    """Plan the scoring of each fold's test side by fits on its training side.

    Parameters
    ----------
    data : TrainingSet
        All rows.
    counted : CountedViews
        Their terms; it may hold more rows after them.
    folds : sequence of (train, test)
        Row numbers.
    settings : Settings
        The settings to fit with.
    seed : int, default=0
        Seed of the solver.
    grid : sequence of float, optional
        Values of ``C``; by default that of `settings` alone.

    Returns
    -------
    list
        One call of `score_fold` for each fold, for `run_jobs`.

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
    bare, counts = replace(data, views={}), counted.without_terms()
    return [
        delayed(score_fold)(bare, counts, train, test, settings, seed, grid)
        for train, test in folds
    ]


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
    The fit for one strength begins where those before it point to. The solver's tolerance is
    `FOLD_TOLERANCE`, where the fit that is kept has 1e-6: predictions that are counted need less
    exactness than coefficients that are published.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        X_train, X_test = counted.weigh(train, test, settings.min_df)
        basis = merge_equal_columns(X_train)
        X_train, X_test = X_train @ basis, X_test @ basis
        classifier = build_classifier(settings, seed).set_params(tol=FOLD_TOLERANCE)
        strengths = tuple(grid or (settings.C,))
        path = fit_path(classifier, strengths, X_train, data.y[train], data.weights[train])
        return [
            score_all_classes(X_test @ coef.T + intercept, classifier.classes_)
            for coef, intercept in path
        ]


def score_all_classes(scores: np.ndarray, classes: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the scores of the three stances, also where training knew fewer of them."""
    if scores.ndim == 1 or scores.shape[1] == 1:
        scores = np.column_stack([-scores / 2, scores / 2])
    result = np.full((len(scores), len(STANCES)), _NEVER)
    result[:, [STANCES.index(stance) for stance in classes]] = scores
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
    counted = CountedViews(data.views)
    plan = plan_choice(data, counted, settings, seed, search=search)
    n_rows = len(data.y)
    progress(f"{'choosing settings' if search else 'cross-validating'} on {n_rows} rows")
    choice = choose_settings(data, plan, run_jobs(plan.jobs, n_jobs), settings, seed)
    progress(f"fitting with C={choice.settings.C:g}")
    rows = np.arange(n_rows)
    classifier = fit_classifier(data, counted, rows, choice.settings, seed)
    model = assemble_model(target, counted, rows, classifier, choice.settings, seed)
    facts = conclude_training(model, data, choice, seed, search=search, actor_prior=actor_prior)
    return model, facts


@dataclass(frozen=True)
class Choice:
    """What the cross-validation decided.

    Parameters
    ----------
    settings : Settings
        The best.
    table : list of dict
        The scores of each strength of the penalty.
    context, with_prior : Context or None
        The second regression, without and with the actors' priors.
    """

    settings: Settings
    table: list[dict[str, float]]
    context: Context | None
    with_prior: Context | None


def plan_choice(
    data: TrainingSet,
    counted: CountedViews,
    settings: Settings,
    seed: int = 0,
    *,
    search: bool = True,
) -> Search:
    """Plan the cross-validation that chooses settings and gives the second regression its rows.

    Parameters
    ----------
    data : TrainingSet
        The rows to learn from.
    counted : CountedViews
        Their terms; it may hold more rows after them.
    settings : Settings
        Where to begin; without `search`, what to use.
    seed : int, default=0
        Seed of folds and solver.
    search : bool, default=True
        Whether ``C`` is searched for.

    Returns
    -------
    Search
        Without jobs where there is one article alone and nothing to search for.

    Raises
    ------
    StanceError
        If the rows are too few to cross-validate.
    """
    grid = C_GRID if search else (settings.C,)
    if not search and len(set(data.articles[data.is_read].tolist())) < 2:
        return Search([], grid, [])
    return plan_search(data, counted, settings, seed, grid)


def choose_settings(
    data: TrainingSet,
    plan: Search,
    results: Sequence[list[np.ndarray]],
    settings: Settings,
    seed: int = 0,
) -> Choice:
    """Choose the best settings and fit the second regression on the scores out of fold.

    Parameters
    ----------
    data : TrainingSet
        The rows.
    plan : Search
        The cross-validation.
    results : sequence of list of ndarray
        What each of its jobs returned.
    settings : Settings
        Everything but what was searched for.
    seed : int, default=0
        Seed of the solver.

    Returns
    -------
    Choice
    """
    if not plan.folds:
        return Choice(settings, [], None, None)
    table, scores, rows = tabulate_search(data, plan, results)
    best = max(table, key=lambda row: (round(row["macro_f1"], 4), -row["C"]))
    settings = replace(settings, C=best["C"])
    places = data.places
    at, y = [places[i] for i in rows], data.y[rows]
    context, with_prior = (
        fit_context(scores[settings.C], at, y, seed, actor_prior=prior) for prior in (False, True)
    )
    return Choice(settings, table, context, with_prior)


def conclude_training(
    model: StanceClassifier,
    data: TrainingSet,
    choice: Choice,
    seed: int = 0,
    *,
    search: bool = True,
    actor_prior: bool = False,
) -> dict[str, Any]:
    """Give a fitted model its second regression, and return the facts of its making.

    Parameters
    ----------
    model : StanceClassifier
        Fitted; changed.
    data : TrainingSet
        The rows that it learnt from.
    choice : Choice
        What the cross-validation decided.
    seed : int, default=0
        The seed.
    search : bool, default=True
        Whether ``C`` was searched for.
    actor_prior : bool, default=False
        Whether the model hears how each actor's claims were labelled in training.

    Returns
    -------
    dict
        As `train_model` returns them.
    """
    context, other = choice.context, choice.with_prior
    model.context_, model.other_context_ = (other, context) if actor_prior else (context, other)
    return {
        "settings": choice.settings.as_dict(),
        "search": choice.table if search else [],
        "n_rows": len(data.y),
        "n_read_rows": int(data.is_read.sum()),
        "n_articles": len(set(data.articles[data.is_read].tolist())),
        "labels": dict(sorted(Counter(data.y[data.is_read].tolist()).items())),
        "actor_prior": actor_prior,
        "seed": seed,
    }


def fit_classifier(
    data: TrainingSet,
    counted: CountedViews,
    rows: np.ndarray,
    settings: Settings,
    seed: int = 0,
) -> SoftmaxRegression:
    """Fit the regression on rows whose terms were counted.

    Parameters
    ----------
    data : TrainingSet
        The rows; their views are not read.
    counted : CountedViews
        Their terms.
    rows : ndarray of int
        Which rows to learn from.
    settings : Settings
        The settings.
    seed : int, default=0
        Seed of the solver.

    Returns
    -------
    SoftmaxRegression
    """
    from threadpoolctl import threadpool_limits

    # One thread: sums in a fixed order give the same bytes on every run, and here no slower.
    with threadpool_limits(1):
        vectors = counted.weigh(rows, rows[:0], settings.min_df)[0]
        basis = merge_equal_columns(vectors)
        classifier = build_classifier(settings, seed)
        classifier.fit(vectors @ basis, data.y[rows], sample_weight=data.weights[rows])
    classifier.coef_ = np.asarray(basis @ classifier.coef_.T).T.copy()
    classifier.n_features_in_ = basis.shape[0]
    return classifier


def plan_fit(
    data: TrainingSet,
    counted: CountedViews,
    rows: np.ndarray,
    settings: Settings,
    seed: int = 0,
) -> Job:
    """Plan a call of `fit_classifier`, for `run_jobs`."""
    bare, counts = replace(data, views={}), counted.without_terms()
    job: Job = delayed(fit_classifier)(bare, counts, rows, settings, seed)
    return job


def assemble_model(
    target: Target,
    counted: CountedViews,
    rows: np.ndarray,
    classifier: SoftmaxRegression,
    settings: Settings,
    seed: int = 0,
) -> StanceClassifier:
    """Return the model whose regression was fitted on rows of counted terms.

    Parameters
    ----------
    target : Target
        What the stance is about.
    counted : CountedViews
        The terms.
    rows : ndarray of int
        The rows that the regression was fitted on.
    classifier : SoftmaxRegression
        Fitted by `fit_classifier`.
    settings : Settings
        With which it was.
    seed : int, default=0
        Likewise.

    Returns
    -------
    StanceClassifier
    """
    model = _build_model(target, settings, seed)
    return model.take_fitted(
        ViewVectorizer(min_df=settings.min_df).learn(counted, rows), classifier
    )


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
    return _build_model(target, settings, seed).fit_views(data.views, data.y, data.weights)


def _build_model(target: Target, settings: Settings, seed: int) -> StanceClassifier:
    """Return the unfitted model."""
    return StanceClassifier(
        target,
        C=settings.C,
        min_df=settings.min_df,
        class_weight=settings.class_weight,
        random_state=seed,
    )


def hash_examples(examples: Sequence[Example]) -> str:
    """Return a hash of the rows, as hexadecimal digits."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps(asdict(example), sort_keys=True).encode())
    return digest.hexdigest()
