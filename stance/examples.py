"""Labelled examples: one (sentence, actor) pair a row, in JSON Lines and as a datasets.Dataset.

This module reads and writes rows, checks each against the schema and against its article, and
splits them by article. It never changes a label.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.articles import Article
from stance.cues import STANCES
from stance.errors import LabelError, shortlist, suggestion
from stance.files import write_whole
from stance.intake import read_file

if TYPE_CHECKING:
    from datasets import Dataset

COLUMNS = (
    "article", "start", "end", "sentence", "actor", "actor_start", "actor_end",
    "canonical", "label", "source", "annotator", "note",
)  # fmt: skip
SOURCES = ("weak", "reviewed", "gold", "phrasebook")
_RANK = {"weak": 0, "phrasebook": 0, "reviewed": 1, "gold": 2}
_OFFSETS = ("start", "end", "actor_start", "actor_end")
ACTOR_TOKEN = "ACTOR"


@dataclass(frozen=True)
class Example:
    """One (sentence, actor) pair with its label.

    Parameters
    ----------
    article : str
        Id of the article; ``""`` for a row of the phrasebook.
    start, end : int
        Offsets of the sentence in the article's text, in characters, end exclusive.
    sentence : str
        The sentence as printed.
    actor : str
        The mention as it stands in the sentence; ``""`` for a sentence without an actor.
    actor_start, actor_end : int
        Offsets of the mention in the sentence; both 0 where there is none.
    canonical : str
        Who that is.
    label : {"criticizes", "neutral", "supports"}
        The stance that this actor takes.
    source : {"weak", "reviewed", "gold", "phrasebook"}
        Where the label comes from.
    annotator : str
        Who labelled it.
    note : str
        Free text; for a weak label the cues that fired.
    """

    article: str
    start: int
    end: int
    sentence: str
    actor: str
    actor_start: int
    actor_end: int
    canonical: str
    label: str
    source: str = "reviewed"
    annotator: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, int, int, int, str]:
        """What tells two pairs apart: the mention's place, and who is meant there."""
        return (self.article, self.start, self.actor_start, self.actor_end, self.canonical)

    @property
    def has_actor(self) -> bool:
        """Whether the sentence has an actor."""
        return self.actor_end > self.actor_start


