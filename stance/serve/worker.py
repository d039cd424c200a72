"""Worker: what takes long runs in a process of its own, so that the app goes on answering.

One JSON object enters on standard input: what to do. JSON lines leave on standard output: progress,
rows, and at last a result or an error. Run as ``python -m stance.serve.worker``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from stance.errors import StanceError

Emit = Callable[[dict[str, Any]], None]
ROWS_A_LINE = 500
ARTICLES_A_LINE = 20
# How far the training is when it says this; the rest of a message is left aside.
STEPS = {
    "reading the actors": 0.03,
    "counting terms": 0.1,
    "choosing settings": 0.2,
    "cross-validating": 0.2,
    "fitting with": 0.5,
    "finding actors": 0.8,
    "looking into the errors": 0.9,
    "writing": 0.95,
}


def run_task(task: Mapping[str, Any], emit: Emit) -> None:
    """Do what was asked for.

    Parameters
    ----------
    task : mapping
        ``do``: ``"train"`` or ``"rank"``; ``raw``, ``labels``, ``model``: folders; ``target``: its
        TOML text; ``jobs``: processes; ``penalty``: strength of fit of the model that ranks.
    emit : callable
        Told of progress, rows and the result.
    """
    tasks = {"train": _train, "rank": _rank}
    tasks[task["do"]](task, emit)


def _train(task: Mapping[str, Any], emit: Emit) -> None:
    """Train a model on the labels with the reviewers' decisions, and put it in its place."""
    from stance.experiment import run_experiment
    from stance.model import save_model
    from stance.report.card import render_card

    corpus, target = _read_corpus(task), _parse_target(task)

    def tell(message: str) -> None:
        emit({"message": message, "progress": _how_far(message)})

    experiment = run_experiment(corpus, target, n_jobs=task["jobs"], progress=tell)
    tell("writing the model")
    metadata = {**experiment.metadata, "seconds": round(experiment.seconds, 1)}
    card = render_card(metadata, experiment.evaluation)
    save_model(experiment.model, Path(task["model"]), metadata, experiment.evaluation, card)
    emit({"evaluation": experiment.evaluation})


def _how_far(message: str) -> float | None:
    """Return which part of the work is done when a message comes."""
    return next((part for start, part in STEPS.items() if message.startswith(start)), None)


def _read_corpus(task: Mapping[str, Any]) -> Any:
    """Return the corpus with the decisions in it."""
    from stance.articles import read_articles
    from stance.corpus import PHRASEBOOK_FILE, Corpus
    from stance.examples import read_phrasebook
    from stance.serve.journal import FILE_NAME, Journal
    from stance.serve.settling import settle_corpus

    labels = Path(task["labels"])
    articles = {article.id: article for article in read_articles(task["raw"])}
    rows = settle_corpus(labels, Journal(labels / FILE_NAME).standing(), articles)
    if not rows:
        raise StanceError("no labels to learn from yet; label some pairs first.")
    book = labels / PHRASEBOOK_FILE
    return Corpus(articles, rows, read_phrasebook(book) if book.is_file() else [])


def _parse_target(task: Mapping[str, Any]) -> Any:
    """Return the target."""
    from stance.targets import parse_target

    return parse_target(task["target"])


def _rank(task: Mapping[str, Any], emit: Emit) -> None:
    """Tell what models think of labelled pairs that they have not seen, then of bare articles."""
    # A corpus without labels, or with too few to be cross-validated, has only bare articles.
    with contextlib.suppress(StanceError):
        _rank_labelled(task, emit)
    with contextlib.suppress(StanceError):
        _rank_bare(task, emit)
    emit({"progress": 1.0})


def _rank_labelled(task: Mapping[str, Any], emit: Emit) -> None:
    """Tell what a model makes of each labelled pair whose article it has not seen."""
    from stance.auditing import audit_labels
    from stance.pipeline import Settings
    from stance.serve.library import to_pair

    settings = replace(Settings(), C=task["penalty"]) if task.get("penalty") else Settings()
    audited = audit_labels(_read_corpus(task), _parse_target(task), settings, n_jobs=task["jobs"])
    rows = ([to_pair(a.example).key, *a.chances] for a in audited)
    while chunk := list(islice(rows, ROWS_A_LINE)):
        emit({"labelled": chunk})


def _rank_bare(task: Mapping[str, Any], emit: Emit) -> None:
    """Tell what the model finds in each article that nobody has labelled."""
    from stance.articles import read_articles
    from stance.reading import load, read
    from stance.serve.library import read_rows

    model = load(task["model"])
    articles = {article.id: article for article in read_articles(task["raw"])}
    labelled = {row.article for row in read_rows(Path(task["labels"]), articles)}
    bare = iter([article for article in articles.values() if article.id not in labelled])
    while chunk := list(islice(bare, ARTICLES_A_LINE)):
        found = [
            [c.article, c.start, c.end, c.actor_start, c.actor_end, c.canonical or "",
             *c.probabilities.values()]
            for article in chunk
            for c in read(article, model)
            if c.actor
        ]  # fmt: skip
        emit({"found": found})


def main() -> None:
    """Read the task, do it, and tell of it line by line."""
    # Whatever else prints must not get between the lines.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # A termination unwinds, so that no half-written folder stays behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))

    def emit(row: dict[str, Any]) -> None:
        out.write(json.dumps(row) + "\n")
        out.flush()

    with _quiet_when_alone():
        try:
            run_task(json.loads(sys.stdin.readline()), emit)
            emit({"done": True})
        except StanceError as error:
            emit({"error": str(error)})


@contextlib.contextmanager
def _quiet_when_alone() -> Iterator[None]:
    """End without a word where the app that is told of it is gone."""
    try:
        yield
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
