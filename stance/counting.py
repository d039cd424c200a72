"""Counting: texts become terms and how often each text holds them, fast.

Texts enter, a sparse matrix of counts and the sorted terms leave, equal to those of scikit-learn's
`CountVectorizer`. Which terms are kept and what they weigh is decided elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

TOKEN_PATTERN = r"(?u)\b\w+\b"


def count_terms(
    texts: Sequence[str], analyzer: str, ngram_range: tuple[int, int]
) -> tuple[sparse.csr_matrix, list[str]]:
    """Count the n-grams of texts.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    analyzer : {"word", "char_wb"}
        N-grams of words, or of characters within words and their margins.
    ngram_range : (int, int)
        Shortest and longest n-gram, both included.

    Returns
    -------
    counts : csr_matrix of int64, shape (n_texts, n_terms)
        How often each text holds each term; the columns of a row are in order.
    terms : list of str
        The terms, sorted.

    Examples
    --------
    >>> counts, terms = count_terms(["a vote", "vote by vote"], "word", (1, 2))
    >>> terms
    ['a', 'a vote', 'by', 'by vote', 'vote', 'vote by']
    >>> counts.toarray().tolist()
    [[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 2, 1]]
    """
    if analyzer == "word":
        return _count_words(texts, *ngram_range)
    return _count_characters(texts, ngram_range)


def _count_characters(
    texts: Sequence[str], ngram_range: tuple[int, int]
) -> tuple[sparse.csr_matrix, list[str]]:
    """Count n-grams of characters: they never cross a word, so each word is cut once."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    words = [[numbers[word] for word in text.split()] for text in texts]
    if not numbers:
        return sparse.csr_matrix((len(texts), 0), dtype=np.int64), []
    lengths = np.array([len(row) for row in words])
    rows = np.repeat(np.arange(len(texts)), lengths)
    columns = np.array([number for row in words for number in row])
    of_texts = _tally(rows, columns, (len(texts), len(numbers)))
    cutter = CountVectorizer(analyzer="char_wb", ngram_range=ngram_range, lowercase=False)
    of_words = cutter.fit_transform(list(numbers))
    counts = sparse.csr_matrix(of_texts @ of_words)
    counts.sort_indices()
    return counts, cutter.get_feature_names_out().tolist()


def _count_words(
    texts: Sequence[str], shortest: int, longest: int
) -> tuple[sparse.csr_matrix, list[str]]:
    """Count n-grams of words: one of n words is one of n - 1 and a word, by their numbers."""
    find = re.compile(TOKEN_PATTERN).findall
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    words = [[numbers[word] for word in find(text)] for text in texts]
    lengths = np.array([len(row) for row in words], dtype=np.int64)
    rows = np.repeat(np.arange(len(texts)), lengths)
    tokens = np.array([number for row in words for number in row], dtype=np.int64)
    # How many words a text has from each place on.
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(tokens))
    vocabulary = list(numbers)
    terms: list[str] = []
    found: list[tuple[np.ndarray, np.ndarray]] = []
    places, ids, names = np.arange(len(tokens)), tokens, vocabulary
    for n in range(1, longest + 1):
        if n > 1:
            fits = left[places] >= n
            places = places[fits]
            pairs = ids[fits] * len(vocabulary) + tokens[places + n - 1]
            distinct, ids = np.unique(pairs, return_inverse=True)
            heads, lasts = np.divmod(distinct, max(1, len(vocabulary)))
            names = [
                f"{names[head]} {vocabulary[last]}"
                for head, last in zip(heads.tolist(), lasts.tolist(), strict=True)
            ]
        if n >= shortest:
            found.append((rows[places], ids + len(terms)))
            terms += names
    order = sorted(range(len(terms)), key=terms.__getitem__)
    rank = np.empty(len(terms), dtype=np.int64)
    rank[order] = np.arange(len(terms))
    counts = _tally(
        np.concatenate([of_row for of_row, _ in found]),
        rank[np.concatenate([of_term for _, of_term in found])],
        (len(texts), len(terms)),
    )
    return counts, [terms[i] for i in order]


def _tally(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return how often each pair of a row and a column occurs."""
    ones = np.ones(len(rows), dtype=np.int64)
    return sparse.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()
