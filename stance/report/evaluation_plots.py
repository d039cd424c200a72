"""Plots of an evaluation: tables of figures become points and ticks in the units of a drawing.

Pure arithmetic: figures enter, a `Chart` leaves, which the template of the page draws as SVG in the
page's own colours. Nothing here knows of colours, fonts or files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stance.evaluation import wilson_interval

WIDTH, HEIGHT = 460, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 46


@dataclass(frozen=True)
class Point:
    """One dot of a line.

    Parameters
    ----------
    x, y : float
        Where it stands, in units of the drawing.
    low, high : float
        Heights of the ends of its interval; both `y` without one.
    radius : float
        Of the dot.
    title : str
        Its figures in words.
    """

    x: float
    y: float
    low: float
    high: float
    radius: float
    title: str


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Parameters
    ----------
    name : str
        What it shows.
    points : list of Point
        From left to right.
    is_joined : bool
        Whether a stroke joins them.
    """

    name: str
    points: list[Point]
    is_joined: bool = True

    @property
    def path(self) -> str:
        """Coordinates of the stroke, as SVG's polyline takes them."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True)
class Chart:
    """What a template draws.

    Parameters
    ----------
    x_label, y_label : str
        Names of the axes.
    x_ticks, y_ticks : list of (float, str)
        Places and texts of the marks on the axes.
    lines : list of Line
        What is shown.
    diagonal : str
        Coordinates of a line of reference; "" for none.
    """

    x_label: str
    y_label: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    diagonal: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw_reliability(table: Sequence[Mapping[str, float]]) -> Chart:
    """Return the chart of how often answers are right, by their probability.

    Parameters
    ----------
    table : sequence of mapping
        As `stance.calibration.tabulate_reliability` makes it.

    Returns
    -------
    Chart
        A dot a bin, with Wilson's interval; its area grows with the number of answers.
    """
    most = max((row["support"] for row in table), default=1)
    points = []
    for row in table:
        support = int(row["support"])
        low, high = wilson_interval(round(row["accuracy"] * support), support)
        points.append(
            Point(
                _across(row["confidence"]),
                _up(row["accuracy"]),
                _up(low),
                _up(high),
                3 + 6 * math.sqrt(support / most),
                f"{support} answers of probability {row['low']:.1f} to {row['high']:.1f}: "
                f"{row['accuracy']:.1%} right, {row['confidence']:.1%} expected",
            )
        )
    return Chart(
        "probability that the model gives",
        "share that is right",
        [(_across(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)],
        [(_up(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)],
        [Line("answers", points, is_joined=False)],
        f"{_across(0):.1f},{_up(0):.1f} {_across(1):.1f},{_up(1):.1f}",
    )


def draw_risk_coverage(table: Sequence[Mapping[str, float]]) -> Chart:
    """Return the chart of how right the surest answers are.

    Parameters
    ----------
    table : sequence of mapping
        As `stance.calibration.trace_risk_coverage` makes it.

    Returns
    -------
    Chart
    """
    bottom = _floor(row["accuracy"] for row in table)
    points = [
        _dot(
            _across(row["coverage"]),
            _up(row["accuracy"], bottom),
            f"the surest {row['coverage']:.0%}: {row['accuracy']:.1%} right, "
            f"probability from {row['threshold']:.2f}",
        )
        for row in sorted(table, key=lambda row: row["coverage"])
    ]
    return Chart(
        "share of the answers that are given, the surest first",
        "share that is right",
        [(_across(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)],
        _shares_up(bottom),
        [Line("answers", points)],
    )


def draw_learning_curve(curve: Sequence[Mapping[str, Any]]) -> Chart:
    """Return the chart of accuracy and macro-F1 over the number of training pairs.

    Parameters
    ----------
    curve : sequence of mapping
        As `stance.evaluation.trace_learning_curve` makes it.

    Returns
    -------
    Chart
        Equal steps to the right are equal factors.
    """
    sizes = [math.log2(row["n_pairs"]) for row in curve]
    first, span = sizes[0], max(sizes[-1] - sizes[0], 1e-9)
    across = [_across(0.05 + 0.9 * (size - first) / span) for size in sizes]
    bottom = _floor(row[key] for row in curve for key in ("low", "macro_f1"))
    accuracy = [
        Point(
            x, _up(row["accuracy"], bottom), _up(row["low"], bottom), _up(row["high"], bottom), 4,
            f"{row['n_pairs']:,} pairs of {row['n_articles']:,} articles: "
            f"accuracy {row['accuracy']:.3f}",
        )
        for x, row in zip(across, curve, strict=True)
    ]  # fmt: skip
    f1 = [
        _dot(
            x,
            _up(row["macro_f1"], bottom),
            f"{row['n_pairs']:,} pairs: macro-F1 {row['macro_f1']:.3f}",
        )
        for x, row in zip(across, curve, strict=True)
    ]
    return Chart(
        "training pairs",
        "on the held-out pairs",
        [(x, f"{row['n_pairs']:,}") for x, row in zip(across, curve, strict=True)],
        _shares_up(bottom),
        [Line("accuracy", accuracy), Line("macro-F1", f1)],
    )


def _dot(x: float, y: float, title: str) -> Point:
    """Return a point without an interval."""
    return Point(x, y, y, y, 4, title)


def _across(share: float) -> float:
    """Return how far to the right a share stands."""
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _up(share: float, bottom: float = 0.0) -> float:
    """Return how far down a share stands on an axis from `bottom` to 1."""
    return TOP + (1 - share) / (1 - bottom) * (HEIGHT - TOP - BOTTOM)


def _floor(shares: Any) -> float:
    """Return the tenth below all shares, for an axis to begin at; at most 0.9."""
    return min(0.9, math.floor(min(shares, default=0.0) * 10) / 10)


def _shares_up(bottom: float) -> list[tuple[float, str]]:
    """Return the marks of an axis from `bottom` to 1, at most six of them."""
    step = 0.1 if bottom >= 0.5 else 0.2
    count = int((1 - bottom) / step + 1e-9)
    return [(_up(1 - i * step, bottom), f"{1 - i * step:.0%}") for i in range(count + 1)]
