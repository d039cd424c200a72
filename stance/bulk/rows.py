"""Rows: the bytes of a part become texts with their actors and ids, or bad rows with the reason.

Nothing is guessed: bytes that are no UTF-8, JSON that is broken, a text that is missing or is none
make a bad row, and the others go on.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from stance.articles import HTML_SUFFIXES, Article, parse_article, parse_html
from stance.bulk.plan import Bad, Chunk, Layout, show_raw
from stance.errors import MissingExtraError, StanceError
from stance.records import decode

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")


@dataclass(frozen=True)
class Row:
    """One row that can be judged.

    Parameters
    ----------
    file : str
        The file within the folder that was given.
    number : int
        Its line or row.
    article : Article
        Its text, with the id and the date that the row gave.
    actor : str or None
        Whose stance is asked for.
    values : mapping of str to object
        All that the row holds, for what is carried over.
    """

    file: str
    number: int
    article: Article
    actor: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class _Fault(Exception):
    """What is wrong with the row in hand."""


def parse_chunk(chunk: Chunk) -> Iterator[Row | Bad]:
    """Take the rows of a chunk apart.

    Parameters
    ----------
    chunk : Chunk
        Neighbouring rows of one file.

    Yields
    ------
    Row or Bad
        In their order; rows of CSV without any value are left out.
    """
    if chunk.layout.kind == "parquet":
        for number, data in chunk.rows:
            yield from _parse_batch(chunk.layout, number, data)
        return
    parse = {"jsonl": _parse_json, "csv": _parse_csv, "article": _parse_article}[chunk.layout.kind]
    for number, data in chunk.rows:
        row: Row | Bad | None
        try:
            row = parse(chunk.layout, number, data)
        except _Fault as fault:
            row = Bad(chunk.layout.file, number, str(fault), show_raw(data))
        if row is not None:
            yield row


def _parse_json(layout: Layout, number: int, data: bytes) -> Row:
    """Parse one line of JSON Lines."""
    try:
        values = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except (ValueError, RecursionError) as error:
        raise _Fault(f"not JSON: {error}") from error
    if not isinstance(values, dict):
        raise _Fault("not a JSON object")
    return _to_row(layout, number, values)


def _parse_csv(layout: Layout, number: int, data: bytes) -> Row | None:
    """Parse one record of CSV; None for one without any value."""
    quoting: Any = layout.quoting
    try:
        lines = _LINE.findall(data.decode("utf-8"))
        cells = next(csv.reader(lines, delimiter=layout.delimiter, quoting=quoting, strict=True))
    except UnicodeDecodeError as error:
        raise _not_utf8(error) from error
    except (csv.Error, StopIteration) as error:
        raise _Fault(f"not CSV: {error}") from error
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(layout.header):
        raise _Fault(f"{len(cells)} cells under {len(layout.header)} columns")
    return _to_row(layout, number, dict(zip(layout.header, cells, strict=True)))


def _parse_article(layout: Layout, number: int, data: bytes) -> Row:
    """Parse a file that is an article."""
    path = PurePosixPath(layout.columns["id"].removesuffix(".gz").removesuffix(".zst"))
    article_id = path.with_suffix("").as_posix()
    parse = parse_html if path.suffix.lower() in HTML_SUFFIXES else parse_article
    try:
        article = parse(decode(data, "the file"), article_id, "the file")
    except MissingExtraError:
        raise
    except StanceError as error:
        raise _Fault(str(error)) from error
    return Row(layout.file, number, article)


def _parse_batch(layout: Layout, first: int, data: bytes) -> Iterator[Row | Bad]:
    """Parse a batch of Parquet."""
    import pyarrow as pa

    table = pa.ipc.open_stream(data).read_all()
    texts = _to_bytes(table.column(layout.columns["text"]))
    others = {
        name: _to_cells(table.column(column))
        for name, column in layout.columns.items()
        if name != "text"
    }
    for i, cell in enumerate(texts):
        values: dict[str, Any] = {layout.columns[name]: others[name](i) for name in others}
        try:
            if cell is not None:
                values[layout.columns["text"]] = cell.decode("utf-8")
            row = _to_row(layout, first + i, values)
            # Carried over as they are, with their Arrow types.
            kept = {name: table.column(name)[i] for name in table.column_names}
            yield Row(row.file, row.number, row.article, row.actor, kept)
        except UnicodeDecodeError as error:
            yield Bad(layout.file, first + i, str(_not_utf8(error)), show_raw(cell or b""))
        except _Fault as fault:
            yield Bad(layout.file, first + i, str(fault), show_raw(cell or b""))


def _to_bytes(column: Any) -> list[bytes | None]:
    """Return the texts of a column as bytes, which need not be UTF-8."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    cells: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return cells


def _to_cells(column: Any) -> Any:
    """Return a function that gives the value of a row in a column, None for one that has none."""

    def cell(i: int) -> Any:
        try:
            return column[i].as_py()
        except (ValueError, OverflowError):  # text that is no UTF-8, a time beyond Python's
            return None

    return cell


def _to_row(layout: Layout, number: int, values: Mapping[str, Any]) -> Row:
    """Return the row, or raise what is wrong with it."""
    columns = layout.columns
    text = values.get(columns["text"])
    if text is None:
        raise _Fault(f"there is no {columns['text']!r}")
    if not isinstance(text, str):
        raise _Fault(f"{columns['text']!r} is {type(text).__name__}, not a text")
    if not text.strip():
        raise _Fault(f"{columns['text']!r} is empty")
    actor = _cell("actor", columns, values)
    if not isinstance(actor, str | None):
        raise _Fault(f"{columns['actor']!r} is {type(actor).__name__}, not a name")
    article_id = _plain(_cell("id", columns, values))
    try:
        f"{text}{actor}{article_id}".encode()
    except UnicodeEncodeError as error:
        raise _Fault("it holds half a character (a lone surrogate)") from error
    day = _DAY.match(_plain(_cell("date", columns, values)))
    article = Article(article_id, text, date=day[0] if day else "")
    return Row(layout.file, number, article, (actor or "").strip() or None, values)


def _cell(name: str, columns: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    """Return what a row has in the column of a field; None where there is no such column."""
    return values.get(columns[name]) if name in columns else None


def _plain(value: Any) -> str:
    """Return a cell as text: an id may be a number, a date a date."""
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _not_utf8(error: UnicodeDecodeError) -> _Fault:
    """Return the fault of bytes that are no UTF-8."""
    byte = error.object[error.start : error.start + 1]
    return _Fault(f"not UTF-8: byte {byte.hex()} at {error.start}")
