from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import make_example
from hypothesis import given
from hypothesis import strategies as st

from stance.actors import detect_actors, mark_quotations
from stance.detection import Detector, describe_mentions, name_features
from stance.detection_training import (
    STRENGTH,
    group_by_sentence,
    mark_mentions,
    match_mentions,
    train_detector,
)
from stance.evaluation import evaluate_detection
from stance.mentions import find_mentions, tokenize
from stance.scorer import dump_scorer, load_scorer
from stance.targets import parse_target

BARE = parse_target('name = "bare"')


def read_rows(n=40):
    """Sentences in which the first name speaks and the second is only waited for."""
    rows = []
    for i in range(n):
        speaker, other = ("Ann Lee", "Bob Ray") if i % 2 else ("Bob Ray", "Ann Lee")
        text = f"{speaker} rejected the vote while reporters waited outside for {other}."
        rows.append(make_example(text, speaker, "criticizes", f"a{i}"))
    return rows


@pytest.fixture(scope="module")
def detector(target):
    return train_detector(read_rows(), target, min_mentions=10)


def test_learns_who_speaks(detector, target):
    texts = ["Ann Lee rejected the count while crowds waited outside for Bob Ray."]
    assert [m.canonical for m in detect_actors(texts, target, detector)[0]] == ["Ann Lee"]
    swapped = ["Bob Ray rejected the count while crowds waited outside for Ann Lee."]
    assert [m.canonical for m in detect_actors(swapped, target, detector)[0]] == ["Bob Ray"]


def test_no_feature_tells_a_name(target):
    for row in read_rows(2):
        tokens = tokenize(row.sentence)
        mentions = find_mentions(row.sentence, target, tokens)
        quoted, _ = mark_quotations(tokens)
        for values in describe_mentions(tokens, mentions, quoted):
            assert not [f for f in name_features(values) if "lee" in f or "ray" in f]


def test_equals_the_regression_it_came_from(target):
    """Rebuild the probabilities with scikit-learn's own transform of the features."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    marked = mark_mentions(read_rows(), target)
    vectorizer = DictVectorizer()
    X = vectorizer.fit_transform([dict.fromkeys(row, 1.0) for row in marked.features])
    counts = np.asarray((X > 0).sum(axis=0)).ravel()
    X = X[:, counts >= 2]
    plain = LogisticRegression(C=STRENGTH, solver="newton-cg", tol=1e-8, max_iter=200)
    expected = plain.fit(X, marked.takes_part).predict_proba(X)[:, 1]
    detector = train_detector(read_rows(), target, min_mentions=10)
    # The first look alone; the second has its own oracle in test_rescoring.
    first = {name: w for name, w in detector.weights.items() if not name.startswith("again.")}
    detector = Detector(first, detector.intercept)
    found = []
    for sentences in group_by_sentence(read_rows()).values():
        for rows in sentences:
            tokens = tokenize(rows[0].sentence)
            quoted, _ = mark_quotations(tokens)
            mentions = find_mentions(rows[0].sentence, target, tokens)
            found += detector.probabilities(tokens, mentions, quoted)
    # As near as the tolerance of its solver.
    np.testing.assert_allclose(found, expected, atol=5e-4)


def test_too_little_to_learn_from(target):
    assert train_detector(read_rows(), target) is None
    assert train_detector([], target) is None


def test_each_mention_is_paired_once():
    mentions = find_mentions("Ann Lee told Bob Ray.", BARE)
    rows = [make_example("Ann Lee told Bob Ray.", "Ann Lee"), make_example("x", "")]
    matched, missed = match_mentions(mentions, rows)
    assert ([m.text for m in matched], missed) == (["Ann Lee"], 0)
    nowhere = [make_example("Ann Lee told Bob Ray.", "told")]
    assert match_mentions(mentions, nowhere) == ({}, 1)


def test_travels_in_the_portable_file(experiment, detector, tmp_path):
    scorer = experiment.model.to_scorer()
    assert scorer.detector is None
    scorer.detector = detector
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    again = load_scorer(tmp_path / "m")
    assert again.detector == Detector(
        dict(sorted(detector.weights.items())), detector.intercept, detector.threshold
    )


@given(st.text(max_size=120))
def test_any_text_has_its_probabilities(text):
    tokens = tokenize(text)
    mentions = find_mentions(text, BARE, tokens)
    chances = Detector({"kind=name": 9e9}, 0.0).probabilities(
        tokens, mentions, mark_quotations(tokens)[0]
    )
    assert len(chances) == len(mentions)
    assert all(0 <= chance <= 1 and math.isfinite(chance) for chance in chances)


def test_quotations_run_on():
    tokens = tokenize("“We agreed. So did he")
    quoted, opened = mark_quotations(tokens)
    assert (all(quoted), opened) == (True, True)
    quoted, opened = mark_quotations(tokenize("and they,” Lee said."), opened=True)
    assert quoted == [True, True, True, True, False, False, False]
    assert not opened


def test_evaluation_is_countable_by_hand(experiment):
    rows = [
        make_example("Ann Lee rejected the vote as rigged.", "Ann Lee", "criticizes", "a"),
        make_example("It rained.", "", "neutral", "a", start=50, end=60),
        make_example("Bob Ray praised the vote as fair.", "Bob Ray", "neutral", "b"),
        make_example("Nobody left for Ann Lee.", "Nobody", "neutral", "b", start=50, end=74),
    ]
    result = evaluate_detection(rows, experiment.model)
    assert (result["n_actors"], result["n_found"]) == (3, 2)
    assert (result["precision"], result["recall"]) == (1.0, pytest.approx(2 / 3))
    assert result["f1"] == pytest.approx(4 / 5)
    assert result["canonical"] == 1.0
    assert result["claim_f1"] == pytest.approx(2 / 5)
