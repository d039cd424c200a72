from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.context import Context, Place, center, describe_context
from stance.errors import ModelError, StanceError
from stance.features import Passage
from stance.reading import read
from stance.scorer import adjust, dump_scorer, load_scorer
from stance.training import fit_context

KEEP = Context(
    np.vstack([np.eye(3), np.zeros((6, 3))]), np.zeros(3), np.eye(3), np.zeros(3)
)  # changes no probability
LISTEN = Context(
    np.vstack([np.eye(3), np.eye(3), np.zeros((3, 3))]), np.zeros(3), np.eye(3), np.zeros(3)
)


def softmax(scores):
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponents / exponents.sum(axis=1, keepdims=True)


def test_countable_by_hand():
    """Two claims of Lee, one of Ray in the second sentence, one in another article."""
    scores = np.array([[3.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 9.0], [0.0, 3.0, 0.0]])
    places = [
        Place("a", "0", "Lee"),
        Place("a", "1", "Lee"),
        Place("a", "1", "Ray"),
        Place("b", "0", "Lee"),
    ]
    table = describe_context(scores, places)
    np.testing.assert_allclose(table[:, :3], center(scores))
    chances = softmax(scores)
    np.testing.assert_allclose(table[0, 3:6], np.log(3 * (chances[1] + 1) / 4))
    np.testing.assert_allclose(table[1, 3:6], np.log(3 * (chances[0] + 1) / 4))
    np.testing.assert_allclose(table[2:, 3:6], 0)
    np.testing.assert_allclose(table[[0, 3], 6:], 0)
    np.testing.assert_allclose(table[1, 6:], [-3, -3, 6])
    np.testing.assert_allclose(table[2, 6:], [-2, 4, -2])


