"""What the tests of bulk scoring share: rows, files of every form, and how to read them again."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stance.spreadsheets import unguard_cell

TEXTS = [
    "Ann Lee rejected the vote as rigged. Bob Ray praised the vote as fair.",
    "The EU condemned the count.\n\nIt rained on day 3.",
    'He said: "Arcadia, \u201cagain\u201d; will meet reporters", and left.',
    "=Bob Ray, called for calm\non all sides, \u0441\u043a\u0430\u0437\u0430\u043b \u043e\u043d.",
]
PACK = {".gz": lambda data: gzip.compress(data), ".zst": lambda data: zstd(data)}
INPUTS = ("parquet", "jsonl", "jsonl.gz", "jsonl.zst", "csv", "csv.gz", "tsv")
OUTPUTS = ("parquet", "jsonl", "jsonl.gz", "jsonl.zst", "csv", "csv.zst", "tsv")
NUMBERS = {"row", "start", "end", "actor_start", "actor_end", "span_start", "span_end"}


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


def render(rows: list[dict], form: str) -> bytes:
    """Return a file of rows; they all have the columns of the first."""
    name, _, packing = form.partition(".")
    if name == "parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=3)
        return sink.getvalue().to_pybytes()
    if name == "jsonl":
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    else:
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if name == "tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)
        data = stream.getvalue().encode()
    return PACK[f".{packing}"](data) if packing else data


def write_rows(path: Path, rows: list[dict]) -> Path:
    path.write_bytes(render(rows, path.name.partition(".")[2]))
    return path


def padded_rows(count: int, size: int = 2000) -> list[dict]:
    """Return rows that are many parts of the work, but quick to score."""
    return [
        {"id": f"r{i}", "text": f"{TEXTS[i % 3]} Number {i}.", "padding": "x" * size}
        for i in range(count)
    ]


def unpack(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
    return data


def read_rows(path: Path) -> list[dict]:
    """Read an output of any form; CSV with its types and without apostrophes before formulas."""
    if path.is_dir():
        return [row for part in sorted(path.iterdir()) for row in read_rows(part)]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    data = unpack(path).decode("utf-8")
    if ".jsonl" in path.name:
        return [json.loads(line) for line in data.split("\n")[:-1]]
    delimiter = "\t" if ".tsv" in path.name else ","
    stream = io.StringIO(data.removeprefix("\ufeff"), newline="")
    return [
        {name: typed(name, cell) for name, cell in row.items()}
        for row in csv.DictReader(stream, delimiter=delimiter)
    ]


def typed(name: str, cell: str):
    if cell == "":
        return None
    if name in NUMBERS:
        return int(cell)
    return float(cell) if name.startswith("p_") else unguard_cell(cell)


def start(*arguments: object, **options) -> subprocess.Popen:
    """Start a real run."""
    return subprocess.Popen(
        [sys.executable, "-m", "stance", "score", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err
