"""Context: each claim of an article is judged again in the light of the others.

An article seldom lets one actor say contrary things, and the others of a sentence tell what it is
about. The scores of all claims of an article enter; calibrated scores leave, by a second, small
regression over what each claim's own words say, what the same actor's other claims say, and what
the other claims of the sentence say. Who the actor is plays no part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

N_CLASSES = 3
N_FEATURES = 9


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
    coef : ndarray of float64, shape (9, 3)
        Weights of `describe_context`, a column a class.
    intercept : ndarray of float64, shape (3,)
        For claims of an article.
    alone_coef : ndarray of float64, shape (3, 3)
        Weights of a claim's own centred scores where no article is given.
    alone_intercept : ndarray of float64, shape (3,)
        For the same.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alone_coef: np.ndarray
    alone_intercept: np.ndarray

    def adjust(self, scores: np.ndarray, places: Sequence[Place] | None = None) -> np.ndarray:
        """Return calibrated scores.

        Parameters
        ----------
        scores : ndarray of float64, shape (n_claims, 3)
            What each claim's own words say, before the softmax.
        places : sequence of Place, length n_claims, optional
            Where the claims stand; without it each is judged alone.

        Returns
        -------
        ndarray of float64, shape (n_claims, 3)
        """
        import numpy as np

        if places is None:
            return np.asarray(center(scores) @ self.alone_coef + self.alone_intercept)
        return np.asarray(describe_context(scores, places) @ self.coef + self.intercept)


def center(scores: np.ndarray) -> np.ndarray:
    """Return scores less the mean of each row, which changes no probability."""
    import numpy as np

    return np.asarray(scores - scores.mean(axis=1, keepdims=True))


def describe_context(scores: np.ndarray, places: Sequence[Place]) -> np.ndarray:
    """Return what the article says of each claim.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_claims, 3)
        What each claim's own words say, before the softmax.
    places : sequence of Place, length n_claims
        Where the claims stand.

    Returns
    -------
    ndarray of float64, shape (n_claims, 9)
        Three columns each: the claim's own centred scores; the logarithm of the mean probability of
        each class over the other claims of the same actor in the article, with one claim added to
        each class, over one third, so that it is 0 without any; the mean centred scores of the
        other claims of the sentence, 0 without any.
    """
    import numpy as np

    own = center(scores)
    exponents = np.exp(own - own.max(axis=1, keepdims=True)) if len(own) else own
    chances = exponents / exponents.sum(axis=1, keepdims=True)
    result = np.zeros((len(own), N_FEATURES))
    result[:, :3] = own
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    sentences: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, place in enumerate(places):
        if place.actor:
            same[place.article, place.actor].append(i)
        sentences[place.article, place.sentence].append(i)
    for rows in same.values():
        total = chances[rows].sum(axis=0)
        others = total - chances[rows]
        shares = (others + 1) / (len(rows) - 1 + N_CLASSES)
        result[rows, 3:6] = np.log(N_CLASSES * shares)
    for rows in sentences.values():
        if len(rows) > 1:
            total = own[rows].sum(axis=0)
            result[rows, 6:9] = (total - own[rows]) / (len(rows) - 1)
    return result
