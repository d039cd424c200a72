"""Evaluation: how right a model is, for each actor, on articles and actors it has not seen.

Labels and predictions enter, plain dictionaries of numbers leave. A small group is never averaged
away: each actor has its count and its interval, and an empty group is NaN with a warning.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from stance.actors import detect_actors
from stance.calibration import (
    expected_calibration_error,
    tabulate_reliability,
    trace_risk_coverage,
)
from stance.context import Context, softmax
from stance.cues import STANCES
from stance.detection_training import group_by_sentence
from stance.errors import StanceError
from stance.examples import Example
from stance.features import Passage
from stance.mentions import Mention
from stance.model import StanceClassifier
from stance.pipeline import Settings
from stance.training import Fold, TrainingSet, grouped_folds, score_all_classes, score_folds

LEARNING_SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
_CURVE_KEYS = ("accuracy", "low", "high", "macro_f1")


@dataclass(frozen=True)
class ActorScore:
    """How often a model is right about one actor.

    Parameters
    ----------
    accuracy : float
        Share of right answers, in [0, 1]; NaN for no sentences.
    low, high : float
        Wilson interval of the accuracy.
    support : int
        Number of sentences.
    """

    accuracy: float
    low: float
    high: float
    support: int


def wilson_interval(right: int, support: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a share.

    Parameters
    ----------
    right : int
        Number of right answers.
    support : int
        Number of answers.
    confidence : float in (0, 1), default=0.95
        Two-sided coverage, as a fraction and not a percentage.

    Returns
    -------
    (float, float)
        Ends of the interval in [0, 1]; NaN where `support` is 0.

    Notes
    -----
    With share p of n answers and normal quantile z, the interval is
    ``(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` [1]_. It takes the answers as
    independent. Sentences of one article are not, so read it as the narrowest it could be.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and
       statistical inference. Journal of the American Statistical Association,
       22(158), 209-212.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(1, 2)]
    [0.095, 0.905]
    """
    if support == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / support
    middle = share + z * z / (2 * support)
    spread = z * math.sqrt(share * (1 - share) / support + z * z / (4 * support * support))
    scale = 1 + z * z / support
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def accuracy_by_actor(
    y_true: Sequence[str],
    y_pred: Sequence[str],
    actors: Sequence[str],
    confidence: float = 0.95,
) -> dict[str, ActorScore]:
    """Return the accuracy for each actor, with a Wilson interval.

    Actors are never pooled: an actor with three sentences gets a wide interval, not a silent
    share of somebody else's.

    Parameters
    ----------
    y_true : array-like of str, shape (n_pairs,)
        Reviewed stance of each pair.
    y_pred : array-like of str, shape (n_pairs,)
        Stance that the model predicted, in the same order.
    actors : array-like of str, shape (n_pairs,)
        Canonical name of the actor of each pair.
    confidence : float in (0, 1), default=0.95
        Two-sided coverage of the interval.

    Returns
    -------
    dict of str to ActorScore
        The actor with the most pairs first; equal counts by name.

    Raises
    ------
    ValueError
        If the three inputs differ in length, or are empty.

    See Also
    --------
    evaluate_unseen_actors : Hold out whole actors.

    Examples
    --------
    >>> scores = accuracy_by_actor(
    ...     ["supports", "criticizes", "supports"],
    ...     ["supports", "criticizes", "criticizes"],
    ...     ["Ministry", "Union", "Union"],
    ... )
    >>> scores["Union"].accuracy, scores["Union"].support, scores["Ministry"].support
    (0.5, 2, 1)
    """
    if not len(y_true) == len(y_pred) == len(actors):
        raise ValueError(
            f"{len(y_true)} labels, {len(y_pred)} predictions and {len(actors)} actors; "
            "the three must be of one length"
        )
    if not len(y_true):
        raise ValueError("no pairs to score")
    right: Counter[str] = Counter()
    support: Counter[str] = Counter(actors)
    for truth, predicted, actor in zip(y_true, y_pred, actors, strict=True):
        right[actor] += truth == predicted
    ordered = sorted(support, key=lambda actor: (-support[actor], actor))
    return {
        actor: ActorScore(
            right[actor] / support[actor],
            *wilson_interval(right[actor], support[actor], confidence),
            support[actor],
        )
        for actor in ordered
    }


