"""Prodigy: pairs become tasks of the choice interface, and what was answered becomes pairs.

Ignored answers are left out, rejected ones too: that a label does not fit says not which one does.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from stance.cues import STANCES
from stance.errors import LabelError
from stance.examples import Example
from stance.exchange.items import Found, Item, expect, one_label, own_columns, read_json_rows
from stance.files import write_whole
from stance.targets import Target

_OPTIONS = [{"id": stance, "text": stance} for stance in STANCES]


def write_answers(
    examples: Sequence[Example], target: Target, path: str | os.PathLike[str]
) -> dict[str, int]:
    """Write pairs as JSON Lines for ``db-in``.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those of several annotators are an answer each.
    target : Target
        What the stance is about; kept with each answer.
    path : path-like
        File to write.

    Returns
    -------
    dict of str to int
        The number of ``answers``.
    """
    lines = []
    for row in examples:
        span = {"start": row.actor_start, "end": row.actor_end, "label": "actor"}
        task = {
            "text": row.sentence,
            "spans": [span] if row.has_actor else [],
            "options": _OPTIONS,
            "accept": [row.label],
            "answer": "accept",
            "_view_id": "choice",
            "meta": {**own_columns(row), "target": target.title or target.name},
        }
        if row.annotator:
            task["_annotator_id"] = row.annotator
        lines.append(json.dumps(task, ensure_ascii=False) + "\n")
    write_whole(path, "".join(lines))
    return {"answers": len(lines)}


def read_answers(path: str | os.PathLike[str]) -> Found:
    """Read what ``db-out`` wrote: answers of the choice interface, or yes and no to one label.

    Parameters
    ----------
    path : path-like
        JSON Lines, or a JSON array.

    Returns
    -------
    Found
        One item for each accepted answer.

    Raises
    ------
    StanceError
        If it is damaged, or an answer has several labels.
    """
    rows = read_json_rows(path)
    left_out: Counter[str] = Counter()
    items: list[Item] = []
    for where, task in rows:
        answer = task.get("answer", "accept")
        if answer not in ("accept", "reject", "ignore"):
            raise LabelError(f"{where}: answer {answer!r:.40} is not accept, reject or ignore.")
        label = one_label(_chosen(task, where), where) if answer == "accept" else None
        if label is not None:
            items.append(Item(where, _columns(task, where), label, _annotator(task)))
        elif answer == "accept":
            left_out["without a label"] += 1
        else:
            left_out["rejected" if answer == "reject" else "ignored"] += 1
    return Found(len(rows), items, left_out)


def _chosen(task: Mapping[str, Any], where: str) -> list[Any]:
    """Return what was accepted."""
    if "accept" in task:
        return list(expect(task["accept"], list, "accept", where))
    return [] if task.get("label") in (None, "") else [task["label"]]


def _columns(task: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return what was kept with a task, and the actor where one span marks it."""
    columns: dict[str, Any] = {"text": task.get("text")}
    columns.update(expect(task.get("meta") or {}, dict, "meta", where))
    columns.pop("target", None)
    for key in ("actor", "article"):
        if key in task:
            columns.setdefault(key, task[key])
    spans = expect(task.get("spans") or [], list, "spans", where)
    if "actor" not in columns and len(spans) == 1:
        span, text = expect(spans[0], dict, "a span", where), columns["text"]
        start, end = span.get("start"), span.get("end")
        if isinstance(text, str) and type(start) is int and type(end) is int:
            columns.update(actor=text[start:end], actor_start=start, actor_end=end)
    return columns


def _annotator(task: Mapping[str, Any]) -> str:
    """Return who answered."""
    return str(task.get("_annotator_id") or task.get("_session_id") or "")
