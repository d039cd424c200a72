from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.cues import Cue, compile_pattern
from stance.errors import TargetError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("free and fair", "a free and fair vote", True),
        ("fair", "an unfair vote", False),
        ("recogni*", "Recognised at last", True),
        ("recogni*", "recognition", True),
        ("(call*|urg*) for", "it called for calm", True),
        ("(free and)? fair", "fair", True),
        ("(free and)? fair", "free and fair", True),
        ("new (presidential)? vote", "a new vote", True),
        ("new (presidential)? vote", "a new presidential vote", True),
        ("new (presidential)? vote", "a new regional vote", False),
        ("impos* ... sanctions", "imposed, on Friday, new sanctions", True),
        ("impos* ... sanctions", "imposed one two three four five six seven sanctions", False),
        ("a.b", "axb", False),
    ],
)
def test_pattern(pattern, text, found):
    assert bool(compile_pattern(pattern).search(text)) is found


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(free", "never closed"),
        ("free)", "without a '('"),
        ("? free", "must follow a bracket"),
        ("... free", "between words"),
        ("free ...", "between words"),
        ("   ", "empty"),
        ("(free)?", "matches nothing"),
    ],
)
def test_bad_pattern_says_what_is_wrong(pattern, complaint):
    with pytest.raises(TargetError, match=re.escape(complaint)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("negation", "expected"),
    [("abstain", None), ("flip", "criticizes"), ("ignore", "supports")],
)
def test_negation(negation, expected):
    cue = Cue("fair", "supports", "fair", negation=negation)
    assert cue.vote("ACTOR did not think it was fair") == expected
    assert cue.vote("ACTOR thought it was fair") == "supports"


def test_negation_far_before_does_not_count():
    cue = Cue("fair", "supports", "fair", negation="flip")
    assert cue.vote("It was not raining, and in the end ACTOR found the vote fair") == "supports"


@given(st.text(max_size=60))
def test_any_pattern_compiles_or_is_refused(pattern):
    try:
        compile_pattern(pattern).search("some text, not much")
    except TargetError as error:
        assert str(error)


def test_gap_is_linear_in_a_hostile_text():
    cue = Cue("gap", "supports", "call* ... release ... people")
    times = []
    for size in (2_000, 16_000):
        text = "call " * size
        start = time.perf_counter()
        assert cue.vote(text) is None
        times.append(time.perf_counter() - start)
    assert times[1] < 8 * 6 * times[0] + 0.05
