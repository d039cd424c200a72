from __future__ import annotations

import pytest
from conftest import make_example
from hypothesis import given
from hypothesis import strategies as st

from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.errors import LabelError, StanceError
from stance.exchange.hf import export_dataset, import_dataset
from stance.exchange.inline import read_inline, write_inline

SEPARATORS = "{}|;\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
word = st.text(
    st.characters(
        codec="utf-8",
        exclude_characters=SEPARATORS,
        exclude_categories=["Cs", "Cc", "Zs"],
    ),
    min_size=1,
    max_size=8,
)
piece = st.one_of(word, st.tuples(st.sampled_from("cns"), word, st.none() | word))


@given(st.lists(st.lists(piece, min_size=1, max_size=6), min_size=1, max_size=4))
def test_inline_round_trip(lines):
    rendered = "\n".join(
        " ".join(
            p if isinstance(p, str) else f"{{{p[0]}|{p[1]}{'|' + p[2] if p[2] else ''}}}"
            for p in line
        )
        for line in lines
    )
    article, rows = read_inline(f"---\ntitle: t\n---\n{rendered}", "a")
    for row in rows:
        assert article.text[row.start : row.end] == row.sentence
        assert row.sentence[row.actor_start : row.actor_end] == row.actor
    again, rows_again = read_inline(write_inline(article, rows), "a")
    assert (again, rows_again) == (article, rows)


def test_inline_pair_shares_a_mention():
    _, rows = read_inline("{s|Both|Ann Lee;Bob Ray} agreed.", "a")
    assert [(r.actor, r.canonical, r.label) for r in rows] == [
        ("Both", "Ann Lee", "supports"),
        ("Both", "Bob Ray", "supports"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{x|Lee} left.", "begins with 'x'"),
        ("{c|Lee left.", "broken mark near"),
        ("Lee} left.", "broken mark near"),
        ("{c|} left.", "broken mark near"),
    ],
)
def test_broken_marks_are_refused(text, message):
    with pytest.raises(LabelError, match=message):
        read_inline(text, "a")


def test_overlapping_marks_have_no_inline_form():
    article, rows = read_inline("{c|Ann Lee} left.", "a")
    inner = make_example("Ann Lee left.", "Lee", start=rows[0].start, end=rows[0].end)
    with pytest.raises(LabelError, match="overlap"):
        write_inline(article, [*rows, inner])


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")


def test_dataset_folder_opens_offline(corpus_folder, target, tmp_path, offline):
    from datasets import load_dataset

    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    counts = export_dataset(corpus.examples, target, tmp_path / "d")
    assert sum(counts.values()) == len(corpus.examples) == 90
    loaded = load_dataset(str(tmp_path / "d"), cache_dir=str(tmp_path / "cache"))
    assert {name: len(side) for name, side in loaded.items()} == counts
    assert loaded["train"].features["label"].names == list(STANCES)
    assert set(loaded["train"]["article"]).isdisjoint(loaded["test"]["article"])
    again = import_dataset(tmp_path / "d")
    assert sorted(again, key=lambda e: e.key) == sorted(corpus.examples, key=lambda e: e.key)
    card = (tmp_path / "d" / "README.md").read_text()
    assert "class_label" in card
    assert "81 (sentence, actor) pairs and 9 sentences without an actor" in card


def test_nothing_to_export(target, tmp_path):
    with pytest.raises(StanceError, match="no rows to export"):
        export_dataset([], target, tmp_path / "d")
    with pytest.raises(StanceError, match="holds no data"):
        import_dataset(tmp_path)
