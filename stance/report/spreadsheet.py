"""Spreadsheets: the tables of a report become tidy CSV that no spreadsheet takes for formulas.

One row is one observation and one column one variable. A text that begins like a formula gets an
apostrophe before it, as spreadsheets themselves would write it; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from stance.cues import STANCES
from stance.report.summary import Standing, Statement, Summary

# White space, and the wide forms of the signs, are read over by some spreadsheets.
_FORMULA = re.compile(r"[\s\x00\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")
CLAIM_COLUMNS = (
    "claim", "article", "title", "date", "outlet", "url", "start", "end", "sentence", "actor",
    "canonical", "stance", *(f"p_{stance}" for stance in STANCES), "actor_start", "actor_end",
    "span_start", "span_end", "words",
)  # fmt: skip
SHARE_COLUMNS = tuple(f"share_{stance}{end}" for stance in STANCES for end in ("", "_low", "_high"))
FIGURE_COLUMNS = (
    "articles", "statements", *STANCES, *(f"raw_{stance}" for stance in STANCES), *SHARE_COLUMNS,
    "balance", "balance_low", "balance_high", "corrected",
)  # fmt: skip


def make_harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula.

    Parameters
    ----------
    cell : Any
        A text or a number.

    Returns
    -------
    Any
        Texts that begin like a formula with an apostrophe before them; anything else unchanged.

    Examples
    --------
    >>> make_harmless("=1+1"), make_harmless(-0.5), make_harmless("Ann")
    ("'=1+1", -0.5, 'Ann')
    """
    if isinstance(cell, str) and _FORMULA.match(cell):
        return f"'{cell}"
    return cell


def render_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV.

    Parameters
    ----------
    columns : sequence of str
        Their names.
    rows : iterable of sequence
        Cells; None is an empty one.

    Returns
    -------
    str
        With a byte-order mark, without which spreadsheets misread letters beyond English.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([make_harmless(cell) for cell in row] for row in rows)
    return "\ufeff" + stream.getvalue()


def render_tables(summary: Summary) -> dict[str, str]:
    """Return every table of a report as CSV.

    Parameters
    ----------
    summary : Summary
        What to write.

    Returns
    -------
    dict of str to str
        File names and contents: ``claims.csv``, ``total.csv``, ``actors.csv``, ``outlets.csv`` and,
        by the period of the report, ``by_month.csv``, ``actor_by_month.csv`` and
        ``outlet_by_month.csv``, or the same by week.
    """
    unit, is_corrected = summary.unit, summary.is_corrected

    def by(columns: tuple[str, ...], standings: Iterable[Standing]) -> str:
        rows = [
            [*({"period": s.period}.get(c, s.name) for c in columns), *_figures(s, is_corrected)]
            for s in standings
        ]
        heads = [unit if column == "period" else column for column in columns]
        return render_csv([*heads, *FIGURE_COLUMNS], rows)

    claims = [claim for _, statements in summary.readings for claim in statements]
    return {
        "claims.csv": render_csv(CLAIM_COLUMNS, map(_claim_row, claims)),
        "total.csv": by((), [summary.total]),
        "actors.csv": by(("actor",), summary.actors),
        "outlets.csv": by(("outlet",), summary.outlets),
        f"by_{unit}.csv": by(("period",), summary.periods),
        f"actor_by_{unit}.csv": by(("actor", "period"), summary.actor_periods),
        f"outlet_by_{unit}.csv": by(("outlet", "period"), summary.outlet_periods),
    }


def _figures(standing: Standing, is_corrected: bool) -> list[Any]:
    """Return the cells of `FIGURE_COLUMNS`."""
    n, estimate = standing.n_statements, standing.estimate
    shares = [estimate.shares[stance] for stance in STANCES]
    return [
        standing.n_articles,
        n,
        *(standing.counts[stance] for stance in STANCES),
        *(round(standing.counts[stance] / n, 4) for stance in STANCES),
        *(end for share in shares for end in (share.value, share.low, share.high)),
        estimate.balance.value,
        estimate.balance.low,
        estimate.balance.high,
        "yes" if is_corrected else "no",
    ]


def _claim_row(statement: Statement) -> list[Any]:
    """Return the cells of `CLAIM_COLUMNS`."""
    claim, article = statement.claim, statement.article
    return [
        statement.number, article.id, article.title, article.date, article.outlet, article.url,
        claim.start, claim.end, claim.sentence, claim.actor, claim.canonical, claim.stance,
        *(round(claim.probabilities[stance], 6) for stance in STANCES),
        claim.actor_start, claim.actor_end, claim.span_start, claim.span_end,
        claim.sentence[claim.span_start : claim.span_end],
    ]  # fmt: skip
