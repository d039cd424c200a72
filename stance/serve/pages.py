"""Pages: the two pages and what they load, read once from a fixed list of files.

A name from a request is looked up in that list and never becomes a path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Request, Response

from stance.serve.problems import ProblemError

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
READ_PAGE, REVIEW_PAGE = "read.html", "review.html"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class StaticFile:
    """A file of a page.

    Parameters
    ----------
    data : bytes
        What it holds.
    kind : str
        Its media type.
    tag : str
        Its entity tag, which changes with it.
    """

    data: bytes
    kind: str
    tag: str


def load_static() -> Mapping[str, StaticFile]:
    """Return the files that come with the package, by name."""
    files = {}
    for entry in resources.files("stance.serve").joinpath("static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if entry.is_file() and suffix in KINDS:
            data = entry.read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
            files[entry.name] = StaticFile(data, KINDS[suffix], tag)
    return files


def _answer(request: Request, name: str) -> Response:
    """Return one file, or that the browser has it already."""
    file: StaticFile | None = request.app.state.static.get(name)
    if file is None:
        raise ProblemError(404, "there is no such page")
    headers = {"ETag": file.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.data, media_type=file.kind, headers=headers)


@router.get("/")
def read_page(request: Request) -> Response:
    """Return the reading page."""
    return _answer(request, READ_PAGE)


@router.get("/review")
def review_page(request: Request) -> Response:
    """Return the review page."""
    return _answer(request, REVIEW_PAGE)


@router.get("/static/{name}")
def static_file(name: str, request: Request) -> Response:
    """Return what a page loads."""
    return _answer(request, name)
