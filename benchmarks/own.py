"""The trainer on other data: passages with labels enter, settings and fitted models leave.

A module of the benchmarks, no benchmark. Settings are chosen by cross-validation on training rows
alone; views, vectors and regression are the product's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from stance.cues import STANCES
from stance.features import VIEWS, Passage, build_view_table
from stance.pipeline import Settings
from stance.targets import Target
from stance.training import TrainingSet, cross_validate_settings

C_GRID = (0.5, 1.0, 2.0, 4.0)
MIN_DF_GRID = (1, 2)
Key = tuple[float, int, str | None]
OutOfFold = dict[Key, tuple[np.ndarray, np.ndarray]]


def to_training_set(
    passages: Sequence[Passage],
    y: Sequence[str],
    groups: Sequence[str],
    target: Target,
    weights: np.ndarray | None = None,
) -> TrainingSet:
    """Return the rows with their views; groups stand for articles, and "" only ever trains."""
    return TrainingSet(
        build_view_table(passages, target, VIEWS),
        np.array(y, dtype=str),
        np.array(groups, dtype=str),
        np.array([passage.canonical for passage in passages], dtype=str),
        np.ones(len(passages)) if weights is None else weights,
        np.zeros(len(passages), dtype=np.int64),
    )


def score_out_of_fold(data: TrainingSet, seed: int = 0, n_jobs: int | None = None) -> OutOfFold:
    """Return for each setting the row numbers and their scores by fits that have not seen them."""
    results: OutOfFold = {}
    for min_df, weight in product(MIN_DF_GRID, ("balanced", None)):
        settings = replace(Settings(), class_weight=weight, min_df=min_df)
        _, scores, rows = cross_validate_settings(data, settings, seed, n_jobs, C_GRID)
        results |= {(c, min_df, weight): (rows, scores[c]) for c in C_GRID}
    return results


def choose_settings(
    sets: Sequence[TrainingSet],
    score: Callable[[np.ndarray, np.ndarray], float],
    seed: int = 0,
    n_jobs: int | None = None,
) -> tuple[Settings, float]:
    """Return the settings with the best score over the rows out of fold of all sets together."""
    folds = [score_out_of_fold(data, seed, n_jobs) for data in sets]

    def rate(key: Key) -> float:
        truth = np.concatenate(
            [data.y[fold[key][0]] for data, fold in zip(sets, folds, strict=True)]
        )
        guess = np.concatenate([name_best(fold[key][1]) for fold in folds])
        return score(truth, guess)

    best = max(product(C_GRID, MIN_DF_GRID, ("balanced", None)), key=rate)
    return replace(Settings(), C=best[0], min_df=best[1], class_weight=best[2]), rate(best)


def describe(settings: Settings) -> str:
    """Return the chosen settings in words."""
    weight = settings.class_weight or "as given"
    return f"C={settings.C:g}, terms of {settings.min_df} rows or more, class weight {weight}"


def name_best(scores: np.ndarray) -> np.ndarray:
    """Return the stance with the highest score in each row."""
    return np.asarray(np.array(STANCES)[scores.argmax(axis=1)])
