"""Clauses: the part of a sentence that belongs to one actor.

Rules over words and signs, no parser: a sentence is cut at conjunctions, and each actor keeps the
stretch around the mention up to where another actor takes over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stance.normalization import align

# Where one statement ends and another may begin.
_COORDINATE = re.compile(
    r"; |, (?:while|whereas|but|though|although|even though|yet|and|with|after|as) "
    r"| (?:while|whereas|but|although|though) | - (?=\w)",
    re.IGNORECASE,
)
# Where somebody's words are told inside somebody else's.
_SUBORDINATE = re.compile(
    r",? (?:that|who|which|what|whom|whose|when|where|because|if|how|why|against|by|as|from|of"
    r"|and|to) |, ",
    re.IGNORECASE,
)


def own_clause(
    sentence: str, start: int, end: int, others: Sequence[tuple[int, int]] = ()
) -> tuple[int, int]:
    """Return the stretch of a sentence that tells what the actor at ``start:end`` says or does.

    Parameters
    ----------
    sentence : str
        The sentence as printed.
    start, end : int
        Offsets of the actor's mention, end exclusive.
    others : sequence of (int, int)
        Offsets of the mentions of the other actors of the sentence.

    Returns
    -------
    (int, int)
        Offsets of the stretch; it holds the mention. The whole sentence where there is no other.

    Examples
    --------
    >>> text = "Minsk denied fraud, while Merkel said the EU rejects the result."
    >>> begin, stop = own_clause(text, 0, 5, [(26, 32), (42, 44)])
    >>> text[begin:stop]
    'Minsk denied fraud'
    >>> begin, stop = own_clause(text, 26, 32, [(0, 5), (42, 44)])
    >>> text[begin:stop]
    'Merkel said the EU rejects the result.'
    """
    others = [other for other in others if other != (start, end)]
    if not others:
        return 0, len(sentence)
    plain = align(sentence)
    left = _left_edge(plain, start, others)
    right = _right_edge(plain, end, others)
    return left, right


def _left_edge(plain: str, start: int, others: Sequence[tuple[int, int]]) -> int:
    """Return where the stretch begins: after the last cut that parts it from another actor."""
    before = max((e for _, e in others if e <= start), default=None)
    if before is None:
        return 0
    cut = None
    for expression in (_COORDINATE, _SUBORDINATE):
        for match in expression.finditer(plain, before - 1, start):
            if match.start() >= before:
                cut = match.end()
        if cut is not None:
            return cut
    return before


def _right_edge(plain: str, end: int, others: Sequence[tuple[int, int]]) -> int:
    """Return where the stretch ends: at the last coordinate cut before another actor."""
    for begin, _ in sorted(others):
        if begin < end:
            continue
        cuts = [m.start() for m in _COORDINATE.finditer(plain, end) if m.end() <= begin]
        if cuts:
            return cuts[-1]
    return len(plain)
