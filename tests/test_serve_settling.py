from __future__ import annotations

import math

import pytest

pytest.importorskip("filelock")

from conftest import make_example
from test_serve_journal import decide

from stance.articles import Article
from stance.examples import read_labels, write_labels
from stance.serve.journal import pair_key
from stance.serve.library import to_pair
from stance.serve.settling import (
    count_progress,
    export_decisions,
    measure_agreement,
    settle_corpus,
    settle_decisions,
)

TEXT = "Lee left. Ray came. It rained."
ARTICLES = {"a": Article("a", TEXT)}
LEE = make_example(canonical="Ann Lee", annotator="r1")
RAY = make_example("Ray came.", "Ray", "supports", start=10, end=19, canonical="Bob Ray")
RAIN = make_example("It rained.", "", start=20, end=30)
ROWS = [LEE, RAY, RAIN]


def about(row, label, **changes):
    """Return a decision on a row."""
    origin = (row.start, row.actor_start, row.actor_end, row.canonical)
    shown = dict(
        pair=pair_key(row.article, *origin), article=row.article, start=row.start, end=row.end,
        sentence=row.sentence, actor=row.actor, actor_start=row.actor_start,
        actor_end=row.actor_end, canonical=row.canonical, label=label, origin=origin,
    )  # fmt: skip
    return decide(**{**shown, "version": 1, **changes})


def standing(*decisions):
    made = {}
    for decision in decisions:
        made.setdefault(decision.pair, []).append(decision)
    return made


def labels_of(rows):
    return [(row.actor, row.canonical, row.label) for row in rows]


def test_decision_changes_its_row_alone():
    settled = settle_decisions(ROWS, standing(about(LEE, "supports")), ARTICLES)
    assert labels_of(settled.rows) == [
        ("Lee", "Ann Lee", "supports"), ("Ray", "Bob Ray", "supports"), ("", "", "neutral"),
    ]  # fmt: skip
    assert settled.counts() == {
        "added": 0, "changed": 1, "removed": 0, "confirmed": 0, "second_readings": 0, "stale": 0,
    }  # fmt: skip


def test_same_label_again_keeps_the_row_as_it_was():
    settled = settle_decisions(ROWS, standing(about(LEE, "neutral", annotator="x")), ARTICLES)
    assert settled.rows == ROWS
    assert settled.confirmed == 1


def test_new_name_takes_the_place_of_the_old():
    settled = settle_decisions(ROWS, standing(about(LEE, "neutral", canonical="Bo Lee")), ARTICLES)
    assert labels_of(settled.rows)[0] == ("Lee", "Bo Lee", "neutral")
    assert len(settled.rows) == 3


def test_no_actor_leaves_a_bare_sentence():
    settled = settle_decisions(ROWS, standing(about(RAY, "none")), ARTICLES)
    assert labels_of(settled.rows)[1] == ("", "", "neutral")
    assert settled.removed == 1


def test_new_actor_takes_the_place_of_the_bare_sentence():
    it = make_example("It rained.", "It", "neutral", start=20, end=30, canonical="Rain")
    settled = settle_decisions(ROWS, standing(about(it, "supports")), ARTICLES)
    assert labels_of(settled.rows)[2:] == [("It", "Rain", "supports")]
    assert settled.added == 1


def test_blind_reading_overrules_nobody():
    blind = about(LEE, "supports", blind=True)
    assert settle_decisions(ROWS, standing(blind), ARTICLES).rows == ROWS
    settled = settle_decisions([RAY], standing(blind), ARTICLES)
    assert labels_of(settled.rows)[0] == ("Lee", "Ann Lee", "supports")


def test_last_open_decision_wins():
    made = standing(
        about(LEE, "supports", annotator="x"),
        about(LEE, "criticizes", annotator="y", version=2),
        about(LEE, "neutral", annotator="z", version=3, blind=True),
    )
    settled = settle_decisions(ROWS, made, ARTICLES)
    assert settled.rows[0].label == "criticizes"
    assert (settled.changed, settled.second_readings) == (1, 1)


def test_sentence_that_is_gone_is_left_out():
    moved = {"a": Article("a", "Now " + TEXT)}
    settled = settle_decisions(ROWS, standing(about(LEE, "supports")), moved)
    assert settled.rows == ROWS
    assert settled.stale == 1


@pytest.mark.parametrize(
    "made",
    [
        about(LEE, "supports"),
        about(LEE, "none"),
        about(LEE, "neutral", canonical="Bo Lee"),
        about(LEE, "neutral", end=19, sentence=TEXT[:19]),
        about(LEE, "neutral", note="sure"),
    ],
)
def test_export_twice_is_export_once(made, tmp_path):
    write_labels(tmp_path / "reviewed.jsonl", ROWS)
    gold = [make_example(canonical="Ann Lee", source="gold"), RAY]
    write_labels(tmp_path / "gold.jsonl", gold)
    export_decisions(tmp_path, standing(made), ARTICLES)
    first = [(tmp_path / f"{n}.jsonl").read_bytes() for n in ("reviewed", "gold")]
    export_decisions(tmp_path, standing(made), ARTICLES)
    assert first == [(tmp_path / f"{n}.jsonl").read_bytes() for n in ("reviewed", "gold")]
    rows = read_labels(tmp_path / "reviewed.jsonl", ARTICLES)
    assert rows == sorted(rows, key=lambda e: (e.article, e.start, e.actor_start, e.canonical))


def test_contradicted_gold_is_reopened_and_trained_on_as_read(tmp_path):
    write_labels(tmp_path / "reviewed.jsonl", [LEE, RAY])
    settled = [make_example(canonical="Ann Lee", source="gold"), RAY]
    write_labels(tmp_path / "gold.jsonl", settled)
    made = standing(about(LEE, "criticizes"), about(RAY, "supports"))
    seen = settle_corpus(tmp_path, made, ARTICLES)
    assert labels_of(seen)[0] == ("Lee", "Ann Lee", "criticizes")
    assert export_decisions(tmp_path, made, ARTICLES)["reopened"] == 1
    assert labels_of(read_labels(tmp_path / "gold.jsonl")) == [("Ray", "Bob Ray", "supports")]
    assert settle_corpus(tmp_path, made, ARTICLES) == seen


def test_only_independent_readings_agree():
    pairs = {to_pair(row).key: to_pair(row) for row in (LEE, RAY)}
    seen = about(LEE, "neutral", annotator="x")
    assert measure_agreement(standing(seen), pairs) is None
    same_reader = about(LEE, "neutral", annotator="r1", blind=True)
    assert measure_agreement(standing(same_reader), pairs) is None
    blind = [about(LEE, "neutral", blind=True), about(RAY, "supports", blind=True)]
    assert measure_agreement(standing(*blind), pairs) == {"n": 2, "alpha": 1.0}
    apart = [about(LEE, "supports", blind=True), about(RAY, "neutral", blind=True)]
    # Two units, each with one neutral and one supports: D_o = 1, D_e = 2 * 4 / (4 * 3) = 2/3.
    assert measure_agreement(standing(*apart), pairs) == {"n": 2, "alpha": -0.5}
    assert not math.isnan(measure_agreement(standing(*apart), pairs)["alpha"])


def test_progress_counts_ones_own():
    made = standing(about(LEE, "none"), about(RAY, "supports", annotator="ben"))
    assert count_progress(made, "anna", 9) == {
        "done": 1,
        "total": 9,
        "by_label": {"criticizes": 0, "neutral": 0, "supports": 0, "none": 1},
    }
