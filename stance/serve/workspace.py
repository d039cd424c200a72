"""Workspace: the model, the corpus, the journal and the jobs that the app works with.

Folders enter; what the routes ask for leaves. Nothing here knows of HTTP.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.articles import Article
from stance.errors import ModelError
from stance.files import recover_folder
from stance.reading import load
from stance.scorer import FILE_NAME as MODEL_FILE
from stance.scorer import Scorer
from stance.serve.answering import Reader
from stance.serve.jobs import Job
from stance.serve.journal import FILE_NAME, Decision, Journal
from stance.serve.library import Library, Pair
from stance.serve.problems import ProblemError
from stance.serve.ranking import Pick, pick_pairs
from stance.serve.settling import export_decisions
from stance.targets import Target, load_target

LEASE_SECONDS = 600.0
WARM_SECONDS = 0.3
WARM_ARTICLES = 12
# So many are ranked before the first queue; the ranking in the background brings the others.
WARM_PAIRS = 150


@dataclass(frozen=True)
class Places:
    """Where things are.

    Parameters
    ----------
    raw : Path
        Folder of articles.
    labels : Path
        Folder of label files; the journal stands there, too.
    model : Path
        Folder of the model.
    target : str, optional
        Name or file of the target; the model's own by default.
    guideline : Path, optional
        A Markdown file on what the labels mean.
    """

    raw: Path
    labels: Path
    model: Path
    target: str | None = None
    guideline: Path | None = None


class Workspace:
    """All that the app works with.

    Parameters
    ----------
    places : Places
        Where things are.
    jobs : int, default=1
        Processes that training may use.
    tell : callable, optional
        Told of what was mended.
    """

    def __init__(
        self, places: Places, jobs: int = 1, tell: Callable[[str], None] = lambda message: None
    ) -> None:
        self.places = places
        self.n_jobs = jobs
        self.library = Library(places.raw, places.labels)
        self.journal = Journal(places.labels / FILE_NAME, tell)
        self.reader = Reader()
        self.training = Job("training", self._on_training)
        self.ranking = Job("ranking", self._on_ranking)
        self.found: dict[str, Pair] = {}
        self.chances: dict[str, list[float]] = {}
        self._scorer: Scorer | None = None
        self._lock = threading.Lock()
        self._warming = threading.Lock()
        self._leases: dict[str, tuple[str, float]] = {}
        self._before: dict[str, Any] | None = None
        self._after: dict[str, Any] | None = None
        self._is_ranked = False
        self.load_model()
        self.target = self._choose_target()

    # The model

    @property
    def model(self) -> Scorer:
        """The model in use.

        Raises
        ------
        ProblemError
            If there is none yet.
        """
        if self._scorer is None:
            raise ProblemError(
                503, f"there is no model at {self.places.model} yet; label some pairs and train one"
            )
        return self._scorer

    @property
    def model_name(self) -> str | None:
        """What the model is called; None where there is none."""
        return self.places.model.name if self._scorer is not None else None

    def load_model(self) -> None:
        """Take the model on disk into use, if there is one."""
        path = self.places.model
        if not path.exists():
            recover_folder(path)
        if (path if path.is_file() else path / MODEL_FILE).is_file():
            self._scorer = load(path)

    def _choose_target(self) -> Target:
        """Return the target that was asked for, else the model's own, else the default."""
        if self.places.target is not None:
            return load_target(self.places.target)
        return self._scorer.target if self._scorer is not None else load_target()

    def article(self, article_id: str) -> Article:
        """Return an article by its id.

        Raises
        ------
        ProblemError
            If there is none.
        """
        article = self.library.articles.get(article_id)
        if article is None:
            raise ProblemError(404, f"no article {article_id[:80]!r}")
        return article

    # The pairs to review

    def find_pair(self, key: str) -> Pair:
        """Return a pair by its key: one of the files, one that a model found, or a new one.

        Raises
        ------
        ProblemError
            If there is none.
        """
        pair = self.library.pairs.get(key) or self.found.get(key)
        if pair is None:
            made = self.journal.first(key)
            if made is None:
                raise ProblemError(404, f"no pair {key!r}; ask for the queue again")
            start, actor_start, actor_end, canonical = made.origin
            end = start + made.end - made.start
            pair = Pair(made.article, start, end, actor_start, actor_end, canonical)
        return pair

    def pool(self) -> dict[str, Pair]:
        """Return every pair that could be reviewed: of the files, and found by the model."""
        pairs = self.library.pairs
        with self._lock:
            found = dict(self.found)
        return {**found, **pairs}

    def pick(
        self, annotator: str, mode: str, n: int, *, label: str | None = None, blind: bool = False
    ) -> tuple[list[Pick], int]:
        """Choose what an annotator should review next.

        Parameters
        ----------
        annotator : str
            Who asks.
        mode : str
            One of `stance.serve.ranking.MODES`.
        n : int
            How many.
        label : str, optional
            The stance of mode ``class``.
        blind : bool, default=False
            Whether to read a second time what others have labelled.

        Returns
        -------
        picks : list of Pick
            What others were shown in the last minutes comes to nobody else, unless blind.
        total : int
            How many pairs there are.
        """
        self._rank_in_background()
        if mode != "random" or not self.library.pairs:
            self._warm()
        pool, standing = self.pool(), self.journal.standing()
        now = time.monotonic()
        with self._lock:
            self._leases = {k: v for k, v in self._leases.items() if v[1] > now}
            leases = dict(self._leases)
        taken = {(d.article, *d.origin[:3]) for made in standing.values() for d in made}
        is_open = _Open(annotator, blind, standing, leases, taken)
        candidates = (pair for key, pair in pool.items() if is_open(key, pair))
        with self._lock:
            chances = dict(self.chances)
        picks = pick_pairs(candidates, chances, mode, n, label=label, seed=annotator)
        if not blind:
            with self._lock:
                for pick in picks:
                    self._leases[pick.pair.key] = (annotator, now + LEASE_SECONDS)
        return picks, len(pool)

    def _warm(self) -> None:
        """Read a few articles at once, so that the first queue has something to go by."""
        if self._scorer is None or self._is_ranked or len(self.chances) >= WARM_PAIRS:
            return
        if not self._warming.acquire(blocking=False):
            return
        try:
            deadline = time.monotonic() + WARM_SECONDS
            pairs = self.library.pairs
            by_article: dict[str, list[Pair]] = {}
            for pair in pairs.values():
                by_article.setdefault(pair.article, []).append(pair)
            names = [name for name in self.library.articles if not self._is_read(name, by_article)]
            step = max(1, len(names) // WARM_ARTICLES)
            for name in names[::step]:
                if time.monotonic() > deadline:
                    break
                self._read_for_queue(name, by_article.get(name, []))
        finally:
            self._warming.release()

    def _is_read(self, name: str, by_article: dict[str, list[Pair]]) -> bool:
        """Tell whether the pairs of an article have been asked about."""
        known = by_article.get(name)
        return known[0].key in self.chances if known else name in self._bare_read

    @property
    def _bare_read(self) -> set[str]:
        """The articles without labels that the model has read."""
        return {pair.article for pair in self.found.values()}

    def _read_for_queue(self, name: str, labelled: list[Pair]) -> None:
        """Ask the model about the pairs of one article; about those it finds where none are."""
        from stance.features import Passage

        article, model = self.library.articles[name], self.model
        if labelled:
            passages = [
                Passage(article.text[p.start : p.end], p.actor_start, p.actor_end, p.canonical)
                for p in labelled
            ]
            rows = model.predict_proba(passages, articles=[name] * len(passages)).tolist()
            with self._lock:
                for pair, row in zip(labelled, rows, strict=True):
                    self.chances.setdefault(pair.key, row)
            return
        claims = [c for c in self.reader.read(article, model).claims() if c.actor]
        self._take_found(
            [c.article, c.start, c.end, c.actor_start, c.actor_end, c.canonical or "",
             *c.probabilities.values()]
            for c in claims
        )  # fmt: skip

    def _take_found(self, rows: Iterable[list[Any]]) -> None:
        """Take in pairs that the model found, with what it thinks of them."""
        with self._lock:
            for *where, a, b, c in rows:
                pair = Pair(*where)
                self.found[pair.key] = pair
                self.chances[pair.key] = [a, b, c]

    # The jobs

    def _rank_in_background(self) -> None:
        """Ask models that have not seen them about all pairs, once for each model."""
        if self._scorer is None or self._is_ranked or self.ranking.state in ("running", "failed"):
            return
        self.ranking.start(self._task("rank"))

    def _task(self, do: str) -> dict[str, Any]:
        """Return what a worker is told."""
        settings = self._read_json("metadata.json").get("training", {}).get("settings", {})
        return {
            "do": do,
            "raw": str(self.places.raw),
            "labels": str(self.places.labels),
            "model": str(self.places.model),
            "target": self.target.source,
            "jobs": self.n_jobs,
            "penalty": settings.get("C"),
        }

    def _read_json(self, name: str) -> dict[str, Any]:
        """Return a file of the model's folder; nothing where it is not there."""
        try:
            return dict(json.loads((self.places.model / name).read_text("utf-8")))
        except (OSError, ValueError):
            return {}

    def _on_ranking(self, row: dict[str, Any]) -> None:
        """Take in what the worker found."""
        if "labelled" in row:
            with self._lock:
                self.chances.update((key, chances) for key, *chances in row["labelled"])
        self._take_found(row.get("found", ()))
        if "done" in row:
            self._is_ranked = True

    def train(self) -> str | None:
        """Start a training; None where one is under way.

        Raises
        ------
        ProblemError
            If there is nothing to learn from, or no folder to write to.
        """
        if self.places.model.is_file():
            raise ProblemError(409, "the model is a single file; serve a model's folder to train")
        if not self.target.source:
            raise ProblemError(409, "the target is not known as TOML; name it with --target")
        before = self._read_json("evaluation.json")
        if not self.training.start(self._task("train")):
            return None
        self._before, self._after = before or None, None
        return self.training.id

    def _on_training(self, row: dict[str, Any]) -> None:
        """Keep the figures, and take the new model into use once it is whole."""
        if "evaluation" in row:
            self._after = row["evaluation"]
        if "done" not in row:
            return
        try:
            self.load_model()
        except ModelError as error:
            self.training.fail(str(error))
            return
        self._is_ranked = False
        with self._lock:
            self.found.clear()

    def training_status(self) -> dict[str, Any]:
        """Return how the training is coming along, and what it changed."""
        before, after = _figures(self._before), _figures(self._after)
        return {
            "job": self.training.id or None,
            "state": self.training.state,
            "message": self.training.message,
            "progress": self.training.progress,
            "before": before,
            "after": after,
            "changed": _changes(before, after),
        }

    def export(self) -> dict[str, int]:
        """Write the decisions into the files of labels.

        Returns
        -------
        dict of str to int
            What changed, see `stance.serve.settling.export_decisions`.
        """
        articles = self.library.articles
        with self.journal.locked():
            counts = export_decisions(self.places.labels, self.journal.standing(), articles)
        self.library.forget_labels()
        return counts

    def close(self) -> None:
        """End the workers."""
        self.training.stop()
        self.ranking.stop()


@dataclass(frozen=True)
class _Open:
    """Tells whether a pair is open for an annotator."""

    annotator: str
    blind: bool
    standing: dict[str, list[Decision]]
    leases: dict[str, tuple[str, float]]
    taken: set[tuple[str, int, int, int]]

    def __call__(self, key: str, pair: Pair) -> bool:
        """Tell whether it is."""
        made = self.standing.get(key, [])
        if self.blind:
            is_read = pair.label is not None or bool(made)
            return is_read and all(d.annotator != self.annotator for d in made)
        if any(not d.blind or d.annotator == self.annotator for d in made):
            return False
        if pair.label is None and pair.place in self.taken:
            return False
        holder = self.leases.get(key)
        return holder is None or holder[0] == self.annotator


def _figures(evaluation: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the figures of an evaluation that the page shows."""
    if not evaluation or "held_out" not in evaluation:
        return None
    held_out = evaluation["held_out"]
    model = held_out["model"]
    return {
        **{name: model[name] for name in ("accuracy", "low", "high", "macro_f1", "support")},
        "per_actor": {
            actor: {"accuracy": scores["accuracy"], "n": scores["support"]}
            for actor, scores in held_out["per_actor"].items()
        },
    }


def _changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the actors whose accuracy is another, those with most pairs first."""
    if before is None or after is None:
        return []
    changed = []
    for actor in sorted({*before["per_actor"], *after["per_actor"]}):
        old, new = (side["per_actor"].get(actor) for side in (before, after))
        if old != new:
            changed.append(
                {
                    "actor": actor,
                    "before": old and old["accuracy"],
                    "after": new and new["accuracy"],
                    "n": (new or old)["n"],
                }
            )
    return sorted(changed, key=lambda row: (-row["n"], row["actor"]))
