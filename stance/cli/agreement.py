"""The command that compares annotators: agreement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.options import SeedOption
from stance.cli.printing import print_table
from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.comparison import Agreement, Comparison, Estimate

_PLACE = ("article", "start", "end", "sentence", "actor", "actor_start", "actor_end", "canonical")


@app.command()
def agreement(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Label files, JSON Lines.")
    ],
    match: Annotated[
        str,
        typer.Option(
            "--match",
            help="What is one pair: mention (the same words mean the same actor) or actor "
            "(the same actor in the same sentence).",
        ),
    ] = "mention",
    annotator: Annotated[
        list[str] | None,
        typer.Option("--annotator", metavar="NAME", help="Compare these alone."),
    ] = None,
    disagreements: Annotated[
        Path | None,
        typer.Option("--disagreements", metavar="FILE", help="Write what differs; .jsonl or .csv."),
    ] = None,
    show: Annotated[
        int, typer.Option("--show", min=0, metavar="N", help="Print the first N of them.")
    ] = 10,
    actors: Annotated[
        int, typer.Option("--actors", min=0, metavar="N", help="Print the N commonest actors.")
    ] = 20,
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, help="Draws of the articles for an interval.")
    ] = 1000,
    seed: SeedOption = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every actor.")] = False,
) -> None:
    """Say how far annotators agree: percentage, Cohen's kappa, Krippendorff's alpha.

    Each value of `annotator` in the files is one annotator. Prints the agreement on labels by
    label and by actor, how far two annotators mark the same actors, and what differs.

    Example: `stance agreement data/labels/reviewed.jsonl data/labels/second.jsonl`
    """
    from stance.cli.inputs import check_format
    from stance.comparison import MATCHES, compare_readings, read_readings

    check_format(match, MATCHES, "match")
    if disagreements is not None and disagreements.suffix.lower() not in (".jsonl", ".csv"):
        raise StanceError(f"--disagreements {disagreements} must end in .jsonl or .csv.")
    readings = read_readings(files, match, annotator or [])
    compared = compare_readings(readings, n_resamples=resamples, seed=seed)
    if disagreements is not None:
        _write_disagreements(disagreements, compared)
        typer.echo(
            f"{len(compared.disagreements)} disagreements -> {disagreements}",
            err=True,
        )
    if as_json:
        typer.echo(json.dumps(compared.as_dict(), ensure_ascii=False))
        return
    _print_labels(compared, actors)
    _print_participation(compared)
    _print_disagreements(compared, show)


def _print_labels(compared: Comparison, n_actors: int) -> None:
    """Print the agreement on labels."""
    rows = [_agreement_row("all three labels", compared.overall)]
    if len(compared.annotators) > 2:
        rows += [
            _agreement_row(f"  {a} / {b}", labels)
            for (a, b), (labels, _) in compared.by_annotators.items()
        ]
    rows += [_agreement_row(f"  {name}", of) for name, of in compared.by_label.items()]
    _print_agreement("", rows)
    if compared.overall.reason:
        typer.echo(compared.overall.reason)
    if compared.by_actor and n_actors:
        typer.echo("")
        _print_agreement(
            "actor", [_agreement_row(n, of) for n, of in list(compared.by_actor.items())[:n_actors]]
        )
        if len(compared.by_actor) > n_actors:
            typer.echo(f"and {len(compared.by_actor) - n_actors} more actors: --actors, --json")


def _print_agreement(title: str, rows: list[list[str]]) -> None:
    """Print a table of agreement."""
    print_table(
        [title, "pairs", "alike", "Cohen's kappa", "alpha nominal", "alpha ordinal"],
        rows,
        numeric=range(1, 6),
    )


def _agreement_row(name: str, found: Agreement) -> list[str]:
    """Return one line of the table of agreement."""
    figures = (found.kappa, found.alpha_nominal, found.alpha_ordinal)
    share = "–" if found.percentage.value != found.percentage.value else (
        f"{found.percentage.value:.1%}"
    )  # fmt: skip
    return [name, str(found.pairs), share, *map(_show, figures)]


def _show(estimate: Estimate) -> str:
    """Return a figure with its interval."""
    if estimate.value != estimate.value:
        return "–"
    if estimate.low != estimate.low:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _print_participation(compared: Comparison) -> None:
    """Print how far two annotators mark the same actors."""
    typer.echo("")
    print_table(
        ["who takes part", "articles", "both", "first alone", "second alone", "F1"],
        [
            [
                f"{a} / {b}", str(of.articles), str(of.both), str(of.first_only),
                str(of.second_only), _show(of.f1),
            ]
            for (a, b), (_, of) in compared.by_annotators.items()
        ],
        numeric=range(1, 6),
    )  # fmt: skip


def _print_disagreements(compared: Comparison, n: int) -> None:
    """Print the first pairs that were labelled apart, then the first that were marked apart."""
    kinds = {kind: [r for r in compared.disagreements if r["kind"] == kind]
             for kind in ("label", "actor")}  # fmt: skip
    typer.echo(
        f"\n{len(kinds['label'])} pairs labelled apart, {len(kinds['actor'])} marked by some alone"
    )
    first = [*kinds["label"], *kinds["actor"]][:n]
    if first:
        print_table(
            ["labels", "actor", "article", "sentence"],
            [
                [_tell(r["labels"]), r["canonical"], r["article"], " ".join(r["sentence"].split())]
                for r in first
            ],
        )


def _tell(labels: dict[str, str | None]) -> str:
    """Return each annotator's label."""
    return ", ".join(f"{name} {label or '–'}" for name, label in labels.items())


def _write_disagreements(path: Path, compared: Comparison) -> None:
    """Write what differs as JSON Lines or CSV."""
    from stance.files import write_whole
    from stance.spreadsheets import render_csv

    found: list[dict[str, Any]] = compared.disagreements
    if path.suffix.lower() == ".jsonl":
        write_whole(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in found))
        return
    header = ["kind", *_PLACE, *compared.annotators]
    rows = [
        [r["kind"], *(r[c] for c in _PLACE), *(r["labels"].get(a) for a in compared.annotators)]
        for r in found
    ]
    write_whole(path, render_csv(header, rows))
