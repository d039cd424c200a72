"""The command that opens the web app: serve."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.application import app
from stance.cli.options import LABELS, MODEL, RAW, LabelsOption, ModelOption, RawOption
from stance.errors import MissingExtraError

GUIDELINE = Path("docs") / "guideline.md"


@app.command()
def serve(
    raw: RawOption = RAW,
    labels: LabelsOption = LABELS,
    model: ModelOption = MODEL,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="NAME|FILE.toml", help="What training is about; the model's own."
        ),
    ] = None,
    guideline: Annotated[
        Path, typer.Option("--guideline", metavar="FILE.md", help="What the labels mean.")
    ] = GUIDELINE,
    host: Annotated[
        str, typer.Option("--host", help="Address; any but this machine's own needs the token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 for any that is free.")
    ] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help="A further name that the app goes by."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token", envvar="STANCE_TOKEN", help="What callers must know; else a new one is made."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes for training; all cores but one.")
    ] = None,
) -> None:
    """Open the web app: read articles, review labels, train.

    Listens on this machine alone. With `--host` others can reach it, if they know the token that
    is printed (docs/serve.md).

    Example: `stance serve --port 8000`
    """
    if any(find_spec(package) is None for package in ("fastapi", "uvicorn", "filelock")):
        raise MissingExtraError("the web app", "serve")
    from stance.serve.running import serve_app
    from stance.serve.workspace import Places

    places = Places(raw, labels, model, target, guideline)
    serve_app(
        places, host, port, names=name or [], token=token, jobs=jobs,
        tell=lambda message: typer.echo(message, err=True),
    )  # fmt: skip
