"""The command that asks a model about files of any size: score."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stance.cli.application import app
from stance.cli.options import MODEL, ClusterOption, JobsOption, ModelOption

if TYPE_CHECKING:
    from stance.bulk.running import Progress


@app.command()
def score(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="Parquet, JSON Lines, CSV or TSV (.gz, .zst), or a folder of such files or of "
            "articles.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help=".parquet, .jsonl, .csv or .tsv (.gz, .zst); without an ending a folder of "
            "Parquet files.",
        ),
    ],
    unit: Annotated[
        str,
        typer.Option(
            "--unit",
            metavar="article|sentence",
            help="Read each text as predict does, a row for each claim; or judge it as one ready "
            "passage, a row for each row.",
        ),
    ] = "article",
    text_column: Annotated[
        str | None,
        typer.Option("--text-column", metavar="NAME", help="Column of the text; usual names."),
    ] = None,
    actor_column: Annotated[
        str | None,
        typer.Option(
            "--actor-column", metavar="NAME", help="Ask about the actor in this column alone."
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            "--id-column", metavar="NAME", help="Column that names the article; usual names."
        ),
    ] = None,
    date_column: Annotated[
        str | None,
        typer.Option(
            "--date-column", metavar="NAME", help="Column of the day, which tells offices; date."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="NAME", help="Carry this column over; can be repeated."),
    ] = None,
    abstain: Annotated[
        float | None,
        typer.Option("--abstain", min=0, max=1, metavar="P", help="Below P, say uncertain."),
    ] = None,
    jobs: JobsOption = -1,
    cluster: ClusterOption = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw away what an earlier run has finished.")
    ] = False,
    model: ModelOption = MODEL,
) -> None:
    """Score a file of any size: claims for each row, in parts that outlive a kill.

    A run that was stopped goes on with the same command. Rows that cannot be used go to
    `OUT.bad.jsonl` with their line and the reason (docs/scale.md).

    Example: `stance score articles.parquet claims.parquet`
    """
    from stance.bulk.running import Interrupted, score_file

    begin = time.perf_counter()
    try:
        with _show_bar() as tell:
            done = score_file(
                path,
                out,
                model=model,
                unit=unit,
                text_column=text_column,
                actor_column=actor_column,
                id_column=id_column,
                date_column=date_column,
                keep=keep or (),
                abstain=abstain,
                jobs=jobs,
                cluster=cluster,
                restart=restart,
                progress=tell,
            )
    except Interrupted as interrupted:
        typer.echo(str(interrupted), err=True)
        raise typer.Exit(130) from interrupted
    _print_summary(done, out, time.perf_counter() - begin)


def _print_summary(done: Progress, out: Path, seconds: float) -> None:
    """Tell what was done."""
    if done.n_resumed:
        typer.echo(f"{done.n_resumed} of {done.n_parts} parts were finished before", err=True)
    if done.n_bad:
        bad = out.with_name(f"{out.name}.bad.jsonl")
        typer.echo(f"{done.n_bad:,} bad rows -> {bad}", err=True)
    fresh = (done.n_rows - done.n_resumed_rows) / max(seconds, 1e-9)
    typer.echo(f"{seconds:.1f} s, {fresh:,.0f} rows a second", err=True)
    typer.echo(f"{done.n_rows:,} rows, {done.n_claims:,} claims -> {out}")


@contextmanager
def _show_bar() -> Iterator[Callable[[Progress], None]]:
    """Show how far the run is on standard error while the block runs, to a person only."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns: Any = (
        BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"),
        TextColumn("{task.fields[speed]:,.0f} rows/s"), TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=1.0, rows=0, speed=0.0)
        begin = time.perf_counter()

        def tell(progress: Progress) -> None:
            fresh = progress.n_rows - progress.n_resumed_rows
            speed = fresh / max(time.perf_counter() - begin, 1e-9)
            bar.update(task, completed=progress.share, rows=progress.n_rows, speed=speed)

        yield tell
