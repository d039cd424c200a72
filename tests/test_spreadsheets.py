from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stance.spreadsheets import guard_cell, render_csv, unguard_cell

cells = st.text(st.characters(exclude_categories=["Cs"])) | st.text("'=+-@ \t\r\nx\uff1d")


@given(cells)
@example("''=1")
@example("'\t=1")
def test_every_cell_comes_back(text):
    assert unguard_cell(guard_cell(text)) == text


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\uff1d1"]
)
def test_formulas_become_text(text):
    assert guard_cell(text) == f"'{text}"


@given(st.lists(st.lists(cells, min_size=2, max_size=2)), st.sampled_from(",;\t"))
def test_every_table_comes_back(rows, delimiter):
    text = render_csv(["=a", "b"], rows, delimiter=delimiter).removeprefix("\ufeff")
    again = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert again[0] == ["'=a", "b"]
    assert [[unguard_cell(cell) for cell in row] for row in again[1:]] == rows


@given(st.text())
def test_no_text_begins_like_a_formula(text):
    cell = guard_cell(text)
    assert not cell.lstrip("\ufeff\x00 ").startswith(("=", "+", "-", "@", "|", "%", "\t", "\r"))


@pytest.mark.parametrize("text", ["=1", " =1", "+1", "-1", "@A1", "\t=1", "\uff1d1", "\n=1"])
def test_formulas_are_made_text(text):
    assert guard_cell(text) == f"'{text}"
