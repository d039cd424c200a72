"""Discourse network: statements of actors become nodes and weighted edges; pure functions.

Two-mode: each actor and the target, joined by a signed weight. One-mode: actors among themselves,
joined by the stance that they share (congruence) or by opposed ones (conflict). The words for the
choices are those of the Discourse Network Analyzer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stance.cues import STANCES
from stance.errors import StanceError
from stance.examples import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NETWORK_TYPES = ("twomode", "onemode")
AGGREGATIONS = ("subtract", "congruence", "conflict")
NORMALIZATIONS = ("no", "activity", "average", "jaccard", "cosine")
WEIGHTS = ("count", "probability")
_FITS = {"twomode": ("no", "activity"), "onemode": ("no", "average", "jaccard", "cosine")}


@dataclass(frozen=True)
class Statement:
    """One actor's stance at one place.

    Parameters
    ----------
    actor : str
        Who takes it.
    shares : tuple of float
        How much of it is criticizing, neutral, supporting: 1 for the stance that was read, or the
        probabilities of a model.
    date : str
        Day of the article, ISO 8601; "" where unknown.
    """

    actor: str
    shares: tuple[float, float, float]
    date: str = ""


@dataclass(frozen=True)
class Node:
    """An actor, or the target.

    Parameters
    ----------
    name : str
        Who or what.
    variable : {"actor", "target"}
        Which of the two.
    frequency : int
        In how many statements.
    shares : tuple of float
        Sums of what criticizes, is neutral, supports.
    """

    name: str
    variable: str
    frequency: int
    shares: tuple[float, float, float]


@dataclass(frozen=True)
class Network:
    """Nodes and edges.

    Parameters
    ----------
    nodes : list of Node
        Actors, the most frequent first; last the target of a two-mode network.
    edges : list of (int, int, float)
        Indices of two nodes, and the weight; an edge has no direction.
    settings : dict of str to str
        How it was made.
    """

    nodes: list[Node]
    edges: list[tuple[int, int, float]]
    settings: dict[str, str] = field(default_factory=dict)


def to_statements(examples: Iterable[Example], dates: Mapping[str, str]) -> list[Statement]:
    """Return the statements that labelled pairs are.

    Parameters
    ----------
    examples : iterable of Example
        The rows; those without an actor are passed over.
    dates : mapping of str to str
        Day of each article.

    Returns
    -------
    list of Statement
    """
    return [
        Statement(
            row.canonical or row.actor, one_hot(row.label), dates.get(row.article, "")
        )
        for row in examples
        if row.has_actor
    ]  # fmt: skip


def one_hot(stance: str) -> tuple[float, float, float]:
    """Return the shares of a stance that is certain.

    Parameters
    ----------
    stance : {"criticizes", "neutral", "supports"}
        The stance.

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> one_hot("supports")
    (0.0, 0.0, 1.0)
    """
    criticizes, neutral, supports = (float(stance == known) for known in STANCES)
    return criticizes, neutral, supports


def build_network(
    statements: Sequence[Statement],
    target: str,
    *,
    network_type: str = "twomode",
    aggregation: str = "subtract",
    normalization: str = "no",
    min_statements: int = 1,
) -> Network:
    """Join actors with the target, or with each other.

    Parameters
    ----------
    statements : sequence of Statement
        What was said, by whom.
    target : str
        What the stance is about.
    network_type : {"twomode", "onemode"}, default="twomode"
        Actors and target, or actors alone.
    aggregation : {"subtract", "congruence", "conflict"}, default="subtract"
        Two-mode: supporting less criticizing statements, supporting ones, or criticizing ones.
        One-mode: shared less opposed stance, shared, or opposed.
    normalization : {"no", "activity", "average", "jaccard", "cosine"}, default="no"
        Two-mode: ``activity`` divides by the actor's number of statements. One-mode: ``average``,
        ``jaccard`` or ``cosine`` take out that who says much shares much.
    min_statements : int, default=1
        Actors with fewer are left out.

    Returns
    -------
    Network

    Raises
    ------
    StanceError
        If a choice is unknown, or does not fit the type of the network.

    Notes
    -----
    With s and c the numbers of supporting and criticizing statements of an actor (with
    probabilities, their sums), two actors i and j have congruence ``s_i s_j + c_i c_j`` and
    conflict ``s_i c_j + c_i s_j`` [1]_. Neutral statements count for an actor's frequency, and for
    the activity of the two-mode network, and join nobody. ``average`` divides by the mean of
    ``s + c`` of the two; ``cosine`` by the product of the lengths of the vectors (s, c);
    ``jaccard`` by the sum of their squares less the product itself, which for 0 and 1 is the share
    of what either says that both say. Congruence, conflict and ``average`` are those of DNA with a
    binary qualifier; its ``cosine`` divides by the product of the numbers of statements instead,
    and its ``jaccard`` counts what one says alone but multiplies what both say.

    References
    ----------
    .. [1] Leifeld, P. (2017). Discourse network analysis: policy debates as dynamic networks. In:
       The Oxford Handbook of Political Networks, 301-326.

    Examples
    --------
    >>> says = [Statement("Ann", one_hot("supports")), Statement("Bob", one_hot("criticizes"))]
    >>> build_network(says, "the dam").edges
    [(0, 2, 1.0), (1, 2, -1.0)]
    >>> build_network(says, "the dam", network_type="onemode", aggregation="conflict").edges
    [(0, 1, 1.0)]
    """
    _check(network_type, NETWORK_TYPES, "network type")
    _check(aggregation, AGGREGATIONS, "qualifier aggregation")
    _check(normalization, NORMALIZATIONS, "normalization")
    fits = _FITS[network_type]
    if normalization not in fits:
        raise StanceError(
            f"normalization {normalization!r} does not fit a {network_type} network; choose one of "
            f"{', '.join(fits)}."
        )
    nodes = [node for node in _count(statements) if node.frequency >= min_statements]
    if network_type == "twomode":
        edges = [
            (i, len(nodes), _two_mode_weight(node, aggregation, normalization))
            for i, node in enumerate(nodes)
        ]
        shares = _add(node.shares for node in nodes)
        nodes.append(Node(target, "target", sum(node.frequency for node in nodes), shares))
    else:
        edges = _one_mode_edges(nodes, aggregation, normalization)
    settings = {
        "target": target,
        "networkType": network_type,
        "qualifierAggregation": aggregation,
        "normalization": normalization,
        "minStatements": str(min_statements),
    }
    return Network(nodes, edges, settings)


def _check(value: str, choices: Sequence[str], name: str) -> None:
    """Raise for an unknown choice."""
    if value not in choices:
        raise StanceError(f"{name} {value!r} is not one of {', '.join(choices)}.")


def _count(statements: Iterable[Statement]) -> list[Node]:
    """Return the actors, the most frequent first."""
    of: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for statement in statements:
        of[statement.actor].append(statement.shares)
    nodes = [Node(name, "actor", len(shares), _add(shares)) for name, shares in of.items()]
    return sorted(nodes, key=lambda node: (-node.frequency, node.name))


def _add(shares: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return the sums, free of the order in which they are added."""
    rows = list(shares)
    criticizes, neutral, supports = (math.fsum(row[i] for row in rows) for i in range(3))
    return criticizes, neutral, supports


