"""Print what the phrasebook is worth at several weights, cross-validated on the training articles.

Folds are grouped by article, and by actor for unseen ones; test articles are not looked at.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.examples import split_by_article
from stance.pipeline import Settings
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import build_training_set, grouped_folds, score_folds

WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0)


def main() -> None:
    """Fit at each weight and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    corpus = read_corpus(data / "raw", data / "labels")
    rows, _ = split_by_article([*corpus.examples, *corpus.phrasebook])
    base = build_training_set(rows, load_target())
    settings = Settings()
    table, values = [], {}
    for weight in WEIGHTS:
        # A weight of nothing at all would leave the vocabulary without the phrasebook's terms.
        weights = np.where(base.is_read, 1.0, max(weight, 1e-6))
        weighted = replace(base, weights=weights)
        line = [f"{weight:.2f}"]
        for groups in (weighted.articles, weighted.actors):
            folds = grouped_folds(weighted, groups)
            scored = score_folds(weighted, folds, settings, n_jobs=-1)
            scores = np.concatenate([fold[0] for fold in scored])
            guess = np.array(STANCES)[scores.argmax(axis=1)]
            truth = np.concatenate([weighted.y[test] for _, test in folds])
            score = float(f1_score(truth, guess, average="macro"))
            values[weight, len(line)] = score
            line += [f"{np.mean(truth == guess):.3f}", f"{score:.3f}"]
        table.append(line)
    headers = ["weight", "by article: accuracy", "macro-F1", "by actor: accuracy", "macro-F1"]
    print("\n".join(format_plain(headers, table, range(5))))
    best = max(values[weight, 1] for weight in WEIGHTS)
    print(
        json.dumps(
            {
                "benchmark": "phrasebook-weight",
                "metric": "macro_f1",
                "value": round(best, 4),
                "peers": {"without phrasebook": round(values[0.0, 1], 4)},
            }
        )
    )


if __name__ == "__main__":
    main()
