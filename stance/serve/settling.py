"""Settling: the decisions of reviewers become labels, and what they had in common, agreement.

Rows and decisions enter; the rows as they should stand leave, with the count of what changed. A
blind second reading is an opinion of its own: it counts for agreement and overrules nobody.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stance.agreement import krippendorff_alpha
from stance.articles import Article
from stance.cues import STANCES
from stance.examples import Example, merge_labels, read_labels, write_labels
from stance.serve.journal import NO_ACTOR, Decision
from stance.serve.library import Pair

Key = tuple[str, int, int, int, str]
Table = dict[tuple[str, int], dict[Key, Example]]


@dataclass(frozen=True)
class Settled:
    """Rows with the decisions in them.

    Parameters
    ----------
    rows : list of Example
        The rows as they should stand.
    added, changed, removed, confirmed : int
        Decisions that brought a new row, changed one, took one out, or left it as it was.
    second_readings : int
        Blind readings, which stay in the journal.
    stale : int
        Decisions whose sentence stands no longer in its article; they stay in the journal.
    """

    rows: list[Example]
    added: int = 0
    changed: int = 0
    removed: int = 0
    confirmed: int = 0
    second_readings: int = 0
    stale: int = 0

    def counts(self) -> dict[str, int]:
        """Return the counts."""
        return {k: v for k, v in asdict(self).items() if k != "rows"}


def choose_decision(decisions: Sequence[Decision], is_labelled: bool) -> Decision | None:
    """Return the decision that becomes the label of a pair.

    Parameters
    ----------
    decisions : sequence of Decision
        Those in force about one pair, oldest first.
    is_labelled : bool
        Whether the files have a label for the pair already.

    Returns
    -------
    Decision or None
        The last that was made in sight of the label; of blind ones the first, and only where
        nobody else has labelled the pair.
    """
    open_ones = [d for d in decisions if not d.blind]
    if open_ones:
        return open_ones[-1]
    return None if is_labelled or not decisions else decisions[0]


def settle_decisions(
    rows: Iterable[Example],
    standing: Mapping[str, Sequence[Decision]],
    articles: Mapping[str, Article],
    labelled: Iterable[Key] | None = None,
) -> Settled:
    """Put the decisions of reviewers into rows of labels.

    Parameters
    ----------
    rows : iterable of Example
        The rows as they are.
    standing : mapping of str to sequence of Decision
        The decisions in force of each pair.
    articles : mapping of str to Article
        By id; a decision about a sentence that is no longer there is left out.
    labelled : iterable of tuple, optional
        Keys of the pairs that the files have a label for; those of `rows` by default.

    Returns
    -------
    Settled
        Doing it again changes nothing more.
    """
    table: Table = {}
    for row in rows:
        table.setdefault((row.article, row.start), {})[row.key] = row
    own = (key for sentence in table.values() for key in sentence)
    known = set(own if labelled is None else labelled)
    counts: Counter[str] = Counter()
    for decisions in standing.values():
        counts["second_readings"] += sum(d.blind for d in decisions)
        origin = origin_key(decisions[0])
        chosen = choose_decision(decisions, origin in known)
        if chosen is None:
            continue
        if chosen.blind:
            counts["second_readings"] -= 1
        if not _still_stands(chosen, articles):
            counts["stale"] += 1
            continue
        counts[_put(table, origin, chosen)] += 1
    settled = [row for sentence in table.values() for row in sentence.values()]
    settled.sort(key=lambda e: (e.article, e.start, e.actor_start, e.canonical))
    return Settled(settled, **counts)


def origin_key(decision: Decision) -> Key:
    """Return the key of the row that a decision was about."""
    return (decision.article, *decision.origin)


def _still_stands(decision: Decision, articles: Mapping[str, Article]) -> bool:
    """Tell whether a decision's sentence is where it was."""
    article = articles.get(decision.article)
    return article is not None and (
        article.text[decision.start : decision.end] == decision.sentence
    )


def _put(table: Table, origin: Key, decision: Decision) -> str:
    """Let one decision take effect, and tell which."""
    shown = table.setdefault(origin[:2], {})
    old = shown.pop(origin, None)
    if decision.label == NO_ACTOR:
        if old is not None and not shown:
            bare = _without_actor(old)
            shown[bare.key] = bare
        return "removed" if old is not None else "confirmed"
    row = to_example(decision)
    sentence = table.setdefault((row.article, row.start), {})
    old = old or sentence.get(row.key)
    if row.has_actor:
        for other in [other for other in sentence.values() if not other.has_actor]:
            del sentence[other.key]
    if old is not None and _same_label(old, row):
        sentence[row.key] = old
        return "confirmed"
    sentence[row.key] = row
    return "changed" if old is not None else "added"


def _same_label(old: Example, new: Example) -> bool:
    """Tell whether a decision leaves a row as it was."""
    return (old.key, old.end, old.label, old.note) == (new.key, new.end, new.label, new.note)


def _without_actor(row: Example) -> Example:
    """Return the row of a sentence in which nobody takes part."""
    return Example(
        row.article, row.start, row.end, row.sentence, "", 0, 0, "", "neutral", "reviewed",
        row.annotator, "",
    )  # fmt: skip


def to_example(decision: Decision) -> Example:
    """Return the labelled row that a decision makes."""
    return Example(
        decision.article, decision.start, decision.end, decision.sentence, decision.actor,
        decision.actor_start, decision.actor_end, decision.canonical, decision.label, "reviewed",
        decision.annotator, decision.note,
    )  # fmt: skip


