"""Charts over time: standings become the places of points, bands and columns in a small panel.

Numbers enter, coordinates leave; the page's template draws them. Colours are not told here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from stance.report.prevalence import Share
from stance.report.summary import Standing

WIDTH, HEIGHT = 340, 168
LEFT, RIGHT, TOP, BOTTOM = 42, 332, 10, 112
COLUMNS_BOTTOM, LABELS = 144, 160
COLUMN_HEIGHT = COLUMNS_BOTTOM - BOTTOM - 8
MOST_TICKS = 5


@dataclass(frozen=True)
class Point:
    """One period of a panel.

    Parameters
    ----------
    x, y : float
        Where the balance is drawn.
    y_low, y_high : float
        Where its interval ends; the high end is further up, and so the smaller number.
    column_y, column_height : float
        The column of the number of statements.
    standing : Standing
        What is drawn.
    """

    x: float
    y: float
    y_low: float
    y_high: float
    column_y: float
    column_height: float
    standing: Standing


@dataclass(frozen=True)
class Panel:
    """The balance of one actor or outlet over time.

    Parameters
    ----------
    name : str
        Whose it is; ``""`` for all statements.
    points : list of Point
        Periods with statements.
    runs : list of list of Point
        The same, parted where a period has none.
    ticks : list of (float, str)
        Places and labels on the axis of time.
    column_width : float
        Width of a column.
    most : int
        The most statements in one period, which the highest column stands for.
    """

    name: str
    points: list[Point]
    runs: list[list[Point]]
    ticks: list[tuple[float, str]]
    column_width: float
    most: int


def place_balance(balance: float) -> float:
    """Return how far down a balance from 1 to -1 is drawn.

    Examples
    --------
    >>> place_balance(1), place_balance(-1)
    (10.0, 112.0)
    """
    return round(TOP + (1 - balance) / 2 * (BOTTOM - TOP), 2)


def draw_panels(
    standings: Iterable[Standing], names: Sequence[str], periods: Sequence[date], unit: str
) -> list[Panel]:
    """Draw a panel for each name.

    Parameters
    ----------
    standings : iterable of Standing
        Of names and periods.
    names : sequence of str
        Whose panels to draw; names without a dated statement are left out.
    periods : sequence of date
        First day of each period, empty ones among them.
    unit : {"week", "month"}
        What a period is.

    Returns
    -------
    list of Panel
        In the order of `names`.
    """
    by_name: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        by_name[standing.name].append(standing)
    step = (RIGHT - LEFT) / max(len(periods), 1)
    places = {day.isoformat(): LEFT + (i + 0.5) * step for i, day in enumerate(periods)}
    order = list(places)
    ticks = _ticks(periods, unit, step)
    panels = []
    for name in names:
        if name not in by_name:
            continue
        most = max(standing.n_statements for standing in by_name[name])
        points = [_point(standing, places[standing.period], most) for standing in by_name[name]]
        width = round(min(step * 0.7, 18), 2)
        panels.append(Panel(name, points, _runs(points, order), ticks, width, most))
    return panels


def _point(standing: Standing, x: float, most: int) -> Point:
    """Place one period."""
    balance: Share = standing.estimate.balance
    height = max(1.0, standing.n_statements / most * COLUMN_HEIGHT)
    return Point(
        round(x, 2),
        place_balance(balance.value),
        place_balance(balance.low),
        place_balance(balance.high),
        round(COLUMNS_BOTTOM - height, 2),
        round(height, 2),
        standing,
    )


def _runs(points: Sequence[Point], order: Sequence[str]) -> list[list[Point]]:
    """Part the points where periods between them are empty."""
    index = {period: i for i, period in enumerate(order)}
    runs: list[list[Point]] = []
    for point in points:
        previous = runs[-1][-1].standing.period if runs else None
        if previous is not None and index[point.standing.period] == index[previous] + 1:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _ticks(periods: Sequence[date], unit: str, step: float) -> list[tuple[float, str]]:
    """Label some of the periods, evenly apart."""
    stride = max(1, -(-len(periods) // MOST_TICKS))
    return [
        (round(LEFT + (i + 0.5) * step, 2), label_period(periods[i], unit, short=True))
        for i in range(0, len(periods), stride)
    ]


def label_period(first_day: date, unit: str, *, short: bool = False) -> str:
    """Return how a period is called.

    Examples
    --------
    >>> label_period(date(2020, 8, 3), "week"), label_period(date(2020, 8, 1), "month")
    ('week of 3 Aug 2020', 'Aug 2020')
    >>> label_period(date(2020, 8, 3), "week", short=True)
    '3 Aug'
    """
    month = _MONTHS[first_day.month - 1]
    if unit == "month":
        return f"{month} {first_day.year}"
    day = f"{first_day.day} {month}"
    return day if short else f"week of {day} {first_day.year}"


# Not by strftime, whose names depend on the machine's language.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
