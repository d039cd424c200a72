from __future__ import annotations

from pathlib import Path

import plain_views
import pytest
from conftest import ACTORS, CLAIMS
from hypothesis import given
from hypothesis import strategies as st

from stance.actors import acting_mentions
from stance.corpus import read_corpus
from stance.errors import StanceError
from stance.features import (
    VIEWS,
    Passage,
    build_view_table,
    build_views,
    canonical_text,
    to_passages,
)
from stance.mentions import find_mentions, tokenize
from stance.targets import about_texts, load_target

ROOT = Path(__file__).parent.parent
SHIPPED = load_target()
# What the short cuts look for, and what could slip past them.
TRICKY = [
    *"n't can't cannot won't Won\u2019t \u03a3 \u0391\u03a3\u03a3 \ue000 \u00ad \u200b".split(" "),
    *"\u2013 \u201c 's \u2019s ` #FreeBelarus #a1B 12345 7 \u0660\u0661 \U0001d7ce _ - . ,".split(
        " "
    ),
    *"ACTOR Actor said by from and while that both He her us US president van RBC website".split(),
    *"the EU|Angela Merkel|according to|as well as|21-year-old|J. F.|Lukashenko|Kremlin".split("|"),
    *"\u00a0|  | |\t|\n|\x1c|\u2028|\u0130".split("|"),
]
SENTENCES = st.one_of(
    st.lists(st.sampled_from(TRICKY) | st.text(max_size=6), max_size=25).map(" ".join),
    st.lists(st.sampled_from(TRICKY), max_size=14).map("".join),
    st.text(max_size=80),
)


@given(st.text(max_size=150), st.data())
def test_views_hold_no_name_of_the_actor(text, data):
    target = SHIPPED
    actor = data.draw(st.sampled_from(["Lukashenko", "Angela Merkel", "the EU", "Kremlin"]))
    sentence = f"{text} {actor} rejected the vote, as {actor} had done before. {text}"
    start = len(text) + 1
    passage = Passage(sentence, start, start + len(actor), target.canonical(actor))
    views = build_views(passage, target)
    assert set(views) == set(VIEWS)
    assert "ACTOR" in views["clause"]
    if actor.lower() not in canonical_text(text):
        assert all(actor.lower() not in view for view in views.values())


def assert_plain(passage, target):
    assert build_views(passage, target) == plain_views.build_views(passage, target)


@given(SENTENCES, st.data())
def test_views_are_those_of_the_plain_way(text, data):
    assert tokenize(text) == plain_views.tokenize(text)
    mentions = find_mentions(text, SHIPPED)
    assert mentions == plain_views.find_mentions(text, SHIPPED)
    assert [mention for mention, _ in acting_mentions(text, SHIPPED)] == mentions
    assert_plain(to_passages([text], None, SHIPPED)[0], SHIPPED)
    assert_plain(Passage(text), about_texts(SHIPPED))
    for mention in mentions:
        assert_plain(Passage(text, mention.start, mention.end, mention.canonical or ""), SHIPPED)
    # Also where a caller's offsets cut words, or lie outside of the text.
    start = data.draw(st.integers(-3, len(text) + 3))
    actor = data.draw(st.sampled_from(["", "Alexander Lukashenko", "European Union"]))
    assert_plain(Passage(text, start, start + data.draw(st.integers(1, 9)), actor), SHIPPED)


def test_views_of_the_corpus_are_those_of_the_plain_way():
    corpus = read_corpus(ROOT / "data" / "raw", ROOT / "data" / "labels")
    for passage in to_passages(corpus.examples[::25], None, SHIPPED):
        assert find_mentions(passage.sentence, SHIPPED) == plain_views.find_mentions(
            passage.sentence, SHIPPED
        )
        assert_plain(passage, SHIPPED)


def test_long_texts_are_those_of_the_plain_way():
    for text in ("Merkel said. " * 2000, "x" * 100_000, "Merkel" + "!?" * 9000, "#aB" * 9000):
        assert tokenize(text) == plain_views.tokenize(text)
        assert_plain(to_passages([text], None, SHIPPED)[0], SHIPPED)


@pytest.mark.parametrize(("claim", "label"), CLAIMS)
def test_swapping_the_name_changes_no_view(claim, label, target):
    views = []
    for mention, canonical in ACTORS:
        sentence = f"{mention.removeprefix('The ')} {claim}."
        mention = mention.removeprefix("The ")
        views.append(build_views(Passage(sentence, 0, len(mention), canonical), target))
    assert views[0] == views[1] == views[2]


def test_one_row_for_each_passage(target):
    passages = to_passages(["Lee left.", "It rained.", ""], None, target)
    table = build_view_table(passages, target)
    assert {len(column) for column in table.values()} == {3}
    assert table["sentence"][1] == "it rained."


def test_clause_view_leaves_the_other_actor_out(target):
    text = "Lee rejected the count, while Ray praised it."
    views = build_views(Passage(text, 0, 3, "Ann Lee"), target)
    assert views["clause"] == "ACTOR rejected the count"
    assert views["after"] == "rejected the count"


def test_actor_is_found_by_alias_or_by_letters(target):
    found = to_passages(
        ["Then the Arcadian president left.", "Zed left."], ["Bob Ray", "zed"], target
    )
    assert [(p.actor_start, p.actor_end) for p in found] == [(9, 27), (0, 3)]
    assert not to_passages(["Nobody left."], ["Bob Ray"], target)[0].has_actor


@pytest.mark.parametrize(
    ("items", "actors", "message"),
    [
        ("one text", None, "a list of texts was expected"),
        ([3], None, "a text was expected, found int 3"),
        (["a", "b"], ["x"], "2 texts but 1 actors"),
    ],
)
def test_wrong_input_is_refused(items, actors, message, target):
    with pytest.raises(StanceError, match=message):
        to_passages(items, actors, target)
