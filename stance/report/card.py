"""The model card: a run's facts and scores as a page of Markdown.

The page is a template beside this file; here its blanks are filled. Every figure comes from the
evaluation that is saved with the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any

from stance.cues import STANCES


def render_card(metadata: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    """Return a model's card.

    Parameters
    ----------
    metadata : mapping
        The facts of the run, as `stance.experiment` gives them.
    evaluation : mapping
        Its scores.

    Returns
    -------
    str
        Markdown with the hub's front matter.
    """
    held_out, unseen = evaluation["held_out"], evaluation["unseen_actors"]
    data, training = metadata["data"], metadata["training"]
    template = Template((resources.files("stance.report") / "card.md").read_text(encoding="utf-8"))
    return template.substitute(
        title=metadata["target"]["title"],
        name=metadata["target"]["name"],
        n_articles=data["n_articles"],
        n_pairs=data["n_pairs"],
        n_phrasebook=data["n_phrasebook"],
        n_test=held_out["model"]["support"],
        n_test_articles=len(metadata["split"]["test_articles"]),
        kept="on every article, after the evaluation"
        if training["refitted_on_all_articles"]
        else "on the training articles alone",
        settings=", ".join(f"{key}={value}" for key, value in training["settings"].items()),
        seed=training["seed"],
        results="\n".join(_results(held_out, unseen)),
        calibration=_calibration(held_out),
        detection=_detection(evaluation["detection"]),
        confusion="\n".join(_confusion(held_out["model"]["confusion"])),
        actors="\n".join(_actors(held_out["per_actor"])),
        versions=", ".join(f"{key} {value}" for key, value in metadata["versions"].items()),
        data_sha256=data["sha256"],
        code_sha256=metadata["code_sha256"],
    )


def _results(held_out: Mapping[str, Any], unseen: Mapping[str, Any] | None) -> list[str]:
    """Return the rows of the table of results."""
    rows = [
        ("this model, held-out articles", held_out["model"]),
        ("— actors known from training", held_out["known_actors"]),
        ("— actors new to it", held_out["new_actors"]),
        *((f"— {name}", scores) for name, scores in held_out["others"].items()),
        ("baseline: each actor's commonest stance", held_out["actor_prior"]),
        ("baseline: the commonest stance", held_out["most_frequent"]),
        ("this model, cross-validated on unseen actors", unseen),
    ]
    return [
        f"| {name} | {score['accuracy']:.3f} | {score['low']:.3f}–{score['high']:.3f} "
        f"| {score['macro_f1']:.3f} | {score['support']} |"
        for name, score in rows
        if score
    ]


def _detection(found: Mapping[str, Any]) -> str:
    """Return the row of the table of detection."""
    keys = ("precision", "recall", "f1", "canonical", "claim_f1")
    cells = ["–" if found[key] is None else f"{found[key]:.3f}" for key in keys]
    return "| " + " | ".join(cells) + " |"


def _calibration(held_out: Mapping[str, Any]) -> str:
    """Return what is to be said of the probabilities."""
    surest = [
        f"of the surest {row['coverage']:.0%} {row['accuracy']:.3f} are right"
        for row in held_out["risk_coverage"]
        if row["coverage"] in (0.8, 0.6, 0.4)
    ]
    return f"Expected calibration error {held_out['calibration_error']:.3f}; {', '.join(surest)}."


def _confusion(matrix: list[list[int]]) -> list[str]:
    """Return the rows of the confusion matrix."""
    return [
        f"| **{stance}** | " + " | ".join(str(count) for count in row) + " |"
        for stance, row in zip(STANCES, matrix, strict=True)
    ]


def _actors(per_actor: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the rows of the table of actors."""
    return [
        f"| {actor} | {score['support']} | {score['accuracy']:.2f} "
        f"| {score['low']:.2f}–{score['high']:.2f} |"
        for actor, score in per_actor.items()
    ]
