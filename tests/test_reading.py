from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.articles import Article
from stance.reading import read

TEXT = (
    "Ann Lee rejected the vote as rigged. It rained. "
    "She condemned the count, while Bob Ray praised the vote as fair."
)


@pytest.fixture(scope="module")
def model(model_folder):
    return stance.load(model_folder)


def test_claims_in_reading_order(model):
    claims = read(TEXT, model)
    assert [(c.actor, c.canonical, c.stance) for c in claims if c.actor] == [
        ("Ann Lee", "Ann Lee", "criticizes"),
        ("She", "Ann Lee", "criticizes"),
        ("Bob Ray", "Bob Ray", "supports"),
    ]
    empty = [c for c in claims if c.actor is None]
    assert [c.sentence for c in empty] == ["It rained."]
    assert empty[0].canonical is None
    for claim in claims:
        assert TEXT[claim.start : claim.end] == claim.sentence
        assert list(claim.probabilities) == ["criticizes", "neutral", "supports"]
        assert sum(claim.probabilities.values()) == pytest.approx(1)
        assert claim.probabilities[claim.stance] == max(claim.probabilities.values())


def test_claims_about_one_actor(model):
    assert [c.actor for c in read(TEXT, model, actor="Lee")] == ["Ann Lee", "She"]
    assert [c.actor for c in read(TEXT, model, actor="Bob Ray")] == ["Bob Ray"]
    assert read(TEXT, model, actor="Zed") == []
    named = read("Reporters waited for Lee.", model, actor="Ann Lee")
    assert [(c.actor, c.canonical) for c in named] == [("Lee", "Ann Lee")]


def test_article_id_is_kept(model):
    assert {c.article for c in read(Article("x/y", TEXT), model)} == {"x/y"}
    assert {c.article for c in read(TEXT, model)} == {None}


def test_estimator_and_portable_model_read_alike(model, experiment):
    ours, theirs = read(TEXT, model), read(TEXT, experiment.model)
    assert [c.stance for c in ours] == [c.stance for c in theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-12)


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(model, text):
    for claim in read(text, model):
        assert text[claim.start : claim.end] == claim.sentence


@pytest.mark.parametrize(
    ("text", "actor", "span"),
    [
        ("Lee rejected it, while Ray praised it.", "Lee", "Lee rejected it"),
        ("Lee rejected it, while Ray praised it.", "Ray", "Ray praised it."),
        ("The vote was fair, Ray said, but Lee rejected it.", "Ray", "The vote was fair, Ray said"),
        ("Ray will stay, according to Lee.", "Lee", "Ray will stay, according to Lee."),
        ("Lee and Ray rejected the count.", "Ray", "Lee and Ray rejected the count."),
        ("Lee told Ray that she rejected it.", "Lee", "Lee told Ray that she rejected it."),
        ("Lee condemned what Ray called a fair vote.", "Ray", "Ray called a fair vote."),
        ("Only Lee rejected the count.", "Lee", "Only Lee rejected the count."),
    ],
)
def test_each_actor_has_words_of_its_own(model, text, actor, span):
    (claim,) = read(text, model, actor=actor)
    assert claim.sentence[claim.span_start : claim.span_end] == span
    assert claim.sentence[claim.actor_start : claim.actor_end] == actor


def test_without_an_actor_the_sentence_is_the_span(model):
    (claim,) = read("It rained.", model)
    assert (claim.actor_start, claim.actor_end) == (None, None)
    assert (claim.span_start, claim.span_end) == (0, len("It rained."))


def test_an_actor_asked_for_is_judged_as_in_the_whole_article(model):
    """Leaving the others' claims out of the answer does not leave them out of the judgement."""
    import numpy as np

    from stance.context import Context

    rng = np.random.default_rng(0)
    kept, model.context = model.context, Context(
        rng.normal(size=(9, 3)), rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=3)
    )  # fmt: skip
    try:
        whole = [c for c in read(TEXT, model) if c.canonical == "Ann Lee"]
        alone = read(TEXT, model, actor="Lee")
    finally:
        model.context = kept
    assert [c.probabilities for c in alone] == [c.probabilities for c in whole]
