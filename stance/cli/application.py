"""The application that the commands register with: errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stance.errors import StanceError


class StanceGroup(TyperGroup):
    """Turns the library's errors into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except StanceError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted; what was there before is untouched.", err=True)
            raise typer.Exit(130) from error
        except BrokenPipeError as error:
            # The reader of our output has gone (as `| head` does); there is nobody left to tell.
            _drop_output()
            raise typer.Exit(0) from error
        except (OSError, MemoryError) as error:
            if ctx.params.get("debug"):
                raise
            _drop_output()
            typer.echo(f"error: {_explain(error)}", err=True)
            raise typer.Exit(1) from error


def _drop_output() -> None:
    """Let what waits to be printed go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: OSError | MemoryError) -> str:
    """Return one line about what the system refused."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; read less at once."
    name = f" {error.filename}" if error.filename else ""
    reason = " ".join((error.strerror or str(error)).split())
    return f"the system refused to read or write{name}: {reason}."


app = typer.Typer(
    cls=StanceGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Train, evaluate and use models of who takes which side in the news.",
    epilog="Example: stance predict 'Berlin does not recognise the result.'",
)


def _print_version(value: bool) -> None:
    """Print the version and end."""
    if value:
        from stance import __version__

        typer.echo(f"stance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options that every command shares."""
