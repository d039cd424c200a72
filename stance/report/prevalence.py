"""Prevalence: counts of predicted stances become shares corrected for the model's known errors.

What enters are counts, article by article, and the confusion matrix that was measured when the
model was evaluated; what leaves are shares with intervals. A share is never given without one.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.cues import STANCES
from stance.errors import ModelError
from stance.intake import read_file

if TYPE_CHECKING:
    import numpy as np

DRAWS = 1000
CONFIDENCE = 0.95
# Weight of each stance before anything is counted: Jeffreys' prior for a share.
PRIOR = 0.5
DECIMALS = 4
EVALUATION, METADATA = "evaluation.json", "metadata.json"


@dataclass(frozen=True)
class Share:
    """A share with its interval.

    Parameters
    ----------
    value : float
        The share in [0, 1]; a balance is in [-1, 1].
    low, high : float
        Its 95% interval, which holds the value.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """How the statements of a group divide among the stances.

    Parameters
    ----------
    shares : dict of str to Share
        Of each of `stance.cues.STANCES`.
    balance : Share
        The share that supports less the share that criticizes.
    """

    shares: dict[str, Share]
    balance: Share


@dataclass(frozen=True)
class ErrorRates:
    """What is known of a model's errors.

    Parameters
    ----------
    confusion : tuple of tuple of int, or None
        Held-out statements: rows are the stances as read by people, columns as predicted. None
        where nothing can be corrected.
    refitted : bool, default=False
        Whether the model was fitted anew on every article once these were counted.
    held_out : frozenset of str
        Ids of the articles of that evaluation.
    missing : str, default=""
        Why there is no matrix, as a clause.
    likeness : float, default=inf
        How alike the errors are from actor to actor; see `measure_likeness`.
    """

    confusion: tuple[tuple[int, ...], ...] | None
    refitted: bool = False
    held_out: frozenset[str] = frozenset()
    missing: str = ""
    likeness: float = math.inf

    @property
    def support(self) -> int:
        """Number of held-out statements."""
        return sum(map(sum, self.confusion or ()))


def load_error_rates(model: str | os.PathLike[str]) -> ErrorRates:
    """Read what a model's folder says of its errors.

    Parameters
    ----------
    model : path-like
        The folder, or the model file in it.

    Returns
    -------
    ErrorRates
        Without a matrix where the folder holds no evaluation, or one that never saw a stance.

    Raises
    ------
    ModelError
        If the evaluation is damaged.
    """
    folder = Path(model)
    folder = folder.parent if folder.is_file() else folder
    if not (folder / EVALUATION).is_file():
        return ErrorRates(None, missing=f"the model's folder holds no {EVALUATION}")
    evaluation = _read_json(folder / EVALUATION)
    metadata = _read_json(folder / METADATA) if (folder / METADATA).is_file() else {}
    try:
        rows = evaluation["held_out"]["model"]["confusion"]
        confusion = tuple(tuple(int(count) for count in row) for row in rows)
        held_out = frozenset(metadata.get("split", {}).get("test_articles", ()))
        refitted = bool(metadata.get("training", {}).get("refitted_on_all_articles", False))
        actors = evaluation["held_out"]["per_actor"].values()
        likeness = measure_likeness([(score["accuracy"], score["support"]) for score in actors])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / EVALUATION} {_DAMAGED}") from error
    size = len(STANCES)
    if [len(row) for row in confusion] != [size] * size or min(map(min, confusion)) < 0:
        raise ModelError(f"{folder / EVALUATION} {_DAMAGED}")
    unseen = [stance for stance, row in zip(STANCES, confusion, strict=True) if not sum(row)]
    if unseen:
        return ErrorRates(
            None, missing=f"the model's evaluation held no statement that {unseen[0]}"
        )
    return ErrorRates(confusion, refitted, held_out, likeness=likeness)


_DAMAGED = "holds no confusion matrix of three stances; make the model again with: stance train."


def _read_json(path: Path) -> Any:
    """Read a file of the model's folder."""
    try:
        return json.loads(read_file(path))
    except RecursionError as error:
        raise ModelError(f"{path} {_DAMAGED}") from error
    except ValueError as error:
        raise ModelError(f"{path} is not JSON; make the model again with: stance train.") from error


