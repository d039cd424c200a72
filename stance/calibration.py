"""Calibration: whether probabilities mean what they say, and what abstaining would bring.

Reviewed stances and predicted probabilities enter; tables and one error leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stance.cues import STANCES

N_BINS = 10
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


def tabulate_reliability(
    y_true: np.ndarray, probabilities: np.ndarray, n_bins: int = N_BINS
) -> list[dict[str, float]]:
    """Return how often the likeliest stance is right, by its probability.

    Parameters
    ----------
    y_true : ndarray of str, shape (n_claims,)
        Reviewed stances.
    probabilities : ndarray of float64, shape (n_claims, 3)
        Columns in the order of `STANCES`.
    n_bins : int, default=10
        Bins of equal width over [0, 1]; empty ones are left out.

    Returns
    -------
    list of dict
        ``low`` and ``high`` end of the bin, ``support``, mean ``confidence`` and ``accuracy``.
    """
    confidence = probabilities.max(axis=1)
    right = np.array(STANCES)[probabilities.argmax(axis=1)] == y_true
    number = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    table = []
    for i in range(n_bins):
        inside = number == i
        if inside.any():
            table.append(
                {
                    "low": i / n_bins,
                    "high": (i + 1) / n_bins,
                    "support": int(inside.sum()),
                    "confidence": float(confidence[inside].mean()),
                    "accuracy": float(right[inside].mean()),
                }
            )
    return table


def expected_calibration_error(table: Sequence[dict[str, float]]) -> float:
    """Return the expected calibration error of a table of `tabulate_reliability`.

    Returns
    -------
    float
        Mean distance of accuracy and confidence over the bins, weighted by support; NaN for none.

    Notes
    -----
    Of the likeliest class, in bins of equal width [1]_.

    References
    ----------
    .. [1] Guo, C. et al. (2017). On calibration of modern neural networks. ICML.

    Examples
    --------
    >>> bins = [{"support": 3, "confidence": 0.9, "accuracy": 0.8},
    ...         {"support": 1, "confidence": 0.5, "accuracy": 0.9}]
    >>> round(expected_calibration_error(bins), 3)
    0.175
    """
    total = sum(row["support"] for row in table)
    if not total:
        return float("nan")
    return float(
        sum(row["support"] * abs(row["accuracy"] - row["confidence"]) for row in table) / total
    )


def trace_risk_coverage(
    y_true: np.ndarray, probabilities: np.ndarray, coverages: Sequence[float] = COVERAGES
) -> list[dict[str, float]]:
    """Return how right the answers are if only the surest are given.

    Parameters
    ----------
    y_true : ndarray of str, shape (n_claims,)
        Reviewed stances.
    probabilities : ndarray of float64, shape (n_claims, 3)
        Columns in the order of `STANCES`.
    coverages : sequence of float in (0, 1]
        Shares of the claims that are answered.

    Returns
    -------
    list of dict
        For each ``coverage``: ``threshold``, the probability below which to abstain; ``support``,
        how many claims are answered; ``accuracy`` of these.
    """
    confidence = probabilities.max(axis=1)
    right = np.array(STANCES)[probabilities.argmax(axis=1)] == y_true
    order = np.argsort(-confidence, kind="stable")
    table: list[dict[str, Any]] = []
    for coverage in coverages:
        kept = order[: max(1, round(coverage * len(order)))]
        table.append(
            {
                "coverage": coverage,
                "threshold": float(confidence[kept[-1]]),
                "support": len(kept),
                "accuracy": float(right[kept].mean()),
            }
        )
    return table
