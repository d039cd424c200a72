"""The short way of `stance predict`: usual options are read here, without the application.

Arguments enter. Those that are plainly a prediction are answered; all others, wrong ones and calls
for help among them, are left to the application, which says the same of the plain ones.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stance.cli.claims import answer_text
from stance.cli.endings import tell_end

DEFAULT_MODEL = Path("models") / "stance"
_WITH_VALUE = ("--actor", "--abstain", "--model")
_FLAG = "--json"


class Request(NamedTuple):
    """A prediction that was asked for; see `stance.cli.claims.answer_text`."""

    text: str
    model: Path = DEFAULT_MODEL
    actor: str | None = None
    abstain: float | None = None
    as_json: bool = False


def read_request(arguments: Sequence[str]) -> Request | None:
    """Return what the arguments of the command ask, if they are plainly a prediction.

    Parameters
    ----------
    arguments : sequence of str
        As they stand after ``stance``.

    Returns
    -------
    Request or None
        None for anything else.

    Examples
    --------
    >>> read_request(["predict", "They left.", "--actor=Lee", "--json"])[2:]
    ('Lee', None, True)
    >>> read_request(["predict", "--help"]) is None
    True
    """
    if not arguments or arguments[0] != "predict" or "_STANCE_COMPLETE" in os.environ:
        return None
    options: dict[str, Any] = {}
    texts: list[str] = []
    rest = list(arguments[1:])
    while rest:
        argument = rest.pop(0)
        if argument == "-" or not argument.startswith("-"):
            texts.append(argument)
            continue
        name, separator, value = argument.partition("=")
        if name in _WITH_VALUE and not separator and rest:
            value = rest.pop(0)
        elif not (separator and name in _WITH_VALUE) and argument != _FLAG:
            return None
        if name in options or value.startswith("-"):
            return None
        options[name] = value
    return _to_request(texts, options)


def _to_request(texts: Sequence[str], options: dict[str, Any]) -> Request | None:
    """Return the request of one text and of options with their values."""
    abstain = None
    if "--abstain" in options:
        try:
            abstain = float(options["--abstain"])
        except ValueError:
            return None
        if not 0 <= abstain <= 1:
            return None
    if len(texts) != 1:
        return None
    return Request(
        texts[0],
        Path(options.get("--model", DEFAULT_MODEL)),
        options.get("--actor"),
        abstain,
        _FLAG in options,
    )


def answer(request: Request) -> int:
    """Answer a prediction; return the command's exit code."""
    try:
        answer_text(
            request.text, request.model, request.actor, request.abstain, as_json=request.as_json
        )
    except (Exception, KeyboardInterrupt) as error:
        code = tell_end(error)
        if code is None:
            raise
        return code
    return 0
