"""Rescoring: the log-odds of a sentence's mentions, seen again in the light of their neighbours'.

The first log-odds of each mention enter with what stands between them; features leave for the
second set of weights of `stance.detection.Detector`. Of two mentions joined by "and" both take part
or neither; of two names of one actor only one is marked; whose neighbour surely speaks is seldom
a second speaker. Looks at the mentions on either side alone, so the time stays linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stance.mentions import Mention

_MOST_WORDS = 3
_MOST_STEPS = 4
_EDGE = "|"

TEMPLATES: tuple[str, ...] = tuple(
    f"again.{name}" for name in "own,prev own,next others prev,gap next,gap same".split()
)
# Multiplies the first log-odds; a detector without it does not look again.
SLOPE = "again.slope="
INTERCEPT = "again.intercept="


class Bonds(NamedTuple):
    """What ties the mentions of a sentence together.

    Parameters
    ----------
    between : list of str, length n_mentions + 1
        The words before each mention and after the last, back to the neighbour; "far" for more
        than a few, "|" for the sentence's edge.
    twins : list of list of int, length n_mentions
        For each mention, the others that name the same actor.
    """

    between: list[str]
    twins: list[list[int]]


def find_bonds(
    words: Sequence[str], spans: Sequence[tuple[int, int]], mentions: Sequence[Mention]
) -> Bonds:
    """Return what stands between the mentions of a sentence, and which name one actor.

    Parameters
    ----------
    words : sequence of str
        The sentence's words, folded.
    spans : sequence of (int, int)
        First and last word of each mention.
    mentions : sequence of Mention
        The mentions, in order.

    Returns
    -------
    Bonds
    """
    between = [_EDGE]
    for (_, last), (first, _) in zip(spans, spans[1:], strict=False):
        gap = words[last + 1 : first]
        between.append(" ".join(gap) if len(gap) <= _MOST_WORDS else "far")
    between.append(_EDGE)
    named: dict[str, list[int]] = {}
    for i, mention in enumerate(mentions):
        if mention.canonical:
            named.setdefault(mention.canonical, []).append(i)
    twins: list[list[int]] = [[] for _ in mentions]
    for same in named.values():
        # The first few will do: an actor's name may fill a whole sentence.
        for i in same if len(same) > 1 else ():
            twins[i] = [j for j in same[:_MOST_STEPS] if j != i]
    return Bonds(between, twins)


def describe_odds(bonds: Bonds, odds: Sequence[float]) -> list[tuple[str, ...]]:
    """Return the features of each mention by the log-odds of its neighbours.

    Parameters
    ----------
    bonds : Bonds
        As `find_bonds` gives them.
    odds : sequence of float, length n_mentions
        First log-odds of taking part.

    Returns
    -------
    list of tuple of str
        For each mention one value for each of `TEMPLATES`.

    Examples
    --------
    >>> bonds = Bonds(["|", "and", "|"], [[], []])
    >>> for values in describe_odds(bonds, [2.2, -0.6]):
    ...     print(values)
    ('2 -', '2 -1', '-1', '- |', '-1 and', '-')
    ('-1 2', '-1 -', '2', '2 and', '- |', '-')
    """
    steps = [_step(value) for value in odds]
    # The two highest: who is the highest has the second as the highest of the others.
    highest = sorted(range(len(odds)), key=odds.__getitem__)[-2:]
    result: list[tuple[str, ...]] = []
    for i, own in enumerate(steps):
        before = steps[i - 1] if i else "-"
        after = steps[i + 1] if i + 1 < len(steps) else "-"
        others = [j for j in highest if j != i]
        result.append(
            (
                f"{own} {before}",
                f"{own} {after}",
                steps[others[-1]] if others else "-",
                f"{before} {bonds.between[i]}",
                f"{after} {bonds.between[i + 1]}",
                _compare(i, bonds.twins[i], odds) if bonds.twins[i] else "-",
            )
        )
    return result


def _step(value: float) -> str:
    """Return log-odds as a whole number of few."""
    return str(round(max(-_MOST_STEPS, min(_MOST_STEPS, value))))


def _compare(i: int, twins: Sequence[int], odds: Sequence[float]) -> str:
    """Tell whether another mention of the same actor is the likelier one, and stands before."""
    higher = any(odds[j] > odds[i] for j in twins)
    earlier = any(j < i and odds[j] > 0 for j in twins)
    return f"{higher} {earlier}"
