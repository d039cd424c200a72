"""Clauses: the part of a sentence that belongs to one actor.

Rules over words and signs, no parser: a sentence is cut at conjunctions, and each actor keeps the
stretch around the mention up to where another actor takes over. Who is named after the words
("…, Lavrov said") keeps the words; those who are named together ("Merkel and Macron") share them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from stance.mentions import ROLE_NOUNS
from stance.normalization import align
from stance.verbs import REPORTING_VERBS

# Where one statement ends and another may begin.
_COORDINATE = re.compile(
    r"; |, (?:while|whereas|but|though|although|even though|yet|and|with|after|as) "
    r"| (?:while|whereas|but|although|though) | - (?=\w)",
    re.IGNORECASE,
)
# Where a statement ends for certain, so that words before it are not the speaker's.
_STRONG = re.compile(r"; |, (?:while|whereas|but|though|although|even though|yet) ", re.IGNORECASE)
# Where somebody's words are told inside somebody else's.
_SUBORDINATE = re.compile(
    r",? (?:that|who|which|what|whom|whose|when|where|because|if|how|why|against|by|as|from|of"
    r"|and|to) |, ",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?:,|,? and|,? or|,? as well as) (.*)")
_TITLE_WORDS = ROLE_NOUNS | frozenset("the a its his her their foreign prime interior vice".split())
# What cannot stand between a statement and the speaker who is named after it.
_NO_LEAD = frozenset(
    "and but or in on at of as by to from with that which who where when while if because "
    "including after before until since so".split()
)
_WORD = re.compile(r"[\w'-]+")
_WINDOW = 600
_LONGEST_LEAD = 6
_SHORTEST_STATEMENT = 3
_BREAKS = re.compile(r'[,;:.!?"]')


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
        Offsets of the mentions of the other actors of the sentence, in order.

    Returns
    -------
    (int, int)
        Offsets of the stretch; it holds the mention. The whole sentence where there is no other,
        but never more than 600 characters on either side.

    Examples
    --------
    >>> text = "Minsk denied fraud, while Merkel said the EU rejects the result."
    >>> begin, stop = own_clause(text, 0, 5, [(26, 32), (42, 44)])
    >>> text[begin:stop]
    'Minsk denied fraud'
    >>> begin, stop = own_clause(text, 26, 32, [(0, 5), (42, 44)])
    >>> text[begin:stop]
    'Merkel said the EU rejects the result.'
    >>> text = "Minsk will not yield, Lavrov said."
    >>> begin, stop = own_clause(text, 22, 28, [(0, 5)])
    >>> text[begin:stop]
    'Minsk will not yield, Lavrov said.'
    """
    # Looked at through a window, so that the time stays linear in the oddest sentence's length.
    shift, stop = max(0, start - _WINDOW), min(len(sentence), end + _WINDOW)
    first = bisect_left(others, (shift, 0))
    beyond = bisect_left(others, (stop, 0), first)
    near = [
        (a - shift, b - shift)
        for a, b in others[first:beyond]
        if b <= stop and (a, b) != (start, end)
    ]
    if not near:
        return shift, stop
    left, right = _part(align(sentence[shift:stop]), start - shift, end - shift, near)
    return left + shift, right + shift


def _part(plain: str, start: int, end: int, others: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the stretch of an actor among others."""
    first, last = _told_together(plain, start, end, others)
    alone = [other for other in others if other[1] <= first or other[0] >= last]
    if _is_named_after(plain, first, last):
        cuts = [match.end() for match in _STRONG.finditer(plain, 0, first)]
        left = cuts[-1] if cuts else 0
    else:
        left = _left_edge(plain, first, alone)
    return left, _right_edge(plain, last, alone)


def _told_together(
    plain: str, start: int, end: int, others: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return where the names begin and end that share what is told with the actor's."""
    for begin, stop in reversed(others):
        if stop <= start and _joins(plain[stop:start]):
            start = begin
    for begin, stop in others:
        if begin >= end and _joins(plain[end:begin]):
            end = stop
    return start, end


def _joins(gap: str) -> bool:
    """Tell whether nothing but "and", a comma, an article or a title parts two names."""
    match = _JOINED.fullmatch(gap)
    return match is not None and all(
        word[0].isupper() or word.lower() in _TITLE_WORDS for word in _WORD.findall(match[1])
    )


def _is_named_after(plain: str, start: int, end: int) -> bool:
    """Tell whether the words stand before their speaker: "…, X said", "…, according to X"."""
    breaks = [match.end() for match in _BREAKS.finditer(plain, 0, start)]
    if not breaks:
        return False
    lead = [word.lower() for word in _WORD.findall(plain, breaks[-1], start)]
    if lead[:2] == ["according", "to"]:
        return True
    if len(lead) > _LONGEST_LEAD or len(plain[: breaks[-1]].split()) < _SHORTEST_STATEMENT:
        return False
    if lead and lead[0] in REPORTING_VERBS and not lead[0].endswith("ing"):
        return "that" not in lead
    stop = _BREAKS.search(plain, end)
    after = [
        word.lower() for word in _WORD.findall(plain, end, stop.start() if stop else len(plain))
    ]
    # What is said follows a speaker who comes first ("On Monday, X said that ...").
    return (
        not _NO_LEAD.intersection(lead)
        and any(word in REPORTING_VERBS for word in after[:2])
        and not {"that", "it", "whether", "how"}.intersection(after)
        and len(after) <= _LONGEST_LEAD
    )


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
    return before + len(plain[before:start]) - len(plain[before:start].lstrip())


def _right_edge(plain: str, end: int, others: Sequence[tuple[int, int]]) -> int:
    """Return where the stretch ends: at the last coordinate cut before another actor."""
    cuts = list(_COORDINATE.finditer(plain, end))
    for begin, _ in others:
        before = [match.start() for match in cuts if match.end() <= begin]
        if before:
            return before[-1]
    return len(plain)