def _two_mode_weight(node: Node, aggregation: str, normalization: str) -> float:
    """Return the weight between an actor and the target."""
    criticizes, _, supports = node.shares
    weight = {
        "subtract": supports - criticizes, "congruence": supports, "conflict": criticizes
    }[aggregation]  # fmt: skip
    return weight / node.frequency if normalization == "activity" else weight


def _one_mode_edges(
    nodes: Sequence[Node], aggregation: str, normalization: str
) -> list[tuple[int, int, float]]:
    """Return the edges between actors whose weight is not 0."""
    import numpy as np

    sides = np.array([(node.shares[2], node.shares[0]) for node in nodes]).reshape(-1, 2)
    shared, opposed = sides @ sides.T, sides @ sides[:, ::-1].T
    scaled = [_scale(weights, sides, normalization) for weights in (shared, opposed)]
    weights = {
        "congruence": scaled[0], "conflict": scaled[1], "subtract": scaled[0] - scaled[1]
    }[aggregation]  # fmt: skip
    first, second = np.nonzero(np.triu(weights, k=1))
    return [
        (int(i), int(j), float(weights[i, j])) for i, j in zip(first, second, strict=True)
    ]  # fmt: skip


def _scale(
    weights: NDArray[np.float64], sides: NDArray[np.float64], normalization: str
) -> NDArray[np.float64]:
    """Return weights that are free of how much the two say."""
    import numpy as np

    squares = (sides * sides).sum(axis=1)
    activity = sides.sum(axis=1)
    divisor = {
        "no": np.ones_like(weights),
        "average": (activity[:, None] + activity[None, :]) / 2,
        "cosine": np.sqrt(squares[:, None] * squares[None, :]),
        "jaccard": squares[:, None] + squares[None, :] - weights,
    }[normalization]
    scaled = np.zeros_like(weights)
    np.divide(weights, divisor, out=scaled, where=divisor > 0)
    return scaled


def split_by_month(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Return the statements of each month.

    Parameters
    ----------
    statements : iterable of Statement
        With and without a date.

    Returns
    -------
    dict of str to list of Statement
        By ``YYYY-MM`` in order; under ``""`` those without a date.

    Examples
    --------
    >>> says = [Statement("Ann", (0, 0, 1), "2020-09-01"), Statement("Bob", (0, 0, 1))]
    >>> list(split_by_month(says))
    ['', '2020-09']
    """
    months: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        months[statement.date[:7]].append(statement)
    return dict(sorted(months.items()))
