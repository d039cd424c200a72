"""Answering: a text becomes claims and their explanation, within limits, and is read once only.

An article and a model enter, what the reading page shows leaves. The last texts are remembered, so
that a click on a claim does not read its article again.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stance.articles import Article
from stance.context import softmax
from stance.cues import STANCES
from stance.explanation import Explanation, explain_question
from stance.reading import Claim, Question, ask, to_claim
from stance.scorer import Scorer, adjust
from stance.serve.problems import ProblemError

if TYPE_CHECKING:
    import numpy as np

MAX_CHARACTERS = 200_000
MAX_CLAIMS = 5_000
REMEMBERED_CHARACTERS = 2_000_000


@dataclass
class Reading:
    """An article as a model has read it.

    Parameters
    ----------
    article : Article
        What was read.
    model : Scorer
        What read it.
    questions : list of Question
        What was asked.
    scores : ndarray of float64, shape (n_questions, 3)
        What the words of each say alone.
    chances : list of list of float
        The probability of each stance.
    explained : dict of int to Explanation
        What has been explained.
    """

    article: Article
    model: Scorer
    questions: list[Question]
    scores: np.ndarray
    chances: list[list[float]]
    explained: dict[int, Explanation] = field(default_factory=dict)

    def claims(self, abstain: float | None = None) -> list[Claim]:
        """Return the claims that were wanted, in reading order."""
        return [
            to_claim(question, dict(zip(self.model.classes, row, strict=True)), abstain)
            for question, row in zip(self.questions, self.chances, strict=True)
            if question.is_wanted
        ]

    def explain(self, start: int, actor_start: int | None) -> Explanation | None:
        """Return why the model answered as it did at one place; None where it said nothing."""
        for number, question in enumerate(self.questions):
            passage = question.passage
            found = passage.actor_start if passage.has_actor else None
            if question.sentence.start == start and found == actor_start:
                if number not in self.explained:
                    self.explained[number] = explain_question(
                        self.questions, number, self.scores, self.model
                    )
                return self.explained[number]
        return None


class Reader:
    """Reads articles and remembers the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._n_characters = 0

    def recall(self, article: Article, model: Scorer, actor: str | None = None) -> Reading | None:
        """Return an article that was read a moment ago; None where it was not.

        Parameters
        ----------
        article : Article
            What to read.
        model : Scorer
            What should have read it.
        actor : str, optional
            Whose claims were wanted.
        """
        key = _digest(article, actor)
        with self._lock:
            reading = self._readings.get(key)
            if reading is None or reading.model is not model:
                return None
            self._readings.move_to_end(key)
            return reading

    def read(self, article: Article, model: Scorer, actor: str | None = None) -> Reading:
        """Read an article, or remember it.

        Parameters
        ----------
        article : Article
            What to read.
        model : Scorer
            What reads it.
        actor : str, optional
            Want the claims of this actor alone.

        Returns
        -------
        Reading

        Raises
        ------
        ProblemError
            If it is too long, or makes too many claims.
        """
        if len(article.text) > MAX_CHARACTERS:
            raise ProblemError(
                413,
                f"the text has {len(article.text)} characters; at most {MAX_CHARACTERS} are read "
                "at once. Send it in parts, or use: stance predict FILE.",
            )
        remembered = self.recall(article, model, actor)
        if remembered is not None:
            return remembered
        key = _digest(article, actor)
        reading = read_article_with(article, model, actor)
        with self._lock:
            old = self._readings.pop(key, None)
            self._readings[key] = reading
            self._n_characters += len(article.text) - (len(old.article.text) if old else 0)
            while self._n_characters > REMEMBERED_CHARACTERS:
                _, oldest = self._readings.popitem(last=False)
                self._n_characters -= len(oldest.article.text)
        return reading


def read_article_with(article: Article, model: Scorer, actor: str | None = None) -> Reading:
    """Ask a model about an article, and keep what it thought.

    Parameters
    ----------
    article : Article
        What to read.
    model : Scorer
        What reads it.
    actor : str, optional
        Want the claims of this actor alone.

    Returns
    -------
    Reading
        Its claims equal those of `stance.reading.read`.

    Raises
    ------
    ProblemError
        If it makes too many claims.
    """
    questions = ask(article, model, actor=actor)
    if len(questions) > MAX_CLAIMS:
        raise ProblemError(
            413, f"the text makes {len(questions)} claims, more than {MAX_CLAIMS}; send less."
        )
    passages = [question.passage for question in questions]
    scores = model.without_context().decision_function(passages)
    adjusted = adjust(scores, passages, model.context, [article.id] * len(passages))
    chances = softmax(adjusted).tolist() if questions else []
    return Reading(article, model, questions, scores, chances)


def describe_reading(reading: Reading, abstain: float | None, seconds: float) -> dict[str, Any]:
    """Return what the reading page shows of an article.

    Parameters
    ----------
    reading : Reading
        The article as it was read.
    abstain : float or None
        Below this probability a stance is called uncertain.
    seconds : float
        How long it took.

    Returns
    -------
    dict
        Metadata, text, claims and, for each actor, how often he or she takes each stance.
    """
    article = reading.article
    claims = reading.claims(abstain)
    return {
        "id": article.id or None,
        "title": article.title,
        "date": article.date,
        "url": article.url,
        "outlet": article.outlet,
        "text": article.text,
        "claims": [claim.as_dict() for claim in claims],
        "actors": sum_up_actors(claims),
        "seconds": round(seconds, 4),
    }


def sum_up_actors(claims: list[Claim]) -> list[dict[str, Any]]:
    """Return for each actor how often he or she takes each stance, those with most claims first."""
    counts: dict[str, Counter[str]] = {}
    for claim in claims:
        name = claim.canonical or claim.actor
        if name:
            counts.setdefault(name, Counter())[claim.stance] += 1
    return [
        {
            "canonical": name,
            **{stance: found[stance] for stance in (*STANCES, "uncertain")},
            "n": found.total(),
        }
        for name, found in sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    ]


def describe_explanation(explanation: Explanation, top: int = 60) -> dict[str, Any]:
    """Return what the reading page shows of one claim's explanation.

    Parameters
    ----------
    explanation : Explanation
        Why the model answered so.
    top : int, default=60
        So many terms, the strongest; the weights of the others are summed up.

    Returns
    -------
    dict
        The claim, ``terms``, ``rest``, ``intercept`` and ``log_odds``; weights, rest and
        intercept add up to the log-odds.
    """
    terms = explanation.contributions
    return {
        **explanation.claim.as_dict(),
        "explained": explanation.stance,
        "log_odds": explanation.log_odds,
        "intercept": explanation.intercept,
        "terms": [
            {
                "term": c.term,
                "view": c.view,
                "weight": c.weight,
                "contribution": {explanation.stance: c.weight},
            }
            for c in terms[:top]
        ],
        "rest": sum(c.weight for c in terms[top:]),
        "n_rest": len(terms[top:]),
    }


def timed(started: float) -> float:
    """Return the seconds since a moment of `time.perf_counter`."""
    return time.perf_counter() - started


def _digest(article: Article, actor: str | None) -> str:
    """Return what tells two things to read apart."""
    digest = hashlib.sha256()
    for part in (article.id, article.date, article.title, actor or "", article.text):
        digest.update(f"{len(part)}:{part}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
