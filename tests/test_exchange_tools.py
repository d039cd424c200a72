"""Label Studio, doccano, Prodigy, DNA, CSV, Parquet: there and back, and what these tools write."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import make_example
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_cli import failed, run

from stance.cues import STANCES
from stance.errors import StanceError
from stance.examples import SOURCES, read_labels, write_labels
from stance.exchange.csv import read_table, write_table
from stance.exchange.dna import read_events, write_events
from stance.exchange.doccano import read_lines, write_lines
from stance.exchange.items import TableOptions, collect
from stance.exchange.labelstudio import config_path, read_tasks, write_tasks
from stance.exchange.parquet import read_parquet, write_parquet
from stance.exchange.prodigy import read_answers, write_answers
from stance.targets import parse_target

LABELS = Path(__file__).parent.parent / "data" / "labels"
PLAIN = TableOptions()
TOY = parse_target('name = "toy"\n[actors.women]\n"Ann Lee" = ["Lee"]\n[actors.bodies]\nEU = []')


def there_and_back(name, rows, folder):
    path = folder / "x"
    if name == "labelstudio":
        write_tasks(rows, TOY, path)
        return collect(read_tasks(path), "x", PLAIN).examples
    if name == "doccano":
        write_lines(rows, TOY, path)
        return collect(read_lines(path), "x", PLAIN).examples
    if name == "prodigy":
        write_answers(rows, TOY, path)
        return collect(read_answers(path), "x", PLAIN).examples
    if name == "csv":
        write_table(rows, path)
        return read_table(path, PLAIN).examples
    if name == "parquet":
        write_parquet(rows, folder / "x.parquet")
        return read_parquet(folder / "x.parquet", PLAIN).examples
    write_events(rows, {}, TOY, path, "integer")
    return read_events(path, PLAIN).examples


FORMATS = ["labelstudio", "doccano", "prodigy", "csv", "parquet", "dna"]


@pytest.fixture(scope="module")
def corpus_rows():
    return read_labels(LABELS / "gold.jsonl")


@pytest.mark.parametrize("name", FORMATS)
def test_whole_corpus_comes_back(name, corpus_rows, tmp_path):
    rows = corpus_rows
    if name == "dna":  # a sentence without an actor is no statement
        rows = [row for row in rows if row.has_actor]
    assert there_and_back(name, rows, tmp_path) == rows


texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@'\";,\t\r\n\x00\\"))


@st.composite
def any_rows(draw):
    sentence = draw(texts.filter(bool))
    start = draw(st.integers(0, len(sentence) - 1))
    end = draw(st.integers(start + 1, len(sentence)))
    return make_example(
        sentence, sentence[start:end], draw(st.sampled_from(STANCES)), draw(texts),
        start=draw(st.integers(0, 10**9)), actor_start=start, actor_end=end,
        canonical=draw(texts), source=draw(st.sampled_from(SOURCES)), annotator=draw(texts),
        note=draw(texts),
    )  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture],
          deadline=None)  # fmt: skip
@given(row=any_rows())
def test_any_row_comes_back(name, row, tmp_path):
    # NUL makes a file binary; JSON and Parquet can hold it, a text of rows cannot.
    assume(name not in ("csv", "dna") or "\x00" not in "".join(map(str, vars(row).values())))
    assert there_and_back(name, [row], tmp_path) == [row]


ANN = make_example("Lee left.", label="supports", annotator="ann", note="sure")
BEA = replace(ANN, label="neutral", annotator="bea", note="")


@pytest.mark.parametrize("name", FORMATS)
def test_several_annotators_are_kept(name, tmp_path):
    assert there_and_back(name, [ANN, BEA], tmp_path) == [ANN, BEA]


def write_json(path, value):
    path.write_text(json.dumps(value))
    return path


def take(found):
    return collect(found, "x.json", PLAIN)


# Label Studio -------------------------------------------------------------------------------------


def test_config_and_tasks_have_the_same_names(tmp_path):
    import xml.etree.ElementTree as ET

    counts = write_tasks([ANN, BEA, replace(ANN, article="b", source="weak")], TOY, tmp_path / "t")
    assert counts == {"tasks": 2, "annotations": 2, "predictions": 1}
    view = ET.fromstring(config_path(tmp_path / "t").read_text(encoding="utf-8"))
    tasks = json.loads((tmp_path / "t").read_text(encoding="utf-8"))
    text, choices = view.find("Text"), view.find("Choices")
    assert {choice.get("value") for choice in choices} == set(STANCES)
    shown = {text.get("value")[1:], "actor", "target"}
    for task in tasks:
        assert shown <= set(task["data"])
        for annotation in task["annotations"] + task["predictions"]:
            (result,) = annotation["result"]
            assert result["from_name"] == choices.get("name")
            assert result["to_name"] == choices.get("toName") == text.get("name")


def annotated(label, **extra):
    result = {"id": "r", "from_name": "stance", "to_name": "text", "type": "choices",
              "value": {"choices": [label] if isinstance(label, str) else label}}  # fmt: skip
    return {"result": [result], **extra}


def test_what_label_studio_makes_of_our_tasks(tmp_path):
    """It calls every annotation the importer's; a changed one is indeed somebody else's."""
    path = tmp_path / "t.json"
    write_tasks([ANN, BEA], TOY, path)
    (task,) = json.loads(path.read_text())
    for number, annotation in enumerate(task["annotations"]):
        annotation.update(id=number, completed_by={"id": 7, "email": "c@d.e"}, was_cancelled=False)
    task["annotations"][1]["result"][0]["value"]["choices"] = ["criticizes"]
    task["annotations"].append(annotated("neutral", completed_by=9))
    task["annotations"].append(annotated("supports", completed_by=8, was_cancelled=True))
    found = take(read_tasks(write_json(path, [{**task, "predictions": [17]}])))
    assert found.examples == [
        ANN,
        replace(BEA, label="criticizes", annotator="c@d.e"),
        replace(BEA, annotator="9"),
    ]
    assert found.left_out["cancelled"] == 1


def test_tasks_from_elsewhere(tmp_path):
    data = {"text": "Lee left.", "actor": "Lee", "sid": "a1"}
    tasks = [
        {"id": 1, "data": data, "completions": [annotated("Favor", completed_by=10)]},
        {"id": 2, "data": {**data, "text": "Lee came."}, "annotations": []},
    ]
    found = take(read_tasks(write_json(tmp_path / "t.json", tasks)))
    (row,) = found.examples
    assert (row.actor, row.label, row.annotator) == ("Lee", "supports", "10")
    assert found.left_out["without a label"] == 1
    short = [{**data, "id": 1, "annotator": 10, "annotation_id": 5, "stance": "Against"}]
    (row,) = take(read_tasks(write_json(tmp_path / "t.json", short))).examples
    assert (row.actor, row.label, row.annotator) == ("Lee", "criticizes", "10")


def test_csv_of_label_studio(tmp_path):
    """Its columns are sorted, its numbers bare, its lists JSON; one row an annotation."""
    write_tasks([ANN, make_example("It rained.", "", article="b")], TOY, tmp_path / "t.json")
    tasks = json.loads((tmp_path / "t.json").read_text())
    names = sorted([*tasks[0]["data"], "annotation_id", "annotator", "id", "stance"])
    with (tmp_path / "t.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names, quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        for number, task in enumerate(tasks):
            (result,) = task["annotations"][0]["result"]
            data = {**task["data"], "readings": json.dumps(task["data"]["readings"])}
            writer.writerow({**data, "id": number, "annotation_id": number, "annotator": "c@d.e",
                             "stance": result["value"]["choices"][0]})  # fmt: skip
    found = take(read_tasks(tmp_path / "t.csv"))
    assert found.examples == [ANN, make_example("It rained.", "", article="b")]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"data": [], "annotations": []}, r"row 1: data \[\] is not an object"),
        ({"data": {}, "annotations": {"a": 1}}, "annotations .* is not a list"),
        ({"data": {}, "annotations": ["x"]}, "an annotation 'x' is not an object"),
        ({"data": {}, "annotations": [annotated(["neutral", "supports"])]}, "2 labels at once"),
        ({"data": {}, "annotations": [{"result": [{"type": "choices", "value": 3}]}]}, "value 3"),
        ({"data": {"readings": 3}, "annotations": []}, "readings 3 is not a list"),
        (
            {"data": {}, "annotations": [{"result": [
                {"type": "choices", "from_name": name, "value": {"choices": ["x"]}}
                for name in ("a", "b")
            ]}]},
            "choices called a and b; say which",
        ),
    ],
)  # fmt: skip
def test_broken_tasks(tmp_path, task, message):
    with pytest.raises(StanceError, match=message):
        read_tasks(write_json(tmp_path / "t.json", [task]))


# doccano ------------------------------------------------------------------------------------------


def test_what_doccano_makes_of_our_lines(tmp_path):
    path = tmp_path / "d.jsonl"
    write_lines([ANN, replace(ANN, article="b"), replace(ANN, article="c")], TOY, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["label"] = ["criticizes"]
    lines[2]["label"] = []
    rows = [{"id": i, **line, "Comments": []} for i, line in enumerate(lines)]
    found = take(read_lines(write_json(path, rows), "dan"))
    assert found.examples == [
        ANN,
        replace(ANN, article="b", label="criticizes", annotator="dan"),
    ]
    assert found.left_out["without a label"] == 1


def test_spans_are_actors(tmp_path):
    line = {"text": "Lee and Ray left.", "label": [[0, 3, "supports"], [8, 11, "against"]]}
    rows = take(read_lines(write_json(tmp_path / "d", [line]), "ann")).examples
    assert [(r.actor, r.label, r.annotator, r.start) for r in rows] == [
        ("Lee", "supports", "ann", 0), ("Ray", "criticizes", "ann", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"text": "Lee left.", "labels": ["neutral"]}, "no key 'label' but 'labels'"),
        ({"text": "Lee left.", "label": ["neutral", "supports"]}, "2 labels at once"),
        ({"text": "Lee left.", "label": [[0, 99, "neutral"]]}, "outside the text"),
        ({"text": "Lee left.", "label": [["a", 2, "neutral"]]}, r"is not \[start, end, label\]"),
        ({"text": 5, "label": [[0, 1, "neutral"]]}, "text 5 is not a text"),
    ],
)
def test_broken_lines(tmp_path, line, message):
    with pytest.raises(StanceError, match=message):
        read_lines(write_json(tmp_path / "d", [line]))


# Prodigy ------------------------------------------------------------------------------------------


def test_answers_of_prodigy(tmp_path):
    path = tmp_path / "p.jsonl"
    write_answers([replace(ANN, article=name) for name in "abcdef"], TOY, path)
    tasks = [json.loads(line) for line in path.read_text().splitlines()]
    tasks[1].update(accept=["criticizes"], _annotator_id="ds-bea")
    tasks[2].update(_annotator_id="ds-bea")
    tasks[3]["answer"] = "ignore"
    tasks[4]["answer"] = "reject"
    tasks[5]["accept"] = []
    found = take(read_answers(write_json(path, tasks)))
    assert found.examples == [
        ANN,
        replace(ANN, article="b", label="criticizes", annotator="ds-bea"),
        replace(ANN, article="c", annotator="ds-bea"),
    ]
    assert found.left_out == {"ignored": 1, "rejected": 1, "without a label": 1}


def test_binary_answers(tmp_path):
    task = {"text": "Lee left.", "label": "pro", "meta": {"id": "2"},
            "spans": [{"start": 0, "end": 3, "label": "actor"}]}  # fmt: skip
    tasks = [{**task, "answer": "accept"}, {**task, "answer": "reject"}]
    found = take(read_answers(write_json(tmp_path / "p", tasks)))
    assert [(r.actor, r.label) for r in found.examples] == [("Lee", "supports")]
    assert found.left_out == {"rejected": 1}


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"text": "x", "answer": "maybe"}, "answer 'maybe' is not accept, reject or ignore"),
        ({"text": "x", "accept": "neutral"}, "accept 'neutral' is not a list"),
        ({"text": "x", "accept": ["neutral", "pro"]}, "2 labels at once"),
        ({"text": "x", "accept": ["neutral"], "meta": "m"}, "meta 'm' is not an object"),
    ],
)
def test_broken_answers(tmp_path, task, message):
    with pytest.raises(StanceError, match=message):
        read_answers(write_json(tmp_path / "p", [task]))


# Discourse Network Analyzer -----------------------------------------------------------------------


def read_semicolons(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def test_statements(tmp_path):
    from stance.articles import Article

    rows = [
        replace(ANN, canonical="Ann Lee"),
        replace(ANN, actor_start=4, actor_end=8, actor="left", canonical="EU", label="criticizes"),
        replace(ANN, label="neutral"),
        make_example("It rained.", ""),
    ]
    article = Article("a", "…", title="T", date="2020-08-10", outlet="O")
    counts = write_events(rows, {"a": article}, TOY, tmp_path / "d.csv")
    assert counts == {"statements": 2, "neutral left out": 1, "without an actor left out": 1}
    first, second = read_semicolons(tmp_path / "d.csv")
    assert first["time"] == "2020-08-10 00:00:00"
    assert (first["person"], first["organization"], first["agreement"]) == ("Ann Lee", "", "1")
    assert (second["person"], second["organization"], second["agreement"]) == ("", "EU", "0")
    assert (first["document_title"], first["document_source"]) == ("T", "O")
    write_events(rows, {}, TOY, tmp_path / "d.csv", "integer")
    assert [r["agreement"] for r in read_semicolons(tmp_path / "d.csv")] == ["1", "-1", "0"]


def change(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_changed_agreement(tmp_path):
    path = tmp_path / "d.csv"
    write_events([ANN], {}, TOY, path)
    change(path, '"toy";1;', '"toy";0;')
    with pytest.raises(StanceError, match="may mean two things; say which: --qualifier"):
        read_events(path, PLAIN)
    (row,) = read_events(path, PLAIN, "binary").examples
    assert row == replace(ANN, label="criticizes", annotator="")
    change(path, '"toy";0;', '"toy";7;')
    with pytest.raises(StanceError, match="agreement '7' is not one of"):
        read_events(path, PLAIN)


DNA = (
    '"statement_id";"time";"person";"organization";"concept";"agreement";"start_position";'
    '"stop_position";"text";"coder";"document_id"\n'
    '12;2020-08-10 00:00:00;"Lee";"";"The vote was fair";0;10;20;"Lee left.";1;5\n'
    '13;2020-08-10 00:00:00;"";"EU";"The vote was fair";1;30;44;"The EU approved.";1;5\n'
)


def test_statements_of_dna(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text(DNA)
    with pytest.raises(StanceError, match="agreement 0 may be disagreement or neutral"):
        read_events(path, PLAIN)
    rows = read_events(path, PLAIN, "binary").examples
    assert [(r.actor, r.label, r.annotator, r.article) for r in rows] == [
        ("Lee", "criticizes", "1", "d/5"), ("EU", "supports", "1", "d/5"),
    ]  # fmt: skip
    assert [r.label for r in read_events(path, PLAIN, "integer").examples] == [
        "neutral", "supports",
    ]  # fmt: skip
    change(path, '"Lee";""', '"Lee";"A party"')
    with pytest.raises(StanceError, match="say whose stance it is: --actor-column person or"):
        read_events(path, PLAIN, "binary")
    by_person = TableOptions(columns={"actor": "person"})
    assert read_events(path, by_person, "binary").examples[0].actor == "Lee"


# CSV ----------------------------------------------------------------------------------------------


def test_no_cell_is_a_formula(tmp_path):
    evil = make_example(
        "=HYPERLINK(1)", "=HYPERLINK(1)", article="@a", canonical="+x", annotator="-y",
        note="\t=1",
    )  # fmt: skip
    write_table([evil], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream):
            assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in row)
    assert read_table(tmp_path / "t.csv", PLAIN).examples == [evil]


def test_a_spreadsheet_may_save_it_with_semicolons(tmp_path):
    rows = [ANN, replace(ANN, sentence="Lee, left; so.", start=20, end=34)]
    write_table(rows, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = list(csv.reader(stream))
    with (tmp_path / "t.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(cells)
    assert read_table(tmp_path / "t.csv", PLAIN).examples == rows


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"supports"', '"suports"', "line 2: label 'suports' is not one of .* Did you mean"),
        (",9,", ",x,", "end 'x' is not a whole number"),
        (",9,", ",,", "end '' is not a whole number"),
        ('"sure"', '"sure","more"', "13 cells under 12 columns"),
        ('"sure"', '"sure', "not CSV"),
    ],
)
def test_broken_tables(tmp_path, before, after, message):
    path = tmp_path / "t.csv"
    write_table([ANN], path)
    change(path, before, after)
    with pytest.raises(StanceError, match=message):
        read_table(path, PLAIN)


def test_half_a_character_is_refused(tmp_path):
    path = tmp_path / "l.jsonl"
    path.write_text(json.dumps({**vars(ANN), "note": "\ud800"}) + "\n")
    with pytest.raises(StanceError, match="line 1: note holds half a character"):
        read_labels(path)


# Whatever is in the file --------------------------------------------------------------------------

HOSTILE = {
    "empty": b"",
    "binary": b"\x00\x01\xff",
    "deep": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "number": b"7",
    "text": b'"x"',
    "numbers": b"[1, 2]",
    "large number": b'[{"data": ' + b"9" * 5000 + b"}]",
    "no keys": b"[{}]",
    "null": b'[{"data": null, "text": null, "label": null}]',
    "odd types": b'[{"data": {"text": 3}, "text": [1], "label": ["neutral"], "accept": ["pro"],'
    b' "annotations": [{"result": [{"type": "choices", "value": {"choices": [{"a": 1}]}}]}]}]',
    "long": b'[{"text": "' + b"x" * 2_000_000 + b'", "label": [["a"]], "answer": "' + b"y" * 99_999
    + b'"}]',
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", [*FORMATS, "labelstudio table"])
def test_hostile_files_are_one_line(name, content, tmp_path):
    endings = {"parquet": "parquet", "csv": "csv", "dna": "csv", "labelstudio table": "csv"}
    path = tmp_path / f"x.{endings.get(name, 'json')}"
    name = name.split()[0]
    path.write_bytes(content)
    line = failed("import", "--format", name, path, "--out", tmp_path / "out.jsonl")
    assert len(line) < 2000
    assert not (tmp_path / "out.jsonl").exists()


def test_missing_file(tmp_path):
    assert "cannot read" in failed("import", "--format", "csv", tmp_path / "none.csv")


# The commands -------------------------------------------------------------------------------------


@pytest.fixture
def corpus(tmp_path):
    from conftest import write_corpus

    folder = write_corpus(tmp_path)
    return ["--raw", folder / "raw", "--labels", folder / "labels",
            "--target", folder / "toy.toml"]  # fmt: skip


@pytest.mark.parametrize("name", [*FORMATS[:-1], "hf"])
def test_commands_there_and_back(name, corpus, tmp_path):
    reviewed = tmp_path / "labels" / "reviewed.jsonl"
    before = reviewed.read_bytes()
    out = tmp_path / "out"
    assert "in: 90 rows; out: " in run("export", "--format", name, out, *corpus).stdout
    if name == "parquet":
        out = out.rename(tmp_path / "out.parquet")
    printed = run("import", "--format", name, out, *corpus).stdout
    assert printed == f"in: 90; out: 90 rows -> {reviewed}; 90 rows replaced\n"
    assert reviewed.read_bytes() == before


def test_other_rows_stay(corpus, tmp_path):
    reviewed, gold = (tmp_path / "labels" / f"{name}.jsonl" for name in ("reviewed", "gold"))
    before = read_labels(reviewed)
    settled = replace(before[0], label="neutral", annotator="both", source="gold")
    write_table([settled], tmp_path / "t.csv")
    run("import", "--format", "csv", tmp_path / "t.csv", *corpus)
    assert read_labels(reviewed) == before  # the first reader's labels are not lost
    assert read_labels(gold) == [settled]


def test_what_gold_wins_over_is_told(corpus, tmp_path):
    reviewed, gold = (tmp_path / "labels" / f"{name}.jsonl" for name in ("reviewed", "gold"))
    before = read_labels(reviewed)
    pair = next(row for row in before if row.label == "supports")
    write_labels(gold, [replace(pair, source="gold")])
    out = tmp_path / "d.jsonl"
    run("export", "--format", "doccano", out, *corpus)
    change(out, f'"label": ["supports"], "target": "the toy vote", "article": "{pair.article}", '
           f'"start": {pair.start},', f'"label": ["neutral"], "target": "the toy vote", '
           f'"article": "{pair.article}", "start": {pair.start},')  # fmt: skip
    told = run("import", "--format", "doccano", out, *corpus)
    assert "1 rows have another label in a file of the corpus that wins" in told.stderr
    assert read_labels(gold) == [replace(pair, source="gold")]
    run("import", "--format", "doccano", out, *corpus, "--source", "gold", "--annotator", "ann")
    assert read_labels(gold) == [replace(pair, source="gold", label="neutral", annotator="ann")]


def test_dna_command(corpus, tmp_path):
    out = tmp_path / "d.csv"
    printed = run("export", "--format", "dna", out, *corpus).stdout
    assert "54 statements, 27 neutral left out, 9 without an actor left out" in printed
    assert "in: 54; out: 54 rows" in run("import", "--format", "dna", out, *corpus).stdout
    assert len(read_labels(tmp_path / "labels" / "reviewed.jsonl")) == 90
    assert "--qualifier goes with" in failed(
        "export", "--format", "csv", out, "--qualifier", "integer", *corpus
    )


def test_several_annotators_go_to_a_file(corpus, tmp_path):
    first = read_labels(tmp_path / "labels" / "reviewed.jsonl")[:2]
    both = [*first, *(replace(row, annotator="bea") for row in first)]
    for name, rows in (("a.jsonl", both[:2]), ("b.jsonl", both[2:])):
        write_labels(tmp_path / name, rows)
    files = ["--from", tmp_path / "a.jsonl", "--from", tmp_path / "b.jsonl"]
    out = tmp_path / "t.json"
    run("export", "--format", "labelstudio", out, *files, *corpus)
    message = failed("import", "--format", "labelstudio", out, *corpus)
    assert "2 pairs have labels of several annotators ('bea', 'tester')" in message
    apart = tmp_path / "apart.jsonl"
    run("import", "--format", "labelstudio", out, "--out", apart, *corpus)
    assert sorted(map(repr, read_labels(apart, by_annotator=True))) == sorted(map(repr, both))
    assert "tester / bea" in run("agreement", apart).stdout


def test_a_table_from_elsewhere_becomes_articles(corpus, tmp_path):
    from stance.corpus import read_corpus

    path = tmp_path / "made.csv"
    path.write_text(
        "quote;speaker;stance;document;coder\n"
        "Ann Lee rejected it.;Ann Lee;against;../../1;x\n"
        "=1+1 said Ann Lee.;Ann Lee;favor;../../1;x\n"
    )
    result = run("import", "--format", "csv", path, *corpus)
    assert "in: 2; out: 2 rows" in result.stdout
    assert "1 articles" in result.stdout
    assert "label from 'stance'" in result.stderr
    assert (tmp_path / "raw" / "made" / "1.md").is_file()
    rows = read_corpus(tmp_path / "raw", tmp_path / "labels").examples
    made = [row for row in rows if row.article == "made/1"]
    assert [(r.sentence, r.actor, r.label, r.annotator) for r in made] == [
        ("Ann Lee rejected it.", "Ann Lee", "criticizes", "x"),
        ("=1+1 said Ann Lee.", "Ann Lee", "supports", "x"),
    ]
    path.write_text("text,label\nShe left.,0\nShe came.,1\n")
    assert "--label-map" in failed("import", "--format", "csv", path, *corpus)


def test_one_file_for_each_annotator_of_doccano(tmp_path):
    for name, label in (("ann", "neutral"), ("bea", "supports")):
        line = {"text": "Lee left.", "actor": "Lee", "label": [label]}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(line) + "\n")
    out = tmp_path / "out.jsonl"
    run("import", "--format", "doccano", tmp_path / "ann.jsonl", tmp_path / "bea.jsonl",
        "--out", out)  # fmt: skip
    rows = read_labels(out, by_annotator=True)
    assert [(row.annotator, row.label) for row in rows] == [("ann", "neutral"), ("bea", "supports")]


def test_one_annotator_with_two_labels(tmp_path):
    write_table([ANN, replace(ANN, label="neutral")], tmp_path / "t.csv")
    out = ["--out", tmp_path / "out.jsonl"]
    assert "two rows by 'ann'" in failed("import", "--format", "csv", tmp_path / "t.csv", *out)
    write_table([ANN, ANN], tmp_path / "t.csv")
    printed = run("import", "--format", "csv", tmp_path / "t.csv", *out).stdout
    assert "in: 2; out: 1 rows" in printed
    assert "1 there twice" in printed


def test_rows_without_their_article(corpus, tmp_path):
    write_table([replace(ANN, article="nowhere")], tmp_path / "t.csv")
    message = failed("import", "--format", "csv", tmp_path / "t.csv", *corpus)
    assert "no article 'nowhere'" in message
    write_table([replace(ANN, article="article-0")], tmp_path / "t.csv")
    message = failed("import", "--format", "csv", tmp_path / "t.csv", *corpus)
    assert "not the sentence 'Lee left.'" in message
