"""Application: the routes, their description, and the guard before them.

A workspace and a door enter, an ASGI application leaves.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from stance import __version__
from stance.serve import pages, reading_routes, review_routes
from stance.serve.gate import Gate
from stance.serve.guard import MAX_BODY, Door, Guard
from stance.serve.journal import ConflictError
from stance.serve.problems import MEDIA_TYPE, install_problems, problem_response
from stance.serve.schemas import Problem
from stance.serve.workspace import Workspace

WAITING = 200
REFUSALS = {
    400: "not JSON",
    401: "no token",
    403: "written from another site's page",
    404: "nothing there",
    408: "the request was too slow",
    409: "somebody else was faster",
    413: "too long",
    421: "asked for under a foreign name",
    422: "something in it is wrong",
    501: "a package is not installed",
    503: "no model yet, or too much to do",
}


def create_app(workspace: Workspace, door: Door | None = None) -> Guard:
    """Build the app.

    Parameters
    ----------
    workspace : Workspace
        What it works with.
    door : Door, optional
        Who is let in; by default whoever asks this machine by a name of its own.

    Returns
    -------
    Guard
        An ASGI application.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The corpus is read while the first page is on its way.
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, _read_corpus, workspace)
            yield
        workspace.close()

    app = FastAPI(
        title="stance",
        summary="Who takes which side in the news: reading, reviewing, training.",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=describe_refusals(),
    )
    app.state.workspace = workspace
    app.state.static = pages.load_static()
    app.state.gate = Gate(os.cpu_count() or 1, WAITING)
    install_problems(app)
    app.add_exception_handler(ConflictError, _on_conflict)
    # The narrower paths of the second come first: an article's id may hold slashes.
    app.include_router(reading_routes.router)
    app.include_router(review_routes.router)
    app.include_router(pages.router)
    return Guard(app, door or Door(), MAX_BODY)


def describe_refusals() -> dict[int | str, dict[str, Any]]:
    """Return the problems that any route may answer with, for its description."""
    schema = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": text, "content": schema} for status, text in REFUSALS.items()}


def _read_corpus(workspace: Workspace) -> None:
    """Read the corpus, so that the first request need not wait; errors are told to whoever asks."""
    from stance.errors import StanceError

    try:
        len(workspace.library.pairs)
    except StanceError:
        return


async def _on_conflict(request: Request, error: Any) -> JSONResponse:
    """Answer that somebody else was faster."""
    return problem_response(409, str(error), version=error.version, annotator=error.annotator)
