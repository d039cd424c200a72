"""The model card: a run's facts and scores as a page of Markdown.

The page is one of two templates beside this file, for models of articles and of labelled
tables; here its blanks are filled. Every figure comes from the
evaluation that is saved with the model.
"""

from __future__ import annotations

import re
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
    table = metadata["data"].get("table")
    page = "card.md" if table is None else "table_card.md"
    template = Template((resources.files("stance.report") / page).read_text(encoding="utf-8"))
    blanks = _shared_blanks(metadata, evaluation)
    blanks.update(
        _corpus_blanks(metadata, evaluation)
        if table is None
        else _table_blanks(table, metadata, evaluation)
    )
    return template.substitute(blanks)


def _shared_blanks(metadata: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every card tells."""
    held_out, data, training = evaluation["held_out"], metadata["data"], metadata["training"]
    return {
        "title": metadata["target"]["title"],
        "name": metadata["target"]["name"],
        "n_articles": data["n_articles"],
        "n_pairs": data["n_pairs"],
        "n_test": held_out["model"]["support"],
        "n_test_articles": len(metadata["split"]["test_articles"]),
        "settings": ", ".join(f"{key}={value}" for key, value in training["settings"].items()),
        "seed": training["seed"],
        "calibration": _calibration(held_out),
        "confusion": "\n".join(_confusion(held_out["model"]["confusion"])),
        "versions": ", ".join(f"{key} {value}" for key, value in metadata["versions"].items()),
        "data_sha256": data["sha256"],
        "code_sha256": metadata["code_sha256"],
    }


def _corpus_blanks(metadata: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the card of a model of articles tells besides."""
    held_out = evaluation["held_out"]
    refitted = metadata["training"]["refitted_on_all_articles"]
    return {
        "n_phrasebook": metadata["data"]["n_phrasebook"],
        "kept": "on every article, after the evaluation"
        if refitted
        else "on the training articles alone",
        "results": "\n".join(_results(held_out, evaluation["unseen_actors"], "articles")),
        "detection": _detection(evaluation["detection"]),
        "actors": "\n".join(_actors(held_out["per_actor"])),
    }


def _table_blanks(
    table: Mapping[str, Any], metadata: Mapping[str, Any], evaluation: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the card of a model of a labelled table tells besides."""
    held_out = evaluation["held_out"]
    refitted = metadata["training"]["refitted_on_all_articles"]
    n_actors = metadata["data"]["n_actors"]
    per_actor = [
        "Accuracy for each actor of the held-out rows, with Wilson's interval:",
        "",
        "| actor | rows | accuracy | 95% interval |",
        "|---|---:|---:|---:|",
        *_actors(held_out["per_actor"]),
    ]
    return {
        "table": table["name"],
        "unit": "a text as a whole" if table["unit"] == "text" else "an actor in a text",
        "n_actors": n_actors or "no",
        "notes": "\n".join(f"- {_cell(note)}" for note in _notes(table)),
        "kept": "on every row, after the evaluation" if refitted else "on the training rows alone",
        "test": f", of a part of its own (`{table['test']}`)" if table["test"] else "",
        "n_shared": table["n_shared_with_test"],
        "results": "\n".join(_results(held_out, evaluation["unseen_actors"], "texts")),
        "actors": "\n".join(per_actor) if held_out["per_actor"] else "The rows name no actors.",
    }


def _notes(table: Mapping[str, Any]) -> list[str]:
    """Return how a table, and one to test on, was read."""
    more = [note for note in table["test_notes"] if note not in table["notes"]]
    return [*table["notes"], *(f"to test on: {note}" for note in more)]


def _cell(text: str) -> str:
    """Return a text of the table's own as one line of Markdown that holds no markup."""
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", " ".join(text.split()))


def _results(
    held_out: Mapping[str, Any], unseen: Mapping[str, Any] | None, things: str
) -> list[str]:
    """Return the rows of the table of results."""
    rows = [
        (f"this model, held-out {things}", held_out["model"]),
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
        f"| {_cell(actor)} | {score['support']} | {score['accuracy']:.2f} "
        f"| {score['low']:.2f}–{score['high']:.2f} |"
        for actor, score in per_actor.items()
    ]
