"""Columns: which column of a table holds the text, the actor, the id and the date.

Names enter; a choice leaves, made by the user or by the usual names. Two usual names at once are
refused, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

from stance.bulk.plan import Options
from stance.errors import StanceError, shortlist, suggestion
from stance.labelled import USUAL_NAMES, fold_column

# In the order in which the first that is there is taken.
_USUAL_IDS = ("id", "article", "article_id", "document_id", "doc_id", "document")
_USUAL_DATES = ("date",)


def choose_columns(found: Sequence[str], options: Options, origin: str) -> dict[str, str]:
    """Choose the columns of a table.

    Parameters
    ----------
    found : sequence of str
        Those that it has.
    options : Options
        What the user said.
    origin : str
        What messages call it.

    Returns
    -------
    dict of str to str
        For ``text``, and for ``actor``, ``id`` and ``date`` where there is one, the column.

    Raises
    ------
    StanceError
        If one that was named is not there, or none for the text can be told.
    """
    named = {
        "text": options.text, "actor": options.actor, "id": options.id, "date": options.date
    }  # fmt: skip
    for column in (*named.values(), *options.keep):
        if column and column not in found:
            raise StanceError(
                f"{origin}: no column {column!r}; found {shortlist(found, 12)}."
                f"{suggestion(column, found)}"
            )
    chosen = {
        "text": named["text"] or _find_text(found, origin),
        "actor": named["actor"] or "",
        "id": _first(_USUAL_IDS, found) if named["id"] is None else named["id"],
        "date": _first(_USUAL_DATES, found) if named["date"] is None else named["date"],
    }
    return {name: column for name, column in chosen.items() if column}


def _find_text(found: Sequence[str], origin: str) -> str:
    """Return the one column that has a usual name of the text."""
    usual = {fold_column(name) for name in USUAL_NAMES["text"]}
    fits = [column for column in found if fold_column(column) in usual]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise StanceError(
            f"{origin}: the text could be in {' or '.join(map(repr, fits))}; choose one, as in "
            f"--text-column {fits[0]!r}."
        )
    raise StanceError(
        f"{origin}: no column for the text; found {shortlist(found, 12)}. "
        "Name it with --text-column."
    )


def _first(usual: Sequence[str], found: Sequence[str]) -> str:
    """Return the column of the first usual name that is there; "" for none."""
    by_name = {fold_column(column): column for column in reversed(found)}
    return next((by_name[fold_column(n)] for n in usual if fold_column(n) in by_name), "")
