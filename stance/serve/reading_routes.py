"""Routes of the reading page: predict, explain, report, export, articles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from stance.articles import HTML_SUFFIXES, TABLE_SUFFIXES, Article, parse_article, parse_html
from stance.serve.answering import (
    MAX_CHARACTERS,
    Reading,
    describe_explanation,
    describe_reading,
    timed,
)
from stance.serve.gate import Gate
from stance.serve.problems import ProblemError
from stance.serve.publishing import render_csv, render_json
from stance.serve.responses import ArticlesOut, ExplanationOut, PredictionOut
from stance.serve.schemas import (
    MAX_OFFSET,
    ExplainRequest,
    Line,
    NamedText,
    PredictRequest,
    PublishRequest,
    Source,
)
from stance.serve.workspace import Workspace

router = APIRouter(prefix="/api")


def workspace_of(request: Request) -> Workspace:
    """Return what the app works with."""
    workspace: Workspace = request.app.state.workspace
    return workspace


def gate_of(request: Request) -> Gate:
    """Return the gate that heavy work passes."""
    gate: Gate = request.app.state.gate
    return gate


Shared = Annotated[Workspace, Depends(workspace_of)]
Gated = Annotated[Gate, Depends(gate_of)]


def find_article(source: Source, workspace: Workspace) -> Article:
    """Return the article that a request means.

    Parameters
    ----------
    source : Source
        A text, or the id of an article.
    workspace : Workspace
        Knows the articles.

    Returns
    -------
    Article

    Raises
    ------
    ProblemError
        If there is no such article, or both or neither of the two are given.
    """
    if (source.text is None) == (source.article is None):
        raise ProblemError(422, "give either a text or an article, and not both")
    if source.article is not None:
        return workspace.article(source.article)
    return parse_text(source.text or "", source.name or "")


def parse_text(text: str, name: str) -> Article:
    """Return the article of a text that came with a request; its name is never opened."""
    if len(text) > MAX_CHARACTERS:
        raise ProblemError(
            413, f"the text has {len(text)} characters; at most {MAX_CHARACTERS} are read at once"
        )
    if Path(name).suffix.lower() in TABLE_SUFFIXES:
        raise ProblemError(422, f"{name!r} is a table of articles; use: stance predict, or report")
    if _is_web_page(name):
        return parse_html(text, "", name)
    return parse_article(text, "", name or "the text")


def _is_web_page(name: str | None) -> bool:
    """Tell whether a file of this name is read as HTML."""
    return Path(name or "").suffix.lower() in HTML_SUFFIXES


@router.post(
    "/predict",
    response_model=PredictionOut,
    summary="Say who takes which side in a text",
)
async def predict(body: PredictRequest, workspace: Shared, gate: Gated) -> JSONResponse:
    """Return the claims of a text, and each actor's sum."""
    started = time.perf_counter()
    reading = await _read(body, workspace, gate, body.actor or None)

    def describe() -> JSONResponse:
        return JSONResponse(describe_reading(reading, body.abstain, timed(started)))

    return await to_thread.run_sync(describe)


async def _read(
    source: Source, workspace: Workspace, gate: Gate, actor: str | None = None
) -> Reading:
    """Return what a request means as the model reads it; what was read before need not wait."""

    def recall() -> tuple[Article, Reading | None]:
        article = find_article(source, workspace)
        return article, workspace.reader.recall(article, workspace.model, actor)

    # Taking the article out of a web page is work, too.
    run = gate.run if _is_web_page(source.name) else to_thread.run_sync
    article, reading = await run(recall)
    if reading is not None:
        return reading
    return await gate.run(lambda: workspace.reader.read(article, workspace.model, actor))


@router.post(
    "/explain", response_model=ExplanationOut, summary="Name the words that drove one claim"
)
async def explain(body: ExplainRequest, workspace: Shared, gate: Gated) -> JSONResponse:
    """Return the terms behind the claim at one place of a text."""
    reading = await _read(body, workspace, gate)

    def explain_claim() -> JSONResponse:
        explanation = reading.explain(body.start, body.actor_start)
        if explanation is None:
            raise ProblemError(404, f"no claim at {body.start} with an actor at {body.actor_start}")
        return JSONResponse(describe_explanation(explanation))

    return await to_thread.run_sync(explain_claim)


