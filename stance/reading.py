"""Reading: an article becomes claims, each an actor's stance in one sentence with its probability.

This is what `stance predict` does. A model and a text enter, claims leave in reading order.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from stance.actors import detect_actors
from stance.articles import Article, Sentence, split_sentences
from stance.clauses import own_clause
from stance.coreference import Namer
from stance.detection import Detector
from stance.errors import ModelError
from stance.features import Passage, to_passages
from stance.files import recover_folder
from stance.mentions import Mention
from stance.scorer import FILE_NAME, Scorer, load_scorer
from stance.targets import Target

UNCERTAIN = "uncertain"
DEFAULT_MODEL = Path("models") / "stance"
# So many are answered one by one, without numpy.
FEW_PASSAGES = 64


class Predictor(Protocol):
    """What reading needs of a model; both `Scorer` and `StanceClassifier` have it."""

    @property
    def classes(self) -> Sequence[str]:
        """The stances, in the order of the columns of `predict_proba`."""

    @property
    def target_(self) -> Target:
        """What the model was trained on."""

    @property
    def detector(self) -> Detector | None:
        """The trained model of who takes part; None leaves that to rules."""

    @property
    def namer(self) -> Namer | None:
        """The trained model of whom pronouns mean; None leaves that to rules."""

    def predict_proba(
        self, X: Sequence[Any], actors: Any = None, *, articles: Sequence[str] | None = None
    ) -> Any:
        """Return the probability of each stance of each passage."""


@dataclass(frozen=True)
class Claim:
    """One answer of the model about one actor in one sentence.

    Parameters
    ----------
    article : str or None
        Id of the article; None for a bare text.
    start, end : int
        Offsets of the sentence in the article's text, end exclusive.
    sentence : str
        The sentence as printed.
    actor : str or None
        The mention as it stands; None where the sentence has no actor.
    canonical : str or None
        Who that is; None for a pronoun that could not be resolved.
    stance : {"criticizes", "neutral", "supports", "uncertain"}
        The likeliest stance; ``uncertain`` only where the reader was told to abstain.
    probabilities : dict of str to float
        Of each stance; they add up to 1.
    actor_start, actor_end : int or None
        Offsets of the mention in the sentence; None without an actor.
    span_start, span_end : int
        Offsets in the sentence of what belongs to the actor: the clause, quotation or act. The
        whole sentence where nobody else takes part in it.
    """

    article: str | None
    start: int
    end: int
    sentence: str
    actor: str | None
    canonical: str | None
    stance: str
    probabilities: dict[str, float]
    actor_start: int | None
    actor_end: int | None
    span_start: int
    span_end: int

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as plain values, in the order in which it is printed."""
        return asdict(self)


def load(path: str | os.PathLike[str] | None = None) -> Scorer:
    """Load a trained model. Nothing in it is executed, and scikit-learn is not needed.

    Parameters
    ----------
    path : path-like, optional
        A model's folder or its ``model.stance``; ``models/stance`` by default.

    Returns
    -------
    Scorer

    Raises
    ------
    ModelError
        If there is no model, or it is damaged; the message says which command makes one.
    """
    path = Path(path) if path is not None else DEFAULT_MODEL
    if not path.is_file():
        if not path.exists():
            recover_folder(path)
        path = path / FILE_NAME
    if not path.is_file():
        raise ModelError(
            f"no model at {path}; make one with: stance train (or make train), or name another "
            "with --model."
        )
    return load_scorer(path)


def read(
    text: str | Article,
    model: Predictor | None = None,
    *,
    target: Target | None = None,
    actor: str | None = None,
    abstain: float | None = None,
) -> list[Claim]:
    """Read an article and return what each actor's stance is in each sentence.

    Parameters
    ----------
    text : str or Article
        The article, or its text.
    model : Scorer or StanceClassifier, optional
        A trained model; by default the one in ``models/stance``.
    target : Target, optional
        Its alias table finds the actors; by default the model's own.
    actor : str, optional
        Ask about this actor alone, in each sentence that names him or her.
    abstain : float in [0, 1], optional
        Call a stance ``uncertain`` whose probability is lower.

    Returns
    -------
    list of Claim
        In reading order; a sentence without an actor has one claim with ``actor`` None. With
        `actor`, only the claims about that one. A model of texts as a whole makes one claim.
    """
    model = load() if model is None else model
    return read_many([text], model, target=target, actors=[actor], abstain=abstain)[0]


def read_many(
    texts: Sequence[str | Article],
    model: Predictor,
    *,
    target: Target | None = None,
    actors: Sequence[str | None] | None = None,
    abstain: float | None = None,
) -> list[list[Claim]]:
    """Read many articles: what `read` says of each, asked of the model at one go.

    Parameters
    ----------
    texts : sequence of str or Article
        The articles. The claims of each are judged in each other's light, not in that of others.
    model : Scorer or StanceClassifier
        A trained model.
    target : Target, optional
        Its alias table finds the actors; by default the model's own.
    actors : sequence of str or None, optional
        For each article the actor to ask about alone; None asks about everyone.
    abstain : float in [0, 1], optional
        Call a stance ``uncertain`` whose probability is lower.

    Returns
    -------
    list of list of Claim
        For each article its claims in reading order.
    """
    wanted = [None] * len(texts) if actors is None else actors
    asked = [
        (number, question)
        for number, (text, actor) in enumerate(zip(texts, wanted, strict=True))
        for question in ask(text, model, target=target, actor=actor)
    ]
    # By their numbers, for two articles may have one id.
    groups = [str(number) for number, _ in asked]
    claims: list[list[Claim]] = [[] for _ in texts]
    for (number, question), chances in zip(
        asked, _judge([question.passage for _, question in asked], model, groups), strict=True
    ):
        if question.is_wanted:
            claims[number].append(to_claim(question, chances, abstain))
    return claims


