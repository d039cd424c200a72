"""What the commands print: tables on standard output, progress and notes on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

STDOUT = Path("-")


def write_page(path: Path, page: str) -> None:
    """Write a page to a file, or to standard output."""
    if path == STDOUT:
        typer.echo(page, nl=False)
        return
    from stance.files import write_whole

    write_whole(path, page)
    typer.echo(f"wrote {path}", err=True)


def print_explanation(explanation: Any, top: int) -> None:
    """Print one claim and the terms that moved it most."""
    claim = explanation.claim
    who = claim.canonical or claim.actor or "the sentence as a whole"
    chance = claim.probabilities[explanation.stance]
    typer.echo(f"{explanation.stance} {chance:.2f}  {who}: {claim.sentence}")
    rows = [[f"{c.weight:+.3f}", c.view, c.term] for c in explanation.contributions[:top]]
    rest = explanation.contributions[top:]
    if rest:
        rows.append([f"{sum(c.weight for c in rest):+.3f}", "", f"{len(rest)} other terms"])
    rows.append([f"{explanation.intercept:+.3f}", "", "intercept"])
    rows.append([f"{explanation.log_odds:+.3f}", "", "log-odds, the sum"])
    print_table(["weight", "view", "term"], rows, numeric=[0])


def print_terms(terms: list[Any]) -> None:
    """Print the strongest terms of each stance."""
    print_table(
        ["stance", "weight", "view", "term", ""],
        [
            [t.stance, f"{t.weight:+.2f}", t.view, t.term, "a name!" if t.is_name else ""]
            for t in terms
        ],
        numeric=[1],
    )


def print_evaluation(evaluation: dict[str, Any]) -> None:
    """Print the accuracy per actor and the summary."""
    held_out, found = evaluation["held_out"], evaluation["detection"]
    if held_out["per_actor"]:
        _print_actors(held_out["per_actor"])
    things = "texts" if found is None else "articles"
    summary = [
        (f"model, held-out {things}", held_out["model"]),
        ("  actors known from training", held_out["known_actors"]),
        ("  actors new to it", held_out["new_actors"]),
        *((f"  {name}", scores) for name, scores in held_out["others"].items()),
        ("actor_prior baseline", held_out["actor_prior"]),
        ("most_frequent baseline", held_out["most_frequent"]),
        ("model, unseen actors (cross-validated)", evaluation["unseen_actors"]),
    ]
    print_table(
        ["", "pairs", "accuracy", "95% interval", "macro-F1"],
        [
            [
                name,
                str(s["support"]),
                f"{s['accuracy']:.3f}",
                f"{s['low']:.3f}–{s['high']:.3f}",
                f"{s['macro_f1']:.3f}",
            ]
            for name, s in summary
            if s
        ],
        numeric=[1, 2, 3, 4],
    )
    typer.echo("")
    classes = list(held_out["model"]["per_class"])
    print_table(
        ["read as \\ predicted", *classes],
        [
            [stance, *(str(n) for n in row)]
            for stance, row in zip(classes, held_out["model"]["confusion"], strict=True)
        ],
        numeric=[1, 2, 3],
    )
    typer.echo("")
    print_table(
        ["answers given", "pairs", "accuracy", "probability from"],
        [
            [
                f"{row['coverage']:.0%} surest" if row["coverage"] < 1 else "all",
                str(row["support"]),
                f"{row['accuracy']:.3f}",
                f"{row['threshold']:.2f}",
            ]
            for row in held_out["risk_coverage"][::2]
        ],
        numeric=[1, 2, 3],
    )
    typer.echo(f"expected calibration error {held_out['calibration_error']:.3f}")
    if found is not None:
        _print_detection(found)


def _print_actors(per_actor: dict[str, Any]) -> None:
    """Print the accuracy of each actor."""
    print_table(
        ["actor", "pairs", "accuracy", "95% interval"],
        [
            [actor, str(s["support"]), f"{s['accuracy']:.2f}", f"{s['low']:.2f}–{s['high']:.2f}"]
            for actor, s in per_actor.items()
        ],
        numeric=[1, 2, 3],
    )
    typer.echo("")


def _print_detection(found: dict[str, Any]) -> None:
    """Print how well actors are found in bare text."""
    typer.echo("")
    print_table(
        ["actors found in bare text", "precision", "recall", "F1", "named right", "claim F1"],
        [
            [
                f"{found['n_actors']} in the held-out articles",
                *(
                    "–" if found[key] is None else f"{found[key]:.3f}"
                    for key in ("precision", "recall", "f1", "canonical", "claim_f1")
                ),
            ]
        ],
        numeric=[1, 2, 3, 4, 5],
    )


def print_notes(metadata: dict[str, Any]) -> None:
    """Tell how a table was read, on standard error."""
    table = metadata["data"].get("table")
    if table is None:
        return
    for note in table["notes"]:
        typer.echo(f"{table['name']}: {note}", err=True)
    for note in table["test_notes"]:
        if note not in table["notes"]:
            typer.echo(f"{table['test']}: {note}", err=True)
    n_shared = table["n_shared_with_test"]
    if n_shared:
        typer.echo(f"{n_shared} rows to test on have a text that was trained on", err=True)


def print_table(headers: list[str], rows: list[list[str]], numeric: Any = ()) -> None:
    """Print a table."""
    from stance.tables import print_table

    print_table(headers, rows, numeric=tuple(numeric))


@contextmanager
def show_progress(message: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done on standard error while the block runs, to a person only."""
    if not sys.stderr.isatty():
        yield lambda message: None
        return
    from rich.console import Console

    with Console(stderr=True).status(message) as status:
        yield status.update
