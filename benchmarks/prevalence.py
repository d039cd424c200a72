"""Print how near corrected shares per actor come to the truth, and how often intervals hold it.

The model of the training articles reads the held-out pairs. Their articles are halved six times:
the error rates are counted on one half, the shares of each actor estimated on the other, and then
the other way round. The truth is what people read there.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.evaluation import accuracy_by_actor, predict_rows
from stance.examples import split_by_article
from stance.pipeline import Settings
from stance.report.prevalence import Prevalence, measure_likeness
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import build_training_set, train_model

SIZES = ((5, 14), (15, 39), (40, 10**6))
HALVINGS = 6
COUNTED, ADJUSTED, CORRECTED = "counted", "adjusted, errors alike", "corrected"


def read_held_out(data: Path) -> tuple[np.ndarray, ...]:
    """Return the article, actor, stance and prediction of each held-out pair."""
    target = load_target()
    corpus = read_corpus(data / "raw", data / "labels")
    rows = split_by_article([*corpus.examples, *corpus.phrasebook])
    train = build_training_set(rows[0], target, Settings().phrasebook_weight)
    test = build_training_set(rows[1], target, for_training=False)
    model, _ = train_model(train, target, Settings(C=4.0), search=False)
    named = test.actors != ""
    columns = (test.articles, test.actors, np.asarray(test.y), predict_rows(model, test))
    return tuple(column[named] for column in columns)


def halve(articles: np.ndarray) -> Iterator[np.ndarray]:
    """Yield which pairs are in one half of the articles, and in the other."""
    names = np.unique(articles)
    for seed in range(HALVINGS):
        chosen = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
        half = np.isin(articles, chosen)
        yield half
        yield ~half


def main() -> None:
    """Estimate and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    articles, actors, y_true, y_pred = read_held_out(parser.parse_args().data)
    found: dict[tuple[str, int], list[tuple[float, bool, float]]] = defaultdict(list)
    for known in halve(articles):
        confusion = confusion_matrix(y_true[known], y_pred[known], labels=STANCES).tolist()
        scores = accuracy_by_actor(y_true[known], y_pred[known], actors[known])
        likeness = measure_likeness([(s.accuracy, s.support) for s in scores.values()])
        ways = {
            COUNTED: Prevalence(),
            ADJUSTED: Prevalence(confusion),
            CORRECTED: Prevalence(confusion, likeness=likeness),
        }
        for actor, support in Counter(actors[~known].tolist()).items():
            mine = ~known & (actors == actor)
            size = next((i for i, (low, high) in enumerate(SIZES) if low <= support <= high), None)
            if size is None:
                continue
            counts = [
                [int(np.sum(mine & (articles == article) & (y_pred == s))) for s in STANCES]
                for article in np.unique(articles[mine])
            ]
            for way, prevalence in ways.items():
                for stance, share in prevalence.estimate(counts).shares.items():
                    truth = float(np.mean(y_true[mine] == stance))
                    held = share.low - 1e-3 <= truth <= share.high + 1e-3
                    error = abs(share.value - truth)
                    found[way, size].append((error, held, share.high - share.low))
    table, values = [], {}
    for (way, size), rows in sorted(found.items(), key=lambda item: (item[0][1], item[0][0])):
        error, held, width = np.mean(rows, axis=0)
        low, high = SIZES[size]
        label = f"{low}–{high}" if size < len(SIZES) - 1 else f"{low} or more"
        table.append([label, way, str(len(rows)), f"{error:.3f}", f"{held:.3f}", f"{width:.2f}"])
        values[way, size] = held
    print(
        "\n".join(
            format_plain(
                ["statements", "shares", "n", "mean error", "interval holds it", "its width"],
                table,
                numeric=(2, 3, 4, 5),
            )
        )
    )
    most = len(SIZES) - 1
    peers = {way: values[way, most] for way in (COUNTED, ADJUSTED)}
    print(
        json.dumps(
            {
                "benchmark": "prevalence",
                "metric": "coverage_of_95_percent_interval",
                "value": values[CORRECTED, most],
                "peers": peers,
            }
        )
    )


if __name__ == "__main__":
    main()
