"""Discourse Network Analyzer: pairs become statements of its event list, and statements pairs.

DNA has no neutral. As a binary qualifier, 1 agrees and 0 disagrees, and neutral pairs stay out; as
an integer one, 1 agrees, -1 disagrees and 0 is neutral. Sentences without an actor are no
statements.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stance.articles import Article
from stance.errors import LabelError, StanceError, shortlist
from stance.examples import Example
from stance.exchange.csv import read_own_rows
from stance.exchange.items import Found, Imported, Item, TableOptions, collect, collect_table
from stance.files import write_whole
from stance.records import Record, read_records
from stance.spreadsheets import render_csv
from stance.targets import Target

QUALIFIERS: dict[str, dict[str, int]] = {
    "binary": {"criticizes": 0, "supports": 1},
    "integer": {"criticizes": -1, "neutral": 0, "supports": 1},
}
HEADER = (
    "statement_id", "time", "person", "organization", "concept", "agreement", "start_position",
    "stop_position", "text", "coder", "document_id", "document_title", "document_author",
    "document_source", "document_section", "document_type",
)  # fmt: skip
# Beside DNA's own: what it takes to get the very row back.
_OWN = ("article", "actor", "actor_start", "actor_end", "canonical", "label", "source",
        "annotator", "note")  # fmt: skip
_PERSONS = ("women", "men")


def write_events(
    examples: Sequence[Example],
    articles: Mapping[str, Article],
    target: Target,
    path: str | os.PathLike[str],
    qualifier: str = "binary",
) -> dict[str, int]:
    """Write pairs as an event list.

    Parameters
    ----------
    examples : sequence of Example
        The rows.
    articles : mapping of str to Article
        For the day, the title and the outlet of each statement.
    target : Target
        The concept; its alias table tells persons from organizations.
    path : path-like
        CSV file to write.
    qualifier : {"binary", "integer"}, default="binary"
        What ``agreement`` is; see above.

    Returns
    -------
    dict of str to int
        Numbers of ``statements``, of ``neutral left out`` and of ``without an actor left out``.
    """
    values = _values(qualifier)
    pairs = [row for row in examples if row.has_actor]
    stated = [row for row in pairs if row.label in values]
    documents = {name: i for i, name in enumerate(dict.fromkeys(r.article for r in stated), 1)}
    coders = {name: i for i, name in enumerate(dict.fromkeys(r.annotator for r in stated), 1)}
    persons = {actor.canonical: actor.kind in _PERSONS for actor in target.actors}
    rows = []
    for number, row in enumerate(stated, start=1):
        article = articles.get(row.article, Article(row.article, ""))
        name = row.canonical or row.actor
        is_person = persons.get(name, True)
        rows.append(
            [
                number, f"{article.date} 00:00:00" if article.date else "",
                name if is_person else "", "" if is_person else name,
                target.title or target.name, values[row.label], row.start, row.end, row.sentence,
                coders[row.annotator], documents[row.article], article.title or row.article, "",
                article.outlet, "", "news", *(getattr(row, column) for column in _OWN),
            ]
        )  # fmt: skip
    # R's reader for this form takes a byte-order mark for a part of the first name.
    text = render_csv([*HEADER, *_OWN], rows, delimiter=";").removeprefix("\ufeff")
    write_whole(path, text)
    return {
        "statements": len(rows),
        "neutral left out": len(pairs) - len(stated),
        "without an actor left out": len(examples) - len(pairs),
    }


def _values(qualifier: str) -> dict[str, int]:
    """Return the value of each stance."""
    if qualifier not in QUALIFIERS:
        raise StanceError(f"qualifier {qualifier!r} is not one of {', '.join(QUALIFIERS)}.")
    return QUALIFIERS[qualifier]


def read_events(
    path: str | os.PathLike[str], options: TableOptions, qualifier: str | None = None
) -> Imported:
    """Read an event list.

    Parameters
    ----------
    path : path-like
        The file, as DNA or `write_events` wrote it.
    options : TableOptions
        How to read one that is not ours.
    qualifier : {"binary", "integer"}, optional
        What ``agreement`` is; needed where its values do not show it.

    Returns
    -------
    Imported

    Raises
    ------
    StanceError
        If it is damaged, or agreement or actor could be meant in two ways.
    """
    rows = read_own_rows(path, {*HEADER[6:9], "agreement", *_OWN})
    if rows is None:
        return _read_foreign(Path(path), options, qualifier)
    items = []
    for where, row in rows:
        columns = {column: row[column] for column in _OWN}
        for column in ("actor_start", "actor_end"):
            columns[column] = _number(row[column], column, where)
        for column, name in (("start", "start_position"), ("end", "stop_position")):
            columns[column] = _number(row[name], name, where)
        label = _label(str(row["agreement"]), str(row["label"]), qualifier, where)
        items.append(Item(where, {**columns, "sentence": row["text"]}, label))
    return collect(Found(len(items), items), str(path), options)


def _number(cell: Any, column: str, where: str) -> int:
    """Return an offset."""
    if isinstance(cell, int):
        return cell
    if not (cell.isascii() and cell.isdigit() and len(cell) < 16):
        raise LabelError(f"{where}: {column} {cell!r:.40} is not a whole number from 0 on.")
    return int(cell)


def _label(agreement: str, before: str, qualifier: str | None, where: str) -> str:
    """Return the stance of our own statement: the one that left, unless agreement has changed."""
    fits = [
        {str(value): stance for stance, value in _values(name).items()}
        for name in ([qualifier] if qualifier else QUALIFIERS)
    ]
    if before in {meaning.get(agreement) for meaning in fits}:
        return before
    known = {meaning[agreement] for meaning in fits if agreement in meaning}
    if len(known) != 1:
        raise LabelError(
            f"{where}: agreement {agreement!r:.40} is not what the label {before!r:.40} left as, "
            "and may mean two things; say which: --qualifier binary or --qualifier integer."
            if known
            else f"{where}: agreement {agreement!r:.40} is not one of -1, 0, 1."
        )
    return known.pop()


def _read_foreign(path: Path, options: TableOptions, qualifier: str | None) -> Imported:
    """Read the statements of a list that DNA itself wrote."""
    records = read_records(path)
    columns = dict(options.columns)
    label = columns.setdefault("label", "agreement")
    if "actor" not in columns:
        records, columns["actor"] = _choose_actor(records, path)
    label_map = options.label_map
    if not label_map:
        label_map = _map_agreement(records, label, qualifier, path)
    if "document_id" in records[0].values:
        columns.setdefault("group", "document_id")
    found = Found(len(records), [], Counter())
    fields = replace(options, columns=columns, label_map=label_map)
    return collect_table(records, str(path), fields, found)


def _choose_actor(records: Sequence[Record], path: Path) -> tuple[list[Record], str]:
    """Return the records with one column for the actor, where it cannot be but one."""
    named = [c for c in ("person", "organization") if c in records[0].values]
    if not named:
        raise LabelError(
            f"{path}: no column 'person' or 'organization'; found "
            f"{shortlist(c for c in records[0].values if c)}. Name the actor's with --actor-column."
        )
    both = [r for r in records if all(r.values.get(c) not in (None, "") for c in named)]
    if len(named) > 1 and both:
        raise LabelError(
            f"{both[0].where}: person {both[0].values['person']!r:.40} and organization "
            f"{both[0].values['organization']!r:.40}; say whose stance it is: "
            "--actor-column person or --actor-column organization."
        )
    return [
        Record(
            r.where, {**r.values, "actor": next((v for c in named if (v := r.values.get(c))), "")}
        )
        for r in records
    ], "actor"


def _map_agreement(
    records: Sequence[Record], column: str, qualifier: str | None, path: Path
) -> dict[str, str]:
    """Return what the values of the qualifier mean; 0 is asked for unless -1 is there as well."""
    found = {str(record.values.get(column)).strip() for record in records}
    if qualifier is None and "-1" not in found and "0" in found:
        raise LabelError(
            f"{path}: {column} 0 may be disagreement or neutral; say which: --qualifier binary "
            "(1 agrees, 0 disagrees) or --qualifier integer (1, 0 neutral, -1)."
        )
    values = _values(qualifier or "integer")
    meaning = {str(value): stance for stance, value in values.items()}
    return {value: meaning[value] for value in found if value in meaning}