def measure_likeness(scores: Sequence[tuple[float, int]]) -> float:
    """Return how alike a model's accuracy is from actor to actor.

    Parameters
    ----------
    scores : sequence of (float, int)
        Accuracy and number of statements of each actor.

    Returns
    -------
    float
        The concentration of the beta distribution of the accuracies: infinite where they differ
        by no more than chance, the smaller the more they differ.

    Notes
    -----
    With rho the intra-class correlation of right answers within actors, by analysis of variance
    [1]_, the concentration is ``1 / rho - 1``.

    References
    ----------
    .. [1] Ridout, M. S., Demetrio, C. G. B. and Firth, D. (1999). Estimating intraclass
       correlation for binary data. Biometrics, 55(1), 137-148.

    Examples
    --------
    >>> measure_likeness([(0.8, 50), (0.8, 50)])
    inf
    >>> round(measure_likeness([(0.9, 100), (0.7, 100), (0.5, 100), (0.9, 100)]), 1)
    4.6
    """
    counted = [(share, n) for share, n in scores if n]
    total = sum(n for _, n in counted)
    if len(counted) < 2 or total <= len(counted):
        return math.inf
    mean = sum(share * n for share, n in counted) / total
    size = (total - sum(n * n for _, n in counted) / total) / (len(counted) - 1)
    between = sum(n * (share - mean) ** 2 for share, n in counted) / (len(counted) - 1)
    within = sum(n * share * (1 - share) for share, n in counted) / (total - len(counted))
    rho = (between - within) / max(between + (size - 1) * within, 1e-12)
    return 1 / min(rho, 0.5) - 1 if rho > 0 else math.inf


class Prevalence:
    """Estimates shares from counts of predictions, corrected for a model's errors.

    Parameters
    ----------
    confusion : sequence of sequence of int, optional
        Rows are true stances, columns predicted ones. Without it, shares are those of the
        predictions and their intervals tell of sampling alone.
    likeness : float, default=inf
        How alike the model's errors are from actor to actor.
    draws : int, default=1000
        How often to resample.
    seed : int, default=0
        Seed of the draws; each estimate starts from it, so that none depends on another.

    Notes
    -----
    Adjusted count [1]_: with ``M[j, k]`` the probability that a statement of stance k is predicted
    as j, and q the shares of the predictions, the shares p are those that minimise ``|M p - q|``
    among shares that are not negative and add up to 1; inside these bounds ``p = M⁻¹ q``.

    q and M are drawn many times by a Bayesian bootstrap [2]_: the articles are weighed anew (the
    statements of one article are no independent witnesses; where that spreads less, the statements
    are), and each row of the confusion matrix comes from its posterior, both with Jeffreys' prior,
    so that three statements out of three are not certainty. A model errs more about some actors
    than about others: M is drawn once more around the overall one, as far from it as the
    accuracies per actor lie apart. The share is the mean over the draws of M with q as it was
    counted; the interval holds 95% of the draws of both.

    References
    ----------
    .. [1] Forman, G. (2008). Quantifying counts and costs via classification. Data Mining and
       Knowledge Discovery, 17(2), 164-206.
    .. [2] Rubin, D. B. (1981). The Bayesian bootstrap. The Annals of Statistics, 9(1), 130-134.

    Examples
    --------
    >>> prevalence = Prevalence([[900, 50, 50], [50, 900, 50], [50, 50, 900]])
    >>> estimate = prevalence.estimate([[56, 22, 22]] * 100)
    >>> round(estimate.shares["criticizes"].value, 2)
    0.6
    """

    def __init__(
        self,
        confusion: Sequence[Sequence[int]] | None = None,
        *,
        likeness: float = math.inf,
        draws: int = DRAWS,
        seed: int = 0,
    ) -> None:
        import numpy as np

        self._draws, self._seed, self._likeness = draws, seed, likeness
        self._known: dict[tuple[Any, ...], Estimate] = {}
        self._rates: np.ndarray | None = None
        self.is_corrected = confusion is not None
        if confusion is not None:
            rng = np.random.default_rng(seed)
            rows = [rng.dirichlet(np.asarray(row) + PRIOR, size=draws) for row in confusion]
            self._rates = np.stack(rows, axis=2)

    def estimate(self, counts: Sequence[Sequence[int]], n_actors: float = 1) -> Estimate:
        """Estimate the shares of one group.

        Parameters
        ----------
        counts : sequence of sequence of int
            Predicted stances in each article, in the order of `stance.cues.STANCES`; not empty.
        n_actors : float, default=1
            Among how many actors the statements are spread evenly, or as good as evenly.

        Returns
        -------
        Estimate
        """
        ordered = sorted(tuple(row) for row in counts)
        key = (n_actors, *ordered)
        if key not in self._known:  # as most are, where actors have a statement or two a month
            self._known[key] = self._estimate(ordered, n_actors)
        return self._known[key]

    def _estimate(self, counts: Sequence[Sequence[int]], n_actors: float) -> Estimate:
        """Draw, correct and sum up."""
        import numpy as np

        table = np.asarray(counts, dtype=float)
        rng = np.random.default_rng(self._seed + 1)
        shares = _draw_shares(rng, table, self._draws)
        counted = table.sum(axis=0) / table.sum()
        if self._rates is None:
            values = counted
        else:
            rates = self._draw_rates(rng, n_actors)
            shares = fit_shares(rates, shares)
            values = fit_shares(rates, np.broadcast_to(counted, shares.shape)).mean(axis=0)
        with_balance = np.column_stack([shares, shares[:, 2] - shares[:, 0]])
        tail = (1 - CONFIDENCE) / 2
        lows, highs = np.quantile(with_balance, [tail, 1 - tail], axis=0)
        rows = zip([*values, values[2] - values[0]], lows, highs, strict=True)
        *found, balance = (_share(*row) for row in rows)
        return Estimate(dict(zip(STANCES, found, strict=True)), balance)

    def _draw_rates(self, rng: np.random.Generator, n_actors: float) -> np.ndarray:
        """Return error rates as they may be for so many actors."""
        import numpy as np

        assert self._rates is not None
        if math.isinf(self._likeness):
            return self._rates
        # The mean over n actors varies n times less than the rates of one.
        concentration = (self._likeness + 1) * n_actors - 1
        rates = rng.standard_gamma(np.maximum(self._rates * concentration, 1e-3))
        return np.asarray(rates / rates.sum(axis=1, keepdims=True))


