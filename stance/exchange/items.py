"""Items of other tools: what a person did there becomes rows, ours exactly, others' by their table.

A format's reader hands in one Item for each label it found. Where an item carries our own columns,
the row that left comes back; where it does not, text, actor and label are read as those of a table
made elsewhere, by `stance.labelled`. Whatever could be meant in two ways is refused.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stance.articles import Article
from stance.errors import LabelError
from stance.examples import COLUMNS, Example, parse_row
from stance.intake import read_file
from stance.labelled import labelled_table
from stance.records import Record, decode, json_array, json_records
from stance.targets import Target

# By these an item is known as one of ours.
OWN_COLUMNS = ("article", "start", "end", "actor", "actor_start", "actor_end", "canonical")


@dataclass(frozen=True)
class Item:
    """One label that somebody gave in another tool.

    Parameters
    ----------
    where : str
        File and row, for messages.
    columns : mapping
        What the tool kept beside the label; the text under ``text`` or ``sentence``.
    label : object
        The label.
    annotator : str
        Who gave it, as the tool says; "" where it does not.
    """

    where: str
    columns: Mapping[str, Any]
    label: Any
    annotator: str = ""


@dataclass(frozen=True)
class Found:
    """What a format's reader found in a file.

    Parameters
    ----------
    n_read : int
        How many tasks, lines or statements the file holds.
    items : list of Item
        The labels.
    left_out : Counter of str
        Why tasks or labels were left out, and how many.
    """

    n_read: int
    items: list[Item]
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class TableOptions:
    """How to read a table that is not ours; see `stance.labelled.read_labelled_table`.

    Parameters
    ----------
    columns, label_map, where : mapping of str to str
        Which column holds what, what the labels mean, which rows to take.
    skip_bad_rows : bool
        Whether to leave out rows without text or label.
    header : bool
        Whether the first line of CSV names the columns.
    target : Target, optional
        Finds the actors under all their names.
    annotator : str
        Who labelled the rows of which the file does not say it.
    source : {"reviewed", "gold", "weak"}
        What labels are that were given, or changed, elsewhere.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    label_map: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    skip_bad_rows: bool = False
    header: bool = True
    target: Target | None = None
    annotator: str = ""
    source: str = "reviewed"


@dataclass(frozen=True)
class Imported:
    """Rows that came in.

    Parameters
    ----------
    n_read : int
        How many tasks, lines or statements the files held.
    examples : list of Example
        The rows; a pair stands once for each annotator.
    left_out : Counter of str
        Why something was left out, and how often.
    notes : list of str
        How a table that is not ours was read.
    articles : list of Article
        Made of the texts of such a table; empty for our own rows, whose articles are there.
    """

    n_read: int
    examples: list[Example]
    left_out: Counter[str]
    notes: list[str] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)


def own_columns(example: Example) -> dict[str, Any]:
    """Return what a tool keeps beside text and label, so that the row comes back as it was."""
    row = asdict(example)
    del row["sentence"]
    return row


def collect(found: Found, origin: str, options: TableOptions) -> Imported:
    """Turn items into rows.

    Parameters
    ----------
    found : Found
        What was found in a file.
    origin : str
        What messages call it.
    options : TableOptions
        How to read what is not ours.

    Returns
    -------
    Imported

    Raises
    ------
    LabelError
        If a row is wrong, or some are ours and others are not.
    """
    ours = [all(column in item.columns for column in OWN_COLUMNS) for item in found.items]
    if not found.items:
        return Imported(found.n_read, [], found.left_out)
    if all(ours):
        rows = [restore_row(item, options.annotator, options.source) for item in found.items]
        return Imported(found.n_read, rows, found.left_out)
    if any(ours):
        raise LabelError(
            f"{found.items[ours.index(False)].where}: lacks a column of "
            f"{', '.join(OWN_COLUMNS)}, which other rows have. Import the two kinds from two files."
        )
    records = [
        Record(
            item.where,
            {**item.columns, "label": item.label, "annotator": item.annotator or options.annotator},
        )
        for item in found.items
    ]
    fixed = {"label": "label", "annotator": "annotator"}
    return collect_table(records, origin, options, found, fixed)


