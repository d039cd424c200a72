from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.calibration import (
    expected_calibration_error,
    tabulate_reliability,
    trace_risk_coverage,
)
from stance.context import softmax

Y = np.array(["criticizes", "neutral", "supports", "supports"])
P = np.array([[0.95, 0.03, 0.02], [0.2, 0.35, 0.45], [0.05, 0.05, 0.9], [0.92, 0.05, 0.03]])


def test_reliability_is_countable_by_hand():
    low, high = tabulate_reliability(Y, P)
    assert (low["low"], low["high"], low["support"], low["accuracy"]) == (0.4, 0.5, 1, 0.0)
    assert (high["low"], high["high"], high["support"]) == (0.9, 1.0, 3)
    assert high["accuracy"] == pytest.approx(2 / 3)
    assert high["confidence"] == pytest.approx((0.95 + 0.9 + 0.92) / 3)
    error = expected_calibration_error([low, high])
    assert error == pytest.approx((0.45 + 3 * abs(2 / 3 - 2.77 / 3)) / 4)


def test_risk_and_coverage_are_countable_by_hand():
    table = trace_risk_coverage(Y, P, (1.0, 0.5, 0.25))
    assert [row["support"] for row in table] == [4, 2, 1]
    assert [row["accuracy"] for row in table] == [0.5, 0.5, 1.0]
    assert [row["threshold"] for row in table] == [0.45, 0.92, 0.95]


def test_certainty_falls_in_the_last_bin():
    (row,) = tabulate_reliability(np.array(["supports"]), np.array([[0.0, 0.0, 1.0]]))
    assert (row["low"], row["high"], row["accuracy"]) == (0.9, 1.0, 1.0)
    assert expected_calibration_error([row]) == 0
    assert np.isnan(expected_calibration_error([]))


@given(st.lists(st.tuples(*[st.floats(-700, 700)] * 3), min_size=1, max_size=20).map(np.array))
def test_probabilities_add_up(scores):
    chances = softmax(scores)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    likeliest = scores[np.arange(len(scores)), chances.argmax(axis=1)]
    np.testing.assert_allclose(scores.max(axis=1), likeliest, atol=1e-12)
    rows = tabulate_reliability(np.full(len(scores), "neutral"), chances)
    assert sum(row["support"] for row in rows) == len(scores)
