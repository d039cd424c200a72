"""Schemas: what a request may hold. Anything else is refused before the app reads it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_OFFSET = 2_000_000_000


def _encodable(text: str) -> str:
    """Refuse half a surrogate pair, which JSON can write and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half a surrogate pair; send whole characters") from error
    return text


def _line(text: str) -> str:
    """Refuse line breaks and control characters, which a name does not have."""
    if not text.isprintable():
        raise ValueError("holds a control character; send plain text")
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Line = Annotated[str, AfterValidator(_encodable), AfterValidator(_line)]
ArticleId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    AfterValidator(_encodable),
    AfterValidator(_line),
]
Annotator = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_encodable),
    AfterValidator(_line),
]
Name = Annotated[
    str, StringConstraints(max_length=300), AfterValidator(_encodable), AfterValidator(_line)
]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Offset = Annotated[int, Field(ge=0, le=MAX_OFFSET)]
Stance = Literal["criticizes", "neutral", "supports"]


class _Request(BaseModel):
    """A JSON object without unknown members."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Source(_Request):
    """A text, or an article of the folder.

    Attributes
    ----------
    text : str, optional
        What to read; lines between two ``---`` at its head are title, date, outlet and address.
    article : str, optional
        Or the id of an article.
    name : str, optional
        What the file of the text is called; one ending in .html is read as a web page.
    """

    text: Text | None = None
    article: ArticleId | None = None
    name: Name | None = None


class PredictRequest(Source):
    """What to read, and how.

    Attributes
    ----------
    actor : str, optional
        Ask about this actor alone.
    abstain : float, optional
        Call a stance uncertain whose probability is lower.
    """

    actor: Name | None = None
    abstain: Annotated[float, Field(ge=0, le=1, strict=False)] | None = None


class ExplainRequest(Source):
    """Which claim of a text to explain.

    Attributes
    ----------
    start : int
        Where its sentence begins.
    actor_start : int or None
        Where its actor begins in the sentence; None for a sentence without one.
    """

    start: Offset
    actor_start: Offset | None = None


class NamedText(_Request):
    """A text with the name of its file."""

    name: Name = ""
    text: Text


class PublishRequest(Source):
    """What to report on, or to export: one text, one article, or several texts."""

    articles: Annotated[list[NamedText], Field(max_length=200)] | None = None
    abstain: Annotated[float, Field(ge=0, le=1, strict=False)] | None = None


class LabelRequest(_Request):
    """A decision about one pair.

    Attributes
    ----------
    id : str, optional
        Made by the caller, so that sending it again is harmless.
    key : str, optional
        The pair as it was shown; without it, `article` and all four offsets are needed.
    article, start, end, actor_start, actor_end, canonical : optional
        The row as it should stand; what is left out stays as it was shown.
    label : str
        A stance, or ``none`` for: nobody takes part here.
    annotator : str
        Who decides.
    note : str
        What to remember.
    blind : bool
        Whether the labels were hidden.
    expected_version : int, optional
        The version that was shown; where the pair has another by now, nothing is saved.
    """

    id: Identifier | None = None
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    article: ArticleId | None = None
    start: Offset | None = None
    end: Offset | None = None
    actor_start: Offset | None = None
    actor_end: Offset | None = None
    canonical: Name | None = None
    label: Literal["criticizes", "neutral", "supports", "none"]
    annotator: Annotator
    note: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_encodable)] = ""
    blind: bool = False
    expected_version: Offset | None = None


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
