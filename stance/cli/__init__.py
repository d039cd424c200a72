"""The command line: each command parses its options, calls the library and prints.

Results go to standard output, progress and messages to standard error. Exit code 0 is fine, 1 an
error that the user can mend, 2 wrong usage, 130 an interrupt.
"""

from __future__ import annotations

# Each registers its commands with the application, in the order in which --help lists them.
from stance.cli import labels, models, answers, scoring, reports  # noqa: F401  # isort: skip
from stance.cli import agreement, exchange, serving  # noqa: F401  # isort: skip
from stance.cli.application import app


def main() -> None:
    """Run the command line."""
    app()
