"""Name swap: how many answers change when nothing changes but the actor's name.

Held-out pairs and a model enter; counts leave. Each mention of the actor is replaced by ten other
names, of the actor's own kind and of another. A model that judges what is said, and not who says
it, changes no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stance.examples import Example
from stance.features import Passage, to_passages
from stance.mentions import find_mentions
from stance.model import StanceClassifier
from stance.targets import Target

N_PAIRS = 300
# Known and unknown, long and short: nothing about a name may tell.
NAMES = {
    "women": ("Ursula von der Leyen", "Maria Zakharova", "Tsai", "Jane Poe", "Roe"),
    "men": ("Emmanuel Macron", "Xi Jinping", "John Doe", "Orban", "Roe"),
    "bodies": ("Norway", "NATO", "Amnesty International", "Ruritania", "WTO"),
    "groups": ("Western countries", "miners", "students", "Ruritanians", "officials"),
}
# For each kind of actor, whose names take the place; without an alias table there are no kinds.
_TAKEN_FROM = {
    "women": ("women", "men"),
    "men": ("men", "women"),
    "bodies": ("bodies", "groups"),
    "groups": ("groups", "bodies"),
    "name": ("men", "bodies"),
}


def measure_name_swap(
    model: StanceClassifier,
    examples: Sequence[Example],
    n_pairs: int | None = N_PAIRS,
    seed: int = 0,
) -> dict[str, Any] | None:
    """Count the answers that another name for the actor changes.

    Parameters
    ----------
    model : StanceClassifier
        A model that has not seen the pairs. Each pair is judged by itself, without its article.
    examples : sequence of Example
        Held-out pairs. Those count whose mention is a name of the alias table; with a target
        that has none, those whose mention is any name.
    n_pairs : int, optional
        How many to draw at random; None takes all.
    seed : int, default=0
        Seed of the draw.

    Returns
    -------
    dict or None
        ``n_pairs``, ``n_swaps`` (ten a pair), ``n_flips``, ``share`` of the swaps that flip the
        answer, ``n_pairs_flipped`` by at least one name, and ``by_kind`` the first three. None
        where no pair names its actor.
    """
    target = model.target_
    named = [(kind, row) for row in examples if (kind := _kind_of(row, target)) is not None]
    if not named:
        return None
    if n_pairs is not None and len(named) > n_pairs:
        drawn = np.random.default_rng(seed).choice(len(named), n_pairs, replace=False)
        named = [named[i] for i in sorted(drawn.tolist())]
    by_kind = {}
    n_flipped = 0
    for kind in sorted({kind for kind, _ in named}):
        rows = [row for other, row in named if other == kind]
        flips = count_flips(model, rows, names_for(kind))
        n_flipped += int(np.sum(flips > 0))
        by_kind[kind] = _count(len(rows), int(flips.sum()), len(names_for(kind)))
    n_swaps = sum(count["n_swaps"] for count in by_kind.values())
    n_flips = sum(count["n_flips"] for count in by_kind.values())
    return {
        "n_pairs": len(named),
        "n_swaps": n_swaps,
        "n_flips": n_flips,
        "share": n_flips / n_swaps,
        "n_pairs_flipped": n_flipped,
        "by_kind": by_kind,
    }


def names_for(kind: str) -> tuple[str, ...]:
    """Return the ten names that take the place of an actor of a kind."""
    own, other = _TAKEN_FROM[kind]
    return NAMES[own] + NAMES[other]


def count_flips(
    model: StanceClassifier, rows: Sequence[Example], names: Sequence[str]
) -> np.ndarray:
    """Return how many of the names flip the answer of each pair.

    Parameters
    ----------
    model : StanceClassifier
        A trained model.
    rows : sequence of Example
        The pairs.
    names : sequence of str
        The names to put in place of each pair's actor.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
    """
    target = model.target_
    before = model.predict(to_passages(rows, None, target))
    swapped = [swap_name(row, name, target) for row in rows for name in names]
    after = model.predict(swapped).reshape(len(rows), len(names))
    return np.asarray((after != before[:, None]).sum(axis=1))


def swap_name(row: Example, name: str, target: Target) -> Passage:
    """Return a pair's passage with every mention of its actor by name replaced.

    Parameters
    ----------
    row : Example
        The pair.
    name : str
        What to call the actor.
    target : Target
        Finds the actor's other mentions.

    Returns
    -------
    Passage
        Pronouns stay.
    """
    text, shift, start, end = row.sentence, 0, row.actor_start, row.actor_end
    for mention in find_mentions(row.sentence, target):
        same = mention.canonical == row.canonical and not mention.pronoun
        if not same and mention.start != row.actor_start:
            continue
        if mention.start == row.actor_start:
            start, end = mention.start + shift, mention.start + shift + len(name)
        text = text[: mention.start + shift] + name + text[mention.end + shift :]
        shift += len(name) - (mention.end - mention.start)
    return Passage(text, start, end, target.canonical(name) or name)


def _kind_of(row: Example, target: Target) -> str | None:
    """Return what kind of actor a pair names; None where it is not by a name that is known."""
    if not row.has_actor:
        return None
    for mention in find_mentions(row.sentence, target):
        if (mention.start, mention.end) != (row.actor_start, row.actor_end) or mention.pronoun:
            continue
        is_known = mention.canonical == row.canonical or not target.actors
        return mention.kind if is_known and mention.kind in _TAKEN_FROM else None
    return None


def _count(n_rows: int, n_flips: int, n_names: int) -> dict[str, int]:
    """Return the counts of one kind."""
    return {"n_pairs": n_rows, "n_swaps": n_rows * n_names, "n_flips": n_flips}
