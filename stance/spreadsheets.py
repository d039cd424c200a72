r"""CSV for spreadsheets: rows become text in which no cell is taken for a formula, and come back.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, even from a file that
somebody else wrote. Such a cell leaves with an apostrophe before it, which reading takes off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

# Also after white space, and in the wide forms that some spreadsheets read as the plain ones.
_FORMULA = re.compile("('*)(?=[\\s\x00\ufeff]*[=+\\-@|%\uff1d\uff0b\uff0d\uff20])|('*)(?=[\t\r\n])")
_GUARDED = re.compile("'(?='*(?:[\\s\x00\ufeff]*[=+\\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]))")
# With it spreadsheets take the file for UTF-8, not for the code page of their country.
BYTE_ORDER_MARK = "\ufeff"


def guard_cell(text: str) -> str:
    r"""Return a cell that no spreadsheet runs.

    Parameters
    ----------
    text : str
        What the cell is to say.

    Returns
    -------
    str
        The same, with an apostrophe before it where it would be a formula, or where an apostrophe
        before one could later be taken for ours.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("'=1"), guard_cell("'Tis so"), guard_cell("1 = 1")
    ("'=1+1", "''=1", "'Tis so", '1 = 1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    r"""Return what a cell said before `guard_cell`.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    str

    Examples
    --------
    >>> unguard_cell("'=1+1"), unguard_cell("''=1"), unguard_cell("'Tis so")
    ('=1+1', "'=1", "'Tis so")
    """
    return text[1:] if _GUARDED.match(text) else text


def render_csv(
    header: Sequence[str], rows: Iterable[Sequence[Any]], *, delimiter: str = ","
) -> str:
    r"""Write rows as CSV that is safe to open.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence
        The cells; None leaves one empty. Texts are quoted and guarded, numbers are not.
    delimiter : str, default=","
        What stands between two cells.

    Returns
    -------
    str
        With a byte-order mark and CRLF line ends, as spreadsheets write it themselves.

    Examples
    --------
    >>> render_csv(["actor", "n"], [["=Ann", 3]])
    '\ufeff"actor","n"\r\n"\'=Ann",3\r\n'
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n"
    )
    for row in (header, *rows):
        writer.writerow(
            [guard_cell(cell) if isinstance(cell, str) else "" if cell is None else cell
             for cell in row]
        )  # fmt: skip
    return BYTE_ORDER_MARK + stream.getvalue()
