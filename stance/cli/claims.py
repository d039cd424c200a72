"""What `stance predict` does: a text is read, and its claims are printed.

Free of everything that is slow to import: `stance.cli.quick` comes here without the application.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stance.cli.inputs import read_text
from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.reading import Claim


def answer_text(
    text: str, model: Path, actor: str | None, abstain: float | None, *, as_json: bool
) -> None:
    """Print the claims of a text, a file, or standard input.

    Parameters
    ----------
    text : str
        As `stance.cli.inputs.read_text` takes it.
    model : Path
        The model's folder.
    actor : str or None
        Ask about this actor alone.
    abstain : float or None
        Below this probability, say uncertain.
    as_json : bool
        Print one claim a line in place of a table.

    Raises
    ------
    StanceError
        If the text or the model cannot be read, or the actor is not named.
    """
    from stance.reading import load, read

    claims = read(read_text(text), load(model), actor=actor, abstain=abstain)
    if not claims and actor:
        raise StanceError(f"the text does not name {actor!r}; try without --actor.")
    if as_json:
        lines = (json.dumps(claim.as_dict(), ensure_ascii=False) for claim in claims)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    else:
        _print_table(claims)
    sys.stdout.flush()


def _print_table(claims: Sequence[Claim]) -> None:
    """Print claims as a table."""
    from stance.tables import print_table

    rows = []
    previous = None
    for claim in claims:
        who = claim.actor or "–"
        if claim.canonical and claim.canonical != claim.actor:
            who = f"{claim.actor} = {claim.canonical}"
        sentence = "" if previous == claim.start else " ".join(claim.sentence.split())
        previous = claim.start
        rows.append([claim.stance, f"{max(claim.probabilities.values()):.2f}", who, sentence])
    print_table(["stance", "p", "actor", "sentence"], rows, numeric=[1])
