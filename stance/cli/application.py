"""The application that the commands register with: errors become one line and an exit code."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from stance.cli.endings import tell_end
from stance.errors import StanceError


class StanceGroup(TyperGroup):
    """Turns the library's errors into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (StanceError, KeyboardInterrupt, OSError, MemoryError) as error:
            quiet = (KeyboardInterrupt, BrokenPipeError)
            if ctx.params.get("debug") and not isinstance(error, quiet):
                raise
            raise typer.Exit(tell_end(error) or 0) from error


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
