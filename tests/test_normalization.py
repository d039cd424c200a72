from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from stance.normalization import align, normalize


@given(st.text())
@example("\u00ad0")
@example("\u00a0\u2028\ufeff\u2060")
def test_aligned_text_keeps_its_length_and_its_white_space(text):
    aligned = align(text)
    assert len(aligned) == len(text)
    assert [c.isspace() for c in aligned] == [c.isspace() for c in text]


@given(st.text())
def test_normalizing_twice_changes_nothing(text):
    once = normalize(text)
    assert normalize(once) == once
    assert once == once.strip()
    assert "  " not in once


def test_marks_of_many_languages():
    assert (
        normalize("\u00abA\u00bb \u201eB\u201c \u201cC\u201d \u2018D\u2019") == '"A" "B" "C" \'D\''
    )
