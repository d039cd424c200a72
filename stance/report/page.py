"""The page: the tables of a report as one HTML file that needs nothing else.

A summary enters, a page leaves. It asks no other machine for anything, and its security policy
lets it run only the one script that stands in it: whatever an article holds stays text.
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from stance.articles import Article
from stance.cues import STANCES
from stance.errors import MissingExtraError
from stance.report import charts
from stance.report.charts import draw_panels, label_period, place_balance
from stance.report.prevalence import ErrorRates
from stance.report.summary import NOT_NAMED, Standing, Statement, Summary, list_periods, read_day

# So many rows before the rest is folded, and so many panels over time.
MOST_ROWS = 25
MOST_PANELS = 12


@dataclass(frozen=True)
class Facts:
    """What a page says of its model.

    Parameters
    ----------
    title : str
        Heading of the page.
    question : str
        What a stance is about.
    model : str
        What the model is called.
    rates : ErrorRates
        What is known of its errors.
    seen : int
        How many of the articles bear the ids of articles that the model was fitted on.
    """

    title: str
    question: str
    model: str
    rates: ErrorRates
    seen: int = field(default=0)


def count_seen(summary: Summary, rates: ErrorRates) -> int:
    """Return how many articles of a report a refitted model is known to have been fitted on.

    Parameters
    ----------
    summary : Summary
        The tables of a report.
    rates : ErrorRates
        Names the articles that the model was judged on, before it was fitted on them, too.

    Returns
    -------
    int
        Of its other training articles the model keeps no list: where this is above 0, there are
        likely more.
    """
    if not rates.refitted:
        return 0
    return sum(article.id in rates.held_out for article, _ in summary.readings)


def render_page(summary: Summary, facts: Facts) -> str:
    """Return a report as HTML.

    Parameters
    ----------
    summary : Summary
        The tables of the report.
    facts : Facts
        What to say of the model.

    Returns
    -------
    str
        One self-contained page.

    Raises
    ------
    MissingExtraError
        If Jinja is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtraError("a report", "report") from error
    style, script = _read_template("report.css"), _read_template("report.js")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_read_template),
    )
    environment.filters.update(percent=percent, points=points, day=_day, weblink=weblink)
    return environment.get_template("report.html").render(
        summary=summary,
        facts=facts,
        stances=STANCES,
        letters={stance: stance[0] for stance in STANCES},
        charts=charts,
        place_balance=place_balance,
        segments=segments,
        not_named=NOT_NAMED,
        # Nothing but these two texts, which come with this package, is taken as markup.
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        **_lists(summary),
    )


def _lists(summary: Summary) -> dict[str, Any]:
    """Return what the template walks over."""
    frequent = summary.frequent(summary.actors)
    outlets = summary.frequent(summary.outlets)
    periods = list_periods(summary)
    unit = summary.unit

    def panels(standings: list[Standing], of: list[Standing]) -> list[charts.Panel]:
        names = [s.name for s in of if s.name != NOT_NAMED][:MOST_PANELS]
        return draw_panels(standings, names, periods, unit)

    days = [day for article, _ in summary.readings if (day := read_day(article)) is not None]
    return {
        "groups": {
            "actor": _groups(summary.actors, frequent, summary.folded(summary.actors)),
            "outlet": _groups(summary.outlets, outlets, summary.folded(summary.outlets)),
        },
        "overall_panels": draw_panels(summary.periods, [""], periods, unit),
        "actor_panels": panels(summary.actor_periods, frequent or summary.actors),
        "outlet_panels": panels(summary.outlet_periods, outlets or summary.outlets),
        "period_label": lambda period: label_period(date.fromisoformat(period), unit),
        "actor_numbers": {s.name: i for i, s in enumerate(summary.actors)},
        "outlet_numbers": {s.name: i for i, s in enumerate(summary.outlets)},
        "claims_by_actor": _index(summary),
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
    }


def _groups(
    everyone: list[Standing], frequent: list[Standing], folded: list[Standing]
) -> dict[str, Any]:
    """Part standings into those shown, the rest of the frequent, and those with few statements."""
    if not frequent:
        shown, rest, few = everyone[:MOST_ROWS], everyone[MOST_ROWS:], []
    else:
        shown, rest, few = frequent[:MOST_ROWS], frequent[MOST_ROWS:], folded
    return {"shown": shown, "rest": rest, "few": few, "nobody": not frequent}


def _index(summary: Summary) -> dict[str, dict[str, list[int]]]:
    """Return the numbers of each actor's claims, by stance."""
    index: dict[str, dict[str, list[int]]] = defaultdict(lambda: {s: [] for s in STANCES})
    for _, statements in summary.readings:
        for statement in statements:
            if statement.actor:
                index[statement.actor][statement.claim.stance].append(statement.number)
    return dict(index)


def segments(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a claim's sentence with what they are.

    Parameters
    ----------
    statement : Statement
        A claim and its article.

    Yields
    ------
    (str, str)
        ``"actor"``, ``"own"`` (the words that belong to the actor) or ``""``, and the words.
    """
    claim = statement.claim
    sentence = claim.sentence
    actor = (claim.actor_start or 0, claim.actor_end or 0)
    own = (claim.span_start, claim.span_end) if claim.actor is not None else (0, 0)
    cuts = sorted({0, len(sentence), *actor, *own})
    for start, end in zip(cuts, cuts[1:], strict=False):
        kind = "own" if own[0] <= start < own[1] else ""
        kind = "actor" if actor[0] <= start < actor[1] else kind
        yield kind, sentence[start:end]


def percent(share: float) -> str:
    """Return a share as a whole percentage.

    Examples
    --------
    >>> percent(0.126)
    '13%'
    """
    return f"{100 * share:.0f}%"


def points(balance: float) -> str:
    """Return a balance in percentage points, with its sign.

    Examples
    --------
    >>> points(-0.126), points(0.0), points(0.5)
    ('\u221213', '0', '+50')
    """
    rounded = round(100 * balance)
    return f"{rounded:+d}".replace("-", "\u2212") if rounded else "0"


def _day(article: Article) -> str:
    """Return an article's day as it is written on the page; what it has where it is no day."""
    day = read_day(article)
    return article.date.strip() if day is None else day.isoformat()


def weblink(url: str) -> str:
    """Return a web address that may be linked to, or nothing: no script, no local file.

    Examples
    --------
    >>> weblink("https://example.org/a"), weblink("javascript:alert(1)")
    ('https://example.org/a', '')
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def _read_template(name: str) -> str:
    """Return a file of the templates."""
    return (resources.files("stance.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what the security policy knows a text by."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