def test_an_actor_without_a_name_has_no_other_claims():
    scores = np.array([[9.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    table = describe_context(scores, [Place("a", "0", ""), Place("a", "1", "")])
    np.testing.assert_allclose(table[:, 3:6], 0)


scores_of = st.lists(st.tuples(*[st.floats(-50, 50)] * 3), min_size=1, max_size=12).map(np.array)


@given(scores_of, st.randoms(use_true_random=False))
def test_order_and_renaming_change_nothing(scores, shuffler):
    names = ["Lee", "Ray", ""]
    places = [Place("a", str(i // 2), shuffler.choice(names)) for i in range(len(scores))]
    table = describe_context(scores, places)
    assert np.isfinite(table).all()
    order = list(range(len(scores)))
    shuffler.shuffle(order)
    np.testing.assert_allclose(
        describe_context(scores[order], [places[i] for i in order]), table[order], atol=1e-9
    )
    swap = {"Lee": "Zed", "Ray": "Lee", "": ""}
    renamed = [place._replace(actor=swap[place.actor]) for place in places]
    np.testing.assert_allclose(describe_context(scores, renamed), table, atol=1e-9)


@given(scores_of)
def test_a_claim_alone_keeps_its_probabilities(scores):
    np.testing.assert_allclose(
        softmax(KEEP.adjust(scores, [Place("", "", "")] * len(scores), alone=True)),
        softmax(scores),
        atol=1e-9,
    )


def test_others_of_the_actor_decide_a_doubtful_claim():
    scores = np.array([[0.1, 0.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 5.0]])
    places = [Place("a", str(i), "Lee") for i in range(3)]
    assert LISTEN.adjust(scores, places, alone=True).argmax(axis=1).tolist() == [0, 2, 2]
    assert LISTEN.adjust(scores, places).argmax(axis=1).tolist() == [2, 2, 2]
    apart = [Place(str(i), "0", "Lee") for i in range(3)]
    assert LISTEN.adjust(scores, apart).argmax(axis=1).tolist() == [0, 2, 2]


def test_fit_needs_enough_of_every_class():
    rng = np.random.default_rng(0)
    y = np.array(["criticizes", "neutral", "supports"] * 100)
    scores = rng.normal(size=(300, 3)) + 2 * np.tile(np.eye(3), (100, 1))
    places = [Place(str(i // 6), str(i // 2), "Lee") for i in range(300)]
    context = fit_context(scores, places, y)
    right = np.array(["criticizes", "neutral", "supports"])[
        context.adjust(scores, places, alone=True).argmax(axis=1)
    ]
    assert np.mean(right == y) > 0.8
    assert fit_context(scores[:99], places[:99], y[:99]) is None
    assert fit_context(scores, places, np.where(y == "neutral", "supports", y)) is None


def test_fit_is_calibrated():
    """Scores three times too sure become probabilities that are right as often as they say."""
    rng = np.random.default_rng(1)
    true = rng.normal(size=(6000, 3))
    chances = softmax(true)
    y = np.array(["criticizes", "neutral", "supports"])[
        (rng.random((6000, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    ]
    places = [Place(str(i), "0", "") for i in range(6000)]
    context = fit_context(3 * true, places, y)
    np.testing.assert_allclose(
        softmax(context.adjust(3 * true, places, alone=True)), chances, atol=0.05
    )


def test_travels_in_the_portable_file(experiment, tmp_path):
    scorer = experiment.model.to_scorer()
    scorer.context = LISTEN
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    again = load_scorer(tmp_path / "m")
    for name in ("coef", "intercept", "alone_coef", "alone_intercept"):
        np.testing.assert_array_equal(getattr(again.context, name), getattr(LISTEN, name))
    scorer.context = Context(
        LISTEN.coef[:8],
        *(getattr(LISTEN, n) for n in ("intercept", "alone_coef", "alone_intercept")),
    )
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    with pytest.raises(ModelError, match="length of context.coef"):
        load_scorer(tmp_path / "m")


def test_both_models_read_in_context_alike(experiment):
    text = (
        "Ann Lee rejected the vote. She praised the vote as fair, while Bob Ray travelled. "
        "She left."
    )
    model, scorer = experiment.model, experiment.model.to_scorer()
    model.context_ = scorer.context = LISTEN
    try:
        ours, theirs = read(text, scorer), read(text, model)
    finally:
        del model.context_
    assert len(ours) == 4
    for a, b in zip(ours, theirs, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-12)


def test_articles_must_match_texts():
    with pytest.raises(StanceError, match="2 texts but 1 articles"):
        adjust(np.zeros((2, 3)), [Passage("x")] * 2, KEEP, ["a"])


def test_priors_are_heard_where_asked_for():
    """Words say nothing; each actor always takes one stance: only a model that hears who knows."""
    y = np.array(["criticizes", "neutral", "supports"] * 100)
    places = [Place(str(i // 6), str(i), "ABC"[i % 3]) for i in range(300)]
    scores = np.random.default_rng(0).normal(size=(300, 3))
    deaf, hears = (fit_context(scores, places, y, actor_prior=prior) for prior in (False, True))
    classes = np.array(["criticizes", "neutral", "supports"])
    fresh = [Place("new", str(i), place.actor) for i, place in enumerate(places)]
    for alone in (False, True):
        answers = classes[hears.adjust(scores, fresh, alone=alone).argmax(axis=1)]
        assert np.mean(answers == y) > 0.95
    assert np.mean(classes[deaf.adjust(scores, fresh, alone=True).argmax(axis=1)] == y) < 0.5
    assert hears.priors == {"A": [100, 0, 0], "B": [0, 100, 0], "C": [0, 0, 100]}
    strangers = describe_context(scores, [Place("a", "0", "Zed")] * 300, hears.priors)
    np.testing.assert_array_equal(strangers[:, 9:], 0)


def test_an_articles_own_labels_do_not_teach_its_priors():
    """In each article the actor's claims are alike, across articles by chance: nothing to learn."""
    rng = np.random.default_rng(0)
    y = np.repeat(rng.choice(["criticizes", "neutral", "supports"], 100), 3)
    places = [Place(str(i // 3), str(i), "Lee") for i in range(300)]
    context = fit_context(np.zeros((300, 3)), places, y, actor_prior=True)
    assert np.abs(context.coef[9:]).max() < 3


def test_priors_travel_in_the_portable_file(experiment, tmp_path):
    scorer = experiment.model.to_scorer()
    wide = Context(np.ones((12, 3)), np.zeros(3), np.ones((6, 3)), np.zeros(3), {"Lee": [1, 0, 2]})
    scorer.context = wide
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    again = load_scorer(tmp_path / "m").context
    np.testing.assert_array_equal(again.coef, wide.coef)
    assert again.priors == wide.priors
    scorer.context = Context(
        wide.coef, wide.intercept, wide.alone_coef, wide.alone_intercept, {"Lee": [1, -1, 2]}
    )
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    with pytest.raises(ModelError, match="priors of its context"):
        load_scorer(tmp_path / "m")
