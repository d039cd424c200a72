"""Summary: the claims of articles become the tables of a report.

Articles and their claims enter; counts and corrected shares for each actor, outlet and period
leave. Nothing is read or written here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from stance.articles import Article
from stance.cues import STANCES
from stance.errors import StanceError
from stance.reading import Claim
from stance.report.prevalence import Estimate, Prevalence

NOT_NAMED = "(not named)"
NO_OUTLET = "(no outlet)"
# Up to this many days weeks are told apart, beyond them months.
LONGEST_IN_WEEKS = 120


@dataclass(frozen=True)
class Statement:
    """A claim with the article that it stands in.

    Parameters
    ----------
    number : int
        Its place in the report, from 1.
    claim : Claim
        The model's answer.
    article : Article
        Where it stands.
    """

    number: int
    claim: Claim
    article: Article

    @property
    def actor(self) -> str:
        """Who takes the stance; ``""`` for a sentence without an actor."""
        if self.claim.actor is None:
            return ""
        return self.claim.canonical or NOT_NAMED

    @property
    def outlet(self) -> str:
        """Who printed it."""
        return self.article.outlet or NO_OUTLET


@dataclass(frozen=True)
class Standing:
    """Where a group of statements stands.

    Parameters
    ----------
    name : str
        The actor or outlet; ``""`` for all.
    period : str
        First day of the month or week; ``""`` for all of them.
    n_articles : int
        In how many articles the statements stand.
    counts : dict of str to int
        How many statements were predicted to have each stance.
    estimate : Estimate
        Shares corrected for the model's errors.
    """

    name: str
    period: str
    n_articles: int
    counts: dict[str, int]
    estimate: Estimate

    @property
    def n_statements(self) -> int:
        """Number of statements."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Summary:
    """The tables of a report.

    Parameters
    ----------
    readings : list of (Article, list of Statement)
        Every claim of every article, by date.
    total : Standing
        Of all statements.
    actors, outlets : list of Standing
        Those with the most statements first.
    periods, actor_periods, outlet_periods : list of Standing
        By month or week, those of one actor or outlet together.
    unit : {"week", "month"}
        What a period is.
    n_statements : int
        Claims with an actor; all claims where a model judges texts as a whole.
    n_without_actor : int
        Sentences in which nobody takes part: in the claims, not in the shares.
    n_undated : int
        Statements of articles without a date that can be read: in the shares, in no period.
    min_statements : int
        Actors and outlets with fewer are folded.
    is_corrected : bool
        Whether shares are corrected for the model's errors.
    """

    readings: list[tuple[Article, list[Statement]]]
    total: Standing
    actors: list[Standing]
    outlets: list[Standing]
    periods: list[Standing]
    actor_periods: list[Standing]
    outlet_periods: list[Standing]
    unit: str
    n_statements: int
    n_without_actor: int
    n_undated: int
    min_statements: int
    is_corrected: bool

    def frequent(self, standings: Sequence[Standing]) -> list[Standing]:
        """Return those with `min_statements` at least."""
        return [s for s in standings if s.n_statements >= self.min_statements]

    def folded(self, standings: Sequence[Standing]) -> list[Standing]:
        """Return those with fewer than `min_statements`."""
        return [s for s in standings if s.n_statements < self.min_statements]


def summarize_claims(
    readings: Iterable[tuple[Article, Sequence[Claim]]],
    prevalence: Prevalence,
    min_statements: int = 5,
) -> Summary:
    """Count the claims of articles for each actor, outlet and period.

    Parameters
    ----------
    readings : iterable of (Article, sequence of Claim)
        Each article with its claims in reading order.
    prevalence : Prevalence
        Turns counts into shares.
    min_statements : int, default=5
        Actors and outlets with fewer statements are folded.

    Returns
    -------
    Summary

    Raises
    ------
    StanceError
        If there is no claim at all.
    """
    ordered = sorted(readings, key=lambda r: (read_day(r[0]) or date.max, r[0].id))
    numbered = list(_number(ordered))
    claims = [statement for _, statements in numbered for statement in statements]
    if not claims:
        raise StanceError("the articles hold no claim to report; check that they hold sentences.")
    statements = [s for s in claims if s.claim.actor is not None]
    n_without_actor = len(claims) - len(statements)
    if not statements:
        statements, n_without_actor = claims, 0
    days = {article.id: read_day(article) for article, _ in ordered}
    unit = choose_unit([day for day in days.values() if day is not None])
    named = [s for s in statements if s.actor]
    dated = [s for s in statements if days[s.article.id] is not None]

    def period(statement: Statement) -> str:
        day = days[statement.article.id]
        return start_of_period(day, unit).isoformat() if day else ""

    def standings(group: Iterable[Statement], *keys: Callable[[Statement], str]) -> list[Standing]:
        return _standings(group, keys, prevalence)

    actor_rank, outlet_rank = _ranks(named, _actor), _ranks(statements, _outlet)
    return Summary(
        numbered,
        standings(statements, _nobody, _always)[0],
        sorted(standings(named, _actor, _always), key=lambda s: actor_rank[s.name]),
        sorted(standings(statements, _outlet, _always), key=lambda s: outlet_rank[s.name]),
        standings(dated, _nobody, period),
        sorted(
            standings([s for s in dated if s.actor], _actor, period),
            key=lambda s: (actor_rank[s.name], s.period),
        ),
        sorted(standings(dated, _outlet, period), key=lambda s: (outlet_rank[s.name], s.period)),
        unit,
        len(statements),
        n_without_actor,
        len(statements) - len(dated),
        min_statements,
        prevalence.is_corrected,
    )


