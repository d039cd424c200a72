"""Batches: the scores of many passages at once, on one core.

The views of passages and a model's blocks enter, scores leave, equal to those of the scikit-learn
pipeline to 1e-9. Counting and adding up is done by a compiled kernel where the package was
installed with one, and by numpy where it was not or where the environment variable
``STANCE_KERNEL`` is ``python``; the results are the same but for the last digits. A row's scores
depend on its own texts alone, and memory on the size of a chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from stance.acting import find_acting_ahead
from stance.errors import ModelError
from stance.features import Passage, build_view_table, read_passages
from stance.kernel import character_classes, encode_lines, find_kernel, index_terms
from stance.targets import Target

if TYPE_CHECKING:
    import numpy as np

# Making a model ready takes as long as so many passages one by one.
_FEWEST = 200
_FEWEST_WITHOUT_KERNEL = 2000
# So many rows or characters are scored together at most.
CHUNK_ROWS = 2048
CHUNK_CHARACTERS = 4_000_000
_CACHED_WORDS = 200_000
_WORD = re.compile(r"\w+")
_KERNEL_CLASSES = 16


class Vectors(Protocol):
    """What is read of a block of `stance.scorer`."""

    @property
    def view(self) -> str:
        """Which view it reads."""

    @property
    def analyzer(self) -> str:
        """``word`` or ``char_wb``."""

    @property
    def ngram_range(self) -> tuple[int, int]:
        """Shortest and longest n-gram."""

    @property
    def weight(self) -> float:
        """Factor on the vector of unit length."""

    @property
    def terms(self) -> Sequence[str]:
        """The vocabulary."""

    @property
    def idf(self) -> np.ndarray:
        """Inverse document frequencies, shape (n_terms,)."""

    @property
    def coef(self) -> np.ndarray:
        """Coefficients, shape (n_terms, n_classes)."""


class Texts:
    """One view of a chunk of rows, as the blocks read it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._encoded: tuple[bytes, np.ndarray] | None = None

    @property
    def encoded(self) -> tuple[bytes, np.ndarray]:
        """The texts as `encode_lines` gives them."""
        if self._encoded is None:
            self._encoded = encode_lines(self.texts)
        return self._encoded


class _Block(Protocol):
    """A block made ready for many texts."""

    def add_scores(self, texts: Texts, scores: np.ndarray) -> None:
        """Add to the scores of each row what the block says of it."""


