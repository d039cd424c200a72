"""Training the detector: marked sentences become the model that tells who takes part.

Labelled rows enter, a `stance.detection.Detector` leaves. Every actor of a labelled sentence is
marked, so its other mentions are examples of somebody only mentioned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.model_selection import GroupKFold

from stance import rescoring
from stance.actors import mark_quotations
from stance.detection import Detector, bind_mentions, describe_mentions, name_features
from stance.examples import Example
from stance.mentions import Mention, find_mentions, tokenize
from stance.regression import SoftmaxRegression
from stance.targets import Target

STRENGTH = 0.2
MIN_COUNT = 2
# Below so many mentions of either kind the rules are the better judge.
MIN_MENTIONS = 300
_THRESHOLDS = np.arange(0.25, 0.66, 0.05)


@dataclass(frozen=True)
class MarkedMentions:
    """The mentions of labelled sentences, ready for training.

    Parameters
    ----------
    features : list of list of str, length n_mentions
        What `describe_mentions` says of each.
    takes_part : ndarray of bool, shape (n_mentions,)
        Whether a reader marked it as an actor.
    articles : ndarray of str, shape (n_mentions,)
        The article of each.
    n_missed : int
        Marked actors that no mention overlaps: nothing learnt here can find them.
    bonds : list of Bonds, one for each sentence
        What ties the mentions of each sentence together; the mentions follow one another
        sentence by sentence.
    """

    features: list[list[str]]
    takes_part: np.ndarray
    articles: np.ndarray
    n_missed: int
    bonds: list[rescoring.Bonds]


def group_by_sentence(examples: Iterable[Example]) -> dict[str, list[list[Example]]]:
    """Return the rows of each article, sentence by sentence in order.

    Parameters
    ----------
    examples : iterable of Example
        Rows of articles.

    Returns
    -------
    dict of str to list of list of Example
        For each article, the rows of each of its sentences.
    """
    sentences: dict[tuple[str, int], list[Example]] = {}
    for example in sorted(examples, key=lambda e: (e.article, e.start, e.actor_start)):
        sentences.setdefault((example.article, example.start), []).append(example)
    articles: dict[str, list[list[Example]]] = {}
    for (article, _), rows in sentences.items():
        articles.setdefault(article, []).append(rows)
    return articles


def mark_mentions(examples: Iterable[Example], target: Target) -> MarkedMentions:
    """Find the mentions of labelled sentences and tell which of them a reader marked.

    Parameters
    ----------
    examples : iterable of Example
        Rows of articles, those of sentences without an actor among them.
    target : Target
        Finds the mentions.

    Returns
    -------
    MarkedMentions
    """
    features: list[list[str]] = []
    takes_part: list[bool] = []
    articles: list[str] = []
    bonds: list[rescoring.Bonds] = []
    n_missed = 0
    for article, sentences in group_by_sentence(examples).items():
        opened = False
        for rows in sentences:
            sentence = rows[0].sentence
            tokens = tokenize(sentence)
            quoted, opened = mark_quotations(tokens, opened=opened)
            mentions = find_mentions(sentence, target, tokens)
            marked, missed = match_mentions(mentions, rows)
            features += map(name_features, describe_mentions(tokens, mentions, quoted))
            takes_part += [mention in marked for mention in mentions]
            articles += [article] * len(mentions)
            bonds.append(bind_mentions(tokens, mentions))
            n_missed += missed
    return MarkedMentions(features, np.array(takes_part), np.array(articles), n_missed, bonds)


def match_mentions(
    mentions: Sequence[Mention], rows: Sequence[Example]
) -> tuple[dict[Mention, Example], int]:
    """Pair found mentions with the marked ones that they overlap, each with one.

    Parameters
    ----------
    mentions : sequence of Mention
        What was found in a sentence.
    rows : sequence of Example
        What a reader marked in it.

    Returns
    -------
    matched : dict of Mention to Example
        The mentions that are marked.
    n_missed : int
        Marked places without a mention.
    """
    places: dict[tuple[int, int], Example] = {}
    for row in rows:
        if row.has_actor:
            places.setdefault((row.actor_start, row.actor_end), row)
    matched: dict[Mention, Example] = {}
    for (start, end), row in places.items():
        overlapping = [m for m in mentions if m.start < end and start < m.end and m not in matched]
        if overlapping:
            # The last: "Kremlin spokesman Peskov" is marked for the man, whose name ends it.
            matched[overlapping[-1]] = row
    return matched, len(places) - len(matched)


def train_detector(
    examples: Iterable[Example],
    target: Target,
    seed: int = 0,
    min_mentions: int = MIN_MENTIONS,
) -> Detector | None:
    """Train the model of who takes part.

    Parameters
    ----------
    examples : iterable of Example
        Read rows of articles; in each sentence every actor is marked.
    target : Target
        Finds the mentions.
    seed : int, default=0
        Seed of folds and solver.
    min_mentions : int, default=300
        How many mentions that take part, and how many that do not, it takes at least.

    Returns
    -------
    Detector or None
        None where there are fewer mentions than that: the rules judge better then. Its threshold
        is the one with the best F1 out of fold, in folds grouped by article; 0.5 where there are
        fewer than two articles.
    """
    return fit_detector(mark_mentions(examples, target), seed, min_mentions)


def fit_detector(
    marked: MarkedMentions, seed: int = 0, min_mentions: int = MIN_MENTIONS
) -> Detector | None:
    """Train the model of who takes part on mentions that are marked already.

    Parameters
    ----------
    marked : MarkedMentions
        The mentions with their features.
    seed : int, default=0
        Seed of folds and solver.
    min_mentions : int, default=300
        How many mentions that take part, and how many that do not, it takes at least.

    Returns
    -------
    Detector or None
        As `train_detector`.
    """
    n_taking_part = int(marked.takes_part.sum())
    if min(n_taking_part, len(marked.takes_part) - n_taking_part) < max(1, min_mentions):
        return None
    matrix, names = _count(marked.features)
    fitted = _fit(matrix, marked.takes_part, seed)
    weights = dict(zip(names, fitted.coef_[0].tolist(), strict=True))
    threshold = 0.5
    if len(set(marked.articles.tolist())) > 1:
        # The second look learns from odds of articles that the first had not seen.
        odds = _out_of_fold(matrix, marked, seed)
        again, names = _count(_features_again(marked, odds))
        again = sparse.hstack([sparse.csr_matrix(odds[:, None]), again], format="csr")
        threshold = _best_threshold(_out_of_fold(again, marked, seed + 1), marked)
        second = _fit(again, marked.takes_part, seed)
        names = [rescoring.SLOPE, *names]
        weights |= dict(zip(names, second.coef_[0].tolist(), strict=True))
        weights[rescoring.INTERCEPT] = float(second.intercept_[0])
    return Detector(weights, float(fitted.intercept_[0]), threshold)


def _out_of_fold(matrix: sparse.csr_matrix, marked: MarkedMentions, seed: int) -> np.ndarray:
    """Return log-odds of each mention by a regression that has not seen its article."""
    odds = np.zeros(len(marked.takes_part))
    n_folds = min(5, len(set(marked.articles.tolist())))
    folds = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for train, test in folds.split(matrix, groups=marked.articles):
        if len(set(marked.takes_part[train].tolist())) == 2:
            fitted = _fit(matrix[train], marked.takes_part[train], seed)
            odds[test] = fitted.decision_function(matrix[test])
    return odds


def _features_again(marked: MarkedMentions, odds: np.ndarray) -> list[list[str]]:
    """Return the features of the second look, as they are written in `Detector.weights`."""
    features = []
    begin = 0
    for bonds in marked.bonds:
        end = begin + len(bonds.twins)
        features += [
            [
                f"{template}={value}"
                for template, value in zip(rescoring.TEMPLATES, values, strict=True)
            ]
            for values in rescoring.describe_odds(bonds, odds[begin:end].tolist())
        ]
        begin = end
    return features


def _count(features: list[list[str]]) -> tuple[sparse.csr_matrix, list[str]]:
    """Return the features that occur more than once, as a matrix with sorted columns."""
    numbers: dict[str, int] = {}
    met = [numbers.setdefault(name, len(numbers)) for row in features for name in set(row)]
    bounds = np.cumsum([0, *(len(set(row)) for row in features)])
    found = list(numbers)
    occurring = np.bincount(np.array(met, dtype=np.int64), minlength=len(found)) >= MIN_COUNT
    names = sorted(name for name, often in zip(found, occurring.tolist(), strict=True) if often)
    column = np.full(len(found), -1)
    column[[numbers[name] for name in names]] = np.arange(len(names))
    columns = column[np.array(met, dtype=np.int64)]
    kept = columns >= 0
    indices = columns[kept]
    bounds = np.concatenate([[0], np.cumsum(kept)])[bounds]
    data = np.ones(len(indices))
    shape = (len(features), len(names))
    matrix = sparse.csr_matrix((data, indices, bounds), shape=shape)
    matrix.sort_indices()
    return matrix, names


def _fit(matrix: sparse.csr_matrix, takes_part: np.ndarray, seed: int) -> SoftmaxRegression:
    """Fit the regression."""
    from threadpoolctl import threadpool_limits

    classifier = SoftmaxRegression(C=STRENGTH, tol=1e-4, max_iter=200, random_state=seed)
    with threadpool_limits(1):
        return classifier.fit(matrix, takes_part)


def _best_threshold(odds: np.ndarray, marked: MarkedMentions) -> float:
    """Return the threshold with the best F1; of equals, the one nearest to one half."""
    actual = int(marked.takes_part.sum()) + marked.n_missed
    scores = []
    for threshold in _THRESHOLDS:
        found = odds >= math.log(threshold / (1 - threshold))
        right = int((found & marked.takes_part).sum())
        f1 = 2 * right / max(1, int(found.sum()) + actual)
        scores.append((f1, -abs(threshold - 0.5), threshold))
    return round(float(max(scores)[2]), 2)
