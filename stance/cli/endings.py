"""How a command ends: the library's errors become one line and an exit code."""

from __future__ import annotations

import os
import sys

from stance.errors import StanceError


def tell_end(error: BaseException) -> int | None:
    """Say on standard error why a command ends.

    Parameters
    ----------
    error : BaseException
        What ended it.

    Returns
    -------
    int or None
        The exit code; None for an error that is not the user's to mend.
    """
    if isinstance(error, StanceError):
        _tell(f"error: {error}")
        return 1
    if isinstance(error, KeyboardInterrupt):
        _tell("interrupted; what was there before is untouched.")
        return 130
    if isinstance(error, BrokenPipeError):
        # The reader of our output has gone (as `| head` does); there is nobody left to tell.
        _drop_output()
        return 0
    if isinstance(error, (OSError, MemoryError)):
        _drop_output()
        _tell(f"error: {_explain(error)}")
        return 1
    return None


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


def _tell(line: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
