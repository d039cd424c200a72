"""The model card: a run's facts and scores as a page of Markdown.

The page follows the hub's template. It is one of two templates beside this file, for models of
articles and of labelled tables; here its blanks are filled. Every figure comes from the metadata
and the evaluation that are saved with the model; what was not measured is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any

from stance.cues import STANCES
from stance.errors import explained_facts

# What the hub calls a licence that nobody has stated.
UNKNOWN_LICENSE = "unknown"
_TASK: dict[str, Any] = {"task_type": "text-classification", "task_name": "Stance detection"}


def render_card(
    metadata: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    *,
    license_id: str = UNKNOWN_LICENSE,
    pipeline_file: str | None = None,
) -> str:
    """Return a model's card.

    Parameters
    ----------
    metadata : mapping
        The facts of the run, as `stance.experiment` gives them.
    evaluation : mapping
        Its scores.
    license_id : str, default="unknown"
        Under which licence the model may be used, as the hub spells it (``mit``, ``cc-by-4.0``).
    pipeline_file : str, optional
        Name of the skops file that lies beside the card.

    Returns
    -------
    str
        Markdown with the hub's front matter.

    Raises
    ------
    ModelError
        If the facts or scores are not those of a run.
    """
    with explained_facts("the facts of the model's run"):
        return _fill(metadata, evaluation, license_id, pipeline_file)


def _fill(
    metadata: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    license_id: str,
    pipeline_file: str | None,
) -> str:
    """Return the template with its blanks filled."""
    table = metadata["data"].get("table")
    page = "card.md" if table is None else "table_card.md"
    template = Template((resources.files("stance.report") / page).read_text(encoding="utf-8"))
    blanks = _shared_blanks(metadata, evaluation)
    blanks.update(
        _corpus_blanks(metadata, evaluation)
        if table is None
        else _table_blanks(table, metadata, evaluation)
    )
    blanks["license"] = license_id
    blanks["front_matter"] = _front_matter(metadata, evaluation, license_id)
    blanks["usage"] = _usage(table, pipeline_file)
    return template.substitute(blanks)


def _front_matter(
    metadata: Mapping[str, Any], evaluation: Mapping[str, Any], license_id: str
) -> str:
    """Return the block of YAML that the hub reads."""
    from huggingface_hub import EvalResult, ModelCardData

    is_table = metadata["data"].get("table") is not None
    target, scores = metadata["target"], evaluation["held_out"]["model"]
    dataset: dict[str, Any] = {
        "dataset_type": target["name"],
        "dataset_name": target["title"] or target["name"],
        "dataset_split": "test",
    }
    metrics: list[dict[str, Any]] = [
        {"metric_type": "accuracy", "metric_value": scores["accuracy"]},
        {
            "metric_type": "f1",
            "metric_value": scores["macro_f1"],
            "metric_name": "macro-F1",
            "metric_args": {"average": "macro"},
        },
    ]
    data = ModelCardData(
        library_name="sklearn",
        pipeline_tag="text-classification",
        language=None if is_table else ["en"],
        license=license_id,
        tags=["stance-detection", "tf-idf", "logistic-regression", *([] if is_table else ["news"])],
        model_name=f"stance-{target['name']}",
        eval_results=[EvalResult(**_TASK, **dataset, **metric) for metric in metrics],
    )
    return f"---\n{data.to_yaml()}\n---\n"


def _usage(table: Mapping[str, Any] | None, pipeline_file: str | None) -> str:
    """Return how to load the model and ask it, as code."""
    if table is None:
        ask = "for claim in stance.read(text, model):\n    print(claim.canonical, claim.stance)"
    elif table["unit"] == "text":
        ask = "model.predict([text])"
    else:
        ask = "model.predict([text], actors=[actor])"
    blocks = [f'import stance\n\nmodel = stance.load("path/to/this/folder")\n{ask}']
    if pipeline_file is not None:
        blocks.append(
            "import pandas\nimport skops.io\nfrom stance.features import build_view_table, "
            "to_passages\n\n"
            f'pipeline = skops.io.load("path/to/this/folder/{pipeline_file}")\n'
            "passages = to_passages([text], None, model.target_)\n"
            "views = pandas.DataFrame(build_view_table(passages, model.target_))\n"
            "pipeline.predict_proba(views)"
        )
    code = [f"```python\n{block}\n```" for block in blocks]
    between = (
        "\n\nThe same as a scikit-learn pipeline of stock types, of which skops has none to trust. "
        "It judges each claim by itself, as `model.predict_proba` does:\n\n"
    )
    return between.join(code)


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
        "chosen": _chosen(training, "article" if data.get("table") is None else "group"),
        "n_actors": data["n_actors"],
        "language": "English" if data.get("table") is None else "that of the table",
        "stance_version": metadata["versions"]["stance"],
        "times": _times(metadata),
        "impact": _impact(metadata),
        "per_stance": "\n".join(_per_stance(held_out["model"]["per_class"])),
        "name_swap": _name_swap(held_out.get("name_swap")),
        "citation": _citation(metadata),
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


def _chosen(training: Mapping[str, Any], group: str) -> str:
    """Return how the settings came about."""
    if not training["search"]:
        return "Its settings were given."
    return (
        "The strength of its penalty, `C`, was chosen by\ncross-validation in which "
        f"no {group} is on both sides."
    )


def _times(metadata: Mapping[str, Any]) -> str:
    """Return how long the run took."""
    seconds = metadata.get("seconds")
    if seconds is None:
        return "not measured"
    return f"{seconds:.0f} seconds on CPU for training and evaluation together"


def _impact(metadata: Mapping[str, Any]) -> str:
    """Return what is known of the run's cost: its time, and no guess at its emissions."""
    if metadata.get("seconds") is None:
        return "Not measured. Training runs on a CPU."
    return f"Measured: {_times(metadata)}. Emissions were not measured."


def _per_stance(per_class: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the rows of the table of stances."""
    return [
        f"| {stance} | {score['precision']:.3f} | {score['recall']:.3f} | {score['f1']:.3f} "
        f"| {score['support']} |"
        for stance, score in per_class.items()
    ]


def _name_swap(found: Mapping[str, Any] | None) -> str:
    """Return how many answers another name flips."""
    if found is None:
        return (
            "not measured, since no held-out row names its actor or the model is of an older "
            "version."
        )
    return (
        f"{found['n_flips']} of {found['n_swaps']} answers flip ({found['share']:.2%}) when "
        f"each of {found['n_pairs']} held-out actors gets ten other names and nothing else changes."
    )


def _citation(metadata: Mapping[str, Any]) -> str:
    """Return how to cite the model: by its target, version and data."""
    target, version = metadata["target"], metadata["versions"]["stance"]
    return (
        f"`stance` {version}, model of the target `{target['name']}`, data "
        f"`{metadata['data']['sha256'][:12]}`."
    )


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
