"""Labelled tables: rows of text, actor and label that were made elsewhere become Examples.

Records enter; the columns are found by their usual names, the labels' values are told apart into
our three stances, actors are found in their texts. Whatever could be meant in two ways is refused,
with what to write instead; nothing is guessed.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from stance.cues import STANCES
from stance.errors import LabelError, shortlist, suggestion
from stance.examples import Example
from stance.features import Passage, to_passages
from stance.records import Record, read_records
from stance.targets import Target, about_texts, parse_target

# What the neighbouring tools call their columns; compared without case, spaces, `_` and `-`.
USUAL_NAMES = {
    "text": ("text", "sentence", "quote", "tweet", "post", "sentence_normalized"),
    "actor": (
        "actor", "ent_text", "speaker", "person", "organization", "organisation", "holder",
        "mention", "span",
    ),
    "label": ("label", "stance", "polarity", "agreement", "stance_true"),
    "group": ("group", "article", "article_id", "document", "document_id", "doc_id", "group_id"),
    "canonical": ("canonical",),
    "actor_start": ("actor_start", "from"),
    "actor_end": ("actor_end", "to"),
    "annotator": ("annotator", "coder"),
}  # fmt: skip
FIELDS = tuple(USUAL_NAMES)
# Those of them that the command line has an option for.
CHOSEN_FIELDS = ("text", "actor", "label", "group")
_TARGET_NAMES = ("target", "topic", "topic_str", "statement", "concept")

SKIP = "skip"
# Numbers are not among them: 0 is against in one tool, neutral in a second, no in a third.
USUAL_LABELS = {
    **dict.fromkeys(
        ("support", "supports", "favor", "favour", "pro", "for", "agree", "positive"), "supports"
    ),
    **dict.fromkeys(
        ("criticize", "criticizes", "oppose", "opposes", "opposition", "against", "con",
         "disagree", "negative"),
        "criticizes",
    ),
    **dict.fromkeys(("neutral", "none", "irrelevant", "unrelated"), "neutral"),
}  # fmt: skip
_TWO_FOUR_SIX = {"2": "criticizes", "4": "neutral", "6": "supports"}
_LIKELY_NUMBERS = {"-1": "criticizes", "0": "neutral", "1": "supports", **_TWO_FOUR_SIX}

_NO_LETTERS = re.compile(r"[\W_]+")
# A group's name is kept in the facts of a run: one longer than this is replaced by its hash.
_LONGEST_NAME = 80
# Looked for from its "=" on: a pattern for the value before it would take the square of the time.
_MAP_ITEM = re.compile(r"=\s*(\w+)\s*(?:,|\Z)")


@dataclass(frozen=True)
class LabelledTable:
    """A table of labelled texts, read and checked.

    Parameters
    ----------
    name : str
        Of its file, without the ending.
    target : Target
        What the stance is about; without aliases where none was given. Its unit is the text where
        no row has an actor in its text.
    examples : list of Example
        Its rows. ``article`` is the group; a row without an actor, or whose actor does not stand
        in the text, is about the text as a whole.
    held_out : list of Example
        The rows of the ``test`` part of a dataset folder.
    columns : dict of str to str
        Which column was taken for which of `FIELDS`.
    labels : dict of str to str
        Each value of the label column that was found, to its stance, or ``"skip"``.
    notes : list of str
        What a reader of the figures should know.
    """

    name: str
    target: Target
    examples: list[Example]
    held_out: list[Example]
    columns: dict[str, str]
    labels: dict[str, str]
    notes: list[str] = field(default_factory=list)

    def check_stances(self) -> None:
        """Raise unless all three stances are among the rows, as a model's file needs.

        Raises
        ------
        LabelError
            If one is missing.
        """
        found = {example.label for example in self.examples}
        missing = [stance for stance in STANCES if stance not in found]
        if missing:
            raise LabelError(
                f"table {self.name!r} has no rows that are {' or '.join(missing)}, and a model "
                f"tells {', '.join(STANCES)} apart; add such rows. What two stances give can be "
                "measured with: stance evaluate --data."
            )


class _Row(NamedTuple):
    """The values of one record, by field."""

    record: Record
    values: dict[str, Any]


def read_labelled_table(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    label_map: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
    header: bool = True,
    skip_bad_rows: bool = False,
    target: Target | None = None,
) -> LabelledTable:
    """Read texts that were labelled elsewhere.

    Parameters
    ----------
    path : path-like
        CSV, TSV, JSON Lines, a JSON array, Parquet, or a dataset folder; see
        `stance.records.read_records`.
    columns : mapping of str to str, optional
        Which column holds which of `FIELDS`; ``""`` for none. Fields that it leaves out are found
        by their usual names.
    label_map : mapping of str to str, optional
        The label column's values to ``"supports"``, ``"criticizes"``, ``"neutral"``, or
        ``"skip"`` to leave out such rows. Words such as ``FAVOR`` and ``AGAINST`` need no entry.
    where : mapping of str to str, optional
        Take only the rows that have these values in these columns.
    header : bool, default=True
        Whether the first line of CSV names the columns; without it they are 1, 2, 3 and so on.
    skip_bad_rows : bool, default=False
        Whether to leave out rows without text or label, or with wrong offsets, instead of raising.
    target : Target, optional
        Its alias table finds the actors under all their names; by default an empty one. Where its
        unit is the text, every row is about its text as a whole.

    Returns
    -------
    LabelledTable

    Raises
    ------
    StanceError
        If the file is damaged, a column is missing or could be either of two, a label's meaning
        is not known, or a row is wrong; the message tells what to do.

    Notes
    -----
    Rows of one group are never on both sides of a split, and are judged in each other's light.
    Without a group column each distinct text, letters and digits compared, is a group.
    """
    return labelled_table(
        read_records(path, header=header),
        str(path),
        columns=columns,
        label_map=label_map,
        where=where,
        skip_bad_rows=skip_bad_rows,
        target=target,
    )


def labelled_table(
    records: list[Record],
    origin: str,
    *,
    columns: Mapping[str, str] | None = None,
    label_map: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
    skip_bad_rows: bool = False,
    target: Target | None = None,
    by_annotator: bool = False,
) -> LabelledTable:
    """Make labelled rows of records; as `read_labelled_table`.

    Parameters
    ----------
    records : list of Record
        The table, as it stands.
    origin : str
        Its path, or what messages call it.
    columns, label_map, where : mapping of str to str, optional
        As in `read_labelled_table`.
    skip_bad_rows : bool, default=False
        As in `read_labelled_table`.
    target : Target, optional
        As in `read_labelled_table`.
    by_annotator : bool, default=False
        Whether two annotators' rows of one pair get one place, so that they can be compared. By
        default the second is a text of its own, so that a model does not judge the one in the
        light of the other.

    Returns
    -------
    LabelledTable

    Raises
    ------
    StanceError
        As `read_labelled_table`.
    """
    name = Path(origin).name.partition(".")[0] or "table"
    target = target or parse_target(_empty_target(name))
    found = _list_columns(records)
    taken = find_columns(found, columns or {}, origin)
    records = _select(records, where or {}, found, origin)
    rows, bad = _check_rows(records, taken, origin)
    labels = map_labels((row.values["label"] for row in rows), label_map or {}, origin)
    taken = _drop_unfit_offsets(rows, taken)
    kept = [row for row in rows if labels[_plain(row.values["label"])] != SKIP]
    examples, wrong = _to_examples(kept, labels, target, by_annotator)
    bad += wrong
    if bad and not skip_bad_rows:
        more = f" (and {len(bad) - 1} more such rows)" if len(bad) > 1 else ""
        raise LabelError(f"{bad[0]}{more}. Mend the table, or leave them out: --skip-bad-rows.")
    sides: dict[bool, list[Example]] = {False: [], True: []}
    for is_test, example in examples:
        sides[is_test].append(example)
    if not sides[False]:  # a folder of nothing but a test part is a table like any other
        sides = {False: sides[True], True: []}
    if not sides[False]:
        raise LabelError(f"{origin}: no labelled rows are left; look at --where and --label-map.")
    if not any(example.has_actor for example in sides[False]):
        target = about_texts(target)
    notes = [
        *(f"rows with {value!r} in {column!r}" for column, value in (where or {}).items()),
        *_tell_columns(taken, labels, rows, label_map or {}),
        *_tell_rows(sides[False] + sides[True], len(bad), len(rows) - len(kept)),
        *_tell_targets(records, found),
    ]
    return LabelledTable(name, target, sides[False], sides[True], taken, labels, notes)


def parse_label_map(text: str) -> dict[str, str]:
    """Read a map of labels as it is written on the command line.

    Parameters
    ----------
    text : str
        ``VALUE=STANCE`` with commas between; a value may hold commas and equals signs itself.

    Returns
    -------
    dict of str to str

    Raises
    ------
    LabelError
        If it is written otherwise, or names another stance.

    Examples
    --------
    >>> parse_label_map("FAVOR=supports, AGAINST=criticizes,no, or unclear=skip")
    {'FAVOR': 'supports', 'AGAINST': 'criticizes', 'no, or unclear': 'skip'}
    """
    result: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _MAP_ITEM.search(text, position)
        value = text[position : match.start()].strip() if match else ""
        if not match or not value:
            raise LabelError(
                f"--label-map {text!r:.200} must be VALUE=STANCE with commas between, as in "
                "--label-map FAVOR=supports,AGAINST=criticizes,NONE=neutral."
            )
        result[value] = match[1]
        position = match.end()
    _check_stances(result)
    return result


def _check_stances(label_map: Mapping[str, str]) -> None:
    """Raise for a label that is mapped to no stance."""
    for value, stance in label_map.items():
        if stance not in (*STANCES, SKIP):
            raise LabelError(
                f"--label-map {value}={stance}: {stance!r} is not one of {', '.join(STANCES)} or "
                f"{SKIP}.{suggestion(stance, STANCES)}"
            )


def find_shared_texts(train: Iterable[Example], test: Iterable[Example]) -> list[bool]:
    """Tell of each row of `test` whether its text stands in `train` as well.

    Texts are compared by their letters and digits, in small letters.
    """
    known = {fold_text(example.sentence) for example in train}
    return [fold_text(example.sentence) in known for example in test]


def fold_text(text: str) -> str:
    """Return the form of a text in which copies are found.

    Examples
    --------
    >>> fold_text("\u201cVery good\u201d, he said!") == fold_text("very good he said")
    True
    """
    return _NO_LETTERS.sub(" ", text.casefold()).strip() or text.strip()


def find_columns(found: Sequence[str], chosen: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return which column holds which field.

    Parameters
    ----------
    found : sequence of str
        The table's columns.
    chosen : mapping of str to str
        Field to column, as the user said; ``""`` for none.
    origin : str
        What messages call the table.

    Returns
    -------
    dict of str to str
        In the order of `FIELDS`.

    Raises
    ------
    LabelError
        If a column is not there, text or label cannot be found, or two columns could be meant.
    """
    columns = _show(found)
    for wrong in (name for name in chosen if name not in FIELDS):
        raise LabelError(
            f"no field {wrong!r}; the fields are {', '.join(FIELDS)}.{suggestion(wrong, FIELDS)}"
        )
    for column in chosen.values():
        if column and column not in found:
            raise LabelError(
                f"{origin}: no column {column!r}; found {columns}.{suggestion(column, found)}"
            )
    taken = {
        name: chosen[name] if name in chosen else _find_usual(name, found, chosen, origin)
        for name in FIELDS
    }
    for name in ("text", "label"):
        if not taken[name]:
            raise LabelError(
                f"{origin}: no column for the {name}; found {columns}. Name it with "
                f"--{name}-column; --no-header, if the first line is a row already."
            )
    return {name: column for name, column in taken.items() if column}


