"""Print macro-F1 on the test articles for growing shares of the training articles.

Test articles stay fixed; each share holds the smaller ones. The curve is printed with and without
the phrasebook, then the pairs of actor and confusion with the most errors.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from stance.corpus import read_corpus
from stance.evaluation import predict_rows
from stance.examples import split_by_article
from stance.pipeline import Settings
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import build_training_set, fit_model

SHARES = (1 / 8, 1 / 4, 1 / 2, 1)


def rank(article: str) -> str:
    """Return an order of the articles that depends on their ids alone."""
    return hashlib.sha256(f"curve {article}".encode()).hexdigest()


def main() -> None:
    """Fit on each share and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    data = parser.parse_args().data
    target = load_target()
    corpus = read_corpus(data / "raw", data / "labels")
    train_rows, test_rows = split_by_article(corpus.examples)
    test = build_training_set(test_rows, target, for_training=False)
    articles = sorted({row.article for row in train_rows}, key=rank)
    table = []
    value = 0.0
    for share in SHARES:
        kept = set(articles[: round(share * len(articles))])
        rows = [row for row in train_rows if row.article in kept]
        line = [f"{share:.3f}", str(len(kept)), str(sum(row.has_actor for row in rows))]
        for book in ([], corpus.phrasebook):
            settings = Settings()
            model = fit_model(build_training_set([*rows, *book], target), target, settings)
            predicted = predict_rows(model, test)
            value = float(f1_score(test.y, predicted, average="macro"))
            line += [f"{np.mean(test.y == predicted):.3f}", f"{value:.3f}"]
        table.append(line)
    headers = ["share", "articles", "pairs", "accuracy", "macro-F1", "+ book acc", "+ book F1"]
    print("\n".join(format_plain(headers, table, range(7))))
    wrong = Counter(
        (actor, truth, guess)
        for actor, truth, guess in zip(
            test.actors.tolist(), test.y.tolist(), predicted.tolist(), strict=True
        )
        if truth != guess
    )
    rows = [[*key, str(count)] for key, count in wrong.most_common(10)]
    print("\n" + "\n".join(format_plain(["actor", "read as", "predicted", "pairs"], rows, [3])))
    summary = {"benchmark": "learning-curve", "metric": "macro_f1", "value": round(value, 4)}
    print(json.dumps({**summary, "peers": {}}))


if __name__ == "__main__":
    main()