def summarize(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, Any]:
    """Return accuracy with interval, macro-F1, scores per class and the confusion matrix.

    Parameters
    ----------
    y_true, y_pred : ndarray of str, shape (n_pairs,)
        Reviewed and predicted stances. The macro-F1 is the mean over those stances that are among
        either, so that a table of two stances is not scored on a third.

    Returns
    -------
    dict
        ``accuracy``, ``low``, ``high``, ``macro_f1``, ``support``, ``per_class`` and
        ``confusion`` (rows are true, columns predicted stances, in the order of `STANCES`).
        For no pairs the scores are NaN, with a warning that says so.
    """
    if not len(y_true):
        warnings.warn("no pairs to score: the scores are NaN (n = 0)", stacklevel=2)
        return {"accuracy": math.nan, "low": math.nan, "high": math.nan, "macro_f1": math.nan,
                "support": 0, "per_class": {}, "confusion": [[0] * 3 for _ in STANCES]}  # fmt: skip
    right = int(np.sum(y_true == y_pred))
    low, high = wilson_interval(right, len(y_true))
    precision, recall, f1, support = precision_recall_fscore_support(
        y_true, y_pred, labels=list(STANCES), zero_division=0
    )
    return {
        "accuracy": right / len(y_true),
        "low": low,
        "high": high,
        "macro_f1": float(np.mean(f1[np.isin(STANCES, [*y_true, *y_pred])])),
        "support": len(y_true),
        "per_class": {
            stance: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, stance in enumerate(STANCES)
        },
        "confusion": confusion_matrix(y_true, y_pred, labels=list(STANCES)).tolist(),
    }


def predict_most_frequent(y_train: np.ndarray, n_test: int) -> np.ndarray:
    """Return the baseline that always answers the commonest stance of training.

    Examples
    --------
    >>> predict_most_frequent(np.array(["neutral", "supports", "neutral"]), 2).tolist()
    ['neutral', 'neutral']
    """
    return np.full(n_test, _commonest(y_train.tolist()), dtype=object).astype(str)


def predict_actor_prior(
    y_train: np.ndarray, actors_train: np.ndarray, actors_test: np.ndarray
) -> np.ndarray:
    """Return the baseline that answers each actor's commonest stance in training.

    An actor without training rows gets the commonest stance of all.

    Examples
    --------
    >>> y, actors = np.array(["supports", "neutral", "neutral"]), np.array(["A", "B", "B"])
    >>> predict_actor_prior(y, actors, np.array(["A", "C"])).tolist()
    ['supports', 'neutral']
    """
    by_actor: dict[str, list[str]] = {}
    for stance, actor in zip(y_train.tolist(), actors_train.tolist(), strict=True):
        by_actor.setdefault(actor, []).append(stance)
    prior = {actor: _commonest(stances) for actor, stances in by_actor.items()}
    fallback = _commonest(y_train.tolist())
    return np.array([prior.get(actor, fallback) for actor in actors_test.tolist()], dtype=str)


def _commonest(stances: Sequence[str]) -> str:
    """Return the commonest stance; of equals, the first in the order of `STANCES`."""
    counts = Counter(stances)
    return max(STANCES, key=lambda stance: (counts[stance], -STANCES.index(stance)))