def read_all(body: PublishRequest, workspace: Workspace) -> list[Reading]:
    """Return the readings of all that a request names.

    Parameters
    ----------
    body : PublishRequest
        One text, one article, or several texts.
    workspace : Workspace
        Knows model and articles.

    Returns
    -------
    list of Reading
    """
    if body.articles is None:
        articles = [find_article(body, workspace)]
    else:
        articles = [_named(text, i) for i, text in enumerate(body.articles, start=1)]
    if not articles:
        raise ProblemError(422, "no article; give at least one")
    if sum(len(article.text) for article in articles) > 5 * MAX_CHARACTERS:
        raise ProblemError(
            413, f"more than {5 * MAX_CHARACTERS} characters in all; use: stance report FOLDER"
        )
    return [workspace.reader.read(article, workspace.model) for article in articles]


def _named(text: NamedText, number: int) -> Article:
    """Return an article under the name of its file; each id is another."""
    article = parse_text(text.text, text.name)
    name = Path(text.name).stem or "text"
    return Article(
        f"{number}-{name}", article.text, article.title or name, article.date, article.outlet,
        article.url, article.language,
    )  # fmt: skip


@router.post("/export", summary="Claims as a file", response_class=Response)
async def export_claims(
    body: PublishRequest,
    workspace: Shared,
    gate: Gated,
    format: Annotated[Literal["json", "csv"], Query()] = "json",
) -> Response:
    """Return the claims as JSON or CSV to download."""

    def work() -> str:
        readings = read_all(body, workspace)
        render = render_csv if format == "csv" else render_json
        return render(readings, body.abstain)

    kind = "text/csv" if format == "csv" else "application/json"
    return _download(await gate.run(work), f"{kind}; charset=utf-8", f"claims.{format}")


@router.post("/report", summary="A report as a page of its own", response_class=Response)
async def report(body: PublishRequest, workspace: Shared, gate: Gated) -> Response:
    """Return who stands where in the texts, as one HTML file to download."""

    def work() -> str:
        return _render_report(read_all(body, workspace), workspace)

    return _download(await gate.run(work), "text/html; charset=utf-8", "report.html")


def _render_report(readings: list[Reading], workspace: Workspace) -> str:
    """Return the page."""
    from stance.report.page import Facts, count_seen, render_page
    from stance.report.prevalence import Prevalence, load_error_rates
    from stance.report.summary import summarize_claims

    rates = load_error_rates(workspace.places.model)
    prevalence = Prevalence(rates.confusion, likeness=rates.likeness)
    summary = summarize_claims([(r.article, r.claims()) for r in readings], prevalence, 1)
    target = workspace.target
    title = f"Who stands where: {target.title}"
    seen = count_seen(summary, rates)
    name = workspace.model_name or ""
    return render_page(summary, Facts(title, target.question, name, rates, seen))


def _download(text: str, kind: str, name: str) -> Response:
    """Return a file to keep, which the browser does not open in the app's own page."""
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(), media_type=kind, headers=disposition)


@router.get(
    "/articles",
    response_model=ArticlesOut,
    summary="The articles of the folder",
)
def list_articles(
    workspace: Shared,
    query: Annotated[Line, Query(max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JSONResponse:
    """Return the articles whose id, title, date or outlet holds every word of a query."""
    counts: dict[str, int] = {}
    for pair in workspace.library.pairs.values():
        counts[pair.article] = counts.get(pair.article, 0) + 1
    words = query.casefold().split()
    found = [a for a in workspace.library.articles.values() if _holds(a, words)]
    page = found[offset : offset + limit]
    rows = [
        {
            "id": a.id,
            "title": a.title,
            "date": a.date,
            "outlet": a.outlet,
            "n_labels": counts.get(a.id, 0),
        }
        for a in page
    ]
    return JSONResponse({"total": len(found), "articles": rows})


def _holds(article: Article, words: list[str]) -> bool:
    """Tell whether an article's line in the list holds every word."""
    line = f"{article.id} {article.title} {article.date} {article.outlet}".casefold()
    return all(word in line for word in words)
