"""Tables on the terminal: coloured for a person, plain and aligned for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

STYLES = {"criticizes": "red", "neutral": "dim", "supports": "green"}


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    numeric: Sequence[int] = (),
    title: str = "",
) -> None:
    """Print a table to standard output.

    Parameters
    ----------
    headers : sequence of str
        One for each column.
    rows : iterable of sequence of str
        The cells, as text.
    numeric : sequence of int, optional
        Columns to align to the right.
    title : str, default=""
        A line above the table.
    """
    rows = [[str(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(headers, rows, numeric, title)
        return
    lines = [title] if title else []
    lines += format_plain(headers, rows, numeric)
    sys.stdout.write("\n".join(lines) + "\n")


def format_plain(
    headers: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()
) -> list[str]:
    """Return a table as aligned lines.

    Examples
    --------
    >>> for line in format_plain(["actor", "n"], [["Ann", "3"], ["Bob", "12"]], numeric=[1]):
    ...     print(line)
    actor   n
    Ann     3
    Bob    12
    """
    table = [list(headers), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(headers))]
    return [
        "  ".join(
            cell.rjust(width) if i in numeric else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _print_rich(
    headers: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int], title: str
) -> None:
    """Print a table with colours and wrapped cells."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for i, header in enumerate(headers):
        table.add_column(
            header,
            justify="right" if i in numeric else "left",
            overflow="fold",
            no_wrap=i in numeric,
        )
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(table)