def _number(
    readings: Iterable[tuple[Article, Sequence[Claim]]],
) -> Iterator[tuple[Article, list[Statement]]]:
    """Give each claim its number."""
    number = 0
    for article, claims in readings:
        yield (
            article,
            [Statement(number + i, claim, article) for i, claim in enumerate(claims, start=1)],
        )
        number += len(claims)


def _actor(statement: Statement) -> str:
    return statement.actor


def _outlet(statement: Statement) -> str:
    return statement.outlet


def _nobody(statement: Statement) -> str:
    return ""


_always = _nobody


def _ranks(
    statements: Iterable[Statement], key: Callable[[Statement], str]
) -> dict[str, tuple[bool, int, str]]:
    """Return what to sort names by: the most statements first, what has no name last."""
    counts: dict[str, int] = defaultdict(int)
    for statement in statements:
        counts[key(statement)] += 1
    return {name: (name in (NOT_NAMED, NO_OUTLET), -count, name) for name, count in counts.items()}


def _standings(
    statements: Iterable[Statement],
    keys: Sequence[Callable[[Statement], str]],
    prevalence: Prevalence,
) -> list[Standing]:
    """Group statements by name and period, in their order, and estimate the shares of each."""
    groups: dict[tuple[str, str], dict[str, list[int]]] = {}
    actors: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for statement in statements:
        name, period = (key(statement) for key in keys)
        articles = groups.setdefault((name, period), {})
        counts = articles.setdefault(statement.article.id, [0] * len(STANCES))
        counts[STANCES.index(statement.claim.stance)] += 1
        actors[name, period][statement.actor] += 1
    return [
        Standing(
            name,
            period,
            len(articles),
            dict(zip(STANCES, map(sum, zip(*articles.values(), strict=True)), strict=True)),
            prevalence.estimate(list(articles.values()), spread(actors[name, period])),
        )
        for (name, period), articles in sorted(groups.items())
    ]


def spread(counts: Mapping[str, int]) -> float:
    """Return among how many the counts are spread, as good as evenly: Hill's number of order 2.

    Examples
    --------
    >>> spread({"Ann": 5, "Bob": 5}), spread({"Ann": 10})
    (2.0, 1.0)
    """
    return float(sum(counts.values()) ** 2 / sum(n * n for n in counts.values()))


def read_day(article: Article) -> date | None:
    """Return the day of an article, or None where it has none that can be read.

    Examples
    --------
    >>> read_day(Article("a", "They voted.", date="2020-08-09T12:00:00Z"))
    datetime.date(2020, 8, 9)
    """
    try:
        return date.fromisoformat(article.date.strip()[:10])
    except ValueError:
        return None


def choose_unit(days: Sequence[date]) -> str:
    """Return ``week`` for a span of a few months, ``month`` for a longer one."""
    span = (max(days) - min(days)).days if days else 0
    return "week" if span <= LONGEST_IN_WEEKS else "month"


def start_of_period(day: date, unit: str) -> date:
    """Return the first day of the month, or the Monday of the week, that a day is in.

    Examples
    --------
    >>> start_of_period(date(2020, 8, 9), "week"), start_of_period(date(2020, 8, 9), "month")
    (datetime.date(2020, 8, 3), datetime.date(2020, 8, 1))
    """
    return day.replace(day=1) if unit == "month" else day - timedelta(days=day.weekday())


def list_periods(summary: Summary) -> list[date]:
    """Return the first day of every period from the first to the last, empty ones among them.

    Parameters
    ----------
    summary : Summary
        The tables of a report.

    Returns
    -------
    list of date
        In order; empty where no article has a date.
    """
    if not summary.periods:
        return []
    first, last = (date.fromisoformat(summary.periods[i].period) for i in (0, -1))
    found = [first]
    while found[-1] < last:
        step = 7 if summary.unit == "week" else 32
        found.append(start_of_period(found[-1] + timedelta(days=step), summary.unit))
    return found
