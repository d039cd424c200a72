"""Tidy tables: what a report shows becomes CSV, one observation a row and one variable a column.

A summary enters, the texts of the files leave; `stance.spreadsheets` sees to it that no cell is
taken for a formula.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stance.cues import STANCES
from stance.report.summary import Standing, Statement, Summary
from stance.spreadsheets import render_csv

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
