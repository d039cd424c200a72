"""Context: each claim of an article is judged again in the light of the others.

An article seldom lets one actor say contrary things, and the others of a sentence tell what it is
about. The scores of all claims of an article enter; calibrated scores leave, by a second, small
regression over what each claim's own words say, what the same actor's other claims say, and what
the other claims of the sentence say. Who the actor is plays no part, unless asked for: then the
actor's stances in training are heard as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

N_CLASSES = 3
# Columns of `describe_context`: what the claim's own words say, what the same actor's other claims
# say, what the sentence's other claims say, and how the actor's claims were labelled in training.
OWN, SAME_ACTOR, SAME_SENTENCE, PRIOR = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12)
N_FEATURES = 9
N_FEATURES_WITH_PRIOR = 12
# What is left of them for a claim alone.
ALONE = [0, 1, 2, 9, 10, 11]


class Place(NamedTuple):
    """Where a claim stands.

    Parameters
    ----------
    article : str
        Claims of one article are judged together.
    sentence : str
        Its sentence, or another key of it.
    actor : str
        The canonical name; "" for nobody known, who has no other claims.
    """

    article: str
    sentence: str
    actor: str


@dataclass(frozen=True, eq=False)
class Context:
    """The second regression.

    Parameters
    ----------
    coef : ndarray of float64, shape (9, 3) or (12, 3)
        Weights of `describe_context`, a column a class.
    intercept : ndarray of float64, shape (3,)
        For claims of an article.
    alone_coef : ndarray of float64, shape (3, 3) or (6, 3)
        Weights of a claim's own centred scores, and of its actor's prior, where no article is
        given.
    alone_intercept : ndarray of float64, shape (3,)
        For the same.
    priors : mapping of str to sequence of float, optional
        How often each actor took each stance in training. Only a model that was told to heed who
        speaks (``--actor-prior``) has it.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alone_coef: np.ndarray
    alone_intercept: np.ndarray
    priors: Mapping[str, Sequence[float]] | None = None

    def adjust(
        self, scores: np.ndarray, places: Sequence[Place], *, alone: bool = False
    ) -> np.ndarray:
        """Return calibrated scores.

        Parameters
        ----------
        scores : ndarray of float64, shape (n_claims, 3)
            What each claim's own words say, before the softmax.
        places : sequence of Place, length n_claims
            Where the claims stand, and whose they are.
        alone : bool, default=False
            Whether each is judged without the others.

        Returns
        -------
        ndarray of float64, shape (n_claims, 3)
        """
        import numpy as np

        features, coef, intercept = self.regression(scores, places, alone=alone)
        return np.asarray(features @ coef + intercept)

    def to_rows(self) -> ContextRows:
        """Return the same in plain lists."""
        return ContextRows(
            self.coef.tolist(),
            self.intercept.tolist(),
            self.alone_coef.tolist(),
            self.alone_intercept.tolist(),
            self.priors,
        )

    def regression(
        self, scores: np.ndarray, places: Sequence[Place], *, alone: bool = False
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what the regression reads, its coefficients and its intercepts."""
        features = describe_context(scores, places, self.priors, alone=alone)
        if alone:
            return (
                features[:, ALONE[: self.alone_coef.shape[0]]],
                self.alone_coef,
                self.alone_intercept,
            )
        return features, self.coef, self.intercept


class ContextRows(NamedTuple):
    """The second regression in plain lists: what `Context` answers, a claim at a time.

    Parameters
    ----------
    coef, intercept, alone_coef, alone_intercept : list of float, or of such lists
        As those of `Context`.
    priors : mapping of str to sequence of float or None
        Likewise.
    """

    coef: Sequence[Sequence[float]]
    intercept: Sequence[float]
    alone_coef: Sequence[Sequence[float]]
    alone_intercept: Sequence[float]
    priors: Mapping[str, Sequence[float]] | None = None

    def to_context(self) -> Context:
        """Return the same in arrays."""
        import numpy as np

        coef, intercept, alone_coef, alone_intercept = map(np.array, self[:4])
        return Context(coef, intercept, alone_coef, alone_intercept, self.priors)

    def adjust(
        self, scores: Sequence[Sequence[float]], places: Sequence[Place], *, alone: bool = False
    ) -> list[list[float]]:
        """Return calibrated scores, as `Context.adjust`.

        Parameters
        ----------
        scores : sequence of sequence of float, shape (n_claims, 3)
            What each claim's own words say, before the softmax.
        places : sequence of Place, length n_claims
            Where the claims stand, and whose they are.
        alone : bool, default=False
            Whether each is judged without the others.

        Returns
        -------
        list of list of float, shape (n_claims, 3)
        """
        rows = describe_rows(scores, places, self.priors)
        if alone:
            rows = [row[OWN] + row[PRIOR] for row in rows]
        coef, intercept = (
            (self.alone_coef, self.alone_intercept) if alone else (self.coef, self.intercept)
        )
        return [
            [
                sum(value * weights[k] for value, weights in zip(row, coef, strict=True))
                + intercept[k]
                for k in range(N_CLASSES)
            ]
            for row in rows
        ]


def describe_rows(
    scores: Sequence[Sequence[float]],
    places: Sequence[Place],
    priors: Mapping[str, Sequence[float]] | None = None,
) -> list[list[float]]:
    """Return what `describe_context` does, in plain lists.

    Parameters
    ----------
    scores : sequence of sequence of float, shape (n_claims, 3)
        What each claim's own words say, before the softmax.
    places : sequence of Place, length n_claims
        Where the claims stand.
    priors : mapping of str to sequence of float, optional
        How often each actor took each stance in training.

    Returns
    -------
    list of list of float, shape (n_claims, 9) or (n_claims, 12)
    """
    own = [[score - sum(row) / N_CLASSES for score in row] for row in scores]
    chances = [softmax_row(row) for row in own]
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    sentences: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, place in enumerate(places):
        if place.actor:
            same[place.article, place.actor].append(i)
        sentences[place.article, place.sentence].append(i)
    actor_totals = {key: _totals(chances, rows) for key, rows in same.items()}
    sentence_totals = {key: _totals(own, rows) for key, rows in sentences.items()}
    result = []
    for i, place in enumerate(places):
        at, there = (place.article, place.actor), (place.article, place.sentence)
        others, total = len(same[at]) - 1 if place.actor else 0, actor_totals.get(at)
        row = list(own[i])
        row += [
            log(N_CLASSES * (total[k] - chances[i][k] + 1) / (others + N_CLASSES)) if total else 0.0
            for k in range(N_CLASSES)
        ]
        near = len(sentences[there]) - 1
        row += [
            (sentence_totals[there][k] - own[i][k]) / near if near else 0.0
            for k in range(N_CLASSES)
        ]
        if priors is not None:
            row += _prior_row(priors.get(place.actor))
        result.append(row)
    return result


def _totals(rows: Sequence[Sequence[float]], numbers: Sequence[int]) -> list[float]:
    """Return the sums over some rows."""
    return [sum(rows[i][k] for i in numbers) for k in range(N_CLASSES)]


def _prior_row(counts: Sequence[float] | None) -> list[float]:
    """Return an actor's stances in training as features."""
    if counts is None:
        return [0.0] * N_CLASSES
    total = sum(counts) + N_CLASSES
    return [log(N_CLASSES * (count + 1) / total) for count in counts]


def softmax_row(scores: Sequence[float]) -> list[float]:
    """Return the probabilities of the classes of one claim from its scores."""
    highest = max(scores)
    exponents = [exp(score - highest) for score in scores]
    total = sum(exponents)
    return [exponent / total for exponent in exponents]


def center(scores: np.ndarray) -> np.ndarray:
    """Return scores less the mean of each row, which changes no probability."""
    import numpy as np

    return np.asarray(scores - scores.mean(axis=1, keepdims=True))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return the probabilities of the classes, shape (n_claims, n_classes), from their scores."""
    import numpy as np

    exponents = np.exp(scores - scores.max(axis=1, keepdims=True)) if len(scores) else scores
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def describe_context(
    scores: np.ndarray,
    places: Sequence[Place],
    priors: Mapping[str, Sequence[float]] | None = None,
    *,
    alone: bool = False,
) -> np.ndarray:
    """Return what the article says of each claim.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_claims, 3)
        What each claim's own words say, before the softmax.
    places : sequence of Place, length n_claims
        Where the claims stand.
    priors : mapping of str to sequence of float, optional
        How often each actor took each stance in training.
    alone : bool, default=False
        Whether each is judged without the others, as if it stood in an article of its own.

    Returns
    -------
    ndarray of float64, shape (n_claims, 9), or (n_claims, 12) with priors
        Three columns each: the claim's own centred scores; the logarithm of the mean probability of
        each class over the other claims of the same actor in the article, with one claim added to
        each class, over one third, so that it is 0 without any; the mean centred scores of the
        other claims of the sentence, 0 without any; and, with priors, the same logarithm of the
        actor's shares in training, 0 for an actor without any.
    """
    import numpy as np

    own = center(scores)
    result = np.zeros((len(own), N_FEATURES if priors is None else N_FEATURES_WITH_PRIOR))
    result[:, OWN] = own
    if not alone:
        # A claim of nobody known is the only one of its kind.
        others, n_others = _sum_others(
            softmax(own), [(p.article, p.actor or i) for i, p in enumerate(places)]
        )
        result[:, SAME_ACTOR] = np.log(N_CLASSES * (others + 1) / (n_others + N_CLASSES))
        others, n_others = _sum_others(own, [(p.article, p.sentence) for p in places])
        result[:, SAME_SENTENCE] = others / np.maximum(n_others, 1)
    for i, place in enumerate(places if priors is not None else ()):
        counts = priors.get(place.actor) if priors else None
        if counts is not None:
            shares = (np.asarray(counts) + 1) / (sum(counts) + N_CLASSES)
            result[i, PRIOR] = np.log(N_CLASSES * shares)
    return result


def _sum_others(
    values: np.ndarray, keys: Sequence[tuple[str, str | int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the sum of the other rows with its key, and a column of how many."""
    import numpy as np

    numbers: dict[tuple[str, str | int], int] = {}
    groups = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    counts = np.bincount(groups)[groups][:, np.newaxis]
    columns = [np.bincount(groups, weights=column)[groups] for column in values.T]
    return np.where(counts > 1, np.column_stack(columns) - values, 0.0), counts - 1
