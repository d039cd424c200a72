"""The page of an evaluation: a run's facts and scores as one HTML file that needs nothing else.

Metadata and evaluation enter, as they are saved with a model; a page leaves. Every figure on it
comes from them, and every text is escaped: no script runs on the page, whatever an article says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stance.cues import STANCES
from stance.errors import MissingExtraError, explained_facts
from stance.report.evaluation_plots import (
    draw_learning_curve,
    draw_reliability,
    draw_risk_coverage,
)

# Actors with fewer pairs are folded: their intervals span half of the scale.
MIN_SUPPORT = 10
MIN_SHOWN = 12


def render_evaluation_page(metadata: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Return the page of an evaluation.

    Parameters
    ----------
    metadata : mapping
        The facts of the run, as `stance.experiment` gives them.
    evaluation : mapping
        Its scores.

    Returns
    -------
    str
        HTML with everything in it.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    ModelError
        If the scores are not those of a run.
    """
    require_template_engine()
    from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

    environment = Environment(
        loader=PackageLoader("stance.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "signed": _signed}
    with explained_facts("the model's scores"):
        try:
            return environment.get_template("evaluation.html").render(_blanks(metadata, evaluation))
        except UndefinedError as error:
            raise KeyError(str(error)) from error


def require_template_engine() -> None:
    """Raise where a page cannot be made, before hours are spent on what it is to show.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the page of an evaluation", "report") from error


def _blanks(metadata: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template fills in."""
    held_out, data = evaluation["held_out"], metadata["data"]
    is_table = data.get("table") is not None
    shown, folded = _split_actors(held_out)
    curve = held_out.get("learning_curve")
    return {
        "target": metadata["target"],
        "data": data,
        "things": "groups" if is_table else "articles",
        "pairs": "rows" if is_table else "pairs",
        "n_test_articles": len(metadata["split"]["test_articles"]),
        "model": held_out["model"],
        "held_out": held_out,
        "unseen": evaluation["unseen_actors"],
        "detection": evaluation["detection"],
        "name_swap": held_out.get("name_swap"),
        "summary": _summary(held_out, evaluation["unseen_actors"], is_table),
        "actors": shown,
        "folded_actors": folded,
        "n_actors": len(shown) + len(folded),
        "min_support": min((actor["support"] for actor in shown), default=0),
        "confusion": _confusion(held_out["model"]["confusion"]),
        "stances": STANCES,
        "reliability": draw_reliability(held_out["reliability"]),
        "risk_coverage": draw_risk_coverage(held_out["risk_coverage"]),
        "learning_curve": draw_learning_curve(curve) if curve else None,
        "curve": curve,
        "errors": [_error(error) for error in held_out.get("worst_errors") or ()],
        "is_old": "worst_errors" not in held_out,
        "training": metadata["training"],
        "versions": metadata["versions"],
        "code_sha256": metadata["code_sha256"],
    }


def _summary(
    held_out: Mapping[str, Any], unseen: Mapping[str, Any] | None, is_table: bool
) -> list[dict[str, Any]]:
    """Return the rows of the first table: the model, parts of its answers, and what to beat."""
    things = "texts" if is_table else "articles"
    rows = [
        (f"The model, on held-out {things}", "model", held_out["model"]),
        ("on actors known from training", "part", held_out["known_actors"]),
        ("on actors new to it", "part", held_out["new_actors"]),
        *((name, "part", scores) for name, scores in held_out["others"].items()),
        ("Cross-validated, whole actors held out", "model", unseen),
        ("Baseline: each actor’s commonest stance", "baseline", held_out["actor_prior"]),
        ("Baseline: the commonest stance", "baseline", held_out["most_frequent"]),
    ]
    return [{"name": name, "role": role, **scores} for name, role, scores in rows if scores]


def _split_actors(
    held_out: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the actors with many pairs and the others, each told from the whole if it differs."""
    overall = held_out["model"]["accuracy"]
    rows = [
        {"name": name, **score, "role": _role(score, overall)}
        for name, score in held_out["per_actor"].items()
    ]
    n_shown = max(MIN_SHOWN, sum(row["support"] >= MIN_SUPPORT for row in rows))
    return rows[:n_shown], rows[n_shown:]


def _role(score: Mapping[str, Any], overall: float) -> str:
    """Return whether an interval lies below or above the accuracy of all, or holds it."""
    if score["high"] < overall:
        return "below"
    return "above" if score["low"] > overall else "within"


def _confusion(matrix: list[list[int]]) -> list[list[dict[str, Any]]]:
    """Return counts with their shares of the row."""
    return [
        [{"count": count, "share": count / sum(row) if sum(row) else 0.0} for count in row]
        for row in matrix
    ]


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return one error with its sentence cut at the actor and its terms measured for bars."""
    sentence, start, end = error["sentence"], error["actor_start"], error["actor_end"]
    heaviest = max((abs(term["weight"]) for term in error["terms"]), default=1.0) or 1.0
    return {
        **error,
        "before": sentence[:start],
        "mention": sentence[start:end],
        "after": sentence[end:],
        "terms": [
            {**term, "share": abs(term["weight"]) / heaviest, "speaks_for": term["weight"] > 0}
            for term in error["terms"]
        ],
    }


def _percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage; a dash for none.

    Examples
    --------
    >>> _percent(0.7616), _percent(None)
    ('76.2%', '–')
    """
    return "–" if share is None else f"{share:.{digits}%}"


def _number(count: int) -> str:
    """Return a count with its thousands apart.

    Examples
    --------
    >>> _number(14151)
    '14,151'
    """
    return f"{count:,}"


def _signed(weight: float) -> str:
    """Return a weight with its sign.

    Examples
    --------
    >>> _signed(0.5), _signed(-0.25)
    ('+0.50', '\N{MINUS SIGN}0.25')
    """
    return f"{weight:+.2f}".replace("-", "\N{MINUS SIGN}")
