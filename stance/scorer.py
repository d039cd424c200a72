"""The portable model: its reader, and how it is written to one file.

Texts enter, probabilities leave, equal to those of the scikit-learn pipeline. A few sentences need
the standard library alone: terms are found in the mapped file, see `stance.modelfile`. Nothing in
the file can be executed. docs/model-format.md tells another program how to read it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from math import isfinite, log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.batch import Batch, is_worthwhile
from stance.context import N_CLASSES, N_FEATURES, Context, ContextRows, Place, softmax, softmax_row
from stance.coreference import Namer
from stance.cues import STANCES
from stance.detection import Detector
from stance.errors import ModelError, StanceError
from stance.features import VIEWS, Passage, build_views, list_items, to_passages
from stance.files import explained_os_errors, write_whole
from stance.modelfile import (
    PAGE,
    Column,
    ModelFile,
    StoredTable,
    open_model_file,
    pack,
    pack_floats,
    pack_keys,
    pack_lines,
)
from stance.storedtarget import pack_target, read_target
from stance.targets import Target

if TYPE_CHECKING:
    import numpy as np

CONTEXT_ARRAYS = ("coef", "intercept", "alone_coef", "alone_intercept")
FILE_NAME = "model.stance"
ANALYZERS = ("word", "char_wb")

_WORD = re.compile(r"(?u)\b\w+\b")
_CACHED_WORDS = 200_000
_CACHED_TERMS = 50_000
_LONGEST_NGRAM = 20
# A term's row: its inverse document frequency, then its coefficient for each class.
_ROW = 1 + N_CLASSES


class Block:
    """One TF-IDF vectorizer over one view, with its part of the regression's coefficients.

    Parameters
    ----------
    view : str
        Which of `stance.features.VIEWS` it reads.
    analyzer : {"word", "char_wb"}
        What its terms are: n-grams of words, or of characters within a word and its margins.
    ngram_range : (int, int)
        Shortest and longest n-gram, both included.
    weight : float
        Factor on the vector after it was brought to unit length.
    terms : sequence of str, length n_terms
        The vocabulary, sorted.
    idf : ndarray of float64, shape (n_terms,)
        Inverse document frequencies.
    coef : ndarray of float64, shape (n_terms, n_classes)
        Coefficients of the logistic regression.
    """

    def __init__(
        self,
        view: str,
        analyzer: str,
        ngram_range: tuple[int, int],
        weight: float,
        terms: Sequence[str],
        idf: np.ndarray,
        coef: np.ndarray,
    ) -> None:
        self.view, self.analyzer = view, analyzer
        self.ngram_range, self.weight = ngram_range, weight
        self._given = terms, idf, coef
        self._cache: dict[str, list[int]] = {}

    @property
    def terms(self) -> Sequence[str]:
        """The vocabulary, sorted."""
        return self._given[0]

    @property
    def idf(self) -> np.ndarray:
        """Inverse document frequencies, shape (n_terms,)."""
        return self._given[1]

    @property
    def coef(self) -> np.ndarray:
        """Coefficients of the logistic regression, shape (n_terms, n_classes)."""
        return self._given[2]

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each term."""
        return {term: i for i, term in enumerate(self.terms)}

    @cached_property
    def _find(self) -> Callable[[str], int | None]:
        """What returns the number of a term, None for one that is not in the vocabulary."""
        return self.index.get

    @cached_property
    def _rows(self) -> Sequence[float]:
        """For each term its idf and its coefficients, one after the other."""
        import numpy as np

        rows = np.column_stack([self.idf, self.coef]).astype(np.float64).ravel()
        return rows.data

    def _touch(self, numbers: Iterable[int]) -> None:
        """Make sure that some rows may be read."""

    def count(self, text: str) -> Counter[int]:
        """Return how often each known term occurs in `text`, by its number."""
        if self.analyzer == "word":
            return Counter(self._word_ids(_WORD.findall(text)))
        ids: list[int] = []
        for word in text.split():
            found = self._cache.get(word)
            if found is None:
                found = self._char_ids(word)
                if len(self._cache) < _CACHED_WORDS:
                    self._cache[word] = found
            ids += found
        return Counter(ids)

    def _word_ids(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of the known word n-grams."""
        find = self._find
        low, high = self.ngram_range
        ids = []
        for n in range(low, high + 1):
            for i in range(len(words) - n + 1):
                found = find(" ".join(words[i : i + n]) if n > 1 else words[i])
                if found is not None:
                    ids.append(found)
        return ids

    def _char_ids(self, word: str) -> list[int]:
        """Return the numbers of the known n-grams of one word with a space at either end.

        They never cross a word, so a word's numbers can be kept and used again.
        """
        find = self._find
        padded = f" {word} "
        low, high = self.ngram_range
        ids = []
        for n in range(low, high + 1):
            for i in range(max(1, len(padded) - n + 1)):
                found = find(padded[i : i + n])
                if found is not None:
                    ids.append(found)
            if n >= len(padded):
                break  # a short word counts once, as in scikit-learn
        return ids

    def score(self, text: str) -> list[float]:
        """Return what the known terms of `text` add to the score of each class."""
        counts = self.count(text)
        self._touch(counts)
        rows = self._rows
        squares = first = second = third = 0.0
        for number, count in counts.items():
            at = number * _ROW
            value = rows[at] if count == 1 else (log(count) + 1.0) * rows[at]
            squares += value * value
            first += value * rows[at + 1]
            second += value * rows[at + 2]
            third += value * rows[at + 3]
        scale = self.weight / sqrt(squares) if squares > 0 else 1.0
        return [first * scale, second * scale, third * scale]

    def vector(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the known terms of `text` and their weights.

        Returns
        -------
        ids : ndarray of int64, shape (n_known,)
            Numbers of the terms, ascending.
        values : ndarray of float64, shape (n_known,)
            ``weight * tfidf`` with sublinear counts and unit length.
        """
        import numpy as np

        counts = sorted(self.count(text).items())
        ids = np.array([term for term, _ in counts], dtype=np.int64)
        counted = np.array([count for _, count in counts], dtype=np.float64)
        values = (np.log(counted) + 1.0) * self.idf[ids]
        norm = sqrt(float(values @ values))
        return ids, values * (self.weight / norm) if norm > 0 else values


class _StoredBlock(Block):
    """A block that is read in place; its arrays are made where somebody asks for them."""

    def __init__(self, file: ModelFile, number: int, entry: Mapping[str, Any]) -> None:
        match entry:
            case {
                "view": str(view),
                "analyzer": str(analyzer),
                "ngram_range": [int(low), int(high)],
            } if view in VIEWS and analyzer in ANALYZERS and 0 < low <= high < _LONGEST_NGRAM:
                self.view, self.analyzer, self.ngram_range = view, analyzer, (low, high)
            case _:
                raise file.damaged(f"block {number}")
        self.weight = file.real("weight", entry)
        self._cache = {}
        self._file, self._number = file, number
        self._keys = file.keys(str(number))
        if len(self._keys) != file.number("n_terms", entry):
            raise file.damaged(f"the vocabulary of block {number}")
        self._column: Column = file.column(f"{number}.values", "d", _ROW * len(self._keys))

    @cached_property
    def terms(self) -> Sequence[str]:
        """The vocabulary, sorted."""
        return self._keys.texts()

    @cached_property
    def _matrix(self) -> np.ndarray:
        """All rows."""
        return self._file.matrix(f"{self._number}.values", len(self._keys), _ROW)

    @cached_property
    def idf(self) -> np.ndarray:
        """Inverse document frequencies, shape (n_terms,)."""
        return self._matrix[:, 0].copy()

    @cached_property
    def coef(self) -> np.ndarray:
        """Coefficients of the logistic regression, shape (n_terms, n_classes)."""
        return self._matrix[:, 1:].copy()

    @cached_property
    def _find(self) -> Callable[[str], int | None]:
        """What returns the number of a term, None for one that is not in the vocabulary."""
        find, known = self._keys.find, dict[str, int]()

        def find_once(term: str) -> int | None:
            number = known.get(term)
            if number is None:
                number = find(term)
                if len(known) < _CACHED_TERMS:
                    known[term] = number
            return number if number >= 0 else None

        return find_once

    @cached_property
    def _rows(self) -> Sequence[float]:
        """For each term its idf and its coefficients, one after the other."""
        return self._column.items

    def _touch(self, numbers: Iterable[int]) -> None:
        """Check the pages of some rows."""
        file, start, width = self._file, self._column.start, _ROW * self._column.width
        is_checked = file.is_checked
        for number in numbers:
            # A row of 32 bytes never crosses a page.
            at = start + number * width
            if not is_checked[at // PAGE]:
                file.touch(at, at + width)


class Scorer:
    """A trained model, read from its portable file.

    Parameters
    ----------
    target : Target
        What it was trained on; finds the actors.
    blocks : list of Block
        The vectorizers with their coefficients.
    intercept : ndarray of float64, shape (n_classes,)
        The regression's intercepts.
    classes : tuple of str
        The stances, in the order of the columns.
    detector : Detector, optional
        The trained model of who takes part.
    namer : Namer, optional
        The trained model of whom pronouns and descriptions mean.
    context : Context, optional
        The second regression, which calibrates and judges claims in the light of their article.
    """

    _context: Context | ContextRows | None

    def __init__(
        self,
        target: Target,
        blocks: Sequence[Block],
        intercept: np.ndarray | Sequence[float],
        classes: tuple[str, ...] = STANCES,
        detector: Detector | None = None,
        namer: Namer | None = None,
        context: Context | ContextRows | None = None,
    ) -> None:
        self.target, self.blocks, self.classes = target, list(blocks), classes
        self.detector, self.namer = detector, namer
        self._intercept = [float(number) for number in intercept]
        self._hear(context)

    @property
    def target_(self) -> Target:
        """What the model was trained on, under the name that scikit-learn's habit gives it."""
        return self.target

    @property
    def classes_(self) -> np.ndarray:
        """The stances, in the order of the columns of `predict_proba`."""
        import numpy as np

        return np.array(self.classes)

    @property
    def intercept(self) -> np.ndarray:
        """The regression's intercepts, shape (n_classes,)."""
        import numpy as np

        return np.array(self._intercept)

    @property
    def context(self) -> Context | None:
        """The second regression, where there is one."""
        if isinstance(self._context, ContextRows):
            self._context = self._context.to_context()
        return self._context

    @context.setter
    def context(self, context: Context | None) -> None:
        self._hear(context)

    def _hear(self, context: Context | ContextRows | None) -> None:
        """Take a second regression."""
        self._context = context
        self._rows = context.to_rows() if isinstance(context, Context) else context

    def without_context(self) -> Scorer:
        """Return the model without its second regression."""
        return Scorer(
            self.target, self.blocks, self._intercept, self.classes, self.detector, self.namer
        )

    def own_scores(self, passages: Sequence[Passage]) -> list[list[float]]:
        """Return what the words of each passage say, before the softmax.

        Parameters
        ----------
        passages : sequence of Passage, length n_passages
            What is asked.

        Returns
        -------
        list of list of float, shape (n_passages, 3)
        """
        result = []
        for passage in passages:
            views = build_views(passage, self.target)
            parts = [self._intercept, *(block.score(views[block.view]) for block in self.blocks)]
            scores = [sum(column) for column in zip(*parts, strict=True)]
            if not all(map(isfinite, scores)):
                raise ModelError(
                    "the model is damaged (a coefficient is not finite); make it anew with: "
                    "stance train."
                )
            result.append(scores)
        return result

    def predict_rows(
        self, passages: Sequence[Passage], articles: Sequence[str] | None = None
    ) -> list[list[float]]:
        """Return the probability of each stance of a few passages, without numpy.

        Parameters
        ----------
        passages : sequence of Passage, length n_passages
            What is asked.
        articles : sequence of str, length n_passages, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        list of list of float, shape (n_passages, 3)
            As `predict_proba`.
        """
        scores = self.own_scores(passages)
        if self._rows is not None:
            places = to_places(passages, articles)
            scores = self._rows.adjust(scores, places, alone=articles is None)
        return [softmax_row(row) for row in scores]

    def decision_function(
        self,
        X: Iterable[Any],
        actors: Sequence[str | None] | None = None,
        *,
        articles: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Return the score of each class before the softmax.

        Parameters
        ----------
        X : iterable of str or Passage, length n_texts
            Texts, or texts with their actor marked.
        actors : sequence of str or None, length n_texts, optional
            Whose stance is asked for in each text; without it, its first actor's.
        articles : sequence of str, length n_texts, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        ndarray of float64, shape (n_texts, n_classes)
        """
        import numpy as np

        items = list_items(X, actors)
        if is_worthwhile(len(items)):
            passages, scores = self._batch.score_items(items, actors, self.target)
            return adjust(scores, passages, self.context, articles)
        passages = to_passages(items, actors, self.target)
        scores = np.array(self.own_scores(passages)).reshape(-1, N_CLASSES)
        return adjust(scores, passages, self.context, articles)

    @cached_property
    def _batch(self) -> Batch:
        """The blocks, made ready for many passages."""
        return Batch(self.blocks, self.intercept)

    def predict_proba(
        self,
        X: Iterable[Any],
        actors: Sequence[str | None] | None = None,
        *,
        articles: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Return the probability of each stance.

        Parameters
        ----------
        X : iterable of str or Passage, length n_texts
            Texts, or texts with their actor marked.
        actors : sequence of str or None, length n_texts, optional
            Whose stance is asked for in each text; without it, its first actor's.
        articles : sequence of str, length n_texts, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        ndarray of float64, shape (n_texts, n_classes)
            Columns in the order of `classes_`; each row adds up to 1.
        """
        return softmax(self.decision_function(X, actors, articles=articles))

    def predict(
        self,
        X: Iterable[Any],
        actors: Sequence[str | None] | None = None,
        *,
        articles: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Return the likeliest stance of each text.

        Parameters
        ----------
        X : iterable of str or Passage, length n_texts
            Texts, or texts with their actor marked.
        actors : sequence of str or None, length n_texts, optional
            Whose stance is asked for in each text; without it, its first actor's.
        articles : sequence of str, length n_texts, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        ndarray of str, shape (n_texts,)
        """
        return likeliest(self.classes_, self.decision_function(X, actors, articles=articles))

    def __reduce__(self) -> Any:
        """Travel as the bytes of the portable file."""
        return parse_scorer, (dump_scorer(self),)


def to_places(passages: Sequence[Passage], articles: Sequence[str] | None) -> list[Place]:
    """Return where claims stand.

    Raises
    ------
    StanceError
        If there are not as many articles as passages.
    """
    if articles is None:
        return [Place("", passage.sentence, passage.canonical) for passage in passages]
    if len(articles) != len(passages):
        raise StanceError(
            f"{len(passages)} texts but {len(articles)} articles; give one article for each text."
        )
    return [
        Place(article, passage.sentence, passage.canonical)
        for article, passage in zip(articles, passages, strict=True)
    ]


def adjust(
    scores: np.ndarray,
    passages: Sequence[Passage],
    context: Context | None,
    articles: Sequence[str] | None,
) -> np.ndarray:
    """Return the scores of passages as the second regression, where there is one, sees them.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_passages, 3)
        What the words of each say, before the softmax.
    passages : sequence of Passage, length n_passages
        What was asked.
    context : Context or None
        The second regression.
    articles : sequence of str or None, length n_passages
        The article of each; None judges each alone.

    Returns
    -------
    ndarray of float64, shape (n_passages, 3)

    Raises
    ------
    StanceError
        If there are not as many articles as passages.
    """
    places = to_places(passages, articles)
    return scores if context is None else context.adjust(scores, places, alone=articles is None)


def likeliest(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the class with the highest score in each row."""
    import numpy as np

    return np.asarray(classes[np.argmax(scores, axis=1)])


def save_scorer(scorer: Scorer, path: str | os.PathLike[str]) -> None:
    """Write a model to its portable file, whole or not at all.

    Parameters
    ----------
    scorer : Scorer
        The model.
    path : path-like
        File to write. The same model gives the same bytes.
    """
    write_whole(path, dump_scorer(scorer))


def dump_scorer(scorer: Scorer) -> bytes:
    """Return the bytes of a model's portable file.

    Raises
    ------
    ModelError
        If it is too large for the format.
    """
    import numpy as np

    arrays: dict[str, bytes] = {"intercept": pack_floats(scorer.intercept)}
    header, target_arrays = pack_target(scorer.target)
    header["classes"] = list(scorer.classes)
    header["blocks"] = []
    for number, block in enumerate(scorer.blocks):
        arrays.update(pack_keys(str(number), block.terms))
        rows = np.column_stack([block.idf, block.coef])
        arrays[f"{number}.values"] = rows.astype("<f8").tobytes()
        header["blocks"].append(
            {
                "view": block.view,
                "analyzer": block.analyzer,
                "ngram_range": list(block.ngram_range),
                "weight": float(block.weight),
                "n_terms": len(block.terms),
            }
        )
    header["detector"], header["namer"], header["context"] = None, None, None
    if scorer.detector is not None:
        arrays.update(_pack_weights("detector", scorer.detector.weights))
        header["detector"] = {
            "intercept": float(scorer.detector.intercept),
            "threshold": float(scorer.detector.threshold),
        }
    if scorer.namer is not None:
        arrays.update(_pack_weights("namer", scorer.namer.weights))
        usual = sorted(scorer.namer.usual.items())
        arrays.update(pack_keys("usual", [text for text, _ in usual]))
        arrays.update(pack_lines("usual.meant", (_to_json(dict(meant)) for _, meant in usual)))
        header["namer"] = {}
    if scorer.context is not None:
        for name in CONTEXT_ARRAYS:
            arrays[f"context.{name}"] = pack_floats(np.ravel(getattr(scorer.context, name)))
        priors = scorer.context.priors
        header["context"] = {"priors": priors and {k: list(v) for k, v in priors.items()}}
    return pack(header, {**arrays, **target_arrays})


def _pack_weights(name: str, weights: Mapping[str, float]) -> dict[str, bytes]:
    """Return the arrays of features and their weights."""
    features = sorted(weights)
    return {
        **pack_keys(name, features),
        f"{name}.values": pack_floats(weights[feature] for feature in features),
    }


def _to_json(value: Any) -> str:
    """Return a value as one line."""
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def load_scorer(path: str | os.PathLike[str]) -> Scorer:
    """Open a model's portable file. Nothing in the file is executed.

    The file is mapped into memory: pages are read, and checked, when they are first needed.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Scorer

    Raises
    ------
    ModelError
        If it is no such file, of another format version, or damaged. What lies in a page is found
        out when the page is first needed.
    """
    path = Path(path)
    with explained_os_errors("read", path):
        file = open_model_file(path)
    return read_scorer(file)


def parse_scorer(data: bytes) -> Scorer:
    """Return the model of a portable file's bytes; as `load_scorer`."""
    return read_scorer(ModelFile(data))


def read_scorer(file: ModelFile) -> Scorer:
    """Return the model of a portable file.

    Raises
    ------
    ModelError
        If it is damaged.
    """
    classes = file.header.get("classes")
    if classes != list(STANCES):
        raise file.damaged(f"its classes are {classes!r:.60}")
    entries = file.header.get("blocks")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise file.damaged("its blocks")
    return Scorer(
        read_target(file),
        [_StoredBlock(file, number, entry) for number, entry in enumerate(entries)],
        file.floats("intercept", N_CLASSES),
        STANCES,
        _read_detector(file),
        _read_namer(file),
        _read_context(file),
    )


def _read_weights(file: ModelFile, name: str) -> StoredTable:
    """Return features with their weights."""
    keys = file.keys(name)
    column = file.column(f"{name}.values", "d", len(keys))

    def weight(number: int) -> float:
        found: float = column[number]
        if not isfinite(found):
            raise file.damaged(f"{name}.values holds a number that is not finite")
        return found

    return StoredTable(keys, weight, lambda: file.floats(f"{name}.values", len(keys)))


def _read_detector(file: ModelFile) -> Detector | None:
    """Return the detector, where the file has one."""
    if file.header.get("detector") is None:
        return None
    entry = file.table("detector")
    intercept, threshold = file.real("intercept", entry), file.real("threshold", entry)
    if not 0 < threshold < 1:
        raise file.damaged("the numbers of its detector")
    return Detector(_read_weights(file, "detector"), intercept, threshold)


def _read_namer(file: ModelFile) -> Namer | None:
    """Return the namer, where the file has one."""
    if file.header.get("namer") is None:
        return None
    keys = file.keys("usual")
    records = file.lines("usual.meant", len(keys))

    def meant(number: int) -> dict[str, float]:
        shares = file.parse(records[number], "the shares of its namer")
        if not isinstance(shares, dict) or not all(
            type(share) in (int, float) and 0 < share <= 1 for share in shares.values()
        ):
            raise file.damaged("the shares of its namer")
        return shares

    return Namer(_read_weights(file, "namer"), StoredTable(keys, meant))


def _read_context(file: ModelFile) -> ContextRows | None:
    """Return the second regression, where the file has one."""
    if file.header.get("context") is None:
        return None
    priors = file.table("context").get("priors")
    if priors is not None:
        counts: list[Any] = list(priors.values()) if isinstance(priors, dict) else [None]
        if not all(isinstance(row, list) and len(row) == N_CLASSES for row in counts) or not all(
            type(count) in (int, float) and 0 <= count < 1e15 for count in chain(*counts)
        ):
            raise file.damaged("the priors of its context")
    more = 0 if priors is None else N_CLASSES

    def matrix(name: str, n_rows: int) -> list[list[float]]:
        numbers = file.floats(f"context.{name}", n_rows * N_CLASSES)
        return [numbers[i : i + N_CLASSES] for i in range(0, len(numbers), N_CLASSES)]

    return ContextRows(
        matrix("coef", N_FEATURES + more),
        file.floats("context.intercept", N_CLASSES),
        matrix("alone_coef", N_CLASSES + more),
        file.floats("context.alone_intercept", N_CLASSES),
        priors,
    )
