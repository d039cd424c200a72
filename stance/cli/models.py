"""Commands that make and judge models: train, evaluate, card."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.inputs import parse_pairs
from stance.cli.options import (
    LABELS,
    MODEL,
    RAW,
    TABLE_OPTIONS,
    TARGET,
    ActorColumnOption,
    ActorPriorOption,
    ClusterOption,
    COption,
    DataOption,
    GroupColumnOption,
    JobsOption,
    LabelColumnOption,
    LabelMapOption,
    LabelsOption,
    LearningCurveOption,
    LicenseOption,
    ModelOption,
    NoHeaderOption,
    RawOption,
    SeedOption,
    SkipBadRowsOption,
    TestDataOption,
    TextColumnOption,
    TrainTargetOption,
    WeakOption,
    WhereOption,
)
from stance.cli.printing import STDOUT, print_evaluation, print_notes, show_progress, write_page
from stance.errors import StanceError, explained_facts


@app.command()
def train(
    context: typer.Context,
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help=f"Folder of the model to write; {MODEL}, or with --data models/ and its name.",
        ),
    ] = None,
    target: TrainTargetOption = None,
    weak: WeakOption = False,
    c: COption = None,
    refit: Annotated[
        bool, typer.Option(help="Fit the kept model on the test articles, too, once it is judged.")
    ] = True,
    actor_prior: ActorPriorOption = False,
    learning_curve: LearningCurveOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    cluster: ClusterOption = None,
    data: DataOption = None,
    test_data: TestDataOption = None,
    text_column: TextColumnOption = None,
    actor_column: ActorColumnOption = None,
    label_column: LabelColumnOption = None,
    group_column: GroupColumnOption = None,
    label_map: LabelMapOption = None,
    where: WhereOption = None,
    no_header: NoHeaderOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
) -> None:
    """Train a model on labelled articles, evaluate it, and save it with its card.

    Prints the accuracy of each actor on articles that the evaluated model has not seen. With
    `--data` it learns from a table of texts, actors and labels instead (docs/labelling.md).

    Example: `stance train --labels data/labels --out models/stance`
    """
    from stance.files import check_replaceable
    from stance.model import MODEL_FILES, save_model
    from stance.report.card import render_card

    out = out or (MODEL if data is None else MODEL.parent / table_name(data))
    check_replaceable(out, MODEL_FILES)
    with show_progress("reading the corpus") as tell:
        experiment = run(context, refit, tell, to_save=True)
        tell(f"writing {out}")
        metadata = {**experiment.metadata, "seconds": round(experiment.seconds, 1)}
        card = render_card(metadata, experiment.evaluation)
        save_model(experiment.model, out, metadata, experiment.evaluation, card)
    print_notes(experiment.metadata)
    print_evaluation(experiment.evaluation)
    typer.echo(f"model -> {out}")


@app.command()
def evaluate(
    context: typer.Context,
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    target: TrainTargetOption = None,
    weak: WeakOption = False,
    c: COption = None,
    actor_prior: ActorPriorOption = False,
    learning_curve: LearningCurveOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = -1,
    cluster: ClusterOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Write a page of the evaluation; - prints it alone."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="FOLDER",
            help="Show what was measured when this model was trained; nothing is fitted.",
        ),
    ] = None,
    data: DataOption = None,
    test_data: TestDataOption = None,
    text_column: TextColumnOption = None,
    actor_column: ActorColumnOption = None,
    label_column: LabelColumnOption = None,
    group_column: GroupColumnOption = None,
    label_map: LabelMapOption = None,
    where: WhereOption = None,
    no_header: NoHeaderOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
) -> None:
    """Measure accuracy per actor, on unseen actors, and beside baselines. Nothing is saved.

    Fits on the training articles of the corpus and judges on the others, as `stance train` does;
    with `--data`, on the rows of a table. The page of `--html` holds every figure, per actor, and
    the surest errors with the words that drove them; it needs no network.

    Example: `stance evaluate --html evaluation.html --model models/stance`
    """
    if html is not None:
        from stance.report.evaluation_page import require_template_engine

        require_template_engine()
    if model is not None:
        from stance.model import read_evaluation, read_metadata

        _check_nothing_to_fit(context)
        metadata, evaluation = read_metadata(model), read_evaluation(model)
    else:
        with show_progress("reading the corpus") as tell:
            experiment = run(context, False, tell)
        metadata, evaluation = experiment.metadata, experiment.evaluation
    if html is not None:
        from stance.report.evaluation_page import render_evaluation_page

        write_page(html, render_evaluation_page(metadata, evaluation))
    with explained_facts("the facts of the model's run"):
        print_notes(metadata)
        if html == STDOUT:
            return
        if as_json:
            typer.echo(json.dumps(evaluation, indent=2, ensure_ascii=False))
        else:
            print_evaluation(evaluation)


@app.command()
def card(
    model: ModelOption = MODEL,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write it; - prints it.")
    ] = STDOUT,
    license_id: LicenseOption = "unknown",
) -> None:
    """Print a model's card: what it is for, what it was made of, how right it is and for whom.

    The same page lies as README.md in the folder of every trained model.

    Example: `stance card --model models/stance --license mit --out README.md`
    """
    from stance.model import read_evaluation, read_metadata
    from stance.report.card import render_card

    page = render_card(read_metadata(model), read_evaluation(model), license_id=license_id)
    write_page(out, page)


def run(
    context: typer.Context, refit: bool, tell: Callable[[str], None], *, to_save: bool = False
) -> Any:
    """Run the experiment that the options of `train` or `evaluate` ask for."""
    from stance.pipeline import Settings

    options = context.params
    c = options["c"]
    if c is not None and not (c > 0 and math.isfinite(c)):
        raise StanceError(f"--c {c} must be a number above 0; 2 is a good start.")
    _check_source(context)
    run: dict[str, Any] = {
        "settings": Settings() if c is None else Settings(C=c),
        "search": c is None,
        "refit": refit,
        "seed": options["seed"],
        "n_jobs": options["jobs"],
        "actor_prior": options["actor_prior"],
        "learning_curve": options["learning_curve"],
        "progress": tell,
    }
    if options["cluster"] is not None:
        from stance.bulk.cluster import run_on_cluster

        with run_on_cluster(options["cluster"], options["jobs"]):
            return _run_on_source(options, run, to_save)
    return _run_on_source(options, run, to_save)


def _run_on_source(options: dict[str, Any], run: dict[str, Any], to_save: bool) -> Any:
    """Run the experiment on the corpus, or on the table of `--data`."""
    if options["data"] is not None:
        return _run_on_table(options, run, to_save)
    from stance.corpus import read_corpus
    from stance.experiment import run_experiment
    from stance.targets import load_target

    loaded = load_target(options["target"] or TARGET)
    corpus = read_corpus(options["raw"], options["labels"], weak=options["weak"])
    return run_experiment(corpus, loaded, **run)


def table_name(data: Path) -> str:
    """Return the name of a table: that of its file or folder."""
    return data.resolve().name.split(".")[0] or MODEL.name


def _check_nothing_to_fit(context: typer.Context) -> None:
    """Raise for options of a run beside a model that was judged before."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name in ("model", "html", "as_json") or source is None or source.name != "COMMANDLINE":
            continue
        raise StanceError(
            f"--{name.replace('_', '-')} belongs to a new run, and --model shows one that was "
            "made before; leave one of them out."
        )


