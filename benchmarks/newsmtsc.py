"""Print how well sentiment towards persons in American news is found, NewsMTSC's mt test set.

Each target of a sentence is a claim of its own; negative, neutral and positive stand for
criticizes, neutral and supports. Settings are chosen on the training rows, by folds of articles.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from own import choose_settings, describe, to_training_set
from peers import PEERS, Answer, Texts, fit_predict, mark_actor, to_columns
from public_data import Mentioned, find_data, macro_f1, read_mentioned
from stance.evaluation import predict_most_frequent, predict_rows
from stance.features import Passage
from stance.tables import format_plain
from stance.targets import parse_target
from stance.training import fit_model

# Hamborg and Donnay 2021, NewsMTSC, of the same test set.
PUBLISHED = {"BERT (published)": 0.777, "RoBERTa, GRU-TSC (published)": 0.825}
TARGET = parse_target('name = "newsmtsc"')


def predict_ours(
    train: Sequence[Mentioned], test: Sequence[Mentioned], seed: int = 0
) -> np.ndarray:
    """Return the trainer's labels of the test rows."""
    sets = [
        to_training_set(
            [Passage(row.text, row.start, row.end, row.text[row.start : row.end]) for row in rows],
            [row.label for row in rows],
            [row.article for row in rows],
            TARGET,
        )
        for rows in (train, test)
    ]
    settings, _ = choose_settings(sets[:1], macro_f1, seed, n_jobs=2)
    print(f"ours: {describe(settings)}")
    return predict_rows(fit_model(sets[0], TARGET, settings, seed), sets[1])


def to_forms(rows: Sequence[Mentioned]) -> dict[str, list[str]]:
    """Return the texts that other tools read."""
    return to_columns(
        [mark_actor(row.text, row.start, row.end, row.text[row.start : row.end]) for row in rows]
    )


def main() -> None:
    """Fit on train, score on test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the benchmarks' folder (STANCE_BENCH_DATA)")
    folder = find_data(parser.parse_args().data, "newsmtsc", "NewsMTSC")
    train = read_mentioned(folder / "train.jsonl")
    test = read_mentioned(folder / "devtest_mt.jsonl")
    truth = np.array([row.label for row in test])
    y = np.array([row.label for row in train])
    guesses = {"ours": predict_ours(train, test)}
    notes: dict[str, Answer] = {}
    texts = Texts(to_forms(train), y, np.array([row.article for row in train]))
    for peer in PEERS:
        if peer.is_installed:
            notes[peer.name] = fit_predict(peer, texts, to_forms(test), macro_f1)
            guesses[peer.name] = notes[peer.name].labels
    guesses["most_frequent"] = predict_most_frequent(y, len(test))
    scores = {name: macro_f1(truth, guess) for name, guess in guesses.items()}
    table = [
        [
            name,
            f"{np.mean(truth == guess):.3f}",
            f"{scores[name]:.4f}",
            str(notes[name].choice) if name in notes else "",
        ]
        for name, guess in guesses.items()
    ]
    table += [[peer.name, "", "not installed", ""] for peer in PEERS if not peer.is_installed]
    table += [[name, "", f"{value:.4f}", ""] for name, value in PUBLISHED.items()]
    print("\n".join(format_plain(["NewsMTSC mt", "accuracy", "macro-F1", "reads"], table, [1, 2])))
    value = round(scores.pop("ours"), 4)
    summary = {"benchmark": "newsmtsc-mt", "metric": "macro_f1", "value": value}
    measured = {name: round(score, 4) for name, score in scores.items()}
    print(json.dumps({**summary, "peers": {**measured, **PUBLISHED}}))


if __name__ == "__main__":
    main()
