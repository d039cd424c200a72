"""Ranking: which pairs to show a reviewer next, and why.

Pairs with what a model thinks of each enter, a short list leaves. A share of it is always drawn at
random: figures of pairs that a model chose say little about all the others.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from stance.cues import STANCES
from stance.serve.library import Pair

MODES = ("uncertain", "class", "mislabelled", "random", "mixed")
RANDOM_EVERY = 5


class Pick(NamedTuple):
    """A pair that was chosen.

    Parameters
    ----------
    pair : Pair
        The pair.
    arm : {"uncertain", "class", "mislabelled", "random"}
        How it was chosen.
    reason : str
        The same in words.
    """

    pair: Pair
    arm: str
    reason: str


Chances = Mapping[str, Sequence[float]]


def pick_pairs(
    pairs: Iterable[Pair],
    chances: Chances,
    mode: str,
    n: int,
    *,
    label: str | None = None,
    seed: str = "",
) -> list[Pick]:
    """Choose what to review next.

    Parameters
    ----------
    pairs : iterable of Pair
        What is open.
    chances : mapping of str to sequence of float
        For the pairs that a model has read, by key, the probability of each stance.
    mode : {"uncertain", "class", "mislabelled", "random", "mixed"}
        Least certain; least certain of those called `label`; with a label that is believed
        least; any; or some of each.
    n : int
        How many.
    label : str, optional
        The stance of mode ``class``.
    seed : str, default=""
        The random arm is in another order for each; the same pairs and seed give the same picks.

    Returns
    -------
    list of Pick
        Every fifth is drawn at random; so is whatever no model has read yet.
    """
    pairs = list(pairs)
    arms = [_arm(name, pairs, chances, n, label) for name in _arms(mode)]
    chosen: dict[str, Pick] = {}
    n_random = n if not arms else -(-n // RANDOM_EVERY)
    drawn = heapq.nsmallest(n + n_random, pairs, key=lambda pair: _order(seed, pair))
    ranked = _take_in_turns(arms)
    for place in range(n):
        is_random = not arms or place % RANDOM_EVERY == RANDOM_EVERY - 1
        first, second = (drawn, ranked) if is_random else (ranked, drawn)
        pick = _next(first, chosen) or _next(second, chosen)
        if pick is None:
            break
        chosen[pick.pair.key] = pick
    return list(chosen.values())


def _arms(mode: str) -> tuple[str, ...]:
    """Return what a mode is made of, besides the random arm."""
    if mode == "mixed":
        return ("uncertain", "mislabelled")
    return () if mode == "random" else (mode,)


def _arm(
    name: str, pairs: Sequence[Pair], chances: Chances, n: int, label: str | None
) -> list[Pick]:
    """Return the first pairs of one arm."""
    score = _SCORES[name]
    rated = (
        (worth, pair)
        for pair in pairs
        if pair.key in chances
        for worth in [score(pair, chances[pair.key], label)]
        if worth is not None
    )
    best = heapq.nsmallest(2 * n, rated, key=lambda item: (item[0], item[1].key))
    return [Pick(pair, name, _reason(name, pair, chances[pair.key])) for _, pair in best]


def _certainty(pair: Pair, row: Sequence[float], label: str | None) -> float | None:
    """Return how sure the model is."""
    return max(row)


def _certainty_within(pair: Pair, row: Sequence[float], label: str | None) -> float | None:
    """Return how sure the model is of those that it gives one stance."""
    best = max(range(len(STANCES)), key=row.__getitem__)
    return row[best] if label is None or STANCES[best] == label else None


def _belief(pair: Pair, row: Sequence[float], label: str | None) -> float | None:
    """Return how much the model believes a label that it would not have given itself."""
    if pair.label is None:
        return None
    own = row[STANCES.index(pair.label)]
    return own if own < max(row) else None


_SCORES: dict[str, Callable[[Pair, Sequence[float], str | None], float | None]] = {
    "uncertain": _certainty,
    "class": _certainty_within,
    "mislabelled": _belief,
}


def _reason(arm: str, pair: Pair, row: Sequence[float]) -> str:
    """Say why a pair was chosen."""
    best = max(range(len(STANCES)), key=row.__getitem__)
    if arm == "mislabelled":
        return (
            f"likely mislabelled: the model gives {pair.label} {row[STANCES.index(pair.label)]:.0%}"
            if pair.label
            else ""
        )
    if arm == "class":
        return f"least certain of those called {STANCES[best]}: {row[best]:.0%}"
    return f"least certain: {STANCES[best]} {row[best]:.0%}"


def _take_in_turns(arms: Sequence[list[Pick]]) -> list[Pick]:
    """Return the picks of several arms in turns."""
    longest = max(map(len, arms), default=0)
    return [arm[i] for i in range(longest) for arm in arms if i < len(arm)]


def _next(source: list[Pick] | list[Pair], chosen: Mapping[str, Pick]) -> Pick | None:
    """Take the first that was not chosen yet."""
    while source:
        item = source.pop(0)
        pick = item if isinstance(item, Pick) else Pick(item, "random", "drawn at random")
        if pick.pair.key not in chosen:
            return pick
    return None


def _order(seed: str, pair: Pair) -> bytes:
    """Return a random place that depends on pair and seed alone."""
    return hashlib.blake2b(f"{seed}\n{pair.key}".encode(), digest_size=8).digest()
