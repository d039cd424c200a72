"""Print how other tools do on the corpus: the same rows, the same held-out articles.

Every tool trains on the training articles and is judged on the others, in all and by whether the
actor stands in training. Other tools read the sentence with the actor masked, with or without the
actor's name put first, and with or without the phrasebook: whatever is best on training folds. Ours
never reads the name; with --actor-prior it hears how the actor's other claims were labelled.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from own import name_best
from peers import PEERS, Texts, fit_predict, mark_actor, to_columns
from public_data import macro_f1
from stance.corpus import read_corpus
from stance.evaluation import (
    predict_actor_prior,
    predict_most_frequent,
    score_rows,
    score_words,
)
from stance.examples import Example, split_by_article
from stance.tables import format_plain
from stance.targets import Target, load_target
from stance.training import TrainingSet, build_training_set, train_model


@dataclass(frozen=True)
class Result:
    """Labels of the test pairs, and where it was measured the seconds of fit and prediction."""

    labels: np.ndarray
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    note: str = ""


def run_ours(
    train_rows: Sequence[Example], test_rows: Sequence[Example], target: Target
) -> tuple[TrainingSet, TrainingSet, dict[str, Result]]:
    """Train as the experiment does; return both sides and what the model says three ways."""
    begin = time.perf_counter()
    train = build_training_set(train_rows, target)
    model, facts = train_model(train, target, n_jobs=2)
    fit_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    test = build_training_set(test_rows, target, for_training=False)
    labels = name_best(score_rows(model, test))
    predict_seconds = time.perf_counter() - begin
    note = f"C={facts['settings']['C']:g}"
    results = {
        "ours": Result(labels, fit_seconds, predict_seconds, note),
        "ours, each claim alone": Result(name_best(score_rows(model, test, in_context=False))),
    }
    if model.other_context_ is not None:
        scores = model.other_context_.adjust(score_words(model, test), test.places)
        results["ours with --actor-prior"] = Result(name_best(scores))
    return train, test, results


def to_forms(rows: Sequence[Example]) -> dict[str, list[str]]:
    """Return the texts that other tools read."""
    return to_columns(
        [
            mark_actor(row.sentence, row.actor_start, row.actor_end, row.canonical or "ACTOR")
            for row in rows
        ]
    )


def run_peers(train_rows: Sequence[Example], test_rows: Sequence[Example]) -> dict[str, Result]:
    """Return what each installed tool says of the test pairs."""
    read = [row for row in train_rows if row.has_actor and row.source != "phrasebook"]
    book = [row for row in train_rows if row.source == "phrasebook"]
    texts = Texts(
        to_forms(read),
        np.array([row.label for row in read]),
        np.array([row.article for row in read]),
        to_forms(book),
        np.array([row.label for row in book], dtype=str),
    )
    forms = to_forms([row for row in test_rows if row.has_actor])
    results = {}
    for peer in PEERS:
        if peer.is_installed:
            answer = fit_predict(peer, texts, forms, macro_f1)
            results[peer.name] = Result(
                answer.labels, answer.fit_seconds, answer.predict_seconds, str(answer.choice)
            )
    return results


def describe(name: str, result: Result, test: TrainingSet, known: np.ndarray) -> list[str]:
    """Return one row of the table."""
    line = [name]
    for rows in (np.ones(len(known), dtype=bool), known, ~known):
        truth, guess = test.y[rows], result.labels[rows]
        if not len(truth):
            line += ["", ""]
            continue
        line += [f"{np.mean(truth == guess):.3f}", f"{macro_f1(truth, guess):.3f}"]
    seconds, spent = result.fit_seconds, result.predict_seconds
    line.append("" if seconds is None else f"{seconds:.1f}")
    line.append("" if spent is None else f"{len(test.y) / spent:,.0f}")
    return [*line, result.note]


def main() -> None:
    """Train everything on the training articles, judge it on the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    corpus = read_corpus(data / "raw", data / "labels")
    train_rows, test_rows = split_by_article([*corpus.examples, *corpus.phrasebook])
    test_rows = [row for row in test_rows if row.source != "weak"]
    train, test, results = run_ours(train_rows, test_rows, load_target())
    read = train.take(np.flatnonzero(train.is_read))
    results |= run_peers(train_rows, test_rows)
    results["actor_prior"] = Result(predict_actor_prior(read.y, read.actors, test.actors))
    results["most_frequent"] = Result(predict_most_frequent(read.y, len(test.y)))
    known = np.isin(test.actors, np.unique(read.actors))
    print(
        f"{len(read.y)} pairs and {len(train.y) - len(read.y)} clauses of the phrasebook to train "
        f"on; {len(test.y)} pairs to judge, {int(known.sum())} of actors known from training"
    )
    table = [describe(name, result, test, known) for name, result in results.items()]
    gap = [""] * 8
    table += [[peer.name, *gap, "not installed"] for peer in PEERS if not peer.is_installed]
    headers = ["held-out articles", "accuracy", "macro-F1", "known acc", "known F1", "new acc"]
    headers += ["new F1", "train s", "pairs/s", "reads"]
    print("\n".join(format_plain(headers, table, range(1, 9))))
    print("train s: the final fit; ours with the search for settings, others without")
    scores = {name: round(macro_f1(test.y, of.labels), 4) for name, of in results.items()}
    value = scores.pop("ours")
    summary = {"benchmark": "corpus-peers", "metric": "macro_f1", "value": value}
    print(json.dumps({**summary, "peers": scores}))


if __name__ == "__main__":
    main()