def judge_many(
    texts: Sequence[str],
    model: Predictor,
    *,
    actors: Sequence[str | None] | None = None,
    ids: Sequence[str] | None = None,
    abstain: float | None = None,
) -> list[Claim]:
    """Judge ready passages, one claim each: what ``model.predict_proba(texts, actors)`` says.

    Parameters
    ----------
    texts : sequence of str
        Sentences, tweets, quotations; they are neither split nor judged in each other's light.
    model : Scorer or StanceClassifier
        A trained model.
    actors : sequence of str or None, optional
        For each text whose stance is asked for; None asks about its first actor.
    ids : sequence of str, optional
        What each claim names as its article.
    abstain : float in [0, 1], optional
        Call a stance ``uncertain`` whose probability is lower.

    Returns
    -------
    list of Claim
        As many as texts; the span of each is the whole text.
    """
    if len(texts) > FEW_PASSAGES:
        from stance.acting import find_acting_ahead

        find_acting_ahead(texts, model.target_)
    passages = to_passages(texts, actors, model.target_)
    names = [""] * len(texts) if ids is None else ids
    questions = [
        Question(Article(name, text), Sentence(name, 0, len(text), text), passage, (0, len(text)))
        for name, text, passage in zip(names, texts, passages, strict=True)
    ]
    return [
        to_claim(question, chances, abstain)
        for question, chances in zip(questions, _judge(passages, model, None), strict=True)
    ]


def _judge(
    passages: list[Passage], model: Predictor, articles: Sequence[str] | None
) -> list[dict[str, float]]:
    """Return the probabilities of each passage, by stance."""
    if not passages:
        return []
    if isinstance(model, Scorer) and len(passages) <= FEW_PASSAGES:
        rows = model.predict_rows(passages, articles)
    else:
        rows = model.predict_proba(passages, articles=articles).tolist()
    return [dict(zip(model.classes, row, strict=True)) for row in rows]


class Question(NamedTuple):
    """What a model is asked about an article: one actor of one sentence, or a whole sentence."""

    article: Article
    sentence: Sentence
    passage: Passage
    span: tuple[int, int]
    # Claims are judged in each other's light: also those that nobody wants to see are asked for.
    is_wanted: bool = True


def ask(
    text: str | Article,
    model: Predictor,
    *,
    target: Target | None = None,
    actor: str | None = None,
) -> list[Question]:
    """Find what to ask a model about an article; as `read`, without the answers.

    Parameters
    ----------
    text : str or Article
        The article, or its text.
    model : Scorer or StanceClassifier
        Its detector and namer find the actors.
    target : Target, optional
        Its alias table finds the actors; by default the model's own.
    actor : str, optional
        Want the claims of this actor alone.

    Returns
    -------
    list of Question
        In reading order.
    """
    target = target or model.target_
    article = Article(id="", text=text) if isinstance(text, str) else text
    if target.unit == "text":
        return _ask_whole(article, actor, target)
    sentences = split_sentences(article)
    detected = detect_actors(
        [s.text for s in sentences], target.on(article.date), model.detector, model.namer
    )
    return [
        Question(article, sentence, passage, _own_span(passage, places), is_wanted)
        for sentence, mentions in zip(sentences, detected, strict=True)
        for places in [sorted({(mention.start, mention.end) for mention in mentions})]
        for passage, is_wanted in _passages(sentence.text, mentions, actor, target)
    ]


def _ask_whole(article: Article, actor: str | None, target: Target) -> list[Question]:
    """Return the one question of a model that judges texts as a whole."""
    text = article.text
    passage = to_passages([text], [actor], target)[0]
    if not text.strip() or (actor and not passage.has_actor):
        return []
    sentence = Sentence(article.id, 0, len(text), text)
    return [Question(article, sentence, passage, (0, len(text)))]


def _own_span(passage: Passage, actors: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the stretch of the sentence that belongs to the passage's actor, among others."""
    if not passage.has_actor:
        return 0, len(passage.sentence)
    return own_clause(passage.sentence, passage.actor_start, passage.actor_end, actors)


def _passages(
    sentence: str, mentions: Sequence[Mention], actor: str | None, target: Target
) -> list[tuple[Passage, bool]]:
    """Return what to ask the model about one sentence, and whether the answer is wanted."""
    asked = [
        (
            Passage(sentence, m.start, m.end, m.canonical or ""),
            actor is None or _is_asked(m, actor, target),
        )
        for m in mentions
    ]
    if actor is None:
        return asked or [(Passage(sentence), True)]
    if not any(is_wanted for _, is_wanted in asked):
        located = to_passages([sentence], [actor], target)[0]
        if located.has_actor:
            asked.append((located, True))
    return asked


def to_claim(
    question: Question, probabilities: dict[str, float], abstain: float | None = None
) -> Claim:
    """Return the model's answer as a claim; ``uncertain`` where it is less sure than `abstain`."""
    article, sentence, passage, span, _ = question
    mention = passage.sentence[passage.actor_start : passage.actor_end]
    stance = max(probabilities, key=lambda stance: probabilities[stance])
    if abstain is not None and probabilities[stance] < abstain:
        stance = UNCERTAIN
    return Claim(
        article.id or None,
        sentence.start,
        sentence.end,
        sentence.text,
        mention or None,
        passage.canonical or None,
        stance,
        probabilities,
        passage.actor_start if mention else None,
        passage.actor_end if mention else None,
        *span,
    )


def _is_asked(mention: Mention, actor: str, target: Target) -> bool:
    """Tell whether a mention is the actor that was asked for."""
    wanted = (target.canonical(actor) or actor).casefold()
    return wanted in ((mention.canonical or "").casefold(), mention.text.casefold())
