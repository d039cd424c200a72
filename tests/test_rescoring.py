from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import make_example
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from stance.actors import mark_quotations
from stance.detection import Detector, bind_mentions
from stance.detection_training import STRENGTH, fit_detector, mark_mentions
from stance.mentions import find_mentions, tokenize
from stance.rescoring import INTERCEPT, SLOPE, TEMPLATES, Bonds, describe_odds
from stance.targets import parse_target

BARE = parse_target('name = "bare"')
EDGE = "|"


def read_rows(n=60):
    """Sentences in which the first name speaks and the second is only waited for."""
    rows = []
    for i in range(n):
        speaker, other = ("Ann Lee", "Bob Ray") if i % 2 else ("Bob Ray", "Ann Lee")
        text = f"{speaker} rejected the vote while reporters waited outside for {other}."
        rows.append(make_example(text, speaker, "criticizes", f"a{i}"))
    return rows


def bonds_of(text, target=BARE):
    tokens = tokenize(text)
    return bind_mentions(tokens, find_mentions(text, target, tokens))


def chances(detector, text, target=BARE):
    tokens = tokenize(text)
    mentions = find_mentions(text, target, tokens)
    return detector.probabilities(tokens, mentions, mark_quotations(tokens)[0])


def test_what_stands_between_mentions():
    bonds = bonds_of("Ann Lee and Bob Ray condemned Kim Yu.")
    assert bonds.between == [EDGE, "and", "condemned", EDGE]
    far = bonds_of("Ann Lee was seen in the square near Bob Ray.")
    assert far.between[1] == "far"


def test_names_of_one_actor_are_tied():
    target = parse_target('name = "t"\n[actors.women]\n"Ann Lee" = ["Lee"]')
    assert bonds_of("Ann Lee saw Bob Ray, Lee said.", target).twins == [[2], [], [0]]


def test_the_likelier_twin_is_known():
    bonds = Bonds([EDGE, "far", EDGE], [[1], [0]])
    same = [values[-1] for values in describe_odds(bonds, [1.0, 2.0])]
    assert same == ["True False", "False True"]


@given(st.lists(st.floats(-50, 50), max_size=9))
def test_others_are_the_highest_of_the_rest(odds):
    bonds = Bonds([EDGE] * (len(odds) + 1), [[] for _ in odds])
    place = TEMPLATES.index("again.others")
    for i, values in enumerate(describe_odds(bonds, odds)):
        rest = odds[:i] + odds[i + 1 :]
        expected = str(round(max(-4, min(4, max(rest))))) if rest else "-"
        assert values[place] == expected


def test_second_look_is_counted_by_hand():
    weights = {"kind=name": 1.0, SLOPE: 2.0, INTERCEPT: -1.0, "again.next,gap=1 and": 0.5}
    found = chances(Detector(weights, 0.0), "Ann Lee and Bob Ray")
    # 2 x 1 - 1 + 0.5 for the one before "and", 2 x 1 - 1 for the other.
    assert found == pytest.approx([1 / (1 + math.exp(-1.5)), 1 / (1 + math.exp(-1.0))])


def test_a_detector_without_a_slope_looks_once():
    weights = {"kind=name": 1.0, INTERCEPT: -9.0, "again.next,gap=1 and": 9.0}
    found = chances(Detector(weights, 0.0), "Ann Lee and Bob Ray")
    assert found == pytest.approx([1 / (1 + math.exp(-1.0))] * 2)


def test_equals_the_regression_it_came_from(target):
    """Rebuild the second set of weights with scikit-learn alone, from odds out of fold."""
    marked = mark_mentions(read_rows(), target)
    detector = fit_detector(marked, min_mentions=10)

    def count(rows):
        matrix = DictVectorizer().fit_transform([dict.fromkeys(row, 1.0) for row in rows])
        return matrix[:, np.asarray((matrix > 0).sum(axis=0)).ravel() >= 2].toarray()

    def regression():
        return LogisticRegression(C=STRENGTH, solver="newton-cg", tol=1e-8, max_iter=200)

    X, y = count(marked.features), marked.takes_part
    odds = np.zeros(len(y))
    for train, test in GroupKFold(5, shuffle=True, random_state=0).split(X, y, marked.articles):
        odds[test] = regression().fit(X[train], y[train]).decision_function(X[test])
    again, begin = [], 0
    for bonds in marked.bonds:
        end = begin + len(bonds.twins)
        for values in describe_odds(bonds, odds[begin:end]):
            again.append([f"{t}={v}" for t, v in zip(TEMPLATES, values, strict=True)])
        begin = end
    second = regression().fit(np.column_stack([odds, count(again)]), y)
    assert detector.weights[SLOPE] == pytest.approx(second.coef_[0, 0], abs=1e-2)
    assert detector.weights[INTERCEPT] == pytest.approx(second.intercept_[0], abs=1e-2)