def export_decisions(
    labels: Path, standing: Mapping[str, Sequence[Decision]], articles: Mapping[str, Article]
) -> dict[str, int]:
    """Write the decisions into ``reviewed.jsonl``, sorted, so that a diff is readable.

    A row of ``gold.jsonl`` that a decision contradicts is settled no longer: it is taken out of
    there, since it would win over the new label.

    Parameters
    ----------
    labels : Path
        Folder of label files.
    standing : mapping of str to sequence of Decision
        The decisions in force of each pair.
    articles : mapping of str to Article
        By id.

    Returns
    -------
    dict of str to int
        What changed: the counts of `Settled`, ``rows`` written, and gold rows ``reopened``.
    """
    reviewed, gold = (_read(labels / f"{name}.jsonl", articles) for name in ("reviewed", "gold"))
    everything = [row.key for row in (*reviewed, *gold)]
    settled = settle_decisions(reviewed, standing, articles, everything)
    kept = keep_uncontested(gold, standing, articles)
    # Reviewed first: were the other write to fail, the row would stand in both, and none be lost.
    write_labels(labels / "reviewed.jsonl", settled.rows)
    if len(kept) < len(gold):
        write_labels(labels / "gold.jsonl", kept)
    return {**settled.counts(), "rows": len(settled.rows), "reopened": len(gold) - len(kept)}


def _read(path: Path, articles: Mapping[str, Article]) -> list[Example]:
    """Return the rows of a file, none where it is not there."""
    return read_labels(path, articles) if path.is_file() else []


def keep_uncontested(
    gold: Sequence[Example],
    standing: Mapping[str, Sequence[Decision]],
    articles: Mapping[str, Article],
) -> list[Example]:
    """Return the settled rows that no decision contradicts."""
    contested: dict[Key, Decision] = {}
    filled: set[tuple[str, int]] = set()
    for decisions in standing.values():
        chosen = choose_decision(decisions, is_labelled=True)
        if chosen is None or not _still_stands(chosen, articles):
            continue
        contested[origin_key(chosen)] = chosen
        if chosen.label != NO_ACTOR and chosen.actor_end > chosen.actor_start:
            filled.add((chosen.article, chosen.start))
    return [
        row
        for row in gold
        if (row.has_actor or (row.article, row.start) not in filled)
        and (row.key not in contested or _agrees(row, contested[row.key]))
    ]


def _agrees(row: Example, decision: Decision) -> bool:
    """Tell whether a decision leaves a settled row as it stands."""
    made = to_example(decision)
    return (row.key, row.end, row.label) == (made.key, made.end, made.label)


def settle_corpus(
    labels: Path, standing: Mapping[str, Sequence[Decision]], articles: Mapping[str, Article]
) -> list[Example]:
    """Return the labels to train on: the files' as an export would leave them.

    Parameters
    ----------
    labels : Path
        Folder of label files; nothing is written.
    standing : mapping of str to sequence of Decision
        The decisions in force of each pair.
    articles : mapping of str to Article
        By id.

    Returns
    -------
    list of Example
        Gold over reviewed, sorted.
    """
    reviewed, gold = (_read(labels / f"{name}.jsonl", articles) for name in ("reviewed", "gold"))
    everything = [row.key for row in (*reviewed, *gold)]
    settled = settle_decisions(reviewed, standing, articles, everything)
    return merge_labels(settled.rows, keep_uncontested(gold, standing, articles))


def measure_agreement(
    standing: Mapping[str, Sequence[Decision]], pairs: Mapping[str, Pair]
) -> dict[str, Any] | None:
    """Return Krippendorff's alpha of independent readings.

    Parameters
    ----------
    standing : mapping of str to sequence of Decision
        The decisions in force of each pair.
    pairs : mapping of str to Pair
        The labelled pairs, by key.

    Returns
    -------
    dict or None
        ``n`` pairs with two independent readings or more, and ``alpha``, None where it is not
        defined; None for no such pair. A pair's first reading is the label in the files, or else
        the first decision; only blind decisions stand beside it, for the others had seen it.
    """
    units = []
    for key, decisions in standing.items():
        open_ones = [d for d in decisions if not d.blind]
        pair = pairs.get(key)
        first, reader = (pair.label, pair.annotator) if pair is not None else (None, None)
        if first is None and open_ones:
            first, reader = open_ones[0].label, open_ones[0].annotator
        labels = [d.label for d in decisions if d.blind and d.annotator != reader]
        labels += [first] if first is not None else []
        if len(labels) > 1:
            units.append(labels)
    if not units:
        return None
    alpha = krippendorff_alpha(units)
    return {"n": len(units), "alpha": None if math.isnan(alpha) else round(alpha, 4)}


def count_progress(
    standing: Mapping[str, Sequence[Decision]], annotator: str, total: int
) -> dict[str, Any]:
    """Return how far an annotator has come.

    Parameters
    ----------
    standing : mapping of str to sequence of Decision
        The decisions in force of each pair.
    annotator : str
        Whose decisions count.
    total : int
        How many pairs there are to review.

    Returns
    -------
    dict
        ``done``, ``total`` and ``by_label``.
    """
    labels = Counter(
        d.label for decisions in standing.values() for d in decisions if d.annotator == annotator
    )
    by_label = {label: labels[label] for label in (*STANCES, NO_ACTOR)}
    return {"done": labels.total(), "total": total, "by_label": by_label}
