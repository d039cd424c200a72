"""Bulk scoring of what is damaged: bad rows are named, the others are scored."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bulk import TEXTS, padded_rows, read_rows, render, write_rows, zstd
from hypothesis import given
from hypothesis import strategies as st

import stance
from stance.bulk import lines, scoring
from stance.bulk.lines import read_csv_records, read_lines
from stance.errors import StanceError

GOOD = json.dumps({"text": TEXTS[0]}).encode()


def score(path, model_folder, **options):
    """Score a file; return the rows that were answered and the bad ones, without what was raw."""
    out = path.with_name("out.jsonl")
    stance.score_file(path, out, model=model_folder, jobs=1, **options)
    bad = path.with_name("out.jsonl.bad.jsonl")
    found = read_rows(bad) if bad.exists() else []
    return sorted({row["row"] for row in read_rows(out)}), {r["row"]: r["reason"] for r in found}


def test_bad_lines_of_json_are_named_by_their_line(model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("stance.bulk.lines.read_lines.__defaults__", (5000,))
    rows = {
        1: GOOD,
        2: b"",
        3: b'{"text": "Ann',
        4: b'{"text": "\xff\xfe"}',
        5: b'["text"]',
        6: b'{"text": 5}',
        7: b'{"other": "a"}',
        8: b'{"text": null}',
        9: b'{"text": "  "}',
        10: b'{"text": "\\ud800"}',
        11: b"[" * 3000,
        12: b'{"text": "' + b"x" * 6000 + b'"}',
        13: b'{"text": ' + b"9" * 4500 + b"}",
        14: b"\x00\x00",
        15: GOOD,
    }
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(rows.values()))
    answered, bad = score(path, model_folder)
    assert answered == [1, 15]
    assert sorted(bad) == [3, 4, *range(5, 15)]
    assert bad[4] == "not UTF-8: byte ff at 10"
    assert bad[5] == "not a JSON object"
    assert bad[6] == "'text' is int, not a text"
    assert bad[7] == bad[8] == "there is no 'text'"
    assert bad[9] == "'text' is empty"
    assert "surrogate" in bad[10]
    assert bad[12] == "the line is longer than 5000 bytes"
    raw = read_rows(tmp_path / "out.jsonl.bad.jsonl")
    assert raw[1]["raw"] == '{"text": "\\xff\\xfe"}'
    assert max(len(row["raw"]) for row in raw) <= 201


def test_bad_records_of_csv_are_named_by_their_first_line(model_folder, tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(
        b"text,n\r\n"
        b'"Ann Lee left.\r\n\r\nBob Ray, too.",1\r\n'  # lines 2 to 4
        b"Ann Lee left.\r\n"  # line 5
        b"Ann Lee left.,1,2\r\n"
        b"Ann \xe9 left.,1\r\n"
        b'"Ann" Lee left.,1\r\n'
        b",\r\n"
        b"\r\n"
        b",1\r\n"  # line 11
        b"Ann Lee left.,2\r\n"
        b'"Ann Lee left.,3\r\n'
        b"Ann Lee came.,4\r\n"
    )
    answered, bad = score(path, model_folder)
    assert answered == [2, 12, 14]
    assert bad == {
        5: "1 cells under 2 columns",
        6: "3 cells under 2 columns",
        7: "not UTF-8: byte e9 at 4",
        8: "not CSV: ',' expected after '\"'",
        11: "'text' is empty",
        13: "a quotation mark is not closed",
    }


def test_bad_cells_of_parquet_are_named_by_their_row(model_folder, tmp_path):
    raw = pa.array([TEXTS[0].encode(), b"\xff", None, b" ", TEXTS[1].encode()], pa.binary())
    text = pa.StringArray.from_buffers(5, raw.buffers()[1], raw.buffers()[2], raw.buffers()[0])
    for column in (raw, text, pa.array(raw, pa.large_binary())):
        path = tmp_path / "in.parquet"
        pq.write_table(pa.table({"text": column}), path)
        answered, bad = score(path, model_folder)
        assert answered == [1, 5]
        assert bad == {
            2: "not UTF-8: byte ff at 0", 3: "there is no 'text'", 4: "'text' is empty",
        }  # fmt: skip


def test_when_every_row_is_bad_the_run_fails(model_folder, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"no\nrows\n")
    with pytest.raises(StanceError, match="none of the 2 rows of .*out.jsonl.bad.jsonl tells"):
        score(path, model_folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl.bad.jsonl"]


def test_bad_rows_of_an_earlier_run_are_gone(model_folder, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD + b"\nbad\n")
    assert score(path, model_folder)[1]
    path.write_bytes(GOOD + b"\n")
    assert score(path, model_folder) == ([1], {})


def test_a_row_that_cannot_be_read_costs_no_other(model_folder, tmp_path, monkeypatch):
    def fail(texts, *arguments, **options):
        if any("Bob" in text.text for text in texts):
            raise RecursionError("too deep")
        return read_many(texts, *arguments, **options)

    read_many = scoring.read_many
    monkeypatch.setattr(scoring, "read_many", fail)
    path = write_rows(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    answered, bad = score(path, model_folder)
    assert answered == [2, 3]
    assert bad == dict.fromkeys((1, 4), "it cannot be read: RecursionError: too deep")


@pytest.mark.parametrize("form", ["jsonl.gz", "jsonl.zst", "csv.gz", "parquet"])
def test_what_was_whole_of_a_broken_file_is_kept(form, model_folder, tmp_path):
    rows = [{"id": str(i), "text": f"Ann Lee left {i * 7919 % 10007}."} for i in range(3000)]
    name, _, packing = form.partition(".")
    if packing:
        pack = {"gz": gzip.compress, "zst": zstd}[packing]
        data = pack(render(rows[:600], name)) + pack(b"\n" + render(rows[600:], "jsonl"))[:-50]
    else:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=600, compression="gzip")
        facts = pq.ParquetFile(pa.BufferReader(sink.getvalue())).metadata
        data = bytearray(sink.getvalue().to_pybytes())
        start = facts.row_group(1).column(1).data_page_offset
        data[start + 40 : start + 1000] = bytes(960)
    path = tmp_path / f"in.{form}"
    path.write_bytes(data)
    with pytest.raises(StanceError, match=r"in\..*damaged.* holds the \d+ rows that could be read"):
        score(path, model_folder, unit="sentence")
    found = read_rows(tmp_path / "out.jsonl")
    # Of zstd the last four kilobytes before the damage are not to be had.
    whole = 500 if packing == "zst" else 600
    assert whole <= len(found) < 3000
    assert [row["article"] for row in found[:whole]] == [str(i) for i in range(whole)]
    bad = read_rows(tmp_path / "out.jsonl.bad.jsonl")
    assert any(row["row"] is None and "damaged" in row["reason"] for row in bad)
    assert not (tmp_path / "out.jsonl.parts").exists()


def test_parquet_without_its_footer_is_refused(model_folder, tmp_path):
    path = tmp_path / "in.parquet"
    path.write_bytes(render([{"text": "a"}], "parquet")[:-8])
    with pytest.raises(StanceError, match="is no Parquet file, or damaged"):
        score(path, model_folder)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks /proc for the memory")
@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_bomb_is_never_inflated_whole(packing, model_folder, tmp_path):
    """Hundreds of megabytes in one line are read with little memory."""
    piece = b"x" * (1 << 20)
    if packing == "gz":
        stream = io.BytesIO()
        with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9) as out:
            out.write(GOOD + b"\n")
            for _ in range(200):
                out.write(piece)
            out.write(b"\n" + GOOD + b"\n")
        data = stream.getvalue()
    else:
        data = zstd(GOOD + b"\n") + zstd(piece) * 800 + zstd(b"\n" + GOOD + b"\n")
    path = tmp_path / f"in.jsonl.{packing}"
    path.write_bytes(data)
    code = (
        "import sys, stance\n"
        "stance.score_file(sys.argv[1], sys.argv[2], model=sys.argv[3], jobs=1)\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path, tmp_path / "out.jsonl", model_folder],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 300_000
    bad = read_rows(tmp_path / "out.jsonl.bad.jsonl")
    assert [(row["row"], row["reason"]) for row in bad] == [
        (2, f"the line is longer than {lines.LONGEST_LINE} bytes")
    ]
    assert {row["row"] for row in read_rows(tmp_path / "out.jsonl")} == {1, 3}


CELLS = st.text(st.sampled_from('ab,"\n\r \u2028\x0b'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8))
def test_records_of_csv_are_those_of_the_csv_module(rows):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    data = stream.getvalue()
    if any("\r" in cell for row in rows for cell in row):
        data = data.replace("\r", " ")
    records = list(read_csv_records(read_lines(io.BytesIO(data.encode())), ",", csv.QUOTE_MINIMAL))
    assert b"".join(record.data for record in records) == data.encode()
    assert not any(record.fault for record in records)
    begins = [data.encode().count(b"\n", 0, at) + 1 for at in _starts(records)]
    assert [record.number for record in records] == begins
    found = [next(csv.reader(io.StringIO(r.data.decode(), newline=""))) for r in records]
    assert found == list(csv.reader(io.StringIO(data, newline="")))


def _starts(records):
    at = 0
    for record in records:
        yield at
        at += len(record.data)


@given(st.binary(max_size=200), st.integers(1, 30))
def test_any_bytes_are_lines(data, longest):
    found = list(read_lines(io.BytesIO(data), longest))
    plain = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert len(found) == len(data.split(b"\n")) - data.endswith(b"\n") - (data == b"")
    for line, text in zip(found, plain, strict=False):
        assert bool(line.fault) == (len(text) > longest) or line.number == 1
        assert line.fault or line.data.rstrip(b"\n") == text
    list(read_csv_records(iter(found), ",", csv.QUOTE_MINIMAL, 50))


def test_columns_are_found_past_broken_lines(model_folder, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"broken\n[]\n" + render(padded_rows(2, 1), "jsonl"))
    answered, bad = score(path, model_folder)
    assert (answered, sorted(bad)) == ([3, 4], [1, 2])
