"""Print where the time of `stance train` goes: seconds on the clock and of the processor.

Each step is done by itself, on one core, so that the seconds do not depend on how the steps are
spread over processes; the last row is the whole, spread over every core.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stance.coreference_training import train_namer
from stance.corpus import read_corpus
from stance.detection_training import train_detector
from stance.evaluation import evaluate_detection, hold_out_actors
from stance.examples import split_by_article
from stance.experiment import TEST_SHARE, run_experiment
from stance.pipeline import CountedViews, Settings
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import (
    assemble_model,
    build_training_set,
    fit_classifier,
    plan_folds,
    plan_search,
    run_jobs,
)


class Clock:
    """What each step took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []

    def time(self, name: str, job: Callable[[], Any]) -> Any:
        """Do a job and note the seconds."""
        wall, processor = time.perf_counter(), time.process_time()
        result = job()
        self.rows.append((name, time.perf_counter() - wall, time.process_time() - processor))
        return result


def main() -> None:
    """Time each step, then the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--target", default="belarus-2020")
    args = parser.parse_args()
    clock, settings, target = Clock(), Settings(), load_target(args.target)

    corpus = clock.time(
        "reading the corpus", lambda: read_corpus(args.data / "raw", args.data / "labels")
    )
    train_rows, test_rows = split_by_article([*corpus.examples, *corpus.phrasebook], TEST_SHARE)
    read = [row for row in train_rows if row.article]
    dates = {article.id: article.date for article in corpus.articles.values()}
    train, test = clock.time(
        "building views",
        lambda: (
            build_training_set(train_rows, target, settings.phrasebook_weight),
            build_training_set(test_rows, target, for_training=False),
        ),
    )
    everything = train.join(test)
    counted = clock.time("counting terms", lambda: CountedViews(everything.views))
    search = plan_search(train, counted, settings)
    clock.time("search: 5 folds, 3 strengths", lambda: run_jobs(search.jobs, 1))
    rows = np.arange(len(train.y))
    classifier = clock.time("one fit", lambda: fit_classifier(train, counted, rows, settings))
    model = clock.time(
        "one model of its fit",
        lambda: assemble_model(target, counted, rows, classifier, settings),
    )
    model.detector_ = clock.time("one detector", lambda: train_detector(read, target))
    model.namer_ = clock.time("one namer", lambda: train_namer(read, target, dates))
    folds = hold_out_actors(everything, np.arange(len(everything.y)))
    unseen = plan_folds(everything, counted, folds, settings)
    clock.time("unseen actors: 5 folds", lambda: run_jobs(unseen, 1))
    clock.time("finding held-out actors", lambda: evaluate_detection(test_rows, model, dates))
    wall = time.perf_counter()
    run_experiment(corpus, target, n_jobs=-1)
    whole = time.perf_counter() - wall

    table = [[name, f"{seconds:.1f}", f"{used:.1f}"] for name, seconds, used in clock.rows]
    table.append(["the whole, on every core", f"{whole:.1f}", ""])
    print("\n".join(format_plain(["step", "wall s", "CPU s"], table, [1, 2])))
    peers = {name: round(used, 1) for name, _, used in clock.rows}
    summary = {"benchmark": "training-time", "metric": "seconds", "value": round(whole, 1)}
    print(json.dumps({**summary, "peers": peers}))


if __name__ == "__main__":
    main()
