from __future__ import annotations

import pytest
from conftest import ACTORS, CLAIMS
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import StanceError
from stance.features import (
    VIEWS,
    Passage,
    build_view_table,
    build_views,
    canonical_text,
    to_passages,
)
from stance.targets import load_target

SHIPPED = load_target()


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
