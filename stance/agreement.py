"""Agreement between annotators: Cohen's kappa and Krippendorff's alpha.

Labels of the same pairs by two annotators or more enter, chance-corrected agreement leaves. All is
reckoned from tables of counts, so that time grows with the pairs and not with their square.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stance.cues import STANCES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVELS = ("nominal", "ordinal")


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return Cohen's kappa of two annotators.

    Parameters
    ----------
    first, second : sequence of str, length n_pairs
        Their labels, in the same order.

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; 1 where both give one and the same label
        throughout, NaN for no pairs.

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    ``(p_o - p_e) / (1 - p_e)``, with the share of agreement p_o and that expected from each
    annotator's own shares p_e [1]_.

    References
    ----------
    .. [1] Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and
       Psychological Measurement, 20(1), 37-46.

    Examples
    --------
    >>> round(cohen_kappa(["a", "a", "b", "b"], ["a", "a", "b", "a"]), 3)
    0.5
    """
    import numpy as np

    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels and {len(second)}; both must label the same pairs")
    place = {value: i for i, value in enumerate(dict.fromkeys((*first, *second)))}
    table = np.zeros((len(place), len(place)))
    for a, b in zip(first, second, strict=True):
        table[place[a], place[b]] += 1
    return float(kappa_of(table))


def krippendorff_alpha(
    units: Iterable[Sequence[str | None]], level: str = "nominal", order: Sequence[str] = ()
) -> float:
    """Return Krippendorff's alpha of any number of annotators.

    Parameters
    ----------
    units : iterable of sequence of str or None
        For each pair the labels that it was given, None where an annotator left it out. Pairs
        with fewer than two labels say nothing and are passed over.
    level : {"nominal", "ordinal"}, default="nominal"
        Whether all different labels are equally far apart, or ranks.
    order : sequence of str, optional
        The labels from the lowest to the highest rank; sorted where it is left out.

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; 1 where one label alone was ever given, NaN
        where no pair has two labels.

    Notes
    -----
    ``1 - D_o / D_e`` from the coincidence matrix [1]_: each ordered pair of labels of a unit with
    m labels counts ``1 / (m - 1)``.

    References
    ----------
    .. [1] Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of
       Pennsylvania, Annenberg School for Communication.

    Examples
    --------
    >>> round(krippendorff_alpha([("a", "a"), ("a", "b"), ("b", "b"), ("b", None)]), 3)
    0.444
    """
    import numpy as np

    given = [[label for label in unit if label is not None] for unit in units]
    values = order or sorted({label for labels in given for label in labels})
    place = {value: i for i, value in enumerate(values)}
    counts = np.zeros((len(given), len(values)))
    for row, labels in zip(counts, given, strict=True):
        for label in labels:
            row[place[label]] += 1
    return float(alpha_of(count_coincidences(counts).sum(axis=0), level))


def count_coincidences(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coincidence matrix of each unit.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_units, n_values)
        How many annotators gave each unit each value.

    Returns
    -------
    ndarray of float64, shape (n_units, n_values, n_values)
        Zero for units with fewer than two labels; else it adds up to the number of labels.
    """
    import numpy as np

    n_labels = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= np.eye(counts.shape[1]) * counts[:, :, None]
    weights = np.where(n_labels > 1, 1 / np.maximum(n_labels - 1, 1), 0.0)
    return np.asarray(pairs * weights[:, None, None])


def alpha_of(coincidences: NDArray[np.float64], level: str = "nominal") -> NDArray[np.float64]:
    """Return Krippendorff's alpha of coincidence matrices.

    Parameters
    ----------
    coincidences : ndarray of float64, shape (..., n_values, n_values)
        Of the values from the lowest rank to the highest.
    level : {"nominal", "ordinal"}, default="nominal"
        As in `krippendorff_alpha`.

    Returns
    -------
    ndarray of float64, shape (...)

    Raises
    ------
    ValueError
        If the level is neither.
    """
    import numpy as np

    if level not in LEVELS:
        raise ValueError(f"level {level!r} is not one of {', '.join(LEVELS)}")
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    if level == "nominal":
        distance = np.broadcast_to(1 - np.eye(totals.shape[-1]), coincidences.shape)
    else:  # between the middles of the ranks that the values take up
        middle = totals.cumsum(axis=-1) - totals / 2
        distance = (middle[..., :, None] - middle[..., None, :]) ** 2
    observed = (coincidences * distance).sum(axis=(-2, -1))
    expected = (totals[..., :, None] * totals[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = np.where(expected == 0, 1.0, 1 - observed * (n - 1) / expected)
    return np.where(n > 0, alpha, np.nan)


def kappa_of(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Cohen's kappa of tables of two annotators' labels.

    Parameters
    ----------
    tables : ndarray of float64, shape (..., n_values, n_values)
        How often the one gave the row's value and the other the column's.

    Returns
    -------
    ndarray of float64, shape (...)
    """
    import numpy as np

    n = tables.sum(axis=(-2, -1))
    agreed = np.trace(tables, axis1=-2, axis2=-1)
    chance = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(chance == n * n, 1.0, (agreed * n - chance) / (n * n - chance))
    return np.where(n > 0, kappa, np.nan)


def one_against_rest(tables: NDArray[np.float64], value: int) -> NDArray[np.float64]:
    """Return tables of counts with every value but one put together.

    Parameters
    ----------
    tables : ndarray of float64, shape (..., n_values, n_values)
        Coincidences, or the labels of two annotators.
    value : int
        Index of the one.

    Returns
    -------
    ndarray of float64, shape (..., 2, 2)
    """
    import numpy as np

    both = tables[..., value, value]
    row, column = tables[..., value, :].sum(axis=-1), tables[..., :, value].sum(axis=-1)
    rest = tables.sum(axis=(-2, -1)) - row - column + both
    return np.stack([both, row - both, column - both, rest], axis=-1).reshape(*both.shape, 2, 2)


def agreement_by_label(
    first: Sequence[str], second: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return kappa and alpha for each stance against the two others.

    Parameters
    ----------
    first, second : sequence of str, length n_pairs
        The labels of two annotators.

    Returns
    -------
    dict of str to (float, float)
        For each stance, kappa and alpha of the question whether it is that stance.
    """
    result = {}
    for stance in STANCES:
        left = [str(label == stance) for label in first]
        right = [str(label == stance) for label in second]
        result[stance] = (
            cohen_kappa(left, right),
            krippendorff_alpha(list(zip(left, right, strict=True))),
        )
    return result
