"""Agreement between annotators: Cohen's kappa and Krippendorff's alpha.

Labels of the same pairs by two annotators or more enter, chance-corrected agreement leaves.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations

from stance.cues import STANCES


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
    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels and {len(second)}; both must label the same pairs")
    n = len(first)
    if not n:
        return math.nan
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    left, right = Counter(first), Counter(second)
    expected = sum(left[label] * right[label] for label in left) / (n * n)
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)


def krippendorff_alpha(units: Iterable[Sequence[str | None]]) -> float:
    """Return Krippendorff's alpha for nominal labels.

    Parameters
    ----------
    units : iterable of sequence of str or None
        For each pair the labels that it was given, None where an annotator left it out. Pairs
        with fewer than two labels say nothing and are passed over.

    Returns
    -------
    float
        1 for full agreement, 0 for that of chance; NaN where no pair has two labels.

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
    coincidences: defaultdict[tuple[str, str], float] = defaultdict(float)
    for unit in units:
        labels = [label for label in unit if label is not None]
        for pair in permutations(labels, 2):
            coincidences[pair] += 1 / (len(labels) - 1)
    totals: defaultdict[str, float] = defaultdict(float)
    for (label, _), count in coincidences.items():
        totals[label] += count
    n = sum(totals.values())
    if not n:
        return math.nan
    disagreement = sum(count for (a, b), count in coincidences.items() if a != b)
    expected = (n * n - sum(count * count for count in totals.values())) / (n - 1)
    return 1.0 if expected == 0 else 1 - disagreement / expected


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
