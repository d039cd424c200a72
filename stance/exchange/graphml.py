"""GraphML: a discourse network as a file that networkx, Gephi, visone and igraph open.

Plain keys alone: name, variable, frequency and the stances of a node, the weight of an edge.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from stance.cues import STANCES
from stance.errors import LabelError, StanceError
from stance.exchange.items import expect, read_json_rows
from stance.files import write_whole
from stance.network import WEIGHTS, Network, Statement, build_network, one_hot, split_by_month

# What XML cannot say at all, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEYS = (
    ("name", "node", "string"), ("variable", "node", "string"), ("frequency", "node", "int"),
    *((stance, "node", "double") for stance in STANCES),
    ("weight", "edge", "double"),
)  # fmt: skip
UNRESOLVED = "claims without a named actor"
UNCERTAIN = "uncertain claims"


def read_claims(
    path: str | os.PathLike[str], dates: Mapping[str, str], weight: str = "count"
) -> tuple[list[Statement], Counter[str]]:
    """Read the claims that ``stance predict --json`` printed.

    Parameters
    ----------
    path : path-like
        JSON Lines.
    dates : mapping of str to str
        Day of each article.
    weight : {"count", "probability"}, default="count"
        Whether the likeliest stance counts as 1, or each as its probability.

    Returns
    -------
    statements : list of Statement
        Those of named actors.
    left_out : Counter of str
        Why claims were left out, and how many.

    Raises
    ------
    StanceError
        If the file is damaged, or is not of claims.
    """
    statements: list[Statement] = []
    left_out: Counter[str] = Counter()
    for where, claim in read_json_rows(path):
        if "stance" not in claim or "probabilities" not in claim or "canonical" not in claim:
            raise LabelError(f"{where}: no claim; write them with: stance predict --json.")
        statement = to_statement(claim, where, dates, weight)
        if isinstance(statement, str):
            left_out[statement] += 1
        else:
            statements.append(statement)
    return statements, left_out


def to_statement(
    claim: Mapping[str, Any], where: str, dates: Mapping[str, str], weight: str
) -> Statement | str:
    """Return the statement of a claim, or why it is none.

    Parameters
    ----------
    claim : mapping
        As ``Claim.as_dict`` makes it.
    where : str
        What messages call it.
    dates : mapping of str to str
        Day of each article.
    weight : {"count", "probability"}
        As in `read_claims`.

    Returns
    -------
    Statement or str

    Raises
    ------
    StanceError
        If a value is not one of a claim.
    """
    if weight not in WEIGHTS:
        raise StanceError(f"weight {weight!r} is not one of {', '.join(WEIGHTS)}.")
    if claim["canonical"] is None:
        return UNRESOLVED
    actor = expect(claim["canonical"], str, "canonical", where)
    date = dates.get(str(claim.get("article")), "")
    stance = expect(claim["stance"], str, "stance", where)
    if weight == "count":
        if stance not in STANCES:
            return UNCERTAIN
        return Statement(actor, one_hot(stance), date)
    chances = expect(claim["probabilities"], dict, "probabilities", where)
    values = [chances.get(known) for known in STANCES]
    if not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in values):
        raise LabelError(f"{where}: probabilities {chances!r:.80} are not those of three stances.")
    return Statement(actor, (float(values[0]), float(values[1]), float(values[2])), date)


def render_graphml(network: Network) -> str:
    """Return a network as GraphML.

    Parameters
    ----------
    network : Network
        Nodes and edges.

    Returns
    -------
    str
        Characters that XML does not have become U+FFFD.
    """
    # Not as data of the graph: not every program knows keys that are for neither node nor edge.
    settings = "; ".join(f"{name}={value}" for name, value in network.settings.items())
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *(
            f'<key id="{name}" for="{kind}" attr.name="{name}" attr.type="{of}"/>'
            for name, kind, of in _KEYS
        ),
        f"<desc>{_clean(settings)}</desc>",
        '<graph id="G" edgedefault="undirected">',
    ]
    for number, node in enumerate(network.nodes):
        values: list[tuple[str, object]] = [
            ("name", node.name), ("variable", node.variable), ("frequency", node.frequency),
            *zip(STANCES, node.shares, strict=True),
        ]  # fmt: skip
        lines.append(f'<node id="n{number}">{"".join(_data(k, v) for k, v in values)}</node>')
    lines += [
        f'<edge source="n{i}" target="n{j}">{_data("weight", weight)}</edge>'
        for i, j, weight in network.edges
    ]
    return "\n".join([*lines, "</graph>", "</graphml>", ""])


def _data(key: str, value: object) -> str:
    """Return one value."""
    text = value if isinstance(value, str) else repr(value)
    return f'<data key="{key}">{_clean(text)}</data>'


def _clean(text: str) -> str:
    """Return a text as XML may hold it."""
    return escape(_NOT_XML.sub("\ufffd", text), {"\r": "&#13;"})


def write_network(
    statements: Sequence[Statement],
    target: str,
    path: str | os.PathLike[str],
    *,
    by_month: bool = False,
    **settings: Any,
) -> dict[Path, Network]:
    """Write the network of statements, or one for each month.

    Parameters
    ----------
    statements : sequence of Statement
        What was said, by whom.
    target : str
        What the stance is about.
    path : path-like
        File to write; with `by_month` its name gets ``-YYYY-MM``, and statements without a date
        stay out.
    by_month : bool, default=False
        Whether each month has a file of its own.
    **settings : object
        As `stance.network.build_network` takes them.

    Returns
    -------
    dict of Path to Network
        What was written.

    Raises
    ------
    StanceError
        If there are no statements, or a setting does not fit.
    """
    path = Path(path)
    parts = {path: statements}
    if by_month:
        parts = {
            path.with_name(f"{path.stem}-{month}{path.suffix}"): of
            for month, of in split_by_month(statements).items()
            if month
        }
    networks = {
        file: build_network(of, target, **settings) for file, of in parts.items() if of
    }  # fmt: skip
    if not networks:
        raise StanceError(
            "no statements of named actors with a date; articles need 'date' in their front matter."
            if by_month
            else "no statements of named actors; nothing to join."
        )
    for file, network in networks.items():
        write_whole(file, render_graphml(network))
    return networks
