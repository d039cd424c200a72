"""Explanation: the words that drove each claim, and the terms that a model listens to most.

A model is linear in its terms, so each has a share in the log-odds of a claim, and the shares and
the intercept add up to it exactly. Character n-grams are told as the word that they stand in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from stance import context
from stance.articles import Article
from stance.context import Place
from stance.features import build_views
from stance.mentions import find_mentions
from stance.reading import Claim, Question, ask, to_claim
from stance.scorer import Block, Scorer
from stance.targets import Target

if TYPE_CHECKING:
    import numpy as np

# What the second regression hears besides the claim's own words.
PARTS = {
    "the actor's other claims in the article": context.SAME_ACTOR,
    "the sentence's other claims": context.SAME_SENTENCE,
    "the actor's stances in training": context.PRIOR,
}


class Contribution(NamedTuple):
    """The share of one term in the log-odds of a claim.

    Parameters
    ----------
    view : str
        Where it stands: one of `stance.features.VIEWS`, or ``article``.
    term : str
        A word or a run of words; in ``article`` one of `PARTS`.
    weight : float
        Its share; above 0 it speaks for the stance.
    """

    view: str
    term: str
    weight: float


@dataclass(frozen=True)
class Explanation:
    """Why a model answered as it did.

    Parameters
    ----------
    claim : Claim
        The answer.
    stance : str
        The stance that is explained: the likeliest.
    log_odds : float
        Logarithm of its probability over the geometric mean of the probabilities of all three.
    intercept : float
        What it would be without any known term.
    contributions : list of Contribution
        The terms' shares, the strongest first. They and the intercept add up to `log_odds`.
    """

    claim: Claim
    stance: str
    log_odds: float
    intercept: float
    contributions: list[Contribution]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, those of the claim first."""
        return {
            **self.claim.as_dict(),
            "explained": self.stance,
            "log_odds": self.log_odds,
            "intercept": self.intercept,
            "contributions": [c._asdict() for c in self.contributions],
        }


@dataclass(frozen=True)
class StrongTerm:
    """A term that a model listens to.

    Parameters
    ----------
    stance, view, term : str
        What it speaks for, where it stands, and which it is.
    weight : float
        Its coefficient for the stance, less the mean over the three.
    is_name : bool
        Whether it is the name of somebody: a model that judges what is said should not know it.
    """

    stance: str
    view: str
    term: str
    weight: float
    is_name: bool


def explain_text(
    text: str | Article,
    model: Scorer,
    *,
    target: Target | None = None,
    actor: str | None = None,
) -> list[Explanation]:
    """Read an article and tell which words drove each claim.

    Parameters
    ----------
    text : str or Article
        The article, or its text.
    model : Scorer
        A trained model.
    target : Target, optional
        Its alias table finds the actors; by default the model's own.
    actor : str, optional
        Ask about this actor alone.

    Returns
    -------
    list of Explanation
        One for each claim of `stance.reading.read`, in the same order.
    """
    questions = ask(text, model, target=target, actor=actor)
    if not questions:
        return []
    explained = zip(questions, explain_questions(questions, model), strict=True)
    return [explanation for question, explanation in explained if question.is_wanted]


def explain_questions(
    questions: Sequence[Question], model: Scorer, places: Sequence[Place] | None = None
) -> list[Explanation]:
    """Explain the answers to all questions about one article.

    Parameters
    ----------
    questions : sequence of Question
        What `stance.reading.ask` finds to ask, or what an annotator asked.
    model : Scorer
        A trained model.
    places : sequence of Place, optional
        Where the claims stand; by default as the questions' articles and sentences say.

    Returns
    -------
    list of Explanation
        In the same order.
    """
    return list(_explain(questions, model, places or _places(questions)))


def explain_question(
    questions: Sequence[Question], number: int, own: np.ndarray, model: Scorer
) -> Explanation:
    """Say which words drove one claim of an article that was read already.

    Parameters
    ----------
    questions : sequence of Question
        All that was asked about the article, see `stance.reading.ask`.
    number : int
        Which of them to explain.
    own : ndarray of float64, shape (n_questions, 3)
        What the words of each say alone: its scores without the second regression.
    model : Scorer
        The model that answered.

    Returns
    -------
    Explanation
        The same as that of `explain_text`, for the work of one claim.
    """
    regression = _second_regression(_places(questions), own, model.context)
    shares = _term_scores(questions[number], model)
    return _explain_one(questions, number, shares, regression, model)