def _check_source(context: typer.Context) -> None:
    """Raise for options of a corpus beside those of a table."""
    is_table = context.params["data"] is not None
    unfit = ("raw", "labels", "weak") if is_table else TABLE_OPTIONS
    for name in unfit:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = f"--{name.replace('_', '-')}"
            raise StanceError(
                f"{option} belongs to a corpus, and --data is a table; leave one of them out."
                if is_table
                else f"{option} belongs to a table; name the table with --data."
            )


def _run_on_table(options: dict[str, Any], run: dict[str, Any], to_save: bool) -> Any:
    """Read the table of `--data` and run the experiment on it."""
    from stance.experiment import run_table_experiment
    from stance.labelled import CHOSEN_FIELDS, parse_label_map, read_labelled_table
    from stance.targets import load_target

    columns = {field: options[f"{field}_column"] for field in CHOSEN_FIELDS}
    reading: dict[str, Any] = {
        "columns": {field: name for field, name in columns.items() if name is not None},
        "label_map": parse_label_map(options["label_map"] or ""),
        "where": parse_pairs(options["where"] or [], "--where", "COLUMN=VALUE", "Target=Atheism"),
        "header": not options["no_header"],
        "skip_bad_rows": options["skip_bad_rows"],
        "target": load_target(options["target"]) if options["target"] else None,
    }
    table = read_labelled_table(options["data"], **reading)
    if options["test_data"] is not None:
        reading["target"] = table.target
        run["test"] = read_labelled_table(options["test_data"], **reading)
    if to_save:
        table.check_stances()
    return run_table_experiment(table, **run)
