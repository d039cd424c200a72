"""Print what each view of a sentence is worth: cross-validated with all of them, and without each.

Folds are grouped by article, and by actor for unseen ones; test articles are not looked at. The
claims are judged by their own words, before the second regression; a view that is worth nothing
should go.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from stance.corpus import read_corpus
from stance.cues import STANCES
from stance.examples import split_by_article
from stance.pipeline import DEFAULT_SPECS, CountedViews, Settings, ViewSpec
from stance.tables import format_plain
from stance.targets import load_target
from stance.training import TrainingSet, build_training_set, grouped_folds, plan_folds, run_jobs

N_FOLDS = 3


def score_specs(data: TrainingSet, specs: tuple[ViewSpec, ...]) -> list[float]:
    """Return macro-F1 out of fold, by article and by actor, of models with these terms."""
    counted = CountedViews(data.views, specs)
    scores = []
    for groups in (data.articles, data.actors):
        folds = grouped_folds(data, groups, N_FOLDS)
        done = run_jobs(plan_folds(data, counted, folds, Settings()), -1)
        guess = np.array(STANCES)[np.concatenate([fold[0] for fold in done]).argmax(axis=1)]
        truth = np.concatenate([data.y[test] for _, test in folds])
        scores.append(float(f1_score(truth, guess, average="macro")))
    return scores


def main() -> None:
    """Fit with and without each view and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    folder = parser.parse_args().data
    corpus = read_corpus(folder / "raw", folder / "labels")
    rows, _ = split_by_article([*corpus.examples, *corpus.phrasebook])
    data = build_training_set(rows, load_target())
    everything = score_specs(data, DEFAULT_SPECS)
    table = [["all", *(f"{score:.4f}" for score in everything)]]
    without = {}
    for left_out in DEFAULT_SPECS:
        name = f"{left_out.view} ({'characters' if left_out.analyzer != 'word' else 'words'})"
        kept = tuple(spec for spec in DEFAULT_SPECS if spec != left_out)
        scores = score_specs(data, kept)
        changes = [score - all_ for score, all_ in zip(scores, everything, strict=True)]
        table.append([f"without {name}", *(f"{change:+.4f}" for change in changes)])
        without[f"without {name}"] = round(scores[0], 4)
    print("\n".join(format_plain(["views", "macro-F1 by article", "by actor"], table, (1, 2))))
    summary = {"benchmark": "ablation", "metric": "macro_f1", "value": round(everything[0], 4)}
    print(json.dumps({**summary, "peers": without}))


if __name__ == "__main__":
    main()
