"""Comparison of annotators: label files become agreement by label and actor, and what differs.

Files of labels enter, of one annotator each or of several; agreement with intervals leaves, and a
list of every pair that was judged, or marked, apart. No label is changed.
"""

from __future__ import annotations

import math
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.agreement import alpha_of, count_coincidences, kappa_of, one_against_rest
from stance.cues import STANCES
from stance.errors import LabelError, StanceError
from stance.examples import Example, read_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MATCHES = ("mention", "actor")
NO_PAIRS = "no pair has labels of two annotators"
ONE_ARTICLE = "no interval: all pairs are from one article"

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Readings:
    """The labels that several annotators gave.

    Parameters
    ----------
    annotators : tuple of str
        Their names.
    pairs : mapping of tuple to mapping of str to Example
        For each pair, the row of each annotator who marked it; in the order of the articles.
    articles : mapping of str to set of str
        For each annotator, the ids of the articles that have rows of theirs.
    """

    annotators: tuple[str, ...]
    pairs: Mapping[Key, Mapping[str, Example]]
    articles: Mapping[str, set[str]]


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; NaN where it is not defined.

    Parameters
    ----------
    value, low, high : float
        The figure, and the ends of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How far annotators give the same labels.

    Parameters
    ----------
    pairs, articles : int
        How many pairs have labels of two annotators or more, and the articles that these are from.
    percentage : Estimate
        Share of two labels of a pair that are the same, as a fraction.
    kappa : Estimate
        Cohen's; of more than two annotators, the mean over each two of them.
    alpha_nominal, alpha_ordinal : Estimate
        Krippendorff's; ordinal from criticizes through neutral to supports.
    reason : str
        Why a figure or an interval is not defined; "" where all are.
    """

    pairs: int
    articles: int
    percentage: Estimate
    kappa: Estimate
    alpha_nominal: Estimate
    alpha_ordinal: Estimate
    reason: str


@dataclass(frozen=True)
class Participation:
    """How far two annotators mark the same actors, in the articles that both have read.

    Parameters
    ----------
    articles : int
        How many articles both have read.
    both, first_only, second_only : int
        Pairs marked by both, or by one alone.
    f1 : Estimate
        F1 of the one's pairs against the other's; it is the same both ways.
    """

    articles: int
    both: int
    first_only: int
    second_only: int
    f1: Estimate


@dataclass(frozen=True)
class Comparison:
    """What `compare_readings` found.

    Parameters
    ----------
    annotators : tuple of str
        Their names.
    overall : Agreement
        On all pairs.
    by_label, by_actor : dict of str to Agreement
        For each stance against the two others; for each actor, the commonest first.
    by_annotators : dict of (str, str) to (Agreement, Participation)
        For each two annotators.
    disagreements : list of dict
        A row for each pair labelled apart (``"kind"`` is ``"label"``), or marked by some alone of
        those who read its article (``"actor"``), with each annotator's label.
    """

    annotators: tuple[str, ...]
    overall: Agreement
    by_label: dict[str, Agreement]
    by_actor: dict[str, Agreement]
    by_annotators: dict[tuple[str, str], tuple[Agreement, Participation]]
    disagreements: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values; what is not defined is None."""
        return {
            "annotators": list(self.annotators),
            "overall": _plain(asdict(self.overall)),
            "by_label": {name: _plain(asdict(a)) for name, a in self.by_label.items()},
            "by_actor": {name: _plain(asdict(a)) for name, a in self.by_actor.items()},
            "by_annotators": [
                {
                    "annotators": list(both),
                    "labels": _plain(asdict(labels)),
                    "actors": _plain(asdict(actors)),
                }
                for both, (labels, actors) in self.by_annotators.items()
            ],
            "disagreements": dict(Counter(row["kind"] for row in self.disagreements)),
        }


