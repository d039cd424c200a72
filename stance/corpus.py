"""The corpus on disk: a folder of articles and a folder of labels.

``raw/`` holds articles, ``labels/`` holds ``reviewed.jsonl``, ``gold.jsonl``, ``weak.jsonl`` and
``phrasebook.jsonl``, each of which may be missing. All of it is checked against each other here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stance.articles import Article, read_articles
from stance.errors import LabelError
from stance.examples import Example, merge_labels, read_labels, read_phrasebook

REVIEWED_FILES = ("reviewed.jsonl", "gold.jsonl")
WEAK_FILE = "weak.jsonl"
PHRASEBOOK_FILE = "phrasebook.jsonl"


@dataclass(frozen=True)
class Corpus:
    """Articles with their labels.

    Parameters
    ----------
    articles : mapping of str to Article
        By id.
    examples : list of Example
        Labels of articles, merged: gold over reviewed over weak.
    phrasebook : list of Example
        Actor-free clauses with their labels.
    """

    articles: Mapping[str, Article]
    examples: list[Example]
    phrasebook: list[Example]


def read_corpus(
    raw: str | os.PathLike[str], labels: str | os.PathLike[str], *, weak: bool = False
) -> Corpus:
    """Read and check a corpus.

    Parameters
    ----------
    raw : path-like
        Folder of articles.
    labels : path-like
        Folder of label files.
    weak : bool, default=False
        Whether to take weak labels where there are no reviewed ones.

    Returns
    -------
    Corpus

    Raises
    ------
    StanceError
        If an article or a label is wrong, or there are no labels; the message names the place.
    """
    articles = {article.id: article for article in read_articles(raw)}
    folder = Path(labels)
    names = [*REVIEWED_FILES, *([WEAK_FILE] if weak else [])]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise LabelError(
            f"no labels in {folder}: none of {', '.join(names)} is there. Label some articles in "
            "a text editor and bring them in with: stance import (docs/labelling.md)."
        )
    examples = merge_labels(*(read_labels(path, articles) for path in found))
    book = folder / PHRASEBOOK_FILE
    return Corpus(articles, examples, read_phrasebook(book) if book.is_file() else [])
