"""Print the reference of the command line, made from the commands' own help."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import typer

from stance.cli.commands import app


def main() -> None:
    """Print one section a command: what it does, its arguments, its options."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("stance", [], resilient_parsing=True)
    lines = [
        "# Command line",
        "",
        "Made by `make docs` from the commands' own help.",
        "",
        "Results go to standard output, messages to standard error. Exit code 0 is fine, 1 an",
        "error that you can mend (one line says how), 2 wrong usage, 130 an interrupt.",
    ]
    for name in sorted(group.commands):
        command = group.commands[name]
        lines += ["", f"## stance {name}", "", inspect.cleandoc(command.help or "")]
        rows = [row for parameter in command.params if (row := _row(parameter, context))]
        if rows:
            lines += ["", "| | | default |", "|---|---|---|", *rows]
    sys.stdout.write("\n".join(lines) + "\n")


def _row(parameter: Any, context: Any) -> str:
    """Return one row of the table of options."""
    record = getattr(parameter, "help", None) or ""
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return ""
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    default = parameter.default
    shown = "" if default is None or default is False or callable(default) else f"`{default}`"
    return f"| {names} | {re.sub(r'[|]', '/', record)} | {shown} |"


if __name__ == "__main__":
    main()