def _places(questions: Sequence[Question]) -> list[Place]:
    """Return where the claims of one article stand."""
    return [Place(q.article.id, q.passage.sentence, q.passage.canonical) for q in questions]


def _explain(
    questions: Sequence[Question], model: Scorer, places: Sequence[Place]
) -> Iterator[Explanation]:
    """Yield the explanation of each question of one article."""
    import numpy as np

    parts = [_term_scores(question, model) for question in questions]
    own = np.array([model.intercept + sum(shares.values(), np.zeros(3)) for shares in parts])
    regression = _second_regression(places, own, model.context)
    for i, shares in enumerate(parts):
        yield _explain_one(questions, i, shares, regression, model)


def _explain_one(
    questions: Sequence[Question],
    number: int,
    shares: dict[tuple[str, str], np.ndarray],
    regression: tuple[np.ndarray, np.ndarray, np.ndarray],
    model: Scorer,
) -> Explanation:
    """Return the explanation of one question from its terms' shares in its own scores."""
    features, coef, intercept = regression
    scores = features[number] @ coef + intercept
    chances = context.softmax(scores[None])[0]
    probabilities = dict(zip(model.classes, chances.tolist(), strict=True))
    best = int(scores.argmax())
    weights = coef[:, best] - coef.mean(axis=1)
    contributions = [
        Contribution(view, term, float((share - share.mean()) @ weights[:3]))
        for (view, term), share in shares.items()
    ]
    for name, part in PARTS.items():
        if len(weights) >= part.stop:
            contributions.append(
                Contribution("article", name, float(features[number, part] @ weights[part]))
            )
    first = model.intercept - model.intercept.mean()
    return Explanation(
        to_claim(questions[number], probabilities),
        model.classes[best],
        float(scores[best] - scores.mean()),
        float(first @ weights[:3] + intercept[best] - intercept.mean()),
        sorted(contributions, key=lambda c: (-abs(c.weight), c.view, c.term)),
    )


def _second_regression(
    places: Sequence[Place], own: np.ndarray, second: context.Context | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what the last regression reads, its coefficients and its intercept."""
    import numpy as np

    if second is None:
        return context.center(own), np.eye(3), np.zeros(3)
    return second.regression(own, places)


def _term_scores(question: Question, model: Scorer) -> dict[tuple[str, str], np.ndarray]:
    """Return what each term of a passage adds to the scores of the three stances."""
    import numpy as np

    views = build_views(question.passage, model.target)
    shares: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(3))
    for block in model.blocks:
        text = views[block.view]
        ids, values = block.vector(text)
        scores = dict(zip(ids.tolist(), values[:, None] * block.coef[ids], strict=True))
        for term, number, part in _units(block, text):
            shares[block.view, term] = shares[block.view, term] + scores[number] * part
    return dict(shares)


def _units(block: Block, text: str) -> Iterator[tuple[str, int, float]]:
    """Yield for each known term what to call it, its number, and which part of it stands there."""
    counts = block.count(text)
    if block.analyzer == "word":
        yield from ((block.terms[number], number, 1.0) for number in counts)
        return
    for word in text.split():
        for number in block.count(word).elements():
            yield f"{word}*", number, 1 / counts[number]


def list_terms(model: Scorer, top: int = 10) -> list[StrongTerm]:
    """Return the word terms with the greatest coefficients for each stance.

    Parameters
    ----------
    model : Scorer
        A trained model.
    top : int, default=10
        How many for each stance.

    Returns
    -------
    list of StrongTerm
        Stance by stance, the strongest first. Coefficients are those of the first regression,
        which reads the words.
    """
    terms = []
    for k, stance in enumerate(model.classes):
        found = [
            (float(weight), block.view, block.terms[number])
            for block in model.blocks
            if block.analyzer == "word"
            for weights in [block.coef[:, k] - block.coef.mean(axis=1)]
            for number in weights.argsort()[::-1][:top].tolist()
            for weight in [weights[number]]
        ]
        for weight, view, term in sorted(found, reverse=True)[:top]:
            terms.append(StrongTerm(stance, view, term, weight, _is_name(term, model.target)))
    return terms


def _is_name(term: str, target: Target) -> bool:
    """Tell whether a term holds a name of the alias table, in whatever case."""
    return any(
        mention.canonical and not mention.pronoun for mention in find_mentions(term.title(), target)
    )
