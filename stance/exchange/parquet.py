"""Parquet: every column of a label is a column; other tables come in, too."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence

from stance.examples import COLUMNS, Example, parse_row
from stance.exchange.items import OWN_COLUMNS, Imported, TableOptions, collect_table
from stance.files import write_whole
from stance.records import read_records

_OFFSETS = ("start", "end", "actor_start", "actor_end")


def write_parquet(examples: Sequence[Example], path: str | os.PathLike[str]) -> dict[str, int]:
    """Write labels as Parquet.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those of several annotators are a row each.
    path : path-like
        File to write.

    Returns
    -------
    dict of str to int
        The number of ``rows``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        column: pa.array(
            [getattr(row, column) for row in examples],
            pa.int64() if column in _OFFSETS else pa.string(),
        )
        for column in COLUMNS
    }
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="zstd")
    write_whole(path, stream.getvalue())
    return {"rows": len(examples)}


def read_parquet(path: str | os.PathLike[str], options: TableOptions) -> Imported:
    """Read Parquet: ours exactly, another as a table that was made elsewhere.

    Parameters
    ----------
    path : path-like
        The file.
    options : TableOptions
        How to read what is not ours.

    Returns
    -------
    Imported

    Raises
    ------
    StanceError
        If it is damaged, or a row is wrong.
    """
    records = read_records(path)
    if not {*OWN_COLUMNS, "sentence", "label"} <= set(records[0].values):
        return collect_table(records, str(path), options)
    extra = sorted(set(records[0].values) - set(COLUMNS))
    notes = [f"columns that are not ours and stay out: {', '.join(extra)}"] if extra else []
    examples = [
        parse_row({c: r.values[c] for c in COLUMNS if c in r.values}, r.where) for r in records
    ]
    return Imported(len(records), examples, Counter(), notes)
