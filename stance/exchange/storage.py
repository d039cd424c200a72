"""Storage: imported rows go into the corpus' own files, or into one file of several annotators.

Each row goes to the file of its source, where it replaces that of the same pair; every other row
stays. The corpus holds one label of each pair; rows of several annotators go to a file of their
own, to be compared.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stance.articles import Article, parse_article, read_articles
from stance.errors import LabelError, shortlist
from stance.examples import Example, check_offsets, read_labels, write_labels
from stance.exchange.inline import write_article
from stance.files import write_whole
from stance.records import decode

# Each wins over those before it.
_FILES = {"weak": "weak.jsonl", "reviewed": "reviewed.jsonl", "gold": "gold.jsonl"}


@dataclass(frozen=True)
class Stored:
    """Where rows went.

    Parameters
    ----------
    rows : dict of Path to int
        Files of labels, and how many of the imported rows each holds.
    n_replaced : int
        How many rows of the corpus they replaced.
    n_articles : int
        How many articles were written.
    n_twice : int
        How many rows stood twice, word for word, and were taken once.
    n_outranked : int
        For how many rows the corpus has another label in a file that wins over theirs.
    """

    rows: dict[Path, int]
    n_replaced: int = 0
    n_articles: int = 0
    n_twice: int = 0
    n_outranked: int = 0


def drop_copies(examples: Sequence[Example]) -> list[Example]:
    """Take each row once.

    Parameters
    ----------
    examples : sequence of Example
        The rows.

    Returns
    -------
    list of Example
        Without those that stand twice, word for word.

    Raises
    ------
    LabelError
        If one annotator has given one pair two labels.
    """
    kept: dict[tuple[object, ...], Example] = {}
    for row in examples:
        first = kept.setdefault((*row.key, row.sentence, row.annotator), row)
        if first != row:
            raise LabelError(
                f"two rows by {row.annotator!r} of {row.actor or 'no actor'!r:.60} in "
                f"{row.article!r} at {row.start}: {first.label} and {row.label}. Leave one, or say "
                "who gave which."
            )
    return list(kept.values())


def store_apart(examples: Sequence[Example], out: str | os.PathLike[str]) -> Stored:
    """Write rows to one file, a pair once for each annotator.

    Parameters
    ----------
    examples : sequence of Example
        The rows.
    out : path-like
        JSON Lines file to write.

    Returns
    -------
    Stored
    """
    rows = drop_copies(examples)
    write_labels(out, rows)
    return Stored({Path(out): len(rows)}, n_twice=len(examples) - len(rows))


def store_in_corpus(
    examples: Sequence[Example],
    made: Sequence[Article],
    raw: str | os.PathLike[str],
    labels: str | os.PathLike[str],
) -> Stored:
    """Bring rows into a corpus.

    Parameters
    ----------
    examples : sequence of Example
        The rows; each goes to the file of its source.
    made : sequence of Article
        Articles to write; those of the other rows must be there.
    raw, labels : path-like
        Folders of the articles and of the labels.

    Returns
    -------
    Stored

    Raises
    ------
    StanceError
        If a pair has labels of several annotators, an article is missing, or offsets do not fit
        its text; nothing is written then.
    """
    rows = drop_copies(examples)
    _check_single(rows)
    articles = {article.id: article for article in made}
    _check_articles(rows, articles, Path(raw))
    files = {name: Path(labels) / file for name, file in _FILES.items()}
    before = {n: read_labels(file) if file.is_file() else [] for n, file in files.items()}
    fresh: dict[str, list[Example]] = defaultdict(list)
    for row in rows:
        fresh[row.source].append(row)
    n_replaced = 0
    for article in made:
        write_whole(Path(raw) / f"{article.id}.md", write_article(article))
    for name, added in fresh.items():
        kept = _without(before[name], added)
        n_replaced += len(before[name]) - len(kept)
        write_labels(files[name], [*kept, *added])
    counts = {files[name]: len(rows) for name, rows in fresh.items() if rows}
    above = _outranking(before)
    n_outranked = sum(above[row.source].get(row.key, row.label) != row.label for row in rows)
    return Stored(counts, n_replaced, len(made), len(examples) - len(rows), n_outranked)


def _without(before: Sequence[Example], added: Sequence[Example]) -> list[Example]:
    """Return the rows that stay: other pairs, and sentences that still have no actor."""
    keys = {row.key for row in added}
    with_actor = {(row.article, row.start) for row in added if row.has_actor}
    return [
        row
        for row in before
        if row.key not in keys and (row.has_actor or (row.article, row.start) not in with_actor)
    ]


def _outranking(before: Mapping[str, Sequence[Example]]) -> dict[str, dict[object, str]]:
    """Return the labels, by pair, of the files that win over each source."""
    names = list(_FILES)
    return {
        name: {row.key: row.label for above in names[i + 1 :] for row in before[above]}
        for i, name in enumerate(names)
    }


def _check_single(rows: Sequence[Example]) -> None:
    """Raise where a pair has several rows."""
    annotators: dict[object, set[str]] = defaultdict(set)
    for row in rows:
        annotators[row.key].add(row.annotator)
    several = [names for names in annotators.values() if len(names) > 1]
    if several:
        raise LabelError(
            f"{len(several)} pairs have labels of several annotators "
            f"({shortlist(map(repr, set.union(*several)))}), and the corpus holds one of each. "
            "Write them to a file with --out, and compare them with: stance agreement."
        )
    if any(row.source not in _FILES for row in rows):
        raise LabelError("clauses of a phrasebook belong to no article; leave them out.")


def _check_articles(rows: Sequence[Example], made: Mapping[str, Article], raw: Path) -> None:
    """Check that every row's sentence stands in its article."""
    there = {a.id: a for a in read_articles(raw)} if raw.is_dir() and any(raw.iterdir()) else {}
    clash = sorted(name for name, a in made.items() if name in there and there[name].text != a.text)
    if clash:
        raise LabelError(
            f"{raw} has other articles called {shortlist(clash)}; rename the file that is imported."
        )
    for name, article in made.items():
        text = write_article(article)
        if parse_article(decode(text.encode(), name), name).text != article.text:
            raise LabelError(f"the text of {name!r} is not one that a text file can hold.")
    known = {**there, **made}
    for row in rows:
        if row.article not in known:
            raise LabelError(
                f"no article {row.article!r:.80} in {raw}; put it there, or write the labels to a "
                "file of their own with --out."
            )
        check_offsets(row, known, f"{row.article} at {row.start}")
