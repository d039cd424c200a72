"""Problems: what went wrong with a request becomes problem+json (RFC 9457), one clear line each.

Refusals of the app, of the library and of the web framework enter; each leaves in the same form,
without a traceback and without what was sent.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from stance.errors import MissingExtraError, StanceError

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status : int
        HTTP status, 400 or above.
    detail : str
        What was found, what was wanted, and what to do.
    **extra : object
        Further members, such as the version that was found.
    """

    def __init__(self, status: int, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


def problem_body(status: int, detail: str, **extra: object) -> dict[str, Any]:
    """Return a problem as plain values.

    Examples
    --------
    >>> problem_body(404, "no article 'x'")["title"]
    'Not Found'
    """
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }


def problem_response(
    status: int, detail: str, headers: dict[str, str] | None = None, **extra: object
) -> JSONResponse:
    """Return a problem as a response."""
    body = problem_body(status, detail, **extra)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Let every refusal of an application leave as a problem.

    Parameters
    ----------
    app : FastAPI
        The application.
    """
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(MissingExtraError, _on_missing)
    app.add_exception_handler(StanceError, _on_stance_error)


async def _on_problem(request: Request, error: Any) -> JSONResponse:
    """Answer a refusal of the app."""
    headers = {"Retry-After": "1"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return problem_response(error.status, error.detail, headers, **error.extra)


async def _on_invalid(request: Request, error: Any) -> JSONResponse:
    """Answer a request that breaks its schema; what was sent is not sent back."""
    found = [
        {"where": ".".join(str(part) for part in e["loc"]), "message": e["msg"]}
        for e in error.errors()
    ]
    first = f"{found[0]['where']}: {found[0]['message']}" if found else "the request is malformed"
    return problem_response(422, first, errors=found[:20])


async def _on_http(request: Request, error: Any) -> JSONResponse:
    """Answer a refusal of the framework: no such page, no such method, no JSON."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "there is no such page"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not for this page"
    else:
        detail = str(error.detail)
    return problem_response(error.status_code, detail, dict(error.headers or {}))


async def _on_missing(request: Request, error: Any) -> JSONResponse:
    """Answer a request for what is not installed."""
    return problem_response(501, str(error))


async def _on_stance_error(request: Request, error: Any) -> JSONResponse:
    """Answer with the library's own sentence."""
    return problem_response(422, str(error))
