"""Library: the articles and labels on disk, read once, and found by their ids alone.

A folder of articles and one of labels enter; articles, and the pairs that were labelled, leave. An
id from a request is looked up in the list of what was read and never becomes a path.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stance.articles import Article, read_articles
from stance.corpus import REVIEWED_FILES
from stance.errors import ArticleError
from stance.examples import Example, merge_labels, read_labels
from stance.serve.journal import pair_key


@dataclass(frozen=True)
class Pair:
    """A (sentence, actor) pair that can be reviewed.

    Parameters
    ----------
    article : str
        Id of its article.
    start, end : int
        Offsets of the sentence in the article's text.
    actor_start, actor_end : int
        Offsets of the mention in the sentence.
    canonical : str
        Who is meant; "" where that is not known.
    label : str or None
        The label that stands in the files; None for a pair that a model found.
    annotator : str
        Whose label it is.
    note : str
        What stands with it.
    """

    article: str
    start: int
    end: int
    actor_start: int
    actor_end: int
    canonical: str
    label: str | None = None
    annotator: str = ""
    note: str = ""

    @cached_property
    def key(self) -> str:
        """What tells two pairs apart."""
        return pair_key(self.article, self.start, self.actor_start, self.actor_end, self.canonical)

    @property
    def place(self) -> tuple[str, int, int, int]:
        """Where the mention stands, whoever is meant."""
        return (self.article, self.start, self.actor_start, self.actor_end)


class Library:
    """Articles and labels.

    Parameters
    ----------
    raw : Path
        Folder of articles; it need not be there.
    labels : Path
        Folder of label files; it need not be there.
    """

    def __init__(self, raw: Path, labels: Path) -> None:
        self.raw = raw
        self.labels = labels
        self._lock = threading.Lock()
        self._articles: dict[str, Article] | None = None
        self._pairs: dict[str, Pair] | None = None

    @property
    def articles(self) -> Mapping[str, Article]:
        """The articles by id."""
        with self._lock:
            if self._articles is None:
                self._articles = self._read_articles()
            return self._articles

    @property
    def pairs(self) -> Mapping[str, Pair]:
        """The labelled pairs by key, in order of article and place."""
        articles = self.articles
        with self._lock:
            if self._pairs is None:
                rows = [row for row in read_rows(self.labels, articles) if row.has_actor]
                self._pairs = {pair.key: pair for pair in map(to_pair, rows)}
            return self._pairs

    def forget_labels(self) -> None:
        """Read the labels anew when they are next asked for."""
        with self._lock:
            self._pairs = None

    def _read_articles(self) -> dict[str, Article]:
        """Read the folder; one that is not there, or is empty, holds no articles."""
        if not self.raw.is_dir():
            return {}
        found: dict[str, Article] = {}
        try:
            for article in read_articles(self.raw):
                found.setdefault(article.id, article)
        except ArticleError:
            if any(path.is_file() for path in self.raw.rglob("*.*")):
                raise
        return found


def read_rows(labels: Path, articles: Mapping[str, Article]) -> list[Example]:
    """Return the rows of a folder that somebody has read, gold over reviewed.

    Parameters
    ----------
    labels : Path
        The folder.
    articles : mapping of str to Article
        What the rows must agree with.

    Returns
    -------
    list of Example
        Sorted by article and offset; none where there is no file yet.
    """
    paths = [labels / name for name in REVIEWED_FILES if (labels / name).is_file()]
    return merge_labels(*(read_labels(path, articles) for path in paths))


def to_pair(row: Example) -> Pair:
    """Return the pair of a labelled row."""
    return Pair(
        row.article, row.start, row.end, row.actor_start, row.actor_end, row.canonical,
        row.label, row.annotator, row.note,
    )  # fmt: skip
