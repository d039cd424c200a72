from __future__ import annotations

import numpy as np
import pytest
from conftest import make_example

from stance.model import StanceClassifier
from stance.name_swap import count_flips, measure_name_swap, names_for, swap_name
from stance.targets import parse_target


class SaysWho:
    """A model that judges by the name: it supports whoever is called in it."""

    def __init__(self, target, friends):
        self.target_, self.friends = target, friends

    def predict(self, passages):
        return np.array(
            [
                "supports"
                if p.sentence[p.actor_start : p.actor_end] in self.friends
                else "criticizes"
                for p in passages
            ]
        )


def pair(sentence="Lee said that Lee left.", actor="Lee", canonical="Ann Lee", **changes):
    return make_example(sentence, actor, canonical=canonical, **changes)


def test_every_mention_by_name_is_replaced_and_nothing_else(target):
    passage = swap_name(pair("Ray met Lee; Lee said she left.", start=0), "Jane Poe", target)
    assert passage.sentence == "Ray met Jane Poe; Jane Poe said she left."
    assert passage.sentence[passage.actor_start : passage.actor_end] == "Jane Poe"
    assert passage.canonical == "Jane Poe"


def test_flips_are_countable_by_hand(target):
    # "Roe" stands among the women's names and the men's, so it is tried twice.
    model = SaysWho(target, {"Roe", "Tsai"})
    assert count_flips(model, [pair()], names_for("women")).tolist() == [3]
    found = measure_name_swap(model, [pair(), pair("It rained.", "", ""), pair("She left.", "She")])
    assert found == {
        "n_pairs": 1,
        "n_swaps": 10,
        "n_flips": 3,
        "share": 0.3,
        "n_pairs_flipped": 1,
        "by_kind": {"women": {"n_pairs": 1, "n_swaps": 10, "n_flips": 3}},
    }


def test_a_sample_is_drawn_by_the_seed(target):
    model = SaysWho(target, {"Roe"})
    rows = [pair(), pair("Ray left.", "Ray", "Bob Ray")] * 20
    first = measure_name_swap(model, rows, n_pairs=10, seed=1)
    assert first == measure_name_swap(model, rows, n_pairs=10, seed=1)
    assert first["n_pairs"] == 10
    assert sum(kind["n_pairs"] for kind in first["by_kind"].values()) == 10


def test_without_an_alias_table_any_name_counts():
    target = parse_target('name = "t"')
    found = measure_name_swap(SaysWho(target, {"NATO"}), [pair(canonical="Lee")])
    assert found["by_kind"] == {"name": {"n_pairs": 1, "n_swaps": 10, "n_flips": 1}}


def test_nobody_named_is_none_not_zero(target):
    assert measure_name_swap(SaysWho(target, set()), [pair("She left.", "She")]) is None


@pytest.mark.parametrize("name", ["Roe", "NATO"])
def test_the_masked_model_hears_no_name(target, name):
    texts = ["Lee rejected the vote.", "Ray praised the vote."] * 3
    model = StanceClassifier(target, min_df=1).fit(texts, ["criticizes", "supports"] * 3)
    rows = [pair("Lee rejected the vote."), pair("Lee praised the vote.")]
    assert count_flips(model, rows, [name]).tolist() == [0, 0]
