"""Time the regression's solver beside scikit-learn's, and tell how near each comes to the optimum.

One fold of the search over the penalty: the same rows, in one run, on one core.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from stance.corpus import read_corpus
from stance.examples import split_by_article
from stance.experiment import TEST_SHARE
from stance.merging import merge_equal_columns
from stance.pipeline import CountedViews, Settings
from stance.regression import SoftmaxRegression, fit_path
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import C_GRID, FOLD_TOLERANCE, build_training_set, grouped_folds

KEPT_TOLERANCE = 1e-6
EXACT = 1e-10


def main() -> None:
    """Fit by each, print seconds of the processor and how far the scores are off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--target", default="belarus-2020")
    args = parser.parse_args()
    settings = Settings()
    corpus = read_corpus(args.data / "raw", args.data / "labels")
    rows, _ = split_by_article([*corpus.examples, *corpus.phrasebook], TEST_SHARE)
    data = build_training_set(rows, load_target(args.target), settings.phrasebook_weight)
    train, test = grouped_folds(data, data.articles)[0]
    X_train, X_test = CountedViews(data.views).weigh(train, test, settings.min_df)
    basis = merge_equal_columns(X_train)
    X_train, X_test = X_train @ basis, X_test @ basis
    y, weights = data.y[train], data.weights[train]

    def timed(model: LogisticRegression) -> float:
        began = time.process_time()
        model.fit(X_train, y, weights)
        return time.process_time() - began

    def score(coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        scores = X_test @ coef.T + intercept
        return np.asarray(scores - scores.mean(axis=1, keepdims=True))

    shared = {"C": settings.C, "class_weight": settings.class_weight, "max_iter": 1000}
    table: list[tuple[str, float, float, int]] = []
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = SoftmaxRegression(**shared, tol=EXACT).fit(X_train, y, weights)
        optimum = score(exact.coef_, exact.intercept_)

        def note(name: str, seconds: float, scores: np.ndarray, truth: np.ndarray) -> None:
            off = float(np.abs(scores - truth).max())
            differs = int((scores.argmax(axis=1) != truth.argmax(axis=1)).sum())
            table.append((name, seconds, off, differs))

        for tol in (KEPT_TOLERANCE, FOLD_TOLERANCE):
            for name, model in (
                ("ours", SoftmaxRegression(**shared, tol=tol)),
                ("newton-cg", LogisticRegression(**shared, solver="newton-cg", tol=tol)),
                ("lbfgs", LogisticRegression(**shared, solver="lbfgs", tol=tol)),
            ):
                seconds = timed(model)
                note(f"{name}, tol={tol:g}", seconds, score(model.coef_, model.intercept_), optimum)
        ends = [
            SoftmaxRegression(**{**shared, "C": c}, tol=EXACT).fit(X_train, y, weights)
            for c in C_GRID
        ]
        path = SoftmaxRegression(**shared, tol=FOLD_TOLERANCE)
        began = time.process_time()
        fitted = fit_path(path, C_GRID, X_train, y, weights)
        seconds = time.process_time() - began
        truth = np.concatenate([score(end.coef_, end.intercept_) for end in ends])
        note(
            f"ours, {len(C_GRID)} strengths, tol={FOLD_TOLERANCE:g}",
            seconds,
            np.concatenate([score(*one) for one in fitted]),
            truth,
        )
    print(f"{X_train.shape[0]} rows, {X_train.shape[1]} terms; {X_test.shape[0]} rows judged\n")
    print(
        *format_plain(
            ["solver", "CPU s", "scores off by", "judged otherwise"],
            [[name, f"{s:.2f}", f"{off:.1e}", str(n)] for name, s, off, n in table],
        ),
        sep="\n",
    )
    peers = {name: round(s, 2) for name, s, *_ in table[1:]}
    print(
        json.dumps(
            {
                "benchmark": "solvers",
                "metric": "seconds",
                "value": round(table[0][1], 2),
                "peers": peers,
            }
        )
    )


if __name__ == "__main__":
    main()
