"""Outputs: claims become rows of Parquet, JSON Lines or CSV, part by part, and parts one file.

The same claims give the same bytes. Parts of a text format are joined end to end, packed or not;
those of Parquet become row groups of one file.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from stance.bulk.plan import Options, Setup
from stance.bulk.rows import Row
from stance.cues import STANCES
from stance.errors import StanceError, shortlist
from stance.reading import Claim
from stance.spreadsheets import BYTE_ORDER_MARK, render_csv

_TEXT_FORMS = (".jsonl", ".ndjson", ".csv", ".tsv")
FORMS = (
    ".parquet",
    *(f"{form}{packing}" for form in _TEXT_FORMS for packing in ("", ".gz", ".zst")),
)
FOLDER_FORM = ".parquet"
_NUMBERS = ("row", "start", "end", "actor_start", "actor_end", "span_start", "span_end")
_CLAIM_COLUMNS = (
    "article", "start", "end", "sentence", "actor", "canonical", "stance",
    *(f"p_{stance}" for stance in STANCES), "actor_start", "actor_end", "span_start", "span_end",
)  # fmt: skip


class Answer(NamedTuple):
    """A claim, and the row that it is about."""

    row: Row
    claim: Claim


def choose_form(out: Path) -> str:
    """Return the form in which to write, by the ending of the output.

    Parameters
    ----------
    out : Path
        A file, or a folder: one that is there, or a name without an ending.

    Returns
    -------
    str
        One of `FORMS`.

    Raises
    ------
    StanceError
        If the ending is another.

    Examples
    --------
    >>> choose_form(Path("claims.jsonl.gz")), choose_form(Path("claims"))
    ('.jsonl.gz', '.parquet')
    """
    if is_folder(out):
        return FOLDER_FORM
    name = out.name.lower()
    for form in FORMS:
        if name.endswith(form):
            return form
    raise StanceError(
        f"{out} has an ending that cannot be written; name it {', '.join(FORMS)}, or without an "
        "ending for a folder of Parquet files."
    )


def is_folder(out: Path) -> bool:
    """Tell whether the output is a folder of parts."""
    return out.is_dir() or not out.suffix


def list_columns(options: Options, with_file: bool) -> list[str]:
    """Return the columns of the output.

    Parameters
    ----------
    options : Options
        Which columns are carried over.
    with_file : bool
        Whether the file of each row is told.

    Returns
    -------
    list of str

    Raises
    ------
    StanceError
        If a column that is carried over has the name of another.
    """
    own = ["file"] * with_file + ["row", *_CLAIM_COLUMNS]
    clash = [name for name in options.keep if name in own]
    if clash:
        raise StanceError(
            f"--keep {shortlist(clash)}: the output has a column of that name already; rename it "
            "in the input."
        )
    return [*own, *dict.fromkeys(options.keep)]


def make_schema(columns: Sequence[str], kept: dict[str, Any]) -> Any:
    """Return the Arrow schema of the output.

    Parameters
    ----------
    columns : sequence of str
        Its columns.
    kept : dict of str to pyarrow.DataType
        Types of those that are carried over.

    Returns
    -------
    pyarrow.Schema
    """
    import pyarrow as pa

    own = {
        **dict.fromkeys(_NUMBERS, pa.int64()),
        **{f"p_{stance}": pa.float64() for stance in STANCES},
    }
    return pa.schema([(name, kept.get(name) or own.get(name) or pa.string()) for name in columns])


def render_part(answers: Sequence[Answer], setup: Setup) -> bytes:
    """Write the rows of one part.

    Parameters
    ----------
    answers : sequence of Answer
        What was found.
    setup : Setup
        The form and the columns.

    Returns
    -------
    bytes
        A Parquet file; or lines, without a header, packed as one piece.
    """
    columns = list_columns(setup.options, setup.with_file)
    if setup.form == FOLDER_FORM:
        return _render_parquet(answers, setup)
    text_form, _, packing = setup.form[1:].partition(".")
    if text_form in ("jsonl", "ndjson"):
        write = json.JSONEncoder(ensure_ascii=False).encode
        rows = (_flatten(answer, setup, _to_json) for answer in answers)
        text = "".join(write(dict(zip(columns, row, strict=True))) + "\n" for row in rows)
    else:
        rows = (_flatten(answer, setup, _to_cell) for answer in answers)
        text = _render_csv(columns, text_form, rows)
    return _pack(text.encode("utf-8", "backslashreplace"), packing)


def _flatten(answer: Answer, setup: Setup, convert: Callable[[Any], Any] | None) -> list[Any]:
    """Return the cells of a row, as `list_columns` names them, those that are kept converted."""
    row, claim = answer
    chances = claim.probabilities
    return [
        *([row.file] if setup.with_file else []),
        row.number, claim.article, claim.start, claim.end, claim.sentence, claim.actor,
        claim.canonical, claim.stance, *[chances[stance] for stance in STANCES],
        claim.actor_start, claim.actor_end, claim.span_start, claim.span_end,
        *[convert(row.values.get(name)) if convert else row.values.get(name)
          for name in dict.fromkeys(setup.options.keep)],
    ]  # fmt: skip


def _render_parquet(answers: Sequence[Answer], setup: Setup) -> bytes:
    """Write rows as a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.ipc.read_schema(pa.py_buffer(setup.schema))
    rows = [_flatten(answer, setup, None) for answer in answers]
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [
        pa.array(
            [_fit(cell, kind.type) for cell in column]
            if kind.name in setup.options.keep
            else column,
            kind.type,
        )
        for column, kind in zip(columns, schema, strict=True)
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _fit(cell: Any, kind: Any) -> Any:
    """Return a value as a column of its type takes it: where that is text, any other as JSON."""
    import pyarrow as pa

    if isinstance(cell, pa.Scalar):
        if cell.type == kind:
            return cell
        cell = _to_python(cell)
    if isinstance(cell, str):
        return cell.encode("utf-8", "backslashreplace").decode()
    if cell is None or not pa.types.is_string(kind):
        return cell
    return json.dumps(_to_json(cell), ensure_ascii=False)


def _to_python(cell: Any) -> Any:
    """Return an Arrow scalar as a plain value."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return None


def _to_json(cell: Any) -> Any:
    """Return a value as JSON has it; what it has no form for, as text."""
    cell = _to_python(cell) if hasattr(cell, "as_py") else cell
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, dict):
        return {str(name): _to_json(value) for name, value in cell.items()}
    if isinstance(cell, list):
        return [_to_json(value) for value in cell]
    if cell is None or isinstance(cell, (str, bool, int, float)):
        return cell
    return cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else str(cell)


def _to_cell(cell: Any) -> Any:
    """Return a value as CSV has it: a list or an object as JSON."""
    plain = _to_json(cell)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else plain


def _render_csv(columns: list[str], form: str, rows: Any) -> str:
    """Return lines of CSV without the header."""
    delimiter = "\t" if form == "tsv" else ","
    head = render_csv(columns, [], delimiter=delimiter)
    return render_csv(columns, rows, delimiter=delimiter)[len(head) :]


def _render_head(columns: list[str], form: str) -> bytes:
    """Return what stands before the first part."""
    text_form, _, packing = form[1:].partition(".")
    if text_form not in ("csv", "tsv"):
        return b""
    head = render_csv(columns, [], delimiter="\t" if text_form == "tsv" else ",")
    assert head.startswith(BYTE_ORDER_MARK)
    return _pack(head.encode(), packing)


def _pack(data: bytes, packing: str) -> bytes:
    """Pack a piece so that pieces one after another unpack as one."""
    if not data:
        return b""
    if packing == "gz":
        return gzip.compress(data, 6, mtime=0)
    if packing == "zst":
        import pyarrow as pa

        return bytes(pa.compress(data, codec="zstd", asbytes=True))
    return data


def join_parts(parts: Iterator[bytes], stream: IO[bytes], setup: Setup) -> None:
    """Write all parts as one file.

    Parameters
    ----------
    parts : iterator of bytes
        What `render_part` returned, in order.
    stream : binary file
        Where to write.
    setup : Setup
        The form and the columns.
    """
    if setup.form != FOLDER_FORM:
        stream.write(_render_head(list_columns(setup.options, setup.with_file), setup.form))
        for part in parts:
            stream.write(part)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.ipc.read_schema(pa.py_buffer(setup.schema))
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(pq.read_table(pa.BufferReader(part)))
