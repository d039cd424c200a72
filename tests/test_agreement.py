from __future__ import annotations

import math

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from stance.agreement import LEVELS, agreement_by_label, cohen_kappa, krippendorff_alpha
from stance.cues import STANCES

labels = st.lists(st.sampled_from(STANCES), min_size=2, max_size=40)


def test_kappa_of_a_published_example():
    # Cohen (1960), table 1: proportions of 200 pairs of judgements; kappa = .492.
    table = {("A", "A"): 88, ("A", "B"): 14, ("A", "C"): 18, ("B", "A"): 10, ("B", "B"): 40,
             ("B", "C"): 10, ("C", "A"): 2, ("C", "B"): 6, ("C", "C"): 12}  # fmt: skip
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    assert cohen_kappa(*zip(*pairs, strict=True)) == pytest.approx(0.492, abs=5e-4)


def test_alpha_of_a_published_example():
    # Krippendorff (2011), section C: four observers, missing data; nominal alpha = .743.
    observers = [
        "1 2 3 3 2 1 4 1 2 - - -",
        "1 2 3 3 2 2 4 1 2 5 - 3",
        "- 3 3 3 2 3 4 2 2 5 1 -",
        "1 2 3 3 2 4 4 1 2 5 1 -",
    ]
    rows = [[None if v == "-" else v for v in row.split()] for row in observers]
    assert krippendorff_alpha(zip(*rows, strict=True)) == pytest.approx(0.743, abs=5e-4)
    ordinal = krippendorff_alpha(zip(*rows, strict=True), "ordinal")
    assert ordinal == pytest.approx(0.815, abs=5e-4)


ratings = st.lists(
    st.lists(st.none() | st.sampled_from(STANCES), min_size=4, max_size=4), min_size=1, max_size=30
)


@settings(deadline=None)
@given(ratings, st.sampled_from(LEVELS))
def test_alpha_equals_that_of_the_krippendorff_package(units, level):
    given = {label for unit in units if sum(v is not None for v in unit) > 1 for label in unit}
    assume(len(given - {None}) > 1)  # the package has no answer for one value alone
    numbers = [[np.nan if v is None else STANCES.index(v) for v in unit] for unit in units]
    expected = krippendorff.alpha(np.array(numbers).T, level_of_measurement=level)
    assert krippendorff_alpha(units, level, STANCES) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STANCES), st.sampled_from(STANCES)), min_size=2))
def test_kappa_equals_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    assume(len({*first, *second}) > 1)  # where it warns and gives NaN
    expected = cohen_kappa_score(first, second)
    assert cohen_kappa(first, second) == pytest.approx(expected, abs=1e-12)


def test_many_ratings_take_no_square_of_time():
    units = [("a", "b"), ("a", "a"), ("b", "b"), ("b", "a")] * 50_000
    assert krippendorff_alpha(units) == pytest.approx(0, abs=1e-4)


def test_unknown_level():
    with pytest.raises(ValueError, match="not one of nominal, ordinal"):
        krippendorff_alpha([("a", "b")], "interval")


@given(labels)
def test_full_agreement_is_one(values):
    assert cohen_kappa(values, values) == 1
    assert krippendorff_alpha([(v, v) for v in values]) == 1


@given(st.lists(st.tuples(st.sampled_from(STANCES), st.sampled_from(STANCES)), min_size=2))
def test_annotators_may_change_places(pairs):
    first, second = zip(*pairs, strict=True)
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa(second, first))
    assert krippendorff_alpha(pairs) == pytest.approx(
        krippendorff_alpha(list(zip(second, first, strict=True)))
    )
    for kappa, alpha in agreement_by_label(first, second).values():
        assert kappa <= 1
        assert alpha <= 1


def test_nothing_to_compare():
    assert math.isnan(cohen_kappa([], []))
    assert math.isnan(krippendorff_alpha([("a", None)]))
    with pytest.raises(ValueError, match="same pairs"):
        cohen_kappa(["a"], [])
