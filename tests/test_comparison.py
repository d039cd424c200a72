from __future__ import annotations

import csv
import json
import math
from dataclasses import replace

import pytest
from conftest import make_example
from test_cli import failed, run

from stance.comparison import NO_PAIRS, ONE_ARTICLE, compare_readings, read_readings
from stance.errors import LabelError, StanceError
from stance.examples import write_labels
from stance.spreadsheets import unguard_cell

# Four pairs of two articles: two alike, one labelled apart, one that Bea alone has marked.
ANN = [
    make_example("Lee left.", label="supports", article="a"),
    make_example("Ray left.", "Ray", label="neutral", article="a", start=10, end=19),
    make_example("Lee left.", label="supports", article="b"),
]
BEA = [
    *(replace(row, annotator="bea") for row in ANN[:2]),
    replace(ANN[2], annotator="bea", label="criticizes"),
    make_example("Ray =x.", "Ray", article="b", annotator="bea", start=10, end=17),
]
CYD = [replace(row, annotator="cyd") for row in ANN]


@pytest.fixture
def files(tmp_path):
    write_labels(tmp_path / "ann.jsonl", ANN)
    write_labels(tmp_path / "bea.jsonl", BEA)
    return [tmp_path / "ann.jsonl", tmp_path / "bea.jsonl"]


def test_figures_counted_by_hand(files):
    compared = compare_readings(read_readings(files))
    assert compared.annotators == ("ann", "bea")
    overall = compared.overall
    assert (overall.pairs, overall.articles, overall.reason) == (3, 2, "")
    assert overall.percentage.value == pytest.approx(2 / 3)
    # Ann: 2 supports, 1 neutral; Bea: one of each. Chance (2*1 + 1*1) / 9 = 1/3.
    assert overall.kappa.value == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    # Six values: criticizes 1, neutral 2, supports 3; expected (36 - 1 - 4 - 9) / 5.
    assert overall.alpha_nominal.value == pytest.approx(1 - 2 / (22 / 5))
    assert overall.percentage.low == 0  # article b drawn twice
    assert overall.percentage.high == 1  # article a drawn twice
    assert compared.by_label["neutral"].percentage.value == 1
    assert compared.by_label["supports"].percentage.value == pytest.approx(2 / 3)
    assert list(compared.by_actor) == ["Lee", "Ray"]
    assert compared.by_actor["Lee"].percentage.value == 0.5
    assert compared.by_actor["Ray"].reason == ONE_ARTICLE
    assert math.isnan(compared.by_actor["Ray"].kappa.low)
    labels, actors = compared.by_annotators[("ann", "bea")]
    assert labels == overall
    assert (actors.both, actors.first_only, actors.second_only) == (3, 0, 1)
    assert actors.f1.value == pytest.approx(6 / 7)


def test_disagreements(files):
    label, actor = compare_readings(read_readings(files)).disagreements
    assert (label["kind"], label["labels"]) == ("label", {"ann": "supports", "bea": "criticizes"})
    assert (actor["kind"], actor["labels"]) == ("actor", {"ann": None, "bea": "neutral"})


def test_one_file_of_several_annotators(tmp_path):
    (tmp_path / "all.jsonl").write_text(
        "".join(
            json.dumps(vars(row)) + "\n"
            for row in [*(replace(r, annotator="ann") for r in ANN), *BEA, *CYD]
        )
    )
    compared = compare_readings(read_readings([tmp_path / "all.jsonl"]))
    assert compared.annotators == ("ann", "bea", "cyd")
    # Of the nine pairs of labels, two of the last unit's three differ.
    assert compared.overall.percentage.value == pytest.approx(7 / 9)
    assert compared.by_annotators[("ann", "cyd")][0].kappa.value == 1
    two = read_readings([tmp_path / "all.jsonl"], only=["ann", "cyd"])
    assert compare_readings(two).overall.alpha_ordinal.value == 1
    with pytest.raises(StanceError, match="no labels by 'dan'; the annotators are ann, bea, cyd"):
        read_readings([tmp_path / "all.jsonl"], only=["dan"])


def test_one_name_in_two_files(tmp_path):
    write_labels(tmp_path / "1.jsonl", BEA[:2])
    write_labels(tmp_path / "2.jsonl", BEA[2:])
    write_labels(tmp_path / "3.jsonl", BEA)
    with pytest.raises(StanceError, match=r"one annotator alone \(bea\)"):
        read_readings([tmp_path / "1.jsonl", tmp_path / "2.jsonl"])
    twice = read_readings([tmp_path / "1.jsonl", tmp_path / "3.jsonl"])
    assert twice.annotators == (f"bea ({tmp_path / '1.jsonl'})", f"bea ({tmp_path / '3.jsonl'})")


def test_same_actor_under_other_words(tmp_path):
    text = "The EU and its envoy left."
    write_labels(tmp_path / "a.jsonl", [make_example(text, "The EU", canonical="EU")])
    write_labels(tmp_path / "b.jsonl", [make_example(text, "EU")])
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    nothing = compare_readings(read_readings(files)).overall
    assert (nothing.pairs, nothing.reason) == (0, NO_PAIRS)
    assert math.isnan(nothing.alpha_nominal.value)
    assert compare_readings(read_readings(files, "actor")).overall.pairs == 1


def test_the_same_seed_draws_the_same_intervals(files):
    readings = read_readings(files)
    assert compare_readings(readings, seed=3) == compare_readings(readings, seed=3)


def test_one_pair_stands_once_for_each_annotator(tmp_path):
    (tmp_path / "x.jsonl").write_text((json.dumps(vars(BEA[0])) + "\n") * 2)
    with pytest.raises(LabelError, match="line 1 already"):
        read_readings([tmp_path / "x.jsonl", tmp_path / "x.jsonl"])


def test_command(files, tmp_path):
    out = run("agreement", *files, "--disagreements", tmp_path / "d.csv")
    for text in ("all three labels", "66.7%", "Lee", "ann / bea", "1 pairs labelled apart"):
        assert text in out.stdout
    found = json.loads(run("agreement", *files, "--json").stdout)
    assert found["overall"]["percentage"]["value"] == pytest.approx(2 / 3)
    assert found["by_actor"]["Ray"]["kappa"]["low"] is None
    assert found["disagreements"] == {"label": 1, "actor": 1}
    with (tmp_path / "d.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [unguard_cell(row["bea"]) for row in rows] == ["criticizes", "neutral"]
    run("agreement", *files, "--disagreements", tmp_path / "d.jsonl")
    assert len((tmp_path / "d.jsonl").read_text().splitlines()) == 2
    assert "must end in" in failed("agreement", *files, "--disagreements", tmp_path / "d.txt")
    assert "unknown match" in failed("agreement", *files, "--match", "name")
    assert "one annotator alone (ann)" in failed("agreement", files[0])