def _draw_shares(rng: np.random.Generator, table: np.ndarray, draws: int) -> np.ndarray:
    """Return shares of the predictions as they might have been counted."""
    import numpy as np

    by_article = rng.standard_exponential((draws, len(table))) @ table
    by_article += rng.standard_gamma(PRIOR, size=by_article.shape)
    by_statement = rng.standard_gamma(table.sum(axis=0) + PRIOR, size=by_article.shape)
    drawn = [counts / counts.sum(axis=1, keepdims=True) for counts in (by_article, by_statement)]
    # One article of mixed statements does not tell how the next one would be mixed.
    return np.asarray(max(drawn, key=lambda shares: float(shares.var(axis=0).sum())))


def _share(value: float, low: float, high: float) -> Share:
    """Round, so that whatever is printed of a share comes from the same figure."""
    value, low, high = (round(float(x), DECIMALS) + 0.0 for x in (value, low, high))
    return Share(value, min(low, value), max(high, value))


def fit_shares(rates: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the true shares that explain predicted ones best.

    Parameters
    ----------
    rates : array, shape (n, 3, 3)
        ``rates[:, j, k]`` is the probability that stance k is predicted as j.
    predicted : array, shape (n, 3)
        Shares of the predictions.

    Returns
    -------
    array, shape (n, 3)
        Shares in [0, 1] that add up to 1, with the least squared error.

    Notes
    -----
    The error is convex: where its minimum over the plane of shares that add up to 1 has a negative
    share, the best admissible shares lie on an edge of the triangle, and each edge has a formula.
    """
    import numpy as np

    singular = np.abs(np.linalg.det(rates)) < 1e-12
    solvable = np.where(singular[:, None, None], np.eye(3), rates)
    best = np.linalg.solve(solvable, predicted[:, :, None])[:, :, 0]
    outside = np.flatnonzero((best < 0).any(axis=1) | singular)
    rates, predicted = rates[outside], predicted[outside]
    least = np.full(len(outside), np.inf)
    for i, k in ((0, 1), (0, 2), (1, 2)):
        along = rates[:, :, i] - rates[:, :, k]
        rest = predicted - rates[:, :, k]
        length = np.maximum((along * along).sum(axis=1), 1e-300)
        part = np.clip((along * rest).sum(axis=1) / length, 0, 1)
        error = ((rest - part[:, None] * along) ** 2).sum(axis=1)
        edge = np.zeros_like(rest)
        edge[:, i], edge[:, k] = part, 1 - part
        better = error < least
        best[outside[better]], least[better] = edge[better], error[better]
    return np.asarray(best)
