"""Auditing: which labels a model that has not seen their articles believes least.

A corpus enters, its rows leave with the doubtful first: the queue of what to read once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stance.context import softmax
from stance.corpus import Corpus
from stance.cues import STANCES
from stance.examples import Example
from stance.pipeline import Settings
from stance.targets import Target
from stance.training import build_training_set, cross_validate_settings, fit_context


@dataclass(frozen=True)
class AuditedLabel:
    """A label with what a model that has not seen its article makes of it.

    Parameters
    ----------
    example : Example
        The labelled row.
    confidence : float in [0, 1]
        The probability of the label as it stands: its self-confidence.
    likelier : {"criticizes", "neutral", "supports"}
        The stance that the model holds for the likeliest.
    probability : float in [0, 1]
        Of that stance.
    chances : tuple of float
        The probability of each stance, in the order of `stance.cues.STANCES`.
    """

    example: Example
    confidence: float
    likelier: str
    probability: float
    chances: tuple[float, ...] = ()


def audit_labels(
    corpus: Corpus,
    target: Target,
    settings: Settings | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> list[AuditedLabel]:
    """Rank labels by how little a model believes them that has not seen their articles.

    Parameters
    ----------
    corpus : Corpus
        Articles and labels.
    target : Target
        What the stance is about.
    settings : Settings, optional
        The model's settings.
    seed : int, default=0
        Seed of folds and solver.
    n_jobs : int, optional
        Processes.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    list of AuditedLabel
        Every labelled pair, the least believed first.

    Raises
    ------
    StanceError
        If the corpus is too small to be cross-validated.

    Notes
    -----
    Self-confidence out of fold, grouped by article, as in confident learning [1]_. A label that is
    believed little is worth a second look; it need not be wrong.

    References
    ----------
    .. [1] Northcutt, C., Jiang, L. and Chuang, I. (2021). Confident learning: estimating
       uncertainty in dataset labels. Journal of Artificial Intelligence Research, 70, 1373-1411.
    """
    settings = settings or Settings()
    rows = [*corpus.examples, *corpus.phrasebook]
    pairs = [row for row in rows if row.has_actor]
    progress("reading the actors of each sentence")
    data = build_training_set(pairs, target, settings.phrasebook_weight)
    progress(f"asking models that have not seen them about {int(data.is_read.sum())} labels")
    _, scores, numbers = cross_validate_settings(data, settings, seed, n_jobs, (settings.C,))
    best = scores[settings.C]
    everywhere = data.places
    places = [everywhere[i] for i in numbers]
    context = fit_context(best, places, data.y[numbers], seed)
    if context is not None:
        best = context.adjust(best, places)
    chances = softmax(best)
    audited = [
        AuditedLabel(
            pairs[number],
            float(row[STANCES.index(pairs[number].label)]),
            STANCES[int(np.argmax(row))],
            float(row.max()),
            tuple(row.tolist()),
        )
        for number, row in zip(numbers.tolist(), chances, strict=True)
    ]
    return sorted(audited, key=lambda a: (a.confidence, a.example.key))