def _plain(value: Any) -> Any:
    """Return a tree of values with None for NaN, as JSON needs it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def read_readings(
    paths: Sequence[str | os.PathLike[str]], match: str = "mention", only: Sequence[str] = ()
) -> Readings:
    """Read label files and put the rows of the same pairs together.

    Parameters
    ----------
    paths : sequence of path-like
        JSON Lines of labels. Each value of ``annotator`` is an annotator; rows without one are the
        file's. One name in two files is one annotator, unless both label the same pair.
    match : {"mention", "actor"}, default="mention"
        What makes two rows the same pair: the same words meaning the same actor, or the same actor
        in the same sentence, whichever words were marked.
    only : sequence of str, optional
        The annotators to compare; all by default.

    Returns
    -------
    Readings

    Raises
    ------
    StanceError
        If a file is wrong, there are fewer than two annotators, or one of `only` is not there.
    """
    by_annotator = _name_annotators({Path(path): _rows_of(Path(path)) for path in paths})
    for name in only:
        if name not in by_annotator:
            raise StanceError(
                f"no labels by {name!r}; the annotators are {', '.join(sorted(by_annotator))}."
            )
    chosen = {name: rows for name, rows in by_annotator.items() if not only or name in only}
    if len(chosen) < 2:
        raise StanceError(
            f"one annotator alone ({', '.join(chosen) or 'none'}); agreement needs two: name "
            "another file, or one whose rows have several values of 'annotator'."
        )
    pairs: dict[Key, dict[str, Example]] = defaultdict(dict)
    for name, rows in chosen.items():
        for key, row in _keyed(rows, match):
            pairs[key][name] = row
    articles = {name: {row.article for row in rows} for name, rows in chosen.items()}
    return Readings(tuple(chosen), dict(sorted(pairs.items())), articles)


def _rows_of(path: Path) -> list[Example]:
    """Return the rows of a file, which must have some."""
    rows = read_labels(path, by_annotator=True)
    if not rows:
        raise LabelError(f"{path} holds no labels; name a file that does.")
    return rows


def _name_annotators(files: Mapping[Path, list[Example]]) -> dict[str, list[Example]]:
    """Return the rows of each annotator."""
    found: dict[str, dict[Path, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for path, rows in files.items():
        for row in rows:
            found[row.annotator or path.stem][path].append(row)
    result: dict[str, list[Example]] = {}
    for name, parts in found.items():
        keys = [row.key for rows in parts.values() for row in rows if row.has_actor]
        if len(keys) == len(set(keys)):
            result[name] = [row for rows in parts.values() for row in rows]
        else:  # read twice by one person, or two persons of one name
            result.update((f"{name} ({path})", rows) for path, rows in parts.items())
    return result


def _keyed(rows: Sequence[Example], match: str) -> list[tuple[Key, Example]]:
    """Return the rows that have an actor, each with what the same pair has in common."""
    if match not in MATCHES:
        raise StanceError(f"match {match!r} is not one of {', '.join(MATCHES)}.")
    rows = sorted((row for row in rows if row.has_actor), key=lambda row: row.key)
    if match == "mention":
        return [(row.key, row) for row in rows]
    seen: Counter[Key] = Counter()
    keyed = []
    for row in rows:  # the second mention of an actor in a sentence meets the other's second
        actor = (row.article, row.start, row.canonical)
        keyed.append(((*actor, seen[actor]), row))
        seen[actor] += 1
    return keyed


def compare_readings(
    readings: Readings, *, n_resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> Comparison:
    """Reckon how far annotators agree.

    Parameters
    ----------
    readings : Readings
        Their labels.
    n_resamples : int, default=1000
        How often to draw the articles again for an interval.
    confidence : float in (0, 1), default=0.95
        What share of the draws an interval holds.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    Comparison

    Notes
    -----
    Pairs of one article are not independent of each other, so articles are drawn and not pairs
    (a percentile bootstrap). The interval of a group of few articles is a rough one.
    """
    import numpy as np

    place = {stance: i for i, stance in enumerate(STANCES)}
    ratings = np.full((len(readings.pairs), len(readings.annotators)), -1)
    for i, labels in enumerate(readings.pairs.values()):
        for j, name in enumerate(readings.annotators):
            if name in labels:
                ratings[i, j] = place[labels[name].label]
    articles = np.array([key[0] for key in readings.pairs], dtype=object)
    actors = np.array(
        [next(iter(labels.values())).canonical for labels in readings.pairs.values()], dtype=object
    )
    draw = _Draws(n_resamples, confidence, seed)
    counted = _Counts(ratings, articles)
    common = Counter(actors[counted.rated].tolist()).most_common()
    return Comparison(
        readings.annotators,
        draw.agreement(counted),
        {stance: draw.agreement(counted, value) for stance, value in place.items()},
        {actor: draw.agreement(counted.take(actors == actor)) for actor, _ in common},
        {
            (a, b): (
                draw.agreement(_Counts(ratings[:, [i, j]], articles)),
                draw.participation(readings, a, b),
            )
            for (i, a), (j, b) in combinations(enumerate(readings.annotators), 2)
        },
        list_disagreements(readings),
    )


class _Counts:
    """Tables of counts of each article: coincidences, and the labels of each two annotators."""

    def __init__(self, ratings: NDArray[Any], articles: NDArray[Any]) -> None:
        self.ratings, self.articles = ratings, articles
        self.rated = (ratings >= 0).sum(axis=1) > 1

    def take(self, mask: NDArray[np.bool_]) -> _Counts:
        """Return the counts of some of the pairs."""
        return _Counts(self.ratings[mask], self.articles[mask])

    def tables(self) -> list[NDArray[np.float64]]:
        """Return the coincidences, then each two annotators' labels, one table an article."""
        import numpy as np

        ratings = self.ratings[self.rated]
        names = self.articles[self.rated].astype(str)
        ids, article = np.unique(names, return_inverse=True)
        n = len(STANCES)
        counts = (ratings[:, :, None] == np.arange(n)).sum(axis=1).astype(float)
        coincidences = np.zeros((len(ids), n, n))
        np.add.at(coincidences, article, count_coincidences(counts))
        tables = [coincidences]
        for i, j in combinations(range(ratings.shape[1]), 2):
            both = (ratings[:, i] >= 0) & (ratings[:, j] >= 0)
            cell = (article[both] * n + ratings[both, i]) * n + ratings[both, j]
            table = np.bincount(cell, minlength=len(ids) * n * n)
            tables.append(table.reshape(len(ids), n, n).astype(float))
        return tables


