"""Publishing: readings become files to keep: JSON, CSV, or a report page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stance.articles import Article
from stance.cues import STANCES
from stance.reading import Claim
from stance.serve.answering import Reading
from stance.spreadsheets import render_csv as render_table

COLUMNS = (
    "article", "title", "date", "outlet", "url", "start", "end", "sentence", "actor", "canonical",
    "stance", *(f"p_{stance}" for stance in STANCES), "actor_start", "actor_end", "span_start",
    "span_end",
)  # fmt: skip


def render_json(readings: Sequence[Reading], abstain: float | None = None) -> str:
    """Return the claims of readings as JSON, an object an article."""
    documents = [
        {**_metadata(r.article), "claims": [c.as_dict() for c in r.claims(abstain)]}
        for r in readings
    ]
    return json.dumps(documents, ensure_ascii=False, indent=1) + "\n"


def render_csv(readings: Sequence[Reading], abstain: float | None = None) -> str:
    """Return the claims of readings as CSV, a row a claim.

    Parameters
    ----------
    readings : sequence of Reading
        The articles as they were read.
    abstain : float, optional
        Below this probability a stance is called uncertain.

    Returns
    -------
    str
        With a header; no cell can be taken for a formula.
    """
    return render_table(COLUMNS, (_row(r.article, c) for r in readings for c in r.claims(abstain)))


def _row(article: Article, claim: Claim) -> list[Any]:
    """Return the cells of `COLUMNS`."""
    return [
        article.id, article.title, article.date, article.outlet, article.url,
        claim.start, claim.end, claim.sentence, claim.actor, claim.canonical, claim.stance,
        *(round(claim.probabilities[stance], 6) for stance in STANCES),
        claim.actor_start, claim.actor_end, claim.span_start, claim.span_end,
    ]  # fmt: skip


def _metadata(article: Article) -> dict[str, str | None]:
    """Return what is known of an article."""
    return {
        "article": article.id or None,
        "title": article.title,
        "date": article.date,
        "outlet": article.outlet,
        "url": article.url,
    }
