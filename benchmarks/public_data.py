"""Public data sets: their folders enter, rows with marked entities and official scores leave.

A module of the benchmarks, no benchmark. The files belong to their authors and are read from where
they lie; nothing of them is kept here. Offsets are into the text as it is given on.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

SEMEVAL_STANCES = {"AGAINST": "criticizes", "NONE": "neutral", "FAVOR": "supports"}
POLARITIES = {2.0: "criticizes", 4.0: "neutral", 6.0: "supports"}
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NO_WORD = re.compile(r"[\[\]\W_]+")


@dataclass(frozen=True)
class Tweet:
    """A tweet and its stance on a target; SemEval-2016 task 6."""

    target: str
    text: str
    label: str


@dataclass(frozen=True)
class Pair:
    """A sentence with two entities, the first of which is p; directed sentiment.

    The label is the data set's: 0 neutral, 1 and 2 positive of p on q and of q on p, 3 and 4
    negative likewise.
    """

    text: str
    p: tuple[int, int]
    q: tuple[int, int]
    label: int


@dataclass(frozen=True)
class Mentioned:
    """A sentence, a person in it, and the sentiment towards that person; NewsMTSC."""

    article: str
    number: int
    text: str
    start: int
    end: int
    label: str


def find_data(given: Path | None, name: str, title: str) -> Path:
    """Return the folder of a benchmark, or stop with what to do."""
    folder = given or Path(os.environ.get("STANCE_BENCH_DATA", "../shared/bench"))
    folder = folder if folder.name == name else folder / name
    if not folder.is_dir():
        raise SystemExit(
            f"no {title} data at {folder}: name its folder with --data or STANCE_BENCH_DATA."
        )
    return folder


def read_semeval(folder: Path) -> tuple[list[Tweet], list[Tweet]]:
    """Return the training rows, those of the trial among them, and the test rows of task A."""
    train, trial, test = (
        _read_tweets(folder / f"{part}-all-annotations.txt")
        for part in ("trainingdata", "trialdata", "testdata-taskA")
    )
    return train + trial, test


def _read_tweets(path: Path) -> list[Tweet]:
    """Return the rows of one file: latin-1, tabs, a header line."""
    # Not splitlines, which would also split at latin-1's control characters.
    header, *lines = path.read_bytes().decode("latin-1").replace("\r\n", "\n").split("\n")
    names = header.split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines if line]
    return [Tweet(row["Target"], row["Tweet"], SEMEVAL_STANCES[row["Stance"]]) for row in rows]


def read_pairs(path: Path) -> list[Pair]:
    """Return the rows of one part of the directed sentiments, brackets taken off."""
    rows = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        marked, *_, label = line.split("\t")
        text, spans, position = "", [], 0
        for match in _BRACKETS.finditer(marked):
            text += marked[position : match.start()]
            spans.append((len(text), len(text) + len(match[1])))
            text += match[1]
            position = match.end()
        rows.append(Pair(text + marked[position:], spans[0], spans[1], int(label)))
    return rows


def fold_sentence(text: str) -> str:
    """Return a sentence as two copies of it are compared: small letters, words alone.

    Examples
    --------
    >>> fold_sentence("[Ann Lee]\u2019s \u201cno\u201d.")
    'ann lee s no'
    """
    return _NO_WORD.sub(" ", text.lower()).strip()


def find_clean(train: Iterable[str], test: Sequence[str]) -> np.ndarray:
    """Return which test sentences do not stand in train as well, shape (n_test,)."""
    known = {fold_sentence(text) for text in train}
    return np.array([fold_sentence(text) not in known for text in test], dtype=bool)


def read_mentioned(path: Path) -> list[Mentioned]:
    """Return one row for each target of each sentence of NewsMTSC."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")):
        if not line:
            continue
        item = json.loads(line)
        article = "_".join(item["primary_gid"].split("_")[:2])
        text = item["sentence_normalized"]
        rows += [
            Mentioned(article, number, text, of["from"], of["to"], POLARITIES[of["polarity"]])
            for of in item["targets"]
        ]
    return rows


def f_avg(y_true: Sequence[str] | np.ndarray, y_pred: Sequence[str] | np.ndarray) -> float:
    """Return the score of SemEval-2016 task 6: mean F1 of favor and against, all targets pooled.

    A tweet of no stance counts only where it is taken for one, as in the official scorer.
    """
    return float(
        f1_score(
            y_true, y_pred, labels=["criticizes", "supports"], average="macro", zero_division=0
        )
    )


def macro_f1(y_true: Sequence[str] | np.ndarray, y_pred: Sequence[str] | np.ndarray) -> float:
    """Return the mean F1 of the classes that stand in the truth."""
    classes = sorted(set(np.asarray(y_true).tolist()))
    return float(f1_score(y_true, y_pred, labels=classes, average="macro", zero_division=0))
