"""Label Studio: pairs become tasks with a labelling config, and annotated tasks become pairs.

One task is one (sentence, actor) pair; each annotator's label is an annotation, weak labels are
predictions. Who gave a label is kept in the task's data, for Label Studio makes every annotation
that is brought in the work of whoever brings it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.examples import Example
from stance.exchange.items import Found, Item, expect, one_label, read_json_rows
from stance.files import write_whole
from stance.records import DELIMITED_SUFFIXES, read_records
from stance.targets import Target

CONTROL = "stance"
CONFIG = """\
<View>
  <Text name="text" value="$text"/>
  <Header value="Actor: $actor — Target: $target"/>
  <Choices name="stance" toName="text" choice="single">
    <Choice value="supports"/><Choice value="criticizes"/><Choice value="neutral"/>
  </Choices>
</View>
"""
_PAIR = ("article", "start", "end", "actor", "actor_start", "actor_end", "canonical")
_OFFSETS = ("start", "end", "actor_start", "actor_end")
_READING = ("label", "source", "annotator", "note")
_CANCELLED = "cancelled"
_UNLABELLED = "without a label"
# Keys of the short export (JSON-MIN), in which what was chosen stands beside the data.
_SHORT_KEYS = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")


def config_path(path: str | os.PathLike[str]) -> Path:
    """Return where the labelling config of a file of tasks stands.

    Parameters
    ----------
    path : path-like
        The file of tasks.

    Returns
    -------
    Path
    """
    path = Path(path)
    return path.with_name(f"{path.stem}.config.xml")


def write_tasks(
    examples: Sequence[Example], target: Target, path: str | os.PathLike[str]
) -> dict[str, int]:
    """Write pairs as tasks, and the labelling config beside them.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those of several annotators become annotations of one task.
    target : Target
        What the stance is about; shown with each task.
    path : path-like
        JSON file to write; the config gets its name and ``.config.xml``.

    Returns
    -------
    dict of str to int
        Numbers of ``tasks``, ``annotations`` and ``predictions``.
    """
    tasks: dict[Any, list[Example]] = {}
    for row in examples:
        tasks.setdefault((row.key, row.end, row.sentence), []).append(row)
    built = [_build_task(rows, target) for rows in tasks.values()]
    write_whole(config_path(path), CONFIG)
    write_whole(path, json.dumps(built, ensure_ascii=False, indent=1) + "\n")
    return {
        "tasks": len(built),
        "annotations": sum(len(task["annotations"]) for task in built),
        "predictions": sum(len(task["predictions"]) for task in built),
    }


def _build_task(rows: Sequence[Example], target: Target) -> dict[str, Any]:
    """Return the task of one pair."""
    first = rows[0]
    readings = []
    made: dict[str, list[dict[str, Any]]] = {"annotations": [], "predictions": []}
    for number, row in enumerate(rows):
        name = hashlib.sha256(f"{row.key} {row.annotator} {number}".encode()).hexdigest()[:10]
        readings.append({"result": name, **{c: getattr(row, c) for c in _READING}})
        result = {
            "id": name,
            "from_name": CONTROL,
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [row.label]},
        }
        if row.source == "weak":
            made["predictions"].append({"model_version": "weak", "result": [result]})
        else:
            is_gold = row.source == "gold"
            made["annotations"].append({"ground_truth": is_gold, "result": [result]})
    data = {
        "text": first.sentence,
        "actor": first.actor,
        "target": target.title or target.name,
        **{column: getattr(first, column) for column in _PAIR},
        "readings": readings,
    }
    return {"data": data, **made}


def read_tasks(path: str | os.PathLike[str], control: str = "") -> Found:
    """Read what was annotated: an export as JSON, as JSON-MIN or as CSV.

    Parameters
    ----------
    path : path-like
        The file.
    control : str, default=""
        Name of the Choices that hold the stance; needed where there are several.

    Returns
    -------
    Found
        One item for each annotation that was not cancelled.

    Raises
    ------
    StanceError
        If it is damaged, or an annotation has several labels.
    """
    is_table = Path(path).suffix.lower() in DELIMITED_SUFFIXES
    rows = _read_table(path) if is_table else read_json_rows(path)
    left_out: Counter[str] = Counter()
    items: list[Item] = []
    for where, task in rows:
        if "data" in task:
            items += _read_task(task, where, control, left_out)
        else:
            items += _read_short(task, where, control, left_out)
    return Found(len(rows), items, left_out)


def _read_table(path: str | os.PathLike[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Read the rows of the export as CSV, whose cells hold numbers and lists as text."""
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for record in read_records(path):
        row: dict[str, Any] = {
            key: cell or "" for key, cell in record.values.items() if key is not None
        }
        for column in _OFFSETS:
            cell = row.get(column, "")
            if cell.isascii() and cell.isdigit() and len(cell) < 16:
                row[column] = int(cell)
        try:
            row["readings"] = json.loads(row.get("readings") or "[]")
        except (ValueError, RecursionError) as error:
            raise LabelError(f"{record.where}: readings are not JSON: {error}.") from error
        rows.append((record.where, row))
    return rows