def _find_usual(name: str, found: Sequence[str], chosen: Mapping[str, str], origin: str) -> str:
    """Return the column that has a usual name of a field; "" for none."""
    usual = {fold_column(usual) for usual in USUAL_NAMES[name]}
    fits = [c for c in found if fold_column(c) in usual and c not in chosen.values()]
    if len(fits) > 1 and name in CHOSEN_FIELDS:
        raise LabelError(
            f"{origin}: the {name} could be in {' or '.join(map(repr, fits))}; choose one, "
            f"as in --{name}-column {fits[0]!r}. Found {_show(found)}."
        )
    return fits[0] if fits else ""


def _show(columns: Sequence[str]) -> str:
    """Return the columns for a message; in a table without a header they are as long as texts."""
    return ", ".join(
        c if len(c) <= _LONGEST_NAME else f"{c[:40]}…" for c in map(_one_line, columns)
    )


def fold_column(column: str) -> str:
    """Return the form in which columns' names are compared."""
    return re.sub(r"[\s_-]+", "", column.casefold())


def _list_columns(records: Sequence[Record]) -> list[str]:
    """Return the columns, in the order in which they first appear."""
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(key for key in record.values if isinstance(key, str)))
    return [name for name in names if name.strip()]


def _select(
    records: list[Record], where: Mapping[str, str], found: Sequence[str], origin: str
) -> list[Record]:
    """Return the records with the wanted values."""
    for column, wanted in where.items():
        if column not in found:
            raise LabelError(
                f"{origin}: no column {column!r}; found {_show(found)}.{suggestion(column, found)}"
            )
        values = Counter(str(record.values.get(column)).strip() for record in records)
        if wanted not in values:
            raise LabelError(
                f"{origin}: no row has {wanted!r} in {column!r}; found "
                f"{shortlist(_one_line(value)[:40] for value in values)}."
                f"{suggestion(wanted, values)}"
            )
        records = [r for r in records if str(r.values.get(column)).strip() == wanted]
    return records


