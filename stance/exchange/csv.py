"""CSV: every column of a label is a cell, for a spreadsheet or for R; other tables come in, too.

No cell leaves as a formula (`stance.spreadsheets`). A table that is not ours is read by
`stance.labelled`.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.examples import COLUMNS, Example, parse_row
from stance.exchange.items import OWN_COLUMNS, Imported, TableOptions, collect_table
from stance.files import write_whole
from stance.intake import read_file
from stance.records import decode, read_records
from stance.spreadsheets import render_csv, unguard_cell

_NUMBERS = ("start", "end", "actor_start", "actor_end")


def write_table(examples: Sequence[Example], path: str | os.PathLike[str]) -> dict[str, int]:
    """Write labels as CSV.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those of several annotators are a line each.
    path : path-like
        File to write.

    Returns
    -------
    dict of str to int
        The number of ``rows``.
    """
    rows = [[getattr(row, column) for column in COLUMNS] for row in examples]
    write_whole(path, render_csv(COLUMNS, rows))
    return {"rows": len(rows)}


def read_table(path: str | os.PathLike[str], options: TableOptions) -> Imported:
    """Read a table: ours exactly, another as one that was made elsewhere.

    Parameters
    ----------
    path : path-like
        The file; of a table that is not ours, any form that `stance.records` reads.
    options : TableOptions
        How to read what is not ours.

    Returns
    -------
    Imported

    Raises
    ------
    StanceError
        If it is damaged, a row is wrong, or could be meant in two ways.
    """
    rows = read_own_rows(path, {*OWN_COLUMNS, "sentence", "label"})
    if rows is None:
        return collect_table(read_records(path, header=options.header), str(path), options)
    examples = [
        parse_row({column: row[column] for column in COLUMNS if column in row}, where)
        for where, row in rows
    ]
    extra = sorted({column for _, row in rows for column in row} - set(COLUMNS))
    notes = [f"columns that are not ours and stay out: {', '.join(extra)}"] if extra else []
    return Imported(len(rows), examples, Counter(), notes)


def read_own_rows(
    path: str | os.PathLike[str], needed: set[str]
) -> list[tuple[str, Mapping[str, Any]]] | None:
    """Read CSV of our own making, also one that a spreadsheet has saved since.

    Parameters
    ----------
    path : path-like
        The file.
    needed : set of str
        Columns by which it is known.

    Returns
    -------
    list of (str, mapping) or None
        Each row with its place for messages, offsets as numbers, apostrophes before formulas taken
        off; None where it is no such table.

    Raises
    ------
    StanceError
        If it is one, but damaged.
    """
    from stance.errors import LabelError

    path = Path(path)
    if path.is_dir() or path.suffix.lower() in (".parquet", ".gz"):
        return None
    text = decode(read_file(path), str(path)).removeprefix("\ufeff")
    header, delimiter = _read_header(text)
    if not needed <= set(header):
        return None
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, Mapping[str, Any]]] = []
    try:
        for cells in reader:
            where = f"{path}, line {reader.line_num}"
            if cells and reader.line_num > 1:
                if len(cells) != len(header):
                    raise LabelError(
                        f"{where}: {len(cells)} cells under {len(header)} columns; quote a cell "
                        "that holds the delimiter."
                    )
                rows.append((where, _typed(dict(zip(header, cells, strict=True)))))
    except csv.Error as error:
        raise LabelError(f"{path}, line {reader.line_num}: not CSV: {error}.") from error
    return rows


def _read_header(text: str) -> tuple[list[str], str]:
    """Return the columns' names and the delimiter."""
    line = text.partition("\n")[0].rstrip("\r")
    delimiter = max(",;\t", key=line.count)
    try:
        return next(csv.reader([line], delimiter=delimiter), []), delimiter
    except csv.Error:
        return [], delimiter


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with numbers for offsets, and every other cell as it was."""
    for column, cell in row.items():
        is_number = column in _NUMBERS and cell.isascii() and cell.isdigit() and len(cell) < 16
        row[column] = int(cell) if is_number else unguard_cell(cell)
    return row
