"""Bulk scoring: every form in and out, with the claims that reading one by one gives."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bulk import INPUTS, OUTPUTS, TEXTS, padded_rows, read_rows, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import stance
from stance.articles import Article
from stance.bulk import inputs
from stance.bulk.outputs import FORMS
from stance.cli.commands import app
from stance.errors import StanceError
from stance.reading import judge_many, read_many

ROWS = [{"id": f"a{i}", "text": text, "n": i} for i, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def model(model_folder):
    return stance.load(model_folder)


def flat(claim, **others):
    values = claim.as_dict()
    chances = values.pop("probabilities")
    return {**others, **values, **{f"p_{name}": chance for name, chance in chances.items()}}


def expected(model, rows, actor=None):
    return [
        flat(claim, row=number)
        for number, row in enumerate(rows, start=1)
        for claim in stance.read(Article(row["id"], row["text"]), model, actor=actor)
    ]


def same(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert set(one) == set(other)
        for name, value in other.items():
            is_chance = name.startswith("p_")
            assert one[name] == (pytest.approx(value, rel=0, abs=1e-9) if is_chance else value)


@pytest.mark.parametrize("form", INPUTS)
def test_every_input_gives_the_claims_of_read(form, model, model_folder, tmp_path):
    path = write_rows(tmp_path / f"in.{form}", ROWS)
    done = stance.score_file(path, tmp_path / "out.parquet", model=model_folder, jobs=1)
    found = read_rows(tmp_path / "out.parquet")
    if form not in ("parquet", "jsonl", "jsonl.gz", "jsonl.zst"):
        # A record of CSV is counted by its first line, and texts hold line ends.
        lines = {1: 2, 2: 3, 3: 6, 4: 7}
        wanted = [{**row, "row": lines[row["row"]]} for row in expected(model, ROWS)]
    else:
        wanted = expected(model, ROWS)
    same(found, wanted)
    assert (done.n_rows, done.n_bad, done.n_claims) == (4, 0, len(found))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, "out.parquet"])


@pytest.mark.parametrize("form", [*OUTPUTS, ""])
def test_every_output_holds_the_same(form, model, model_folder, tmp_path):
    path = write_rows(tmp_path / "in.parquet", ROWS)
    out = tmp_path / (f"out.{form}" if form else "out")
    stance.score_file(path, out, model=model_folder, jobs=1, keep=["n"])
    kept = str if form.startswith(("csv", "tsv")) else int
    same(
        read_rows(out),
        [{**row, "n": kept(row["row"] - 1)} for row in expected(model, ROWS)],
    )


def test_outputs_that_are_tested_are_all_there_are():
    assert {f".{form}" for form in OUTPUTS} <= set(FORMS)


@settings(max_examples=25)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=80).filter(str.strip), max_size=9
    )
)
def test_many_are_read_as_one_by_one(model, texts):
    together = read_many(texts, model)
    for text, claims in zip(texts, together, strict=True):
        same([flat(c) for c in claims], [flat(c) for c in stance.read(text, model)])
    judged = judge_many(texts, model)
    assert [c.sentence for c in judged] == texts
    for text, claim in zip(texts, judged, strict=True):
        chances = dict(zip(model.classes_, model.predict_proba([text])[0], strict=True))
        assert claim.probabilities == pytest.approx(chances, rel=0, abs=1e-9)


def test_ready_sentences_have_one_row_each(model, model_folder, tmp_path):
    rows = [
        {"quote": "Ann Lee rejected the vote. Bob Ray praised it.", "who": "Bob Ray"},
        {"quote": "Nobody said a word.", "who": None},
        {"quote": "They condemned the count.", "who": "Ann Lee"},
    ]
    path = write_rows(tmp_path / "in.jsonl", rows)
    stance.score_file(
        path,
        tmp_path / "out.jsonl",
        model=model_folder,
        unit="sentence",
        actor_column="who",
        jobs=1,
    )
    found = read_rows(tmp_path / "out.jsonl")
    texts, actors = [row["quote"] for row in rows], [row["who"] for row in rows]
    chances = model.predict_proba(texts, actors=actors)
    assert [row["stance"] for row in found] == list(model.predict(texts, actors=actors))
    assert [[r["p_criticizes"], r["p_neutral"], r["p_supports"]] for r in found] == [
        pytest.approx(list(row), abs=1e-9) for row in chances
    ]
    assert [(r["row"], r["actor"], r["canonical"]) for r in found] == [
        (1, "Bob Ray", "Bob Ray"), (2, None, None), (3, None, "Ann Lee")
    ]  # fmt: skip


def test_an_actor_column_asks_about_that_actor(model, model_folder, tmp_path):
    asked = {"a": "Bob Ray", "b": "", "c": "Cid"}
    rows = [{"id": name, "text": TEXTS[0], "who": who} for name, who in asked.items()]
    path = write_rows(tmp_path / "in.csv", rows)
    out = tmp_path / "out.jsonl"
    stance.score_file(path, out, model=model_folder, actor_column="who", jobs=1)
    found = read_rows(out)
    assert {row["canonical"] for row in found if row["article"] == "a"} == {"Bob Ray"}
    same([r for r in found if r["article"] == "b"],
         [flat(c, row=3) for c in stance.read(Article("b", TEXTS[0]), model)])  # fmt: skip
    assert read_rows(tmp_path / "out.jsonl.bad.jsonl") == [
        {"row": 4, "reason": "the text does not name 'Cid'", "raw": TEXTS[0]}
    ]


def test_abstain_is_that_of_predict(model, model_folder, tmp_path):
    path = write_rows(tmp_path / "in.jsonl", ROWS)
    stance.score_file(path, tmp_path / "out.jsonl", model=model_folder, abstain=0.99, jobs=1)
    assert {row["stance"] for row in read_rows(tmp_path / "out.jsonl")} == {"uncertain"}


def test_kept_columns_keep_their_types(model_folder, tmp_path):
    day = datetime.date(2020, 8, 9)
    table = pa.table(
        {
            "text": pa.array(TEXTS[:2]).dictionary_encode(),
            "at": pa.array([1, None], pa.timestamp("ns", "UTC")),
            "tags": [["a", "b"], []],
            "day": [day, None],
            "x": pa.array([1.5, float("nan")]),
            "kind": pa.array(["p", "q"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    keep = ["at", "tags", "day", "x", "kind"]
    for form in ("parquet", "jsonl", "csv"):
        stance.score_file(
            tmp_path / "in.parquet", tmp_path / f"o.{form}", model=model_folder, keep=keep, jobs=1
        )
    found = pq.read_table(tmp_path / "o.parquet")
    for name in keep[:4]:
        assert found.schema.field(name).type == table.schema.field(name).type
    assert found["at"][0].value == 1 and found["tags"][0].as_py() == ["a", "b"]
    assert set(found["kind"].to_pylist()) == {"p", "q"}
    first, last = read_rows(tmp_path / "o.jsonl")[0], read_rows(tmp_path / "o.jsonl")[-1]
    assert (first["tags"], first["day"], first["x"]) == (["a", "b"], "2020-08-09", 1.5)
    assert (last["x"], last["day"], last["at"]) == (None, None, None)
    assert read_rows(tmp_path / "o.csv")[0]["tags"] == '["a", "b"]'


def test_kept_values_of_json_are_text_in_parquet(model_folder, tmp_path):
    rows = [{"text": TEXTS[0], "x": {"a": [1]}}, {"text": TEXTS[1], "x": "plain"}]
    path = write_rows(tmp_path / "in.jsonl", rows)
    stance.score_file(path, tmp_path / "o.parquet", model=model_folder, keep=["x"], jobs=1)
    assert {row["x"] for row in read_rows(tmp_path / "o.parquet")} == {'{"a": [1]}', "plain"}


def test_a_folder_of_articles_is_read_as_predict_reads_each(model, model_folder, tmp_path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.md").write_text(f"---\ndate: 2020-08-10\n---\n{TEXTS[0]}\n", encoding="utf-8")
    (folder / "sub" / "two.txt").write_text(TEXTS[1], encoding="utf-8")
    (folder / "empty.txt").write_text(" \n", encoding="utf-8")
    (folder / "README.md").write_text("No article.", encoding="utf-8")
    (folder / "more.jsonl").write_bytes(b'{"text": "Bob Ray praised the vote."}\n')
    (folder / "out-of-here.txt").symlink_to(__file__)
    stance.score_file(folder, tmp_path / "out.parquet", model=model_folder, jobs=1)
    found = read_rows(tmp_path / "out.parquet")
    for name, article_id in (("one.md", "one"), ("sub/two.txt", "sub/two")):
        article = stance.read_article(folder / name)
        wanted = [
            flat(claim, file=name, row=1) for claim in stance.read(
                Article(article_id, article.text, date=article.date), model)
        ]  # fmt: skip
        same([row for row in found if row["file"] == name], wanted)
    assert [(r["row"], r["actor"]) for r in found if r["file"] == "more.jsonl"] == [(1, "Bob Ray")]
    bad = {row["file"]: row["reason"] for row in read_rows(tmp_path / "out.parquet.bad.jsonl")}
    assert set(bad) == {"empty.txt", "out-of-here.txt"}
    assert "is not followed" in bad["out-of-here.txt"]


def test_an_output_folder_is_an_input_folder(model_folder, tmp_path):
    path = write_rows(tmp_path / "in.jsonl", padded_rows(30, 20_000))
    stance.score_file(path, tmp_path / "claims", model=model_folder, jobs=1)
    names = [part.name for part in sorted((tmp_path / "claims").iterdir())]
    assert names == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    stance.score_file(
        tmp_path / "claims", tmp_path / "again", model=model_folder, unit="sentence", jobs=1
    )
    before, after = read_rows(tmp_path / "claims"), read_rows(tmp_path / "again")
    assert [r["sentence"] for r in before] == [r["sentence"] for r in after]
    assert [r["article"] for r in before] == [r["article"] for r in after]


def test_the_input_is_streamed(monkeypatch, model_folder, tmp_path):
    """No more of the input is read than is under way."""
    path = write_rows(tmp_path / "in.jsonl", padded_rows(100, 20_000))
    ahead = []
    cut = inputs.PartCutter.cut

    def watched(self):
        for part in cut(self):
            ahead.append(part.number)
            yield part

    monkeypatch.setattr(inputs.PartCutter, "cut", watched)
    gaps = []
    stance.score_file(
        path, tmp_path / "o.jsonl", model=model_folder, jobs=1,
        progress=lambda progress: gaps.append(ahead[-1] - progress.n_parts),
    )  # fmt: skip
    assert len(gaps) > 5 and max(gaps) <= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in.jsonl", "o.xlsx"], "has an ending that cannot be written"),
        (["nowhere.jsonl", "o.jsonl"], "no file or folder"),
        (["in.jsonl", "in.jsonl"], "lies in the input"),
        ([".", "o.jsonl"], "lies in the input"),
        (["in.jsonl", "full"], "and is to hold the parts alone"),
        (["in.jsonl", "o.jsonl", "--text-column", "txt"], "Did you mean 'text'?"),
        (["in.jsonl", "o.jsonl", "--keep", "nr"], "no column 'nr'; found id, n, stance, text"),
        (["in.csv", "o.jsonl"], "the text could be in 'text' or 'quote'; choose one"),
        (["none.csv", "o.jsonl"], "no column for the text; found a, b"),
        (["twice.csv", "o.jsonl"], "two columns are called 'text'"),
        (["numbers.parquet", "o.jsonl"], "column 'text' holds int64, no texts"),
        (["array.json", "o.jsonl"], "one JSON array"),
        (["wide.csv", "o.jsonl"], "is UTF-16"),
        (["in.jsonl", "o.jsonl", "--keep", "stance"], "a column of that name already"),
        (["in.jsonl", "o.jsonl", "--unit", "page"], "must be one of article, sentence"),
        (["in.jsonl", "o.jsonl", "--jobs", "0"], "--jobs 0"),
        (["empty.jsonl", "o.jsonl"], "holds no rows"),
        (["in.docx", "o.jsonl"], "is of no form that can be scored"),
        (["nothing", "o.jsonl"], "holds nothing to score"),
        (["in.jsonl", "o.jsonl", "--model", "nowhere"], "no model at nowhere"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(
    arguments, message, model_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "in.jsonl", [{**row, "stance": "x"} for row in ROWS])
    write_rows(tmp_path / "in.csv", [{"text": "a", "quote": "b"}])
    write_rows(tmp_path / "none.csv", [{"a": "a", "b": "b"}])
    write_rows(tmp_path / "numbers.parquet", [{"text": 1}])
    (tmp_path / "twice.csv").write_text("text,text\na,b\n")
    (tmp_path / "array.json").write_text('[{"text": "a"}]')
    (tmp_path / "wide.csv").write_text("text\na\n", encoding="utf-16")
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "in.docx").write_bytes(b"PK")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    if "--model" not in arguments:
        arguments = [*arguments, "--model", str(model_folder)]
    result = CliRunner().invoke(app, ["score", *arguments])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1 and message in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_text_column_is_refused_by_name(model_folder, tmp_path):
    path = write_rows(tmp_path / "in.parquet", ROWS)
    with pytest.raises(StanceError, match="no column 'body'; found id, n, text"):
        stance.score_file(path, tmp_path / "o.csv", model=model_folder, text_column="body")
