"""Print the official score of stances in tweets, SemEval-2016 task 6A: one model per target.

The score is the mean of the F1 of favor and of against, the tweets of all five targets pooled. No
tweet names an actor: its author is asked about, and the tweet is read as a whole. Settings are
chosen on the training tweets, by folds; the published figures are of the same split.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from own import choose_settings, describe, to_training_set
from peers import PEERS, Answer, Peer, Texts, fit_predict
from public_data import Tweet, f_avg, find_data, fold_sentence, read_semeval
from stance.evaluation import predict_most_frequent, predict_rows
from stance.features import Passage
from stance.tables import format_plain
from stance.targets import parse_target
from stance.training import TrainingSet, fit_model

# Mohammad et al. 2016, SemEval-2016 task 6; the two last as later papers report them.
PUBLISHED = {
    "majority (published)": 0.6522,
    "SVM unigrams (published)": 0.6331,
    "MITRE, the task's winner (published)": 0.6782,
    "SVM n-grams (published)": 0.6898,
    "SVM n-grams + embeddings (published)": 0.703,
    "BERT (published)": 0.751,
}
TARGET = parse_target('name = "semeval-2016"\nunit = "text"')
# Weights of a tweet about another target that are tried.
SHARES = (0.0, 0.05)

Split = tuple[list[Tweet], list[Tweet]]


def split_by_target(train: Sequence[Tweet], test: Sequence[Tweet]) -> list[Split]:
    """Return the training and test rows of each target."""
    names = sorted({row.target for row in test})
    return [
        ([row for row in train if row.target == name], [row for row in test if row.target == name])
        for name in names
    ]


def balance(target: str, rows: Sequence[Tweet], share: float) -> np.ndarray:
    """Return weights that balance the stances among a target's rows, and among all others."""
    counts = Counter((row.target == target, row.label) for row in rows)
    sizes = Counter(row.target == target for row in rows)
    return np.array(
        [
            (1.0 if own else share) * sizes[own] / (3 * counts[own, row.label])
            for row in rows
            for own in [row.target == target]
        ]
    )


def predict_ours(splits: Sequence[Split], seed: int = 0) -> np.ndarray:
    """Return the trainer's labels of all test rows, target by target, one set of settings.

    Whether tweets about the other targets train along, as rows of little weight, is chosen on the
    training folds, too.
    """
    everything = [row for train, _ in splits for row in train]
    tests = [to_rows(test, np.ones(len(test))) for _, test in splits]
    choices = []
    for share in SHARES:
        sets = []
        for train, _ in splits:
            name = train[0].target
            rows = everything if share else train
            sets.append(to_rows(rows, balance(name, rows, share), name))
        choices.append((*choose_settings(sets, f_avg, seed, n_jobs=2), sets, share))
    settings, _, sets, share = max(choices, key=lambda choice: choice[1])
    print(f"ours: {describe(settings)}, tweets about other targets weigh {share:g}")
    return np.concatenate(
        [
            predict_rows(fit_model(train, TARGET, settings, seed), test)
            for train, test in zip(sets, tests, strict=True)
        ]
    )


def to_rows(rows: Sequence[Tweet], weights: np.ndarray, target: str | None = None) -> TrainingSet:
    """Return tweets as rows; those of other targets than the one given are never tested on."""
    groups = [fold_sentence(row.text) if target in (None, row.target) else "" for row in rows]
    passages = [Passage(row.text) for row in rows]
    return to_training_set(passages, [row.label for row in rows], groups, TARGET, weights)


def predict_peer(peer: Peer, splits: Sequence[Split], seed: int = 0) -> np.ndarray:
    """Return another tool's labels of all test rows, target by target."""
    answers: list[Answer] = []
    for train, test in splits:
        texts = Texts(
            {"": [row.text for row in train]},
            np.array([row.label for row in train]),
            np.array([fold_sentence(row.text) for row in train]),
        )
        answers.append(fit_predict(peer, texts, {"": [row.text for row in test]}, f_avg, seed))
    return np.concatenate([answer.labels for answer in answers])


def main() -> None:
    """Fit on train, score on test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the benchmarks' folder (STANCE_BENCH_DATA)")
    folder = find_data(parser.parse_args().data, "semeval2016", "SemEval-2016")
    splits = split_by_target(*read_semeval(folder))
    tests = [test for _, test in splits]
    truth = np.array([row.label for test in tests for row in test])
    guesses = {"ours": predict_ours(splits)}
    for peer in PEERS:
        if peer.is_installed:
            guesses[peer.name] = predict_peer(peer, splits)
    guesses["most_frequent"] = np.concatenate(
        [
            predict_most_frequent(np.array([row.label for row in train]), len(test))
            for train, test in splits
        ]
    )
    bounds = np.cumsum([0, *map(len, tests)])
    parts = [slice(a, b) for a, b in zip(bounds, bounds[1:], strict=False)]
    scores = {name: f_avg(truth, guess) for name, guess in guesses.items()}
    table = [
        [name, *(f"{f_avg(truth[part], guess[part]):.3f}" for part in parts), f"{scores[name]:.4f}"]
        for name, guess in guesses.items()
    ]
    none = [""] * len(parts)
    table += [[peer.name, *none, "not installed"] for peer in PEERS if not peer.is_installed]
    table += [[name, *none, f"{value:.4f}"] for name, value in PUBLISHED.items()]
    names = [test[0].target.split()[0] for test in tests]
    headers = ["F_avg", *names, "all"]
    print("\n".join(format_plain(headers, table, range(1, len(headers)))))
    value = round(scores.pop("ours"), 4)
    summary = {"benchmark": "semeval2016-6a", "metric": "f_avg", "value": value}
    measured = {name: round(score, 4) for name, score in scores.items()}
    print(json.dumps({**summary, "peers": {**measured, **PUBLISHED}}))


if __name__ == "__main__":
    main()
