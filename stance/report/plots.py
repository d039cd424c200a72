"""Plots: the charts of a report as PNG and SVG files, for articles and slides.

A summary enters; bytes of pictures leave, by file name. Nothing is written here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from stance.errors import MissingExtraError
from stance.report.charts import label_period
from stance.report.page import MOST_PANELS, MOST_ROWS
from stance.report.summary import NOT_NAMED, Standing, Summary, list_periods

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CRITICIZES, SUPPORTS, NEUTRAL, INK, MUTED = "#d9711f", "#2f6db5", "#8a949e", "#1d2329", "#5a6570"
DPI = 200
FORMATS = ("png", "svg")
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,  # a name may hold dollar signs
    "svg.fonttype": "path",  # looks alike where the font is missing
    "svg.hashsalt": "stance",  # the same figures give the same bytes
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "figure.constrained_layout.use": True,
}


def render_plots(summary: Summary, title: str) -> dict[str, bytes]:
    """Return every plot of a report.

    Parameters
    ----------
    summary : Summary
        What to draw.
    title : str
        What the plots are about.

    Returns
    -------
    dict of str to bytes
        File names and contents, each plot as PNG and as SVG: ``total``, ``actors``, ``outlets``,
        ``over_time``, ``actors_over_time`` and ``outlets_over_time``. Plots of nothing are left
        out.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
    except ImportError as error:
        raise MissingExtraError("drawing plots", "report") from error
    pictures: dict[str, bytes] = {}
    with rc_context(_STYLE):
        for name, draw in _plots(summary, title):
            figure = draw()
            for form in FORMATS:
                pictures[f"{name}.{form}"] = _save(figure, form)
    return pictures


def _plots(summary: Summary, title: str) -> list[tuple[str, Callable[[], Figure]]]:
    """Return the names of the plots and what draws them."""
    found: list[tuple[str, Callable[[], Figure]]] = [
        ("total", partial(_draw_bars, [summary.total], summary, title))
    ]
    for name, everyone in (("actors", summary.actors), ("outlets", summary.outlets)):
        shown = (summary.frequent(everyone) or everyone)[:MOST_ROWS]
        if shown:
            found.append((name, partial(_draw_bars, shown, summary, title)))
    for name, rows, everyone in (
        ("over_time", summary.periods, [summary.total]),
        ("actors_over_time", summary.actor_periods, summary.actors),
        ("outlets_over_time", summary.outlet_periods, summary.outlets),
    ):
        names = [s.name for s in summary.frequent(everyone) or everyone if s.name != NOT_NAMED]
        by_name = {n: [s for s in rows if s.name == n] for n in names[:MOST_PANELS]}
        by_name = {n: standings for n, standings in by_name.items() if standings}
        if by_name:
            found.append((name, partial(_draw_time, by_name, summary, title)))
    return found


def _draw_bars(standings: Sequence[Standing], summary: Summary, title: str) -> Figure:
    """Draw diverging bars with intervals, and ticks where the count alone would end them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 1.6 + 0.27 * len(standings)))
    axes = figure.subplots()
    for row, standing in enumerate(standings):
        for stance, side, colour in (("criticizes", -1, CRITICIZES), ("supports", 1, SUPPORTS)):
            share = standing.estimate.shares[stance]
            axes.barh(row, side * share.value, height=0.62, color=colour)
            axes.plot([side * share.low, side * share.high], [row, row], color=INK, lw=1)
            if summary.is_corrected:
                raw = side * standing.counts[stance] / standing.n_statements
                axes.plot([raw, raw], [row - 0.42, row + 0.42], color=INK, lw=1.2, ls=":")
    names = [f"{s.name or 'All statements'}  ({s.n_statements})" for s in standings]
    axes.set_yticks(range(len(standings)), names)
    axes.set_ylim(len(standings) - 0.4, -0.6)
    axes.axvline(0, color=MUTED, lw=0.8)
    axes.set_xlim(-1.02, 1.02)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["100%", "50%", "0", "50%", "100%"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_measure(summary), color=MUTED, fontsize=8)
    for x, stance, colour in ((-0.5, "criticizes", CRITICIZES), (0.5, "supports", SUPPORTS)):
        axes.annotate(
            stance, (x, 1), (0, 4), xycoords=("data", "axes fraction"), color=colour,
            textcoords="offset points", ha="center", fontweight="bold",
        )  # fmt: skip
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _measure(summary: Summary) -> str:
    """Return what the bars show."""
    if not summary.is_corrected:
        return "share as counted, 95% interval"
    return "corrected share, 95% interval; dotted: as counted"


def _draw_time(by_name: dict[str, list[Standing]], summary: Summary, title: str) -> Figure:
    """Draw one panel a name: the balance with its interval, and columns of counts below."""
    from matplotlib.figure import Figure

    columns = min(3, len(by_name))
    rows = -(-len(by_name) // columns)
    figure = Figure(figsize=(3.2 * columns + 0.6 + (columns == 1) * 2.5, 2.1 * rows + 0.7))
    periods = list_periods(summary)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in panels.flat[len(by_name) :]:
        axes.set_axis_off()
    for axes, (name, standings) in zip(panels.flat, by_name.items(), strict=False):
        _draw_panel(axes, standings, periods, summary.unit)
        axes.set_title(name or "All statements", fontsize=9, loc="left")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supylabel("balance, percentage points; below, statements", fontsize=9)
    return figure


def _draw_panel(
    axes: Axes, standings: Sequence[Standing], periods: Sequence[date], unit: str
) -> None:
    """Draw the balance of one name."""
    places = {day.isoformat(): i for i, day in enumerate(periods)}
    balances: list[Any] = [None] * len(periods)
    for standing in standings:
        balances[places[standing.period]] = standing.estimate.balance
    known = [i for i, balance in enumerate(balances) if balance is not None]
    curve = [float("nan") if b is None else 100 * b.value for b in balances]
    axes.axhline(0, color=MUTED, lw=0.8)
    axes.plot(range(len(periods)), curve, color=INK, lw=1, zorder=2)
    for i in known:
        balance = balances[i]
        sure = SUPPORTS if balance.low > 0 else CRITICIZES if balance.high < 0 else "white"
        axes.plot([i, i], [100 * balance.low, 100 * balance.high], color=MUTED, lw=1, zorder=1)
        axes.plot(
            [i], [100 * balance.value], "o", ms=4.5, mfc=sure, mec=INK if sure == "white" else sure,
            zorder=3,
        )  # fmt: skip
    most = max(s.n_statements for s in standings)
    heights = [30 * s.n_statements / most for s in standings]
    axes.bar(
        [places[s.period] for s in standings], heights, bottom=-140, width=0.7, color=NEUTRAL,
        alpha=0.5,
    )  # fmt: skip
    axes.annotate(
        str(most), (0, -128), (-4, 0), xycoords=axes.get_yaxis_transform(),
        textcoords="offset points", ha="right", va="center", fontsize=7, color=MUTED,
    )  # fmt: skip
    axes.set_ylim(-140, 108)
    axes.set_yticks([-100, 0, 100], ["−100", "0", "+100"])
    stride = max(1, -(-len(periods) // 4))
    shown = range(0, len(periods), stride)
    axes.set_xticks(list(shown), [label_period(periods[i], unit, short=True) for i in shown])
    axes.set_xlim(-0.6, len(periods) - 0.4)
    axes.tick_params(labelsize=7.5)


def _save(figure: Figure, form: str) -> bytes:
    """Return a figure's file."""
    import warnings

    stream = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the page has it whole.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(stream, format=form, dpi=DPI, metadata=metadata, facecolor="white")
    return stream.getvalue()