def evaluate_held_out(
    train: TrainingSet,
    test: TrainingSet,
    scores: np.ndarray,
    others: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Score predictions on held-out articles, beside the baselines.

    Parameters
    ----------
    train : TrainingSet
        What the model was fitted on.
    test : TrainingSet
        Rows of articles that it has not seen.
    scores : ndarray of float64, shape (n_test_rows, 3)
        What it says of them, before the softmax, judged within their articles.
    others : mapping of str to ndarray of float64, optional
        By name, the scores of the same model under other conditions.

    Returns
    -------
    dict
        ``model``, ``others``, ``most_frequent`` and ``actor_prior`` (each as `summarize`),
        ``per_actor``, ``known_actors`` / ``new_actors`` for the rows whose actor stands, or does
        not stand, in training, and of the probabilities ``calibration_error``, ``reliability`` and
        ``risk_coverage``. Rows without an actor stand in none of those about actors.
    """
    classes = np.array(STANCES)
    y_pred = classes[scores.argmax(axis=1)]
    chances = softmax(scores)
    reliability = tabulate_reliability(test.y, chances)
    read = train.take(np.flatnonzero(train.is_read))
    named = test.actors != ""
    known = np.isin(test.actors, np.unique(read.actors))
    groups = {"known_actors": known & named, "new_actors": ~known & named}
    return {
        "model": summarize(test.y, y_pred),
        "others": {
            name: summarize(test.y, classes[of.argmax(axis=1)])
            for name, of in (others or {}).items()
        },
        "calibration_error": expected_calibration_error(reliability),
        "reliability": reliability,
        "risk_coverage": trace_risk_coverage(test.y, chances),
        "most_frequent": summarize(test.y, predict_most_frequent(read.y, len(test.y))),
        "actor_prior": summarize(test.y, predict_actor_prior(read.y, read.actors, test.actors))
        if named.any()
        else None,
        **{
            name: summarize(test.y[rows], y_pred[rows]) if rows.any() else None
            for name, rows in groups.items()
        },
        "per_actor": {
            actor: vars(score)
            for actor, score in accuracy_by_actor(
                test.y[named].tolist(), y_pred[named].tolist(), test.actors[named].tolist()
            ).items()
        }
        if named.any()
        else {},
    }


def hold_out_actors(data: TrainingSet, rows: np.ndarray, seed: int = 0) -> list[Fold]:
    """Return folds of some rows that keep all rows of an actor on one side.

    Parameters
    ----------
    data : TrainingSet
        All rows.
    rows : ndarray of int
        Which of them to use; those of the phrasebook train in every fold.
    seed : int, default=0
        Seed of the shuffle of actors.

    Returns
    -------
    list of (train, test)
        Row numbers of `data`.
    """
    some = replace(data, views={}).take(rows)
    folds = grouped_folds(some, some.actors, seed=seed)
    return [(rows[train], rows[test]) for train, test in folds]


def evaluate_unseen_actors(
    data: TrainingSet,
    folds: Sequence[Fold],
    results: Sequence[list[np.ndarray]],
    context: Context | None = None,
) -> dict[str, Any]:
    """Judge a cross-validation with whole actors held out: how right it is about somebody new.

    Parameters
    ----------
    data : TrainingSet
        All rows.
    folds : sequence of (train, test)
        As of `hold_out_actors`.
    results : sequence of list of ndarray
        What `stance.training.score_fold` returned for each.
    context : Context, optional
        Judges the claims of an article in each other's light, as in a reading.

    Returns
    -------
    dict
        As `summarize`, with ``n_folds``, ``n_actors`` and ``actor_prior``, which for unseen
        actors is no more than the commonest stance.

    Notes
    -----
    Other actors of the same article may be in training, so the score measures a new name in known
    company, not a new article.
    """
    rows = np.concatenate([test for _, test in folds])
    scores = np.concatenate([fold[0] for fold in results])
    if context is not None:
        places = data.places
        scores = context.adjust(scores, [places[i] for i in rows])
    y_pred = np.array(STANCES)[scores.argmax(axis=1)]
    bare = replace(data, views={})
    prior = np.concatenate(
        [
            predict_actor_prior(known.y, known.actors, data.actors[test])
            for train, test in folds
            for known in [bare.take(train[data.is_read[train]])]
        ]
    )
    return {
        **summarize(data.y[rows], y_pred),
        "n_folds": len(folds),
        "n_actors": len(set(data.actors[rows].tolist())),
        "actor_prior": summarize(data.y[rows], prior),
    }


def trace_learning_curve(
    train: TrainingSet,
    test: TrainingSet,
    settings: Settings,
    seed: int = 0,
    n_jobs: int | None = None,
) -> list[dict[str, Any]]:
    """Score fits on growing shares of the training articles, to see what more labels would bring.

    Parameters
    ----------
    train : TrainingSet
        All rows to learn from; those of the phrasebook train with every share.
    test : TrainingSet
        Rows of other articles, the same for every share.
    settings : Settings
        The settings to fit with, the same for every share.
    seed : int, default=0
        Seed of the solver.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    list of dict
        For each of `LEARNING_SHARES`, the smallest first: ``share``, ``n_articles``, ``n_pairs``
        and the ``accuracy``, ``low``, ``high`` and ``macro_f1`` of `summarize`. Shares of one
        class only are left out; empty where the smallest has too little text.

    Notes
    -----
    Each share holds the smaller ones; which articles it takes depends on their ids alone. Each
    claim is judged by its own words: the second regression is left out.
    """
    read = np.flatnonzero(train.is_read)
    articles = sorted(set(train.articles[read].tolist()), key=_rank)
    book = np.flatnonzero(~train.is_read)
    tested = len(train.y) + np.arange(len(test.y))
    folds, facts = [], []
    for share in LEARNING_SHARES:
        kept = articles[: max(1, round(share * len(articles)))]
        rows = read[np.isin(train.articles[read], kept)]
        if len(set(train.y[rows].tolist())) > 1:
            folds.append((np.concatenate([rows, book]), tested))
            facts.append({"share": share, "n_articles": len(kept), "n_pairs": len(rows)})
    try:
        scored = score_folds(train.join(test), folds, settings, seed, n_jobs) if folds else []
    except StanceError:  # in the smallest share no term stands in two texts
        return []
    curve = []
    for fact, (scores,) in zip(facts, scored, strict=True):
        found = summarize(test.y, np.array(STANCES)[scores.argmax(axis=1)])
        curve.append({**fact, **{key: found[key] for key in _CURVE_KEYS}})
    return curve


def _rank(article: str) -> str:
    """Return an order of the articles that depends on their ids alone."""
    return hashlib.sha256(f"curve {article}".encode()).hexdigest()


def predict_rows(
    model: StanceClassifier, rows: TrainingSet, *, in_context: bool = True
) -> np.ndarray:
    """Return a fitted model's predictions for rows whose views are built.

    Parameters
    ----------
    model : StanceClassifier
        The model.
    rows : TrainingSet
        Rows of whole articles.
    in_context : bool, default=True
        Whether claims of one article are judged in each other's light, as in a reading.

    Returns
    -------
    ndarray of str, shape (n_rows,)
    """
    best = score_rows(model, rows, in_context=in_context).argmax(axis=1)
    return np.asarray(np.array(STANCES)[best])


def score_rows(
    model: StanceClassifier, rows: TrainingSet, *, in_context: bool = True
) -> np.ndarray:
    """Return the scores before the softmax, shape (n_rows, 3), for rows whose views are built."""
    scores = score_words(model, rows)
    if model.context is None:
        return scores
    return model.context.adjust(scores, rows.places, alone=not in_context)


def score_words(model: StanceClassifier, rows: TrainingSet) -> np.ndarray:
    """Return what the words of each row alone say, before the second regression."""
    matrix = model.pipeline_["vectorizer"].transform(rows.views)
    classifier = model.pipeline_["classifier"]
    return score_all_classes(classifier.decision_function(matrix), classifier.classes_)


def evaluate_detection(
    rows: Sequence[Example], model: StanceClassifier, dates: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Score how well the actors of sentences are found, named and judged, from bare text.

    Parameters
    ----------
    rows : sequence of Example
        Every row of some articles, those of sentences without an actor among them.
    model : StanceClassifier
        The trained model; its detector and namer, or the rules where it has none, find the actors.
    dates : mapping of str to str, optional
        The day of each article, for the offices held.

    Returns
    -------
    dict
        ``precision``, ``recall`` and ``f1`` of (sentence, actor) places, counted by overlap;
        ``canonical``, the share of found actors under the right name; ``claim_f1`` of right actor,
        name and stance together; ``n_actors`` and ``n_found``.
    """
    n_actors = n_found = n_right = n_named = n_claims = 0
    read: list[tuple[list[Example], list[Mention]]] = []
    passages, articles = [], []
    for article, sentences in group_by_sentence(rows).items():
        texts = [same[0].sentence for same in sentences]
        target = model.target_.on((dates or {}).get(article))
        detected = detect_actors(texts, target, model.detector, model.namer)
        read += zip(sentences, detected, strict=True)
        for text, found in zip(texts, detected, strict=True):
            passages += [Passage(text, m.start, m.end, m.canonical or "") for m in found]
            articles += [article] * len(found)
    # Of all articles at one go, which is much faster; each is judged by itself all the same.
    stances = iter(model.predict(passages, articles=articles).tolist())
    for same, found in read:
        n_actors += sum(row.has_actor for row in same)
        n_found += len(found)
        left = [row for row in same if row.has_actor]
        for mention in found:
            stance = next(stances)
            row = _overlapping(mention, left)
            if row is not None:
                left.remove(row)
                n_right += 1
                n_named += row.canonical == mention.canonical
                n_claims += row.canonical == mention.canonical and row.label == stance
    f1 = 2 * n_right / max(1, n_actors + n_found)
    return {
        "precision": n_right / n_found if n_found else math.nan,
        "recall": n_right / n_actors if n_actors else math.nan,
        "f1": f1,
        "canonical": n_named / n_right if n_right else math.nan,
        "claim_f1": 2 * n_claims / max(1, n_actors + n_found),
        "n_actors": n_actors,
        "n_found": n_found,
    }


def _overlapping(mention: Mention, rows: list[Example]) -> Example | None:
    """Return the row whose mention is this one; of several, the one with its name."""
    same = [row for row in rows if row.actor_start < mention.end and mention.start < row.actor_end]
    named = [row for row in same if row.canonical == mention.canonical]
    return next(iter(named or same), None)
