from __future__ import annotations

import csv
import gzip
import io
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import ArticleError
from stance.records import csv_records, json_records, read_records

ROWS = [
    {"text": 'He said "no", twice;\tthen left', "n": "1"},
    {"text": "two\nlines | here", "n": "2"},
    {"text": "Минск верит, что будет так", "n": "3"},
]
cell = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20)


def write_csv(rows, delimiter=",", **options):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n", **options)
    writer.writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_csv_of_any_delimiter_and_encoding(tmp_path, delimiter, encoding):
    text = write_csv([["text", "n"], *(row.values() for row in ROWS)], delimiter)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert [record.values for record in read_records(tmp_path / "t.csv")] == ROWS


@given(
    st.lists(st.tuples(cell, cell, st.integers(0, 9)), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
)
def test_what_csv_writes_comes_back(rows, delimiter):
    text = write_csv([["a", "b", "c"], *rows], delimiter, quoting=csv.QUOTE_ALL)
    found = [tuple(row.values()) for _, row in csv_records(text, "t.csv")]
    assert found == [(a, b, str(c)) for a, b, c in rows]


def test_unquoted_text_that_begins_with_a_quotation_mark():
    """Two such rows would be read as one, with as many cells as any other."""
    text = 'id\ttext\tlabel\n1\t"No, he said\tA\n2\tplain\tB\n3\tand "yes"\tC\n'
    assert [row["text"] for _, row in csv_records(text, "t.tsv")] == [
        '"No, he said', "plain", 'and "yes"'
    ]  # fmt: skip


def test_one_column_keeps_its_commas():
    rows = [row for _, row in csv_records("text\nHello, world.\n", "t.csv")]
    assert rows == [{"text": "Hello, world."}]


def test_no_header_and_blank_rows():
    rows = [row for _, row in csv_records("a,1\n,\n\nb,2\n", "t.csv", header=False)]
    assert rows == [{"1": "a", "2": "1"}, {"1": "b", "2": "2"}]


def test_uneven_rows_are_told_apart():
    rows = [row for _, row in csv_records("a,b\n1\n1,2,3\n", "t.csv")]
    assert rows == [{"a": "1", "b": None}, {"a": "1", "b": "2", None: ["3"]}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a\n1,2\n", "two columns are called 'a'"),
        ('a,b\n"x" y,2,3\n', "t.csv, line 2: not CSV"),
        ('a,b\n"x,2\n1\n', "not CSV: unexpected end of data"),
    ],
)
def test_broken_csv(text, message):
    with pytest.raises(ArticleError, match=message):
        list(csv_records(text, "t.csv"))


@pytest.mark.parametrize(
    ("line", "message"),
    [("[1]", "line 2: not a JSON object"), ("{", "line 2: not JSON"), ("[" * 9999, "line 2")],
)
def test_broken_json_lines(line, message):
    with pytest.raises(ArticleError, match=message):
        list(json_records('{"a": 1}\n' + line, "t.jsonl"))


def parquet(path, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)


WRITERS = {
    "t.jsonl": lambda p, rows: p.write_text("\n".join(map(json.dumps, rows)), "utf-8"),
    "t.jsonl.gz": lambda p, rows: p.write_bytes(
        gzip.compress("\n".join(map(json.dumps, rows)).encode())
    ),
    "t.json": lambda p, rows: p.write_text(json.dumps(rows), "utf-8"),
    "t.csv.gz": lambda p, rows: p.write_bytes(
        gzip.compress(write_csv([rows[0].keys(), *(r.values() for r in rows)]).encode())
    ),
    "t.parquet": parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_form(tmp_path, name):
    WRITERS[name](tmp_path / name, ROWS)
    assert [record.values for record in read_records(tmp_path / name)] == ROWS


def test_json_lines_may_be_called_json(tmp_path):
    WRITERS["t.jsonl"](tmp_path / "t.json", ROWS)
    assert [record.values for record in read_records(tmp_path / "t.json")] == ROWS


def test_folder_of_files_tells_the_splits(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("# card")
    for name in ("train-00000-of-00001", "test", "dev", "testimony"):
        parquet(tmp_path / "data" / f"{name}.parquet", [{"text": name}])
    found = {record.values["text"]: record.split for record in read_records(tmp_path)}
    assert found == {
        "train-00000-of-00001": "train", "test": "test", "dev": "validation", "testimony": ""
    }  # fmt: skip


@pytest.mark.parametrize("with_splits", [False, True])
def test_what_datasets_saved(tmp_path, with_splits):
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, disable_progress_bars

    disable_progress_bars()
    features = Features({"text": Value("string"), "label": ClassLabel(names=["con", "pro"])})
    side = Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    saved = DatasetDict({"train": side, "test": side}) if with_splits else side
    saved.save_to_disk(str(tmp_path / "d"))
    found = [(r.split, *r.values.values()) for r in read_records(tmp_path / "d")]
    alone = [("a", "pro"), ("b", "con")]
    splits = ["train", "test"] if with_splits else [""]
    assert found == [(split, *row) for split in splits for row in alone]


def test_class_labels_of_parquet(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value, disable_progress_bars

    disable_progress_bars()
    features = Features({"text": Value("string"), "label": ClassLabel(names=["con", "pro"])})
    side = Dataset.from_dict({"text": ["a", "b"], "label": [1, None]}, features=features)
    side.to_parquet(str(tmp_path / "t.parquet"))
    assert [r.values["label"] for r in read_records(tmp_path / "t.parquet")] == ["pro", None]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,b\n", "holds no rows"),
        ("t.csv", random.Random(0).randbytes(400), "is binary"),
        ("t.xlsx", b"PK\x03\x04", "is a spreadsheet; save it as CSV"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-4], "damaged gzip"),
        ("t.parquet", b"PAR1 and then nothing", "is no Parquet file"),
        ("t.json", b"[1, 2]", "row 1: not a JSON object"),
        ("t.json", b'[{"a": 1}, ', "not JSON"),
    ],
)
def test_refusals_name_the_file(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArticleError, match=rf"{name}.*{message}"):
        read_records(tmp_path / name)


def test_damaged_dataset_folder(tmp_path):
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(ArticleError, match="damaged dataset folder"):
        read_records(tmp_path)


def test_folder_without_tables(tmp_path):
    with pytest.raises(ArticleError, match="holds no table"):
        read_records(tmp_path)