class Batch:
    """A model's blocks, made ready for many texts.

    Parameters
    ----------
    blocks : sequence of Block
        The vectorizers with their coefficients; only read.
    intercept : ndarray of float64, shape (n_classes,)
        The regression's intercepts.
    """

    def __init__(self, blocks: Sequence[Vectors], intercept: np.ndarray) -> None:
        self._intercept = intercept
        kernel = find_kernel()
        self._blocks = [(block.view, _prepare(block, kernel)) for block in blocks if block.terms]

    def score_items(
        self, items: Sequence[Any], actors: Sequence[str | None] | None, target: Target
    ) -> tuple[list[Passage], np.ndarray]:
        """Return passages and their scores.

        Parameters
        ----------
        items : sequence of str or Passage, length n_items
            As in `stance.features.to_passages`.
        actors : sequence of str or None, length n_items, optional
            Whose stance is asked for in each.
        target : Target
            Finds the actors.

        Returns
        -------
        passages : list of Passage, length n_items
            What was asked about.
        scores : ndarray of float64, shape (n_items, n_classes)
            The score of each class before the softmax.
        """
        import numpy as np

        passages: list[Passage] = []

        def keep(found: Iterable[Passage]) -> Iterator[Passage]:
            for passage in found:
                passages.append(passage)
                yield passage

        scores = np.empty((len(items), len(self._intercept)))
        for start in range(0, len(items), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            chunk = items[rows]
            find_acting_ahead(map(_sentence_of, chunk), target)
            # The views of each right after its actor was found, as long as its mentions are known.
            found = keep(read_passages(chunk, actors and actors[rows], target))
            scores[rows] = self.score(build_view_table(found, target))
        return passages, scores

    def score(self, table: Mapping[str, Sequence[str]]) -> np.ndarray:
        """Return the score of each class before the softmax.

        Parameters
        ----------
        table : mapping of str to sequence of str
            Columns of equal length, as `stance.features.build_view_table` gives them.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_classes)

        Raises
        ------
        ModelError
            If a coefficient that is met is not finite.
        """
        import numpy as np

        n_rows = len(next(iter(table.values()), ()))
        scores = np.tile(np.asarray(self._intercept, dtype=np.float64), (n_rows, 1))
        for rows in _chunks(table, n_rows):
            views = {view: Texts(table[view][rows]) for view, _ in self._blocks}
            for view, block in self._blocks:
                block.add_scores(views[view], scores[rows])
        if not np.isfinite(scores).all():
            raise ModelError(
                "the model is damaged (a coefficient is not finite); make it anew with: "
                "stance train."
            )
        return scores


def _sentence_of(item: Any) -> str:
    """Return the text in which an item's actor is looked for; "" where that is not known yet."""
    text = item if isinstance(item, str) else getattr(item, "sentence", "")
    return text if isinstance(text, str) else ""


def is_worthwhile(n_rows: int) -> bool:
    """Tell whether so many rows are scored sooner as a batch than one by one.

    The number alone decides, so that the same call gives the same last digits on every run.
    """
    return n_rows >= (_FEWEST if find_kernel() else _FEWEST_WITHOUT_KERNEL)


def _chunks(table: Mapping[str, Sequence[str]], n_rows: int) -> Iterator[slice]:
    """Yield stretches of rows, none too long for the memory."""
    if n_rows <= CHUNK_ROWS and sum(sum(map(len, c)) for c in table.values()) <= CHUNK_CHARACTERS:
        yield slice(0, n_rows)
        return
    start = size = 0
    for row in range(n_rows):
        longer = sum(len(column[row]) for column in table.values())
        if row > start and (row - start >= CHUNK_ROWS or size + longer > CHUNK_CHARACTERS):
            yield slice(start, row)
            start, size = row, 0
        size += longer
    yield slice(start, n_rows)


def _prepare(block: Vectors, kernel: ModuleType | None) -> _Block:
    """Return a block ready for many texts: by the kernel, where it can."""
    if kernel is not None and block.coef.shape[1] <= _KERNEL_CLASSES:
        try:
            return _KernelBlock(block, kernel)
        except ValueError:
            pass  # a vocabulary made to collide in the kernel's table
    return _WordBlock(block) if block.analyzer == "word" else _CharBlock(block)


class _KernelBlock:
    """A block whose counting is done by the compiled kernel."""

    def __init__(self, block: Vectors, kernel: ModuleType) -> None:
        import numpy as np

        self._add_scores = kernel.add_scores
        self._vocabulary = index_terms(kernel, block.terms)
        self._weights = np.column_stack([block.idf, block.coef]).astype(np.float64)
        self._is_word = block.analyzer == "word"
        self._ngram_range = block.ngram_range
        self._weight = block.weight

    def add_scores(self, texts: Texts, scores: np.ndarray) -> None:
        """Add to the scores of each row what the block says of it."""
        data, ends = texts.encoded
        self._add_scores(
            data,
            ends,
            character_classes(),
            *self._vocabulary,
            self._weights,
            self._is_word,
            *self._ngram_range,
            self._weight,
            scores,
        )


class _NumpyBlock:
    """What both kinds of blocks share where numpy does the counting."""

    def __init__(self, block: Vectors) -> None:
        self._block = block
        self._low, self._high = block.ngram_range

    def _add_up(self, rows: np.ndarray, terms: np.ndarray, scores: np.ndarray) -> None:
        """Add to the scores what the terms say, of which some may stand several times in a row."""
        import numpy as np

        n_terms, n_rows = len(self._block.terms), len(scores)
        keys, counts = np.unique(rows * n_terms + terms, return_counts=True)
        rows, terms = np.divmod(keys, n_terms)
        values = (np.log(counts) + 1.0) * self._block.idf[terms]
        squares = np.bincount(rows, values * values, n_rows)
        scale = np.zeros(n_rows)
        np.divide(self._block.weight, np.sqrt(squares), out=scale, where=squares > 0)
        for k in range(scores.shape[1]):
            scores[:, k] += scale * np.bincount(rows, values * self._block.coef[terms, k], n_rows)


class _Numbers(dict[str, int]):
    """Numbers words in the order in which they are met."""

    def __missing__(self, word: str) -> int:
        """Return the next number."""
        self[word] = number = len(self)
        return number


class _CharBlock(_NumpyBlock):
    """N-grams of characters: they never cross a word, so each distinct word is cut once."""

    def __init__(self, block: Vectors) -> None:
        super().__init__(block)
        self._index = {term: i for i, term in enumerate(block.terms)}
        self._forget()

    def _forget(self) -> None:
        """Empty the cache of words."""
        import numpy as np

        self._numbers = _Numbers()
        self._terms = np.empty(0, dtype=np.int64)
        self._bounds = np.zeros(1, dtype=np.int64)

    def add_scores(self, texts: Texts, scores: np.ndarray) -> None:
        """Add to the scores of each row what the block says of it."""
        import numpy as np

        words = [text.split() for text in texts.texts]
        if len(self._numbers) > _CACHED_WORDS:
            self._forget()
        number = self._numbers.__getitem__
        numbers = np.fromiter(map(number, chain.from_iterable(words)), dtype=np.int64)
        self._cut(list(self._numbers)[len(self._bounds) - 1 :])
        starts = self._bounds[numbers]
        lengths = self._bounds[numbers + 1] - starts
        rows = np.repeat(np.arange(len(words)), [len(row) for row in words])
        before = np.cumsum(lengths) - lengths
        places = np.repeat(starts - before, lengths) + np.arange(lengths.sum())
        self._add_up(np.repeat(rows, lengths), self._terms[places], scores)

    def _cut(self, words: Sequence[str]) -> None:
        """Remember the terms of new words."""
        import numpy as np

        found = [self._cut_word(f" {word} ") for word in words]
        lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        flat = np.fromiter(chain.from_iterable(found), dtype=np.int64)
        self._bounds = np.concatenate([self._bounds, self._bounds[-1] + np.cumsum(lengths)])
        self._terms = np.concatenate([self._terms, flat])

    def _cut_word(self, padded: str) -> list[int]:
        """Return the numbers of the terms in one word with a space at either end."""
        find, length = self._index.get, len(padded)
        # A word shorter than the shortest n-gram counts once, as in scikit-learn.
        pieces = [padded] if length < self._low else []
        pieces += [
            padded[i : i + n]
            for n in range(self._low, min(self._high, length) + 1)
            for i in range(length - n + 1)
        ]
        return [term for piece in pieces if (term := find(piece)) is not None]


class _WordBlock(_NumpyBlock):
    """N-grams of words: one of n words is one of n - 1 words and a word, by their numbers.

    A word has a number if a term holds it; so has each beginning of a term.
    """

    def __init__(self, block: Vectors) -> None:
        import numpy as np

        super().__init__(block)
        self._numbers = _Numbers()
        number = self._numbers.__getitem__
        split = [tuple(map(number, term.split(" "))) for term in block.terms]
        size = len(self._numbers)
        # For each length: the keys of all beginnings, sorted, and for each its term or -1.
        self._keys: list[np.ndarray] = []
        self._terms: list[np.ndarray] = []
        places = np.zeros(len(split), dtype=np.int64)
        for n in range(1, self._high + 1):
            long = np.array([i for i, words in enumerate(split) if len(words) >= n], dtype=np.int64)
            last = np.array([split[i][n - 1] for i in long.tolist()], dtype=np.int64)
            keys, found = np.unique(places[long] * size + last, return_inverse=True)
            places[long] = found
            terms = np.full(len(keys), -1, dtype=np.int64)
            ends = [len(split[i]) == n for i in long.tolist()]
            terms[found[ends]] = long[ends]
            self._keys.append(keys)
            self._terms.append(terms)

    def add_scores(self, texts: Texts, scores: np.ndarray) -> None:
        """Add to the scores of each row what the block says of it."""
        import numpy as np

        words = [_WORD.findall(text) for text in texts.texts]
        known, size = self._numbers.get, len(self._numbers)
        # An unknown word after each row keeps n-grams within it.
        numbers = np.array(
            [number for row in words for number in (*(known(word, -1) for word in row), -1)],
            dtype=np.int64,
        )
        row_of = np.repeat(np.arange(len(words)), [len(row) + 1 for row in words])
        starts = np.flatnonzero(numbers >= 0)
        found = np.zeros(len(starts), dtype=np.int64)
        rows, terms = [row_of[:0]], [row_of[:0]]
        for n, (keys, of_keys) in enumerate(zip(self._keys, self._terms, strict=True), 1):
            last = numbers[starts + n - 1]
            wanted = found * size + last
            places = np.searchsorted(keys, wanted)
            places[places == len(keys)] = 0
            hits = np.flatnonzero((keys[places] == wanted) & (last >= 0)) if len(keys) else places
            starts, found = starts[hits], places[hits]
            if n >= self._low:
                ending = of_keys[found]
                rows.append(row_of[starts[ending >= 0]])
                terms.append(ending[ending >= 0])
        self._add_up(np.concatenate(rows), np.concatenate(terms), scores)
