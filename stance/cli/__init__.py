"""The command line: each command parses its options, calls the library and prints.

Results go to standard output, progress and messages to standard error. Exit code 0 is fine, 1 an
error that the user can mend, 2 wrong usage, 130 an interrupt.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from stance.cli.quick import answer, read_request

    request = read_request(sys.argv[1:])
    if request is not None:
        sys.exit(answer(request))
    from stance.cli.commands import app

    app()
