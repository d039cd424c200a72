"""Publishing: readings become files to keep: JSON, CSV, or a report page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from stance.articles import Article
from stance.cues import STANCES
from stance.serve.answering import Reading

COLUMNS = (
    "article", "title", "date", "outlet", "url", "start", "end", "sentence", "actor", "canonical",
    "stance", *STANCES, "actor_start", "actor_end", "span_start", "span_end",
)  # fmt: skip
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
        With a header. A text that a spreadsheet would take for a formula has an apostrophe
        before it.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for reading in readings:
        for claim in reading.claims(abstain):
            row = {**_metadata(reading.article), **claim.as_dict(), **claim.probabilities}
            writer.writerow({key: _harmless(value) for key, value in row.items()})
    return out.getvalue()


def _metadata(article: Article) -> dict[str, str | None]:
    """Return what is known of an article."""
    return {
        "article": article.id or None,
        "title": article.title,
        "date": article.date,
        "outlet": article.outlet,
        "url": article.url,
    }


def _harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