def _check_rows(
    records: Sequence[Record], taken: Mapping[str, str], origin: str
) -> tuple[list[_Row], list[str]]:
    """Return the rows that have a text and a label, and what is wrong with the others."""
    rows, bad = [], []
    for record in records:
        values = {name: record.values.get(column) for name, column in taken.items()}
        reason = _find_fault(record, values)
        if reason:
            bad.append(f"{record.where}: {reason}")
        else:
            rows.append(_Row(record, values))
    if not rows:
        raise LabelError(f"{bad[0]}; none of the {len(bad)} rows of {origin} can be used.")
    return rows, bad


def _find_fault(record: Record, values: Mapping[str, Any]) -> str:
    """Return what is wrong with a row; "" for nothing."""
    text = values["text"]
    if None in record.values:
        return "there are more cells than columns; a cell that holds the delimiter must be quoted"
    if _is_empty(text):
        return "the text is empty"
    if not isinstance(text, str):
        return f"the text is {type(text).__name__} {text!r:.40}, not a text"
    if _is_empty(values["label"]):
        return "the label is empty"
    for value in (
        values[name] for name in ("label", "actor", "canonical", "annotator") if name in values
    ):
        if isinstance(value, (list, dict, tuple)):
            return f"a single value was expected, found {value!r:.60}"
    if not _is_writable(*values.values()):
        return "it holds half a character (a lone surrogate)"
    return ""