def collect_table(
    records: list[Record],
    origin: str,
    options: TableOptions,
    found: Found | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Imported:
    """Turn the rows of a table that is not ours into rows with articles made of their texts.

    Parameters
    ----------
    records : list of Record
        The rows as they stand.
    origin : str
        What messages call the table.
    options : TableOptions
        How to read it.
    found : Found, optional
        What was left out before.
    fixed : mapping of str to str, optional
        Columns that are known for certain.

    Returns
    -------
    Imported

    Raises
    ------
    StanceError
        If columns or labels could be meant in two ways, or a row is wrong.
    """
    table = labelled_table(
        records,
        origin,
        columns={**(fixed or {}), **options.columns},
        label_map=options.label_map,
        where=options.where,
        skip_bad_rows=options.skip_bad_rows,
        target=options.target,
        by_annotator=True,
    )
    name = _safe_name(table.name)
    rows = [
        _own_row(row, f"{name}/{_safe_name(row.article)}", options)
        for row in [*table.examples, *table.held_out]
    ]
    left_out = Counter(found.left_out if found else {})
    left_out["left out by --label-map, --where or --skip-bad-rows"] += len(records) - len(rows)
    n_read = found.n_read if found else len(records)
    return Imported(n_read, rows, +left_out, table.notes, _build_articles(rows))


def _own_row(row: Example, article: str, options: TableOptions) -> Example:
    """Return a table's row with the id of its article and with its annotator."""
    values = asdict(row)
    annotator = row.annotator or options.annotator
    values.update(article=article, annotator=annotator, source=options.source)
    values["sentence"] = re.sub(r"\r", "\n", row.sentence)  # offsets stay: one for one
    values["actor"] = re.sub(r"\r", "\n", row.actor)
    return Example(**values)


def _safe_name(name: str) -> str:
    """Return a name that stays within its folder, whatever a table calls its documents."""
    return re.sub(r"[^\w-]+", "-", name).strip("-_") or "x"


def _build_articles(rows: Iterable[Example]) -> list[Article]:
    """Return articles in which each sentence stands at its offsets."""
    texts: dict[str, dict[int, str]] = {}
    for row in rows:
        places = texts.setdefault(row.article, {})
        if places.setdefault(row.start, row.sentence) != row.sentence:
            raise LabelError(
                f"two documents would both be called {row.article!r}; give them names that differ "
                "in letters or digits."
            )
    articles = []
    for name, places in texts.items():
        text = ""
        for start, sentence in sorted(places.items()):
            text = text.ljust(start, "\n") + sentence
        articles.append(Article(id=name, text=text))
    return articles


def restore_row(item: Item, annotator: str = "", source: str = "reviewed") -> Example:
    """Return the row that left as an item, with the label that it came back with.

    Parameters
    ----------
    item : Item
        With our own columns.
    annotator : str, default=""
        Who labelled it where neither the tool nor the row says so.
    source : {"reviewed", "gold", "weak"}, default="reviewed"
        What a label is that was given, or changed, elsewhere.

    Returns
    -------
    Example
        As it was where the label is the one that left and nobody else gave it; else a row of
        whoever gave it.

    Raises
    ------
    LabelError
        If a value is not allowed.
    """
    row = {column: item.columns[column] for column in COLUMNS if column in item.columns}
    text = item.columns.get("sentence", item.columns.get("text"))
    before = (row.get("label", item.label), row.get("annotator", item.annotator))
    row.update(sentence=text, label=item.label)
    if before != (item.label, item.annotator or before[1]):
        row.update(source=source, annotator=item.annotator)
    row.setdefault("source", source)
    row["annotator"] = row.get("annotator") or item.annotator or annotator
    return parse_row(row, item.where)


def read_json_rows(path: str | os.PathLike[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Read the objects of a JSON array or of JSON Lines.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    list of (str, mapping)
        Each object, with its place for messages.

    Raises
    ------
    StanceError
        If it is not JSON, or holds something else than objects.
    """
    path = Path(path)
    text = decode(read_file(path), str(path)).removeprefix("\ufeff")
    if text.lstrip().startswith("["):
        return [(f"{path}, row {n}", dict(row)) for n, row in json_array(text, path)]
    return [(f"{path}, line {n}", dict(row)) for n, row in json_records(text, path)]


def expect(value: Any, kind: type, name: str, where: str) -> Any:
    """Return a value of the wanted type.

    Parameters
    ----------
    value : object
        What was found.
    kind : type
        ``str``, ``list``, ``dict`` or another.
    name, where : str
        Key and place, for the message.

    Returns
    -------
    object

    Raises
    ------
    LabelError
        If it is of another type.
    """
    if not isinstance(value, kind):
        kinds = {list: "a list", dict: "an object", str: "a text", bool: "true or false"}
        raise LabelError(f"{where}: {name} {value!r:.60} is not {kinds.get(kind, kind.__name__)}.")
    return value


def one_label(labels: Sequence[Any], where: str) -> Any:
    """Return the one label of a list, None of an empty one.

    Parameters
    ----------
    labels : sequence
        What was chosen.
    where : str
        Its place, for the message.

    Returns
    -------
    object or None

    Raises
    ------
    LabelError
        If there are several.
    """
    if len(labels) > 1:
        raise LabelError(
            f"{where}: {len(labels)} labels at once, {str(labels[:3])[1:-1]:.80}; a pair has one. "
            "Choose one of them there, or leave the row out."
        )
    return labels[0] if labels else None
