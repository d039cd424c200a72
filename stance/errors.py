"""Errors that a user can mend.

Each message says what was found, what was wanted, and what to do next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

_LONGEST_START, _LONGEST_END = 700, 250


class StanceError(ValueError):
    """Something in the input, the settings or the files that the user can put right.

    Parameters
    ----------
    message : str
        What happened and what to do. It becomes one line of bounded length, whatever it quotes:
        signs that a terminal would act on are written as escapes, and too much is cut out of the
        middle.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_to_line(message))


def _to_line(message: str) -> str:
    """Return a message as one line that can be printed anywhere."""
    if len(message) > _LONGEST_START + _LONGEST_END:
        message = f"{message[:_LONGEST_START]} … {message[-_LONGEST_END:]}"
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)


class ArticleError(StanceError):
    """An article, or a table, cannot be read: it is empty, binary, or lacks a column."""


class LabelError(StanceError):
    """A file of labels breaks the schema; the message names the file and the line."""


class TargetError(StanceError):
    """A target's TOML file is wrong; the message names the key."""


class ModelError(StanceError):
    """A model is missing, damaged, or was made by versions that do not fit."""


@contextlib.contextmanager
def explained_facts(what: str) -> Iterator[None]:
    """Turn the errors of walking through foreign JSON into one line.

    Parameters
    ----------
    what : str
        What is read, as the subject of a sentence in the plural.

    Raises
    ------
    ModelError
        Where something is missing, or of another kind.
    """
    try:
        yield
    except StanceError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        wrong = f"lack {error}" if isinstance(error, KeyError) else f"are not as expected: {error}"
        raise ModelError(
            f"{what} {wrong}; they are damaged or of another version. Make the model anew with: "
            "stance train."
        ) from error


class MissingExtraError(StanceError):
    """A feature needs a package that is not installed.

    Parameters
    ----------
    feature : str
        What the user asked for, as the subject of a sentence (``"reading HTML"``).
    extra : str
        Name of the extra in pyproject.toml that brings the package.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs a package that is not installed; "
            f"run: pip install 'stance-trainer[{extra}]'"
        )


def suggestion(found: str, choices: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the choice closest to `found`, or nothing.

    Examples
    --------
    >>> suggestion("suport", ["criticizes", "neutral", "supports"])
    " Did you mean 'supports'?"
    >>> suggestion("zebra", ["criticizes", "neutral", "supports"])
    ''
    """
    import difflib

    # Cut, for the comparison takes the square of the length and a value may be a whole text.
    close = difflib.get_close_matches(found[:80], list(choices), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def shortlist(items: Iterable[object], limit: int = 5) -> str:
    """Join sorted `items` for a message, and say how many were left out.

    Examples
    --------
    >>> shortlist("gfedcba")
    'a, b, c, d, e and 2 more'
    """
    ordered = sorted(str(item) for item in items)
    text = ", ".join(ordered[:limit])
    return text if len(ordered) <= limit else f"{text} and {len(ordered) - limit} more"
