"""doccano: pairs become lines of a text classification, and its labelled lines become pairs.

What doccano does not know stands beside the text and comes back with it. In a project for spans, a
span is an actor and its label the stance.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stance.errors import LabelError
from stance.examples import Example
from stance.exchange.items import Found, Item, expect, one_label, own_columns, read_json_rows
from stance.files import write_whole
from stance.targets import Target

# doccano's own key of the label is ``label``, so that the one that left stands under this.
_LABEL_BEFORE = "label_before"


def write_lines(
    examples: Sequence[Example], target: Target, path: str | os.PathLike[str]
) -> dict[str, int]:
    """Write pairs as JSON Lines for a text classification.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those of several annotators are a line each.
    target : Target
        What the stance is about; kept with each line.
    path : path-like
        File to write.

    Returns
    -------
    dict of str to int
        The number of ``lines``.
    """
    lines = []
    for row in examples:
        columns = own_columns(row)
        columns[_LABEL_BEFORE] = columns.pop("label")
        line = {"text": row.sentence, "label": [row.label], "target": target.title or target.name}
        lines.append(json.dumps({**line, **columns}, ensure_ascii=False) + "\n")
    write_whole(path, "".join(lines))
    return {"lines": len(lines)}


def read_lines(path: str | os.PathLike[str], annotator: str = "") -> Found:
    """Read labelled lines: JSON Lines, or a JSON array of the same.

    Parameters
    ----------
    path : path-like
        The file. doccano writes one for each annotator.
    annotator : str, default=""
        Who that is.

    Returns
    -------
    Found
        One item for each label of a text, or each span.

    Raises
    ------
    StanceError
        If it is damaged, or a text has several labels.
    """
    rows = read_json_rows(path)
    left_out: Counter[str] = Counter()
    items: list[Item] = []
    for where, row in rows:
        found = _read_line(row, where, annotator)
        left_out["without a label"] += not found
        items += found
    return Found(len(rows), items, left_out)


def _read_line(row: Mapping[str, Any], where: str, annotator: str) -> list[Item]:
    """Return the labels of one line."""
    if "label" not in row and "labels" in row:
        raise LabelError(f"{where}: no key 'label' but 'labels'; rename it to 'label'.")
    labels = row.get("label", row.get("entities"))
    labels = labels if isinstance(labels, list) else [] if labels in (None, "") else [labels]
    columns = {
        key: value
        for key, value in row.items()
        if key not in ("label", "entities", "Comments", "id", "target")
    }
    if any(isinstance(label, (list, dict)) for label in labels):
        return [_read_span(span, columns, where, annotator) for span in labels]
    label = one_label(labels, where)
    if label is None:
        return []
    if _LABEL_BEFORE in columns:
        columns["label"] = columns.pop(_LABEL_BEFORE)
        if columns["label"] == label:
            annotator = str(columns.get("annotator") or annotator)
    return [Item(where, columns, label, annotator)]


def _read_span(span: Any, columns: Mapping[str, Any], where: str, annotator: str) -> Item:
    """Return the label of a span: ``[0, 2, "ORG"]``, or an object with the same."""
    if isinstance(span, dict):
        span = [span.get(key) for key in ("start_offset", "end_offset", "label")]
    text = expect(columns.get("text"), str, "text", where)
    is_whole = isinstance(span, list) and len(span) == 3
    if not is_whole or not all(type(offset) is int for offset in span[:2]):
        raise LabelError(f"{where}: span {span!r:.60} is not [start, end, label].")
    start, end, label = span
    if not 0 <= start < end <= len(text):
        raise LabelError(f"{where}: span {start} to {end} lies outside the text.")
    place = {"actor": text[start:end], "actor_start": start, "actor_end": end}
    return Item(where, {"text": text, **columns, **place}, label, annotator)