class _Draws:
    """Figures with the intervals that drawing the articles again gives them."""

    def __init__(self, n_resamples: int, confidence: float, seed: int) -> None:
        self.n_resamples, self.seed = n_resamples, seed
        self.ends = [50 * (1 - confidence), 50 * (1 + confidence)]

    def agreement(self, counts: _Counts, value: int | None = None) -> Agreement:
        """Return the agreement on all stances, or on one against the rest."""
        tables = counts.tables()
        n_articles = len(tables[0])
        if value is not None:
            tables = [one_against_rest(table, value) for table in tables]
        reason = "" if n_articles > 1 else ONE_ARTICLE if n_articles else NO_PAIRS
        share, kappa, nominal, ordinal = self._estimate(tables, _agreement_figures)
        n_pairs = int(counts.rated.sum())
        return Agreement(n_pairs, n_articles, share, kappa, nominal, ordinal, reason)

    def participation(self, readings: Readings, a: str, b: str) -> Participation:
        """Return how far two annotators mark the same pairs."""
        import numpy as np

        shared = sorted(readings.articles[a] & readings.articles[b])
        place = {article: i for i, article in enumerate(shared)}
        marked = np.zeros((len(shared), 3))
        for key, labels in readings.pairs.items():
            if key[0] in place and (a in labels or b in labels):
                marked[place[key[0]], 0 if a in labels and b in labels else 1 + (b in labels)] += 1
        both, first, second = (int(n) for n in marked.sum(axis=0))
        (f1,) = self._estimate([marked], _f1)
        return Participation(len(shared), both, first, second, f1)

    def _estimate(self, tables: list[NDArray[np.float64]], figures: Any) -> list[Estimate]:
        """Return each figure of the sums over articles, with its interval."""
        import numpy as np

        values = figures([table.sum(axis=0) for table in tables])
        n_articles = len(tables[0])
        if n_articles < 2:
            return [Estimate(float(value), math.nan, math.nan) for value in values]
        rng = np.random.default_rng(self.seed)
        drawn = rng.multinomial(n_articles, np.full(n_articles, 1 / n_articles), self.n_resamples)
        weights = drawn.astype(float)
        drawn_tables = [np.tensordot(weights, table, axes=1) for table in tables]
        estimates = []
        for value, spread in zip(values, figures(drawn_tables), strict=True):
            known = spread[~np.isnan(spread)]
            low, high = np.percentile(known, self.ends) if len(known) else (math.nan, math.nan)
            estimates.append(Estimate(float(value), float(low), float(high)))
        return estimates


def _agreement_figures(tables: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return percentage, mean kappa, nominal and ordinal alpha of tables of counts."""
    import numpy as np

    coincidences, between = tables[0], tables[1:]
    n = coincidences.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        percentage = np.trace(coincidences, axis1=-2, axis2=-1) / n
        kappas = np.stack([kappa_of(table) for table in between])
        defined = ~np.isnan(kappas)
        kappa = np.where(defined, kappas, 0).sum(axis=0) / defined.sum(axis=0)
    return [percentage, kappa, alpha_of(coincidences), alpha_of(coincidences, "ordinal")]


def _f1(tables: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return F1 of counts of both, the first alone, the second alone."""
    import numpy as np

    both, first, second = np.moveaxis(tables[0], -1, 0)
    with np.errstate(invalid="ignore"):
        return [np.asarray(2 * both / (2 * both + first + second))]


def list_disagreements(readings: Readings) -> list[dict[str, Any]]:
    """Return the pairs on which annotators differ, in the order of the articles.

    Parameters
    ----------
    readings : Readings
        Their labels.

    Returns
    -------
    list of dict
        ``kind``, the place and words of the pair, and ``labels``: each annotator's, None where one
        who read the article did not mark the pair.
    """
    rows = []
    for key, given in readings.pairs.items():
        labels: dict[str, str | None] = {
            name: given[name].label if name in given else None
            for name in readings.annotators
            if key[0] in readings.articles[name]
        }
        if len(set(labels.values())) < 2:
            continue
        stances = {row.label for row in given.values()}
        first = next(iter(given.values()))
        rows.append(
            {
                "kind": "label" if len(stances) > 1 else "actor",
                **{
                    column: getattr(first, column)
                    for column in ("article", "start", "end", "sentence", "actor", "actor_start",
                                   "actor_end", "canonical")
                },
                "labels": labels,
            }
        )  # fmt: skip
    return rows
