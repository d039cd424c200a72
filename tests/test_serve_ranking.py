from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("filelock")

from stance.serve.library import Pair
from stance.serve.ranking import pick_pairs

STANCES = ("criticizes", "neutral", "supports")


def make_pairs(n=40):
    """Return pairs, the i-th with certainty 0.4 + i / 100; each third is labelled as called."""
    pairs, chances = [], {}
    for i in range(n):
        top = 0.4 + i / 100
        best = i % 3
        row = [(1 - top) / 2] * 3
        row[best] = top
        pair = Pair("a", i, i + 9, 0, 3, f"name {i}", STANCES[(best + i // 3) % 3])
        pairs.append(pair)
        chances[pair.key] = row
    return pairs, chances


def numbers(picks, arm):
    return [pick.pair.start for pick in picks if pick.arm == arm]


def test_least_certain_come_first():
    picks = pick_pairs(*make_pairs(), "uncertain", 10)
    found = numbers(picks, "uncertain")
    assert found == sorted(found) and len(found) == 8
    # None is passed over but what the random arm had drawn before.
    assert set(range(max(found))) <= {pick.pair.start for pick in picks}
    assert picks[0].reason == "least certain: criticizes 40%"


@pytest.mark.parametrize("stance", STANCES)
def test_within_a_class_all_are_called_so(stance):
    pairs, chances = make_pairs()
    picks = pick_pairs(pairs, chances, "class", 10, label=stance)
    found = numbers(picks, "class")
    assert found == sorted(found)
    assert {i % 3 for i in found} == {STANCES.index(stance)}


def test_likely_mislabelled_are_those_believed_least():
    pairs, chances = make_pairs()
    picks = pick_pairs(pairs, chances, "mislabelled", 10)
    beliefs = [
        chances[p.pair.key][STANCES.index(p.pair.label)] for p in picks if p.arm == "mislabelled"
    ]
    assert beliefs == sorted(beliefs)
    assert all(chances[p.pair.key][STANCES.index(p.pair.label)] < 0.4
               for p in picks if p.arm == "mislabelled")  # fmt: skip


@pytest.mark.parametrize("mode", ["uncertain", "class", "mislabelled", "mixed"])
def test_a_fifth_is_random_and_says_so(mode):
    picks = pick_pairs(*make_pairs(), mode, 20)
    assert len(picks) == len({pick.pair.key for pick in picks}) == 20
    arms = Counter(pick.arm for pick in picks)
    assert arms["random"] >= 4
    assert arms.total() > arms["random"]
    assert {pick.reason for pick in picks if pick.arm == "random"} == {"drawn at random"}


def test_random_arm_does_not_look_at_the_model():
    pairs, chances = make_pairs()
    drawn = pick_pairs(pairs, chances, "random", 10, seed="anna")
    assert drawn == pick_pairs(list(reversed(pairs)), {}, "uncertain", 10, seed="anna")
    assert drawn != pick_pairs(pairs, chances, "random", 10, seed="ben")


def test_random_arm_is_even():
    pairs, chances = make_pairs()
    counts = Counter(
        pick_pairs(pairs, chances, "random", 1, seed=str(seed))[0].pair.start
        for seed in range(4000)
    )
    # 100 expected of each of 40; five standard deviations are 49.
    assert max(counts.values()) < 150 and min(counts.values()) > 50


def test_short_pool_gives_what_there_is():
    pairs, chances = make_pairs(3)
    assert len(pick_pairs(pairs, chances, "mixed", 10)) == 3
    assert pick_pairs([], {}, "mixed", 10) == []