def _is_writable(*values: Any) -> bool:
    """Tell whether the values can be written as UTF-8."""
    try:
        "".join(map(str, values)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_empty(value: Any) -> bool:
    """Tell whether a cell holds nothing."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def _one_line(value: Any) -> str:
    """Return a value with single spaces for white space, as messages need it."""
    return " ".join(str(value).split())


def _plain(value: Any) -> str:
    """Return a label's value in the form in which values are compared: 1, 1.0 and "1" are one."""
    text = _one_line(value).casefold()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text


def map_labels(values: Iterable[Any], label_map: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return the stance of each value of a label column.

    Parameters
    ----------
    values : iterable
        The column.
    label_map : mapping of str to str
        What the user said of them.
    origin : str
        What messages call the table.

    Returns
    -------
    dict of str to str
        Each value that was found, in small letters, to its stance or ``"skip"``.

    Raises
    ------
    LabelError
        If there is a value of which neither the user nor custom tells what it means.

    Examples
    --------
    >>> map_labels(["FAVOR", "AGAINST", 7.0], {"7": "neutral"}, "t.csv")
    {'7': 'neutral', 'against': 'criticizes', 'favor': 'supports'}
    """
    _check_stances(label_map)
    shown: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for value in values:
        plain = _plain(value)
        counts[plain] += 1
        shown.setdefault(plain, _one_line(value))
    known = {**USUAL_LABELS, **(_TWO_FOUR_SIX if set(counts) == set(_TWO_FOUR_SIX) else {})}
    known.update((_plain(value), stance) for value, stance in label_map.items())
    unknown = [value for value in sorted(counts) if value not in known]
    if unknown:
        likely = _LIKELY_NUMBERS if set(counts) <= {"-1", "0", "1"} and "-1" in counts else {}
        likely = {**likely, **(_TWO_FOUR_SIX if set(counts) <= set(_TWO_FOUR_SIX) else {})}
        found = ", ".join(f"{shown[value]:.40} ({n})" for value, n in counts.most_common(12))
        entries = (f"{shown[v]}={known.get(v) or likely.get(v) or '…'}" for v in sorted(counts))
        entry = ",".join(entries) if len(counts) <= 12 else f"{shown[unknown[0]]}=…"
        advice = "if that is what they mean" if likely else f"with {', '.join(STANCES)} or {SKIP}"
        raise LabelError(
            f"{origin}: it cannot be told what the label {shown[unknown[0]]!r} means; found "
            f"{found}{' and more' if len(counts) > 12 else ''}. Write --label-map {entry!r}, "
            f"{advice}{'' if likely else ' for each …'}."
        )
    return {value: known[value] for value in sorted(counts)}


def _drop_unfit_offsets(rows: Sequence[_Row], taken: dict[str, str]) -> dict[str, str]:
    """Return the columns without those of offsets, unless both are there and hold numbers."""
    names = ("actor_start", "actor_end")
    for row in rows:
        for name in names:
            row.values[name] = _to_offset(row.values.get(name))
    if all(name in taken for name in names) and not any(
        row.values[name] is _NO_OFFSET for row in rows for name in names
    ):
        return taken
    for row in rows:
        row.values.update(dict.fromkeys(names))
    return {name: column for name, column in taken.items() if name not in names}


_NO_OFFSET = "no offset"


def _to_offset(value: Any) -> int | str | None:
    """Return a whole number from 0 on, None for an empty cell, or `_NO_OFFSET`."""
    if _is_empty(value):
        return None
    plain = _plain(value)
    return int(plain) if plain.isascii() and plain.isdigit() else _NO_OFFSET


def _to_examples(
    rows: Sequence[_Row], labels: Mapping[str, str], target: Target, by_annotator: bool = False
) -> tuple[list[tuple[bool, Example]], list[str]]:
    """Return the examples, each with whether it is to be tested on, and what is wrong."""
    examples, wrong = [], []
    starts: dict[str, dict[Any, int]] = {}
    for record, values in rows:
        text = values["text"].strip()
        lead = len(values["text"]) - len(values["text"].lstrip())
        passage = _find_actor(text, lead, values, target)
        if isinstance(passage, str):
            wrong.append(f"{record.where}: {passage}")
            continue
        group = _name_group(values, text)
        annotator = "" if _is_empty(values.get("annotator")) else str(values["annotator"]).strip()
        places = starts.setdefault(group, {})
        start = _place(places, text, passage, annotator if by_annotator else "")
        actor = text[passage.actor_start : passage.actor_end]
        example = Example(
            group, start, start + len(text), text, actor, passage.actor_start,
            passage.actor_end, passage.canonical, labels[_plain(values["label"])],
            annotator=annotator,
        )  # fmt: skip
        examples.append((record.split == "test", example))
    return examples, wrong


def _place(places: dict[Any, int], text: str, passage: Passage, annotator: str = "") -> int:
    """Return where in its group a text begins: they stand one after another, as in an article.

    `places` holds where each text and row of the group begins and, under None, where the last ends.

    The claims of a sentence are judged in each other's light. A row that stands twice, for two
    annotators perhaps, is no such other claim, and is placed as a text of its own.
    """
    key = (text, passage.actor_start, passage.actor_end, passage.canonical, annotator)
    end = places.get(None, 0)
    start = end if key in places else places.setdefault(text, end)
    places[key] = start
    places[None] = max(end, start + len(text) + 1)
    return start


def _find_actor(text: str, lead: int, values: Mapping[str, Any], target: Target) -> Passage | str:
    """Return the text with its actor, or what is wrong with the offsets."""
    actor = "" if _is_empty(values.get("actor")) else str(values["actor"]).strip()
    canonical = "" if _is_empty(values.get("canonical")) else str(values["canonical"]).strip()
    if target.unit == "text":
        return Passage(text, canonical=canonical or target.canonical(actor) or actor)
    start, end = values.get("actor_start"), values.get("actor_end")
    if start is not None and end is not None and end > start:
        start, end = start - lead, end - lead
        stands = text[max(0, start) : end]
        if start < 0 or end > len(text) or (actor and stands != actor):
            return f"the actor {actor!r} does not stand at its offsets, but {stands!r:.60}"
        return Passage(text, start, end, canonical or target.canonical(stands) or stands)
    if not actor:
        return Passage(text, canonical=canonical)
    found = to_passages([text], [actor], target)[0]
    return Passage(text, found.actor_start, found.actor_end, canonical or found.canonical)


def _name_group(values: Mapping[str, Any], text: str) -> str:
    """Return what keeps a row together with others: its group, or else its text."""
    group = "" if _is_empty(values.get("group")) else str(values["group"]).strip()
    if group and len(group) <= _LONGEST_NAME:
        return group
    return "text-" + hashlib.sha256((group or fold_text(text)).encode()).hexdigest()[:16]


def _empty_target(name: str) -> str:
    """Return the TOML of a target without actors and cues, called after a file."""
    plain = re.sub(r"[^\w-]+", "-", name).strip("-") or "table"
    return f'name = "{plain}"\n'


def _tell_columns(
    taken: Mapping[str, str],
    labels: Mapping[str, str],
    rows: Sequence[_Row],
    label_map: Mapping[str, str],
) -> list[str]:
    """Say which columns were taken, and what the labels were taken for."""
    counts = Counter(_plain(row.values["label"]) for row in rows)
    notes = [
        "columns: " + ", ".join(f"{name} from {column!r}" for name, column in taken.items()),
        "labels: " + ", ".join(f"{v!r} = {stance} ({counts[v]})" for v, stance in labels.items()),
    ]
    unused = [value for value in label_map if _plain(value) not in counts]
    if unused:
        notes.append(f"no row has the label {shortlist(map(repr, unused))} of --label-map")
    return notes


def _tell_rows(examples: Sequence[Example], n_bad: int, n_skipped: int) -> list[str]:
    """Say what is odd about the rows."""
    stances: dict[tuple[str, str], set[str]] = {}
    for example in examples:
        key = (fold_text(example.sentence), example.canonical)
        stances.setdefault(key, set()).add(example.label)
    contrary = sum(len(found) > 1 for found in stances.values())
    named = sum(bool(example.canonical) for example in examples)
    whole = sum(bool(e.canonical) and not e.has_actor for e in examples)
    told = {
        f"{n_bad} bad rows left out": n_bad,
        f"{n_skipped} rows left out by --label-map": n_skipped,
        f"{contrary} texts have contrary labels for one actor; all their rows are kept": contrary,
        "no actors: each text is judged as a whole": not named,
        f"{len(examples) - named} of {len(examples)} rows without an actor are judged as a whole": (
            named and named < len(examples)
        ),
        f"{whole} of {named} actors do not stand in their text, which is judged as a whole": whole,
    }
    return [note for note, applies in told.items() if applies]


def _tell_targets(records: Sequence[Record], found: Sequence[str]) -> list[str]:
    """Say where the rows are about several things."""
    usual = {fold_column(name) for name in _TARGET_NAMES}
    notes = []
    for column in found:
        values = Counter(str(record.values.get(column)).strip() for record in records)
        if fold_column(column) in usual and len(values) > 1:
            first = values.most_common(1)[0][0]
            notes.append(
                f"{column!r} holds {len(values)} targets, and a model judges one: choose with "
                f"--where {column}={first!r:.60}"
            )
    return notes
