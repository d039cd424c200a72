"""Responses: what the API answers, for its description; tests hold the app to it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Response(BaseModel):
    """A JSON object without further members."""

    model_config = ConfigDict(extra="forbid")


class ClaimOut(_Response):
    """One claim, as `stance.reading.Claim` has it."""

    article: str | None
    start: int
    end: int
    sentence: str
    actor: str | None
    canonical: str | None
    stance: Literal["criticizes", "neutral", "supports", "uncertain"]
    probabilities: dict[str, float]
    actor_start: int | None
    actor_end: int | None
    span_start: int
    span_end: int


class ActorOut(_Response):
    """How often an actor takes each stance."""

    canonical: str
    criticizes: int
    neutral: int
    supports: int
    uncertain: int
    n: int


class PredictionOut(_Response):
    """An article as it was read."""

    id: str | None
    title: str
    date: str
    url: str
    outlet: str
    text: str
    claims: list[ClaimOut]
    actors: list[ActorOut]
    seconds: float


class TermOut(_Response):
    """One term's share in the log-odds of the stance that is explained."""

    term: str
    view: str
    weight: float
    contribution: dict[str, float]


class ExplanationOut(ClaimOut):
    """A claim with its terms; weights, rest and intercept add up to the log-odds."""

    explained: str
    log_odds: float
    intercept: float
    terms: list[TermOut]
    rest: float
    n_rest: int


class ListedArticleOut(_Response):
    """One line of the list of articles."""

    id: str
    title: str
    date: str
    outlet: str
    n_labels: int


class ArticlesOut(_Response):
    """A page of the list of articles."""

    total: int
    articles: list[ListedArticleOut]


class ArticleLabelOut(_Response):
    """One pair of an article as it stands."""

    key: str
    start: int
    end: int
    actor: str
    actor_start: int
    actor_end: int
    canonical: str
    label: str | None
    annotator: str | None


class ArticleOut(_Response):
    """An article with its pairs."""

    id: str
    text: str
    title: str
    date: str
    outlet: str
    url: str
    language: str
    labels: list[ArticleLabelOut]


class ItemOut(ArticleLabelOut):
    """One pair of the queue with what stands around it."""

    version: int
    article: str
    title: str
    date: str
    outlet: str
    sentence: str
    note: str
    probabilities: dict[str, float] | None
    arm: Literal["uncertain", "class", "mislabelled", "random", "ranked"]
    reason: str
    before: str
    after: str


class ProgressOut(_Response):
    """How far an annotator has come."""

    done: int
    total: int
    by_label: dict[str, int]


class AgreementOut(_Response):
    """Krippendorff's alpha over pairs with two independent readings."""

    n: int
    alpha: float | None


class QueueOut(_Response):
    """What to review next; `ranking` tells whether all pairs have been ranked out of fold."""

    items: list[ItemOut]
    progress: ProgressOut
    agreement: AgreementOut | None
    ranking: Literal["idle", "running", "done", "failed"]


class SavedOut(_Response):
    """A decision that is on the disk."""

    id: str
    key: str
    version: int
    saved: Literal[True]


class UndoneOut(_Response):
    """A decision that was taken back."""

    id: str
    version: int
    saved: Literal[True]


class DecisionOut(_Response):
    """A decision in force."""

    id: str
    key: str
    pair: str
    annotator: str
    article: str
    start: int
    end: int
    sentence: str
    actor: str
    actor_start: int
    actor_end: int
    canonical: str
    label: Literal["criticizes", "neutral", "supports", "none"]
    note: str
    origin: list[int | str]
    blind: bool
    time: str
    version: int


class DecisionsOut(_Response):
    """A page of the decisions in force."""

    total: int
    labels: list[DecisionOut]


class ExportOut(_Response):
    """What an export changed."""

    added: int
    changed: int
    removed: int
    confirmed: int
    second_readings: int
    stale: int
    rows: int
    reopened: int


class JobOut(_Response):
    """A training that was started."""

    job: str


class ActorScoreOut(_Response):
    """The accuracy of one actor on articles that the evaluated model has not seen."""

    accuracy: float | None
    n: int


class FiguresOut(_Response):
    """The figures of one model."""

    accuracy: float | None
    low: float | None
    high: float | None
    macro_f1: float | None
    support: int
    per_actor: dict[str, ActorScoreOut]


class ChangeOut(_Response):
    """What a training changed for one actor."""

    actor: str
    before: float | None
    after: float | None
    n: int


class TrainingOut(_Response):
    """How a training is coming along."""

    job: str | None
    state: Literal["idle", "running", "done", "failed"]
    message: str
    progress: float
    before: FiguresOut | None
    after: FiguresOut | None
    changed: list[ChangeOut]


class StatusOut(_Response):
    """What the app works with."""

    model: str | None
    target: str
    target_name: str
    question: str
    classes: list[str]
    version: str
    annotators: list[str]
    n_labels: int