def read_labels(
    path: str | os.PathLike[str],
    articles: Mapping[str, Article] | None = None,
    *,
    by_annotator: bool = False,
) -> list[Example]:
    """Read a JSON Lines file of labels and check every row.

    Parameters
    ----------
    path : path-like
        The file.
    articles : mapping of str to Article, optional
        Articles by id. Where given, each row's offsets must point at its sentence.
    by_annotator : bool, default=False
        Whether a pair may stand once for each annotator, as in a file to be compared.

    Returns
    -------
    list of Example
        In the file's order.

    Raises
    ------
    LabelError
        For the first row that is not JSON, lacks a column, has an unknown label, an offset that
        does not match, or stands twice; the message names file and line.
    """
    path = Path(path)
    lines = _read_lines(path)
    examples: list[Example] = []
    seen: dict[tuple[Any, ...], int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        example = parse_row(_parse_json(line, where), where)
        if articles is not None and example.article:
            check_offsets(example, articles, where)
        who = example.annotator if by_annotator else ""
        first = seen.setdefault((*example.key, example.sentence, who), number)
        if first != number:
            raise LabelError(
                f"{where}: the pair {example.canonical or 'without actor'!r} in "
                f"{example.article!r} at {example.start} stands on line {first} already; "
                "leave one of the two."
            )
        examples.append(example)
    return examples


def _read_lines(path: Path) -> list[str]:
    """Return the lines of a file of labels."""
    try:
        return read_file(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise LabelError(f"{path} is not UTF-8 text; save it as UTF-8.") from error


def parse_row(row: Mapping[str, Any], where: str = "row") -> Example:
    """Check one row of labels.

    Parameters
    ----------
    row : mapping
        Column to value.
    where : str, default="row"
        What messages call it.

    Returns
    -------
    Example

    Raises
    ------
    LabelError
        If a column is missing or unknown, or a value is not allowed.
    """
    unknown = [column for column in row if column not in COLUMNS]
    if unknown:
        raise LabelError(
            f"{where}: unknown column {unknown[0]!r:.80}; the columns are {', '.join(COLUMNS)}."
            f"{suggestion(unknown[0], COLUMNS)}"
        )
    missing = [c for c in ("article", "start", "end", "sentence", "actor", "label") if c not in row]
    if missing:
        raise LabelError(f"{where}: no column {missing[0]!r}; found {shortlist(row)}.")
    values: dict[str, Any] = {"actor_start": 0, "actor_end": 0, "canonical": row["actor"], **row}
    for column in _OFFSETS:
        if type(values[column]) is not int or values[column] < 0:
            raise LabelError(
                f"{where}: {column} {values[column]!r:.80} is not a whole number from 0 on."
            )
    for column in COLUMNS:
        if column not in _OFFSETS and not isinstance(values.get(column, ""), str):
            raise LabelError(f"{where}: {column} {values[column]!r:.80} is not a text.")
    _check_writable(values, where)
    _check_choice(values["label"], STANCES, "label", where)
    _check_choice(values.get("source", "reviewed"), SOURCES, "source", where)
    example = Example(**values)
    if example.sentence[example.actor_start : example.actor_end] != example.actor:
        raise LabelError(
            f"{where}: actor {example.actor!r:.80} does not stand at "
            f"{example.actor_start}:{example.actor_end} of the sentence; found "
            f"{example.sentence[example.actor_start : example.actor_end]!r:.80} there."
        )
    return example


def _check_writable(values: Mapping[str, Any], where: str) -> None:
    """Raise for half a character, which JSON can escape but no file of text can hold."""
    for column, value in values.items():
        try:
            str(value).encode()
        except UnicodeEncodeError as error:
            raise LabelError(
                f"{where}: {column} holds half a character (a lone surrogate); mend the text."
            ) from error


def check_offsets(example: Example, articles: Mapping[str, Article], where: str) -> None:
    """Check that a row's offsets point at its sentence in its article.

    Raises
    ------
    LabelError
        If there is no such article, or other words stand there.
    """
    article = articles.get(example.article)
    if article is None:
        raise LabelError(
            f"{where}: no article {example.article!r}.{suggestion(example.article, articles)}"
        )
    found = article.text[example.start : example.end]
    if found != example.sentence:
        raise LabelError(
            f"{where}: offsets {example.start}:{example.end} of article {example.article!r} hold "
            f"{found[:40]!r}, not the sentence {example.sentence[:40]!r}. Label the article as it "
            "stands now, or restore the text that was labelled."
        )


def _check_choice(value: str, choices: Sequence[str], column: str, where: str) -> None:
    """Raise for a value that is not among `choices`."""
    if value not in choices:
        raise LabelError(
            f"{where}: {column} {value!r:.80} is not one of {', '.join(choices)}."
            f"{suggestion(value, choices)}"
        )


def _parse_json(line: str, where: str) -> Mapping[str, Any]:
    """Parse one line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{where}: not JSON: {error}. Each line must be one object.") from error
    if not isinstance(row, dict):
        raise LabelError(f"{where}: not a JSON object but {line.strip()[:40]!r}.")
    return row


def write_labels(path: str | os.PathLike[str], examples: Iterable[Example]) -> None:
    """Write labels as JSON Lines, sorted by article and offset so that a diff is readable.

    Parameters
    ----------
    path : path-like
        File to write, whole or not at all.
    examples : iterable of Example
        The rows.
    """
    ordered = sorted(examples, key=lambda e: (e.article, e.start, e.actor_start, e.canonical))
    lines = [json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in ordered]
    write_whole(path, "".join(lines))


def merge_labels(*groups: Iterable[Example]) -> list[Example]:
    """Put labels together: gold wins over reviewed, reviewed over weak.

    A reviewed sentence is a whole: weak rows of the same sentence, for whichever actor, are left
    out, because a reader has already said who takes part in it.

    Parameters
    ----------
    *groups : iterable of Example
        Any number of them, in any order.

    Returns
    -------
    list of Example
        Sorted by article and offset.
    """
    best: dict[tuple[Any, ...], Example] = {}
    read: set[tuple[str, int]] = set()
    for example in (example for group in groups for example in group):
        key = (*example.key, example.sentence if not example.article else "")
        if key not in best or _RANK[example.source] > _RANK[best[key].source]:
            best[key] = example
        if example.article and _RANK[example.source] > 0:
            read.add((example.article, example.start))
    rows = [e for e in best.values() if e.source != "weak" or (e.article, e.start) not in read]
    return sorted(rows, key=lambda e: (e.article, e.start, e.actor_start, e.canonical))


def read_phrasebook(path: str | os.PathLike[str]) -> list[Example]:
    """Read actor-free clauses with a label.

    Parameters
    ----------
    path : path-like
        JSON Lines, ``{"sentence": "ACTOR stopped short of …", "label": "neutral"}`` a line; the
        word ``ACTOR`` stands once where the actor would.

    Returns
    -------
    list of Example
        With ``article`` empty and ``source`` ``"phrasebook"``.

    Raises
    ------
    LabelError
        For the first line that is wrong; the message names it.
    """
    path = Path(path)
    lines = _read_lines(path)
    rows: list[Example] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        row = _parse_json(line, where)
        sentence, label = row.get("sentence", ""), row.get("label", "")
        if set(row) != {"sentence", "label"} or not all(isinstance(v, str) for v in row.values()):
            raise LabelError(
                f"{where}: a clause has the columns 'sentence' and 'label' alone, each a text."
            )
        _check_writable(row, where)
        _check_choice(label, STANCES, "label", where)
        place = sentence.find(ACTOR_TOKEN)
        if sentence.count(ACTOR_TOKEN) != 1:
            raise LabelError(f"{where}: the word ACTOR must stand once in {sentence!r}.")
        first = seen.setdefault(sentence.casefold(), number)
        if first != number:
            raise LabelError(f"{where}: the clause stands on line {first} already.")
        rows.append(
            Example("", 0, len(sentence), sentence, ACTOR_TOKEN, place, place + len(ACTOR_TOKEN),
                    "", label, "phrasebook")
        )  # fmt: skip
    return rows


def split_by_article(
    examples: Sequence[Example], test_share: float = 0.2
) -> tuple[list[Example], list[Example]]:
    """Split rows so that no article has rows on both sides.

    An article's side depends on its id alone, so that it stays where it is as the corpus grows and
    figures of different days can be compared.

    Parameters
    ----------
    examples : sequence of Example
        The rows; those without an article (the phrasebook) go to the training side.
    test_share : float in (0, 1), default=0.2
        Expected share of the articles on the test side. Of two articles or more, each side has
        at least one.

    Returns
    -------
    tuple of (list of Example, list of Example)
        The rows to train on, and those to test on.
    """
    ids = sorted({e.article for e in examples if e.article}, key=_split_digest)
    held_out = {article for article in ids if is_held_out(article, test_share)}
    if len(ids) > 1 and not held_out:
        held_out = {ids[0]}
    if len(ids) > 1 and len(held_out) == len(ids):
        held_out.discard(ids[-1])
    train = [example for example in examples if example.article not in held_out]
    test = [example for example in examples if example.article in held_out]
    return train, test


def is_held_out(article: str, test_share: float = 0.2) -> bool:
    """Tell whether an article is on the test side of the split.

    Examples
    --------
    >>> sum(is_held_out(f"article-{i}") for i in range(1000))
    201
    """
    return _split_digest(article) < test_share * 2**32


def _split_digest(article: str) -> int:
    """Return a number below 2**32 that depends on the article's id alone."""
    import hashlib

    digest = hashlib.sha256(f"stance split {article}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def to_dataset(examples: Iterable[Example]) -> Dataset:
    """Return the rows as a dataset whose label is a class label in our order.

    Parameters
    ----------
    examples : iterable of Example
        The rows.

    Returns
    -------
    datasets.Dataset
        With the columns of `COLUMNS`; ``label`` is 0 criticizes, 1 neutral, 2 supports.
    """
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({c: Value("int64" if c in _OFFSETS else "string") for c in COLUMNS})
    features["label"] = ClassLabel(names=list(STANCES))
    rows = [asdict(example) for example in examples]
    columns = {column: [row[column] for row in rows] for column in COLUMNS}
    columns["label"] = [STANCES.index(label) for label in columns["label"]]
    return Dataset.from_dict(columns, features=features)


def from_dataset(dataset: Dataset) -> list[Example]:
    """Return the rows of a dataset made by `to_dataset`, checked.

    Raises
    ------
    LabelError
        If a row breaks the schema.
    """
    names = dataset.features["label"]
    rows = []
    for number, row in enumerate(dataset):
        label = names.int2str(row["label"]) if isinstance(row["label"], int) else row["label"]
        rows.append(parse_row({**row, "label": label}, f"dataset, row {number}"))
    return rows
