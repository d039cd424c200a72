"""Commands for readers: report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli.application import app
from stance.cli.inputs import read_paths
from stance.cli.options import MODEL, ModelOption
from stance.cli.printing import show_progress

if TYPE_CHECKING:
    from stance.report.page import Facts
    from stance.report.summary import Summary


@app.command()
def report(
    articles: Annotated[
        list[Path], typer.Argument(metavar="ARTICLE...", help="Articles, folders or tables; -.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Page to write; - prints it.")
    ] = Path("report.html"),
    model: ModelOption = MODEL,
    plots: Annotated[
        Path | None,
        typer.Option("--plots", metavar="FOLDER", help="Write every plot there, PNG and SVG."),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option("--tables", metavar="FOLDER", help="Write every table there, tidy CSV."),
    ] = None,
    min_statements: Annotated[
        int,
        typer.Option("--min-statements", min=1, metavar="N", help="Fold actors with fewer."),
    ] = 5,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=NAME", help="For tables: text=body, date=day …"),
    ] = None,
) -> None:
    """Report who stands where in articles: one page with charts and every claim.

    The page needs no network. Shares are corrected for the errors that the model made when it was
    evaluated; the counts stand beside them (docs/report.md).

    Example: `stance report data/raw -o report.html --tables report/tables --plots report/plots`
    """
    from stance.files import write_whole
    from stance.report.page import render_page
    from stance.report.tidy import render_tables

    summary, facts = _summarize(articles, column or [], model, min_statements, title)
    with show_progress("drawing"):
        files: dict[Path, str | bytes] = {}
        if plots is not None:
            from stance.report.plots import render_plots

            files |= {
                plots / name: data for name, data in render_plots(summary, facts.title).items()
            }
        if tables is not None:
            files |= {tables / name: text for name, text in render_tables(summary).items()}
        page = render_page(summary, facts)
    for path, content in files.items():
        write_whole(path, content)
    if str(out) == "-":
        typer.echo(page, nl=False)
    else:
        write_whole(out, page)
    folders = "".join(f", {folder}" for folder in (plots, tables) if folder is not None)
    typer.echo(
        f"articles: {len(summary.readings)}; statements: {summary.n_statements}; actors: "
        f"{len(summary.actors)} -> {out}{folders}",
        err=str(out) == "-",
    )


def _summarize(
    paths: list[Path], column: list[str], model: Path, min_statements: int, title: str | None
) -> tuple[Summary, Facts]:
    """Read the articles, ask the model about each, and sum up."""
    from stance.reading import load, read
    from stance.report.page import Facts, count_seen
    from stance.report.prevalence import Prevalence, load_error_rates
    from stance.report.summary import summarize_claims

    scorer, rates = load(model), load_error_rates(model)
    readings = []
    with show_progress("reading articles") as tell:
        articles = read_paths(paths, column)
        for number, article in enumerate(articles.values(), start=1):
            tell(f"reading article {number} of {len(articles)}")
            readings.append((article, read(article, scorer)))
        tell("estimating shares")
        prevalence = Prevalence(rates.confusion, likeness=rates.likeness)
        summary = summarize_claims(readings, prevalence, min_statements)
    target = scorer.target_
    heading = title or f"Who stands where: {target.title}"
    name = model.parent.name if model.is_file() else model.name
    return summary, Facts(heading, target.question, name, rates, count_seen(summary, rates))
