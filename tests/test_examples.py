from __future__ import annotations

import json

import pytest
from conftest import make_example
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.articles import Article
from stance.cues import STANCES
from stance.errors import LabelError
from stance.examples import (
    Example,
    from_dataset,
    is_held_out,
    merge_labels,
    read_labels,
    read_phrasebook,
    split_by_article,
    to_dataset,
    write_labels,
)

ARTICLE = Article("a", "Lee left. Ray stayed.")


def row(**changes):
    return {
        "article": "a", "start": 0, "end": 9, "sentence": "Lee left.", "actor": "Lee",
        "actor_start": 0, "actor_end": 3, "canonical": "Ann Lee", "label": "neutral", **changes,
    }  # fmt: skip


def write_rows(path, *rows):
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows), "utf-8")
    return path


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.lists(st.tuples(texts, st.sampled_from(STANCES), texts), max_size=6))
@settings(max_examples=60)
def test_any_text_survives_a_write_and_a_read(tmp_path_factory, rows):
    examples = [
        Example(f"a{i}", 0, len(s), s, s[:1], 0, 1, note, label, "reviewed", note, note)
        for i, (s, label, note) in enumerate(rows)
    ]
    path = tmp_path_factory.mktemp("labels") / "x.jsonl"
    write_labels(path, examples)
    assert read_labels(path) == examples


def test_written_sorted(tmp_path):
    rows = [make_example(article="b"), make_example(start=5, end=14), make_example()]
    write_labels(tmp_path / "x.jsonl", rows)
    assert [(e.article, e.start) for e in read_labels(tmp_path / "x.jsonl")] == [
        ("a", 0),
        ("a", 5),
        ("b", 0),
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{not json", r"x.jsonl, line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        (row(label="suport"), "label 'suport' is not one of.*Did you mean 'supports'"),
        (row(source="guess"), "source 'guess' is not one of"),
        (row(start="0"), "start '0' is not a whole number"),
        (row(start=True), "start True is not a whole number"),
        (row(start=-1), "start -1 is not a whole number"),
        (row(actor_start=1), "actor 'Lee' does not stand at 1:3"),
        (row(start=1, end=10), "offsets 1:10 of article 'a' hold 'ee left. '"),
        (row(article="b"), "no article 'b'"),
        (row(stance="x"), "unknown column 'stance'"),
        ({"article": "a"}, "no column 'start'"),
        (row(note=3), "note 3 is not a text"),
        (row(), "stands on line 1 already"),
    ],
)
def test_wrong_row_is_refused_with_its_line(tmp_path, wrong, message):
    path = write_rows(tmp_path / "x.jsonl", row(), wrong)
    with pytest.raises(LabelError, match=message):
        read_labels(path, {"a": ARTICLE})


def test_reviewed_beats_weak_and_gold_beats_reviewed():
    weak = make_example(label="supports", source="weak")
    read = make_example(label="neutral", source="reviewed")
    gold = make_example(label="criticizes", source="gold")
    for order in ([weak, read, gold], [gold, read, weak], [read, gold, weak]):
        assert [e.label for e in merge_labels(order)] == ["criticizes"]
    assert merge_labels([weak], [read]) == [read]


def test_weak_rows_of_a_read_sentence_are_left_out():
    other = make_example(actor="left", canonical="x", label="supports", source="weak")
    elsewhere = make_example(start=50, end=59, source="weak")
    read = make_example()
    assert merge_labels([other, elsewhere], [read]) == [read, elsewhere]


def test_no_article_is_on_both_sides():
    rows = [make_example(article=f"a{i % 40}", start=i) for i in range(200)]
    train, test = split_by_article(rows)
    assert len(train) + len(test) == 200
    assert not {e.article for e in train} & {e.article for e in test}
    assert {e.article for e in test} == {f"a{i}" for i in range(40) if is_held_out(f"a{i}")}


@pytest.mark.parametrize("n_articles", [2, 3, 4])
def test_a_small_corpus_has_both_sides(n_articles):
    for start in range(30):
        rows = [make_example(article=f"{start + i}") for i in range(n_articles)]
        train, test = split_by_article(rows)
        assert train
        assert test


def test_phrasebook_trains_only():
    book = make_example(article="", source="phrasebook")
    train, test = split_by_article([book, make_example(article="x"), make_example(article="y")])
    assert book in train
    assert book not in test


def test_phrasebook_is_checked(tmp_path):
    good = {"sentence": "a fake, said ACTOR", "label": "criticizes"}
    rows = read_phrasebook(write_rows(tmp_path / "p.jsonl", good))
    assert (rows[0].actor, rows[0].actor_start, rows[0].article) == ("ACTOR", 13, "")
    for wrong, message in [
        ({"sentence": "nobody", "label": "neutral"}, "must stand once"),
        ({"sentence": "ACTOR", "label": "no"}, "not one of"),
        ({"sentence": "ACTOR", "label": "neutral", "x": 1}, "alone"),
        (good, "stands on line 1 already"),
    ]:
        with pytest.raises(LabelError, match=message):
            read_phrasebook(write_rows(tmp_path / "p.jsonl", good, wrong))


def test_dataset_has_our_class_order_and_comes_back():
    rows = [make_example(label=label, article=label) for label in STANCES]
    dataset = to_dataset(rows)
    assert dataset.features["label"].names == list(STANCES)
    assert dataset["label"] == [0, 1, 2]
    assert from_dataset(dataset) == rows
