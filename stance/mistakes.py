"""Mistakes: the wrong answers that a model was surest of, with the words that drove them.

Held-out pairs, their scores and the model that gave them enter; plain dictionaries leave. What the
pairs' labels got wrong is not told apart from what the model got wrong: a reader sees both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from stance.articles import Article, Sentence
from stance.context import softmax
from stance.cues import STANCES
from stance.examples import Example
from stance.explanation import Explanation, explain_questions
from stance.features import to_passages
from stance.model import StanceClassifier
from stance.reading import Question
from stance.scorer import Scorer
from stance.training import TrainingSet

N_ERRORS = 20
N_TERMS = 8


def find_worst_errors(
    model: StanceClassifier,
    examples: Sequence[Example],
    rows: TrainingSet,
    scores: np.ndarray,
    n_errors: int = N_ERRORS,
    n_terms: int = N_TERMS,
) -> list[dict[str, Any]]:
    """Return the most confident wrong answers about held-out pairs.

    Parameters
    ----------
    model : StanceClassifier
        The model that is judged.
    examples : sequence of Example
        The pairs.
    rows : TrainingSet
        The same pairs, in the same order, with their views.
    scores : ndarray of float64, shape (n_pairs, 3)
        What the model says of them, before the softmax.
    n_errors : int, default=20
        How many, at most.
    n_terms : int, default=8
        How many terms of each.

    Returns
    -------
    list of dict
        The surest first: ``article``, ``start``, ``end``, ``sentence``, ``actor``,
        ``actor_start``, ``actor_end``, ``canonical``, ``label`` (what was read), ``predicted``,
        ``probability`` of that, ``probabilities``, ``terms`` (``view``, ``term`` and ``weight``
        in the log-odds of what was predicted), and ``rest``, the sum of all other weights with the
        intercept. A model that knows fewer than three stances is not explained: no terms.
    """
    chances = softmax(scores)
    best = chances.argmax(axis=1)
    sure = chances.max(axis=1)
    wrong = np.flatnonzero(np.array(STANCES)[best] != rows.y)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:n_errors].tolist()
    explained = _explain(model, examples, rows, worst)
    return [
        {
            **{
                key: getattr(examples[i], key)
                for key in ("article", "start", "end", "sentence", "actor", "actor_start",
                            "actor_end", "canonical", "label")
            },
            "predicted": STANCES[best[i]],
            "probability": float(sure[i]),
            "probabilities": dict(zip(STANCES, chances[i].tolist(), strict=True)),
            **_terms(explained.get(i), n_terms),
        }
        for i in worst
    ]  # fmt: skip


def _explain(
    model: StanceClassifier, examples: Sequence[Example], rows: TrainingSet, wanted: Sequence[int]
) -> dict[int, Explanation]:
    """Return the explanations of some pairs, each judged among the others of its article."""
    if tuple(model.classes_) != STANCES or not wanted:
        return {}
    scorer = model.to_scorer()
    by_article = defaultdict(list)
    for i, article in enumerate(rows.articles.tolist()):
        by_article[article].append(i)
    found: dict[int, Explanation] = {}
    for article in sorted({examples[i].article for i in wanted}):
        same = by_article[article]
        questions = [_question(examples[i], scorer) for i in same]
        places = [rows.places[i] for i in same]
        explanations = explain_questions(questions, scorer, places)
        found.update(zip(same, explanations, strict=True))
    return {i: found[i] for i in wanted}


def _question(example: Example, scorer: Scorer) -> Question:
    """Return what the model was asked about a pair."""
    passage = to_passages([example], None, scorer.target)[0]
    sentence = Sentence(example.article, example.start, example.end, example.sentence)
    article = Article(id=example.article, text=example.sentence)
    return Question(article, sentence, passage, (0, len(example.sentence)))


def _terms(explanation: Explanation | None, n_terms: int) -> dict[str, Any]:
    """Return the strongest terms of an explanation and what the others amount to."""
    if explanation is None:
        return {"terms": [], "rest": None}
    strongest = explanation.contributions[:n_terms]
    return {
        "terms": [contribution._asdict() for contribution in strongest],
        "rest": explanation.log_odds - sum(contribution.weight for contribution in strongest),
    }