def _read_task(
    task: Mapping[str, Any], where: str, control: str, left_out: Counter[str]
) -> Iterator[Item]:
    """Yield the labels of one task."""
    data = expect(task["data"], dict, "data", where)
    readings = _read_readings(data, where)
    annotations = task.get("annotations", task.get("completions")) or []
    found = False
    for annotation in expect(annotations, list, "annotations", where):
        annotation = expect(annotation, dict, "an annotation", where)
        if annotation.get("was_cancelled"):
            left_out[_CANCELLED] += 1
            found = True
            continue
        result, label = _find_choice(annotation, where, control)
        if label is not None:
            found = True
            yield _to_item(data, readings.get(result), label, annotation, where)
    predictions = expect(task.get("predictions") or [], list, "predictions", where)
    for prediction in predictions:  # weak labels that left with us
        if isinstance(prediction, dict) and prediction.get("model_version") == "weak":
            result, label = _find_choice(prediction, where, control)
            if result in readings and label == readings[result].get("label"):
                found = True
                yield _to_item(data, readings[result], label, {}, where)
    left_out[_UNLABELLED] += not found


def _read_readings(data: Mapping[str, Any], where: str) -> dict[Any, Mapping[str, Any]]:
    """Return who had given which label when the task left us, by the id of the result."""
    readings = expect(data.get("readings", []), list, "readings", where)
    return {str(expect(r, dict, "a reading", where).get("result")): r for r in readings}


def _find_choice(annotation: Mapping[str, Any], where: str, control: str) -> tuple[str | None, Any]:
    """Return the id and the label of what was chosen; (None, None) for nothing."""
    results = expect(annotation.get("result") or [], list, "result", where)
    choices = [
        result
        for result in results
        if expect(result, dict, "a result", where).get("type") == "choices"
    ]
    names = [str(result.get("from_name")) for result in choices]
    wanted = control or (CONTROL if CONTROL in names else "")
    if not wanted and len(set(names)) > 1:
        raise LabelError(
            f"{where}: choices called {' and '.join(sorted(set(names)))}; say which hold the "
            f"stance, as in --label-column {names[0]!r}."
        )
    chosen = [result for result in choices if not wanted or result.get("from_name") == wanted]
    values = [
        value
        for result in chosen
        for value in expect(
            expect(result.get("value"), dict, "value", where).get("choices"), list, "choices", where
        )
    ]
    label = one_label(values, where)
    return (None, None) if label is None else (str(chosen[0].get("id")), label)


def _to_item(
    data: Mapping[str, Any],
    reading: Mapping[str, Any] | None,
    label: Any,
    annotation: Mapping[str, Any],
    where: str,
) -> Item:
    """Return the item of an annotation: unchanged ones are still whose they were."""
    columns = {key: value for key, value in data.items() if key not in ("readings", "target")}
    if reading is not None and reading.get("label") == label:
        columns.update((column, reading[column]) for column in _READING if column in reading)
        return Item(where, columns, label, str(columns.get("annotator", "")))
    return Item(where, columns, label, _name(annotation.get("completed_by")))


def _name(person: Any) -> str:
    """Return who made an annotation; Label Studio writes a number, or an object."""
    if isinstance(person, dict):
        person = person.get("email") or person.get("id")
    return "" if person is None else str(person)


def _read_short(
    task: Mapping[str, Any], where: str, control: str, left_out: Counter[str]
) -> Iterator[Item]:
    """Yield the label of a row of JSON-MIN, which has one row an annotation."""
    wanted = control or CONTROL
    label = task.get(wanted)
    if isinstance(label, dict):
        label = one_label(expect(label.get("choices"), list, "choices", where), where)
    if isinstance(label, list):
        label = one_label(label, where)
    if label in (None, ""):
        left_out[_UNLABELLED] += 1
        return
    annotation = {"completed_by": task.get("annotator")}
    data = {k: v for k, v in task.items() if k not in (*_SHORT_KEYS, wanted, "id")}
    readings = _read_readings(data, where)
    same = [reading for reading in readings.values() if reading.get("label") == label]
    yield _to_item(data, same[0] if len(same) == len(readings) == 1 else None, label, annotation,
                   where)  # fmt: skip
