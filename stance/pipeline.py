"""The unfitted scikit-learn pipeline: views, TF-IDF of each, logistic regression.

Settings enter, an unfitted `sklearn.pipeline.Pipeline` leaves. It reads tables of views as
`stance.features.build_view_table` makes them; finding actors and masking them is done before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from stance.counting import TOKEN_PATTERN, count_terms
from stance.errors import StanceError
from stance.regression import SoftmaxRegression

# No term holds one: they are words joined by spaces, or parts of what stands between white space.
_TERM_BREAK = "\n"


@dataclass(frozen=True)
class ViewSpec:
    """Which terms are taken from a view.

    Parameters
    ----------
    view : str
        One of `stance.features.VIEWS`.
    analyzer : {"word", "char_wb"}
        N-grams of words, or of characters within words.
    ngram_range : (int, int)
        Shortest and longest n-gram, both included.
    weight : float
        Factor on the unit-length vector of this view.
    """

    view: str
    analyzer: str
    ngram_range: tuple[int, int]
    weight: float = 1.0


DEFAULT_SPECS = (
    ViewSpec("sentence", "word", (1, 3), 1.0),
    ViewSpec("sentence", "char_wb", (2, 5), 1.0),
    ViewSpec("clause", "word", (1, 3), 0.7),
    ViewSpec("before", "word", (1, 2), 0.5),
    ViewSpec("after", "word", (1, 3), 0.5),
    ViewSpec("near", "word", (1, 3), 0.5),
    ViewSpec("categories", "word", (1, 3), 0.5),
    ViewSpec("near_categories", "word", (1, 3), 0.5),
)


@dataclass(frozen=True)
class Settings:
    """What a training run may vary.

    Parameters
    ----------
    C : float, default=2.0
        Inverse strength of the L2 penalty.
    min_df : int, default=2
        A term counts if at least so many training texts hold it.
    phrasebook_weight : float, default=0.25
        Weight of a row of the phrasebook, where a read row weighs 1.
    class_weight : {"balanced", None}, default="balanced"
        Whether rare classes weigh more.
    """

    C: float = 2.0
    min_df: int = 2
    phrasebook_weight: float = 0.25
    class_weight: str | None = "balanced"

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)


class ViewVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """TF-IDF of several text views, side by side.

    Parameters
    ----------
    specs : sequence of ViewSpec, default=DEFAULT_SPECS
        The views and their terms.
    min_df : int, default=2
        A term counts if at least so many texts hold it.

    Attributes
    ----------
    specs_ : list of ViewSpec
        Those of the specs whose view held terms.
    vectorizers_ : list of TfidfVectorizer
        One fitted vectorizer for each of `specs_`.

    See Also
    --------
    stance.features.build_view_table : Makes what this reads.
    """

    def __init__(self, specs: Sequence[ViewSpec] = DEFAULT_SPECS, min_df: int = 2) -> None:
        self.specs = specs
        self.min_df = min_df

    def fit(self, X: Mapping[str, list[str]], y: Any = None) -> ViewVectorizer:
        """Learn the vocabularies and document frequencies."""
        counted = CountedViews(X, self.specs)
        return self.learn(counted, np.arange(counted.n_rows))

    def fit_transform(self, X: Mapping[str, list[str]], y: Any = None) -> sparse.csr_matrix:
        """Learn the vocabularies and return the vectors, shape (n_texts, n_terms)."""
        counted = CountedViews(X, self.specs)
        rows = np.arange(counted.n_rows)
        self.learn(counted, rows)
        return counted.weigh(rows, rows[:0], self.min_df)[0]

    def learn(self, counted: CountedViews, rows: np.ndarray) -> ViewVectorizer:
        """Learn from some of the texts whose terms were counted."""
        weighing = counted.learn(rows, self.min_df)
        self.specs_ = [part.view.spec for part in weighing]
        self.vectorizers_ = []
        for part in weighing:
            vectorizer = self._vectorizer(part.view.spec)
            names = part.view.terms
            terms = [names[i] for i in part.kept.tolist()]
            vectorizer.vocabulary_ = dict(zip(terms, range(len(terms)), strict=True))
            vectorizer.idf_ = part.idf
            self.vectorizers_.append(vectorizer)
        return self

    def transform(self, X: Mapping[str, list[str]]) -> sparse.csr_matrix:
        """Return the vectors, shape (n_texts, n_terms)."""
        blocks = [
            vectorizer.transform(X[spec.view]) * spec.weight
            for spec, vectorizer in zip(self.specs_, self.vectorizers_, strict=True)
        ]
        return sparse.csr_matrix(sparse.hstack(blocks, format="csr"))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the terms, each with its view and analyzer before it."""
        names = [
            [f"{spec.view}.{spec.analyzer}: {term}" for term in vectorizer.get_feature_names_out()]
            for spec, vectorizer in zip(self.specs_, self.vectorizers_, strict=True)
        ]
        return np.concatenate([np.array(block, dtype=object) for block in names])

    def __getstate__(self) -> dict[str, Any]:
        """Return what is kept of it, with each vocabulary as one text.

        A pickle of half a million strings takes seconds to write.
        """
        state = dict(super().__getstate__())
        if "vectorizers_" in state:
            bare = []
            for fitted in state["vectorizers_"]:
                vectorizer = copy(fitted)
                vectorizer.vocabulary_ = _TERM_BREAK.join(fitted.vocabulary_)
                bare.append(vectorizer)
            state["vectorizers_"] = bare
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become what was kept."""
        super().__setstate__(state)
        for vectorizer in state.get("vectorizers_", []):
            terms = vectorizer.vocabulary_.split(_TERM_BREAK)
            vectorizer.vocabulary_ = dict(zip(terms, range(len(terms)), strict=True))

    def _vectorizer(self, spec: ViewSpec) -> TfidfVectorizer:
        """Return the unfitted vectorizer of one spec."""
        # The views are in small letters already, but for the mask, which must stay apart.
        return TfidfVectorizer(
            analyzer=spec.analyzer,
            ngram_range=spec.ngram_range,
            token_pattern=TOKEN_PATTERN if spec.analyzer == "word" else None,
            lowercase=False,
            min_df=self.min_df,
            sublinear_tf=True,
        )


@dataclass(frozen=True)
class _CountedView:
    """The terms of one view: in `values` one more than the logarithm of each count."""

    spec: ViewSpec
    values: sparse.csr_matrix
    terms: Sequence[str]


@dataclass(frozen=True)
class _WeighedView:
    """Which terms of a view some rows have taught, and their inverse document frequencies."""

    view: _CountedView
    kept: np.ndarray
    idf: np.ndarray

    def weigh(self, rows: np.ndarray) -> sparse.csr_matrix:
        """Return the vectors of rows: tf times idf, of unit length, times the view's weight."""
        taken = self.view.values[rows]
        column = np.full(taken.shape[1], -1, dtype=taken.indices.dtype)
        column[self.kept] = np.arange(len(self.kept))
        columns = column[taken.indices]
        known = columns >= 0
        columns = columns[known]
        values = taken.data[known] * self.idf[columns]
        row = np.repeat(np.arange(len(rows)), np.diff(taken.indptr))[known]
        lengths = np.sqrt(np.bincount(row, weights=values * values, minlength=len(rows)))
        values *= self.view.spec.weight / lengths[row]
        bounds = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))])
        return sparse.csr_matrix((values, columns, bounds), shape=(len(rows), len(self.kept)))


class CountedViews:
    """The terms of every view, counted once, from which the vectors of any fold follow.

    Training fits the same vectorizers on ever other rows; nearly all of the time would go into
    cutting the same texts into n-grams again.

    Parameters
    ----------
    table : mapping of str to list of str
        One column for each view.
    specs : sequence of ViewSpec, default=DEFAULT_SPECS
        The views and their terms.

    Attributes
    ----------
    n_rows : int
        How many texts were counted.
    """

    def __init__(
        self, table: Mapping[str, list[str]], specs: Sequence[ViewSpec] = DEFAULT_SPECS
    ) -> None:
        self.n_rows = len(next(iter(table.values()), []))
        self._views: list[_CountedView] = []
        for spec in specs:
            counts, terms = count_terms(table[spec.view], spec.analyzer, spec.ngram_range)
            counts.data = np.log(counts.data) + 1.0
            self._views.append(_CountedView(spec, counts, terms))

    def without_terms(self) -> CountedViews:
        """Return the counts alone: all that vectors need, and little to send to a process."""
        bare = copy(self)
        bare._views = [replace(view, terms=()) for view in self._views]
        return bare

    def learn(self, rows: np.ndarray, min_df: int = 2) -> list[_WeighedView]:
        """Return the terms of each view that some rows teach, and their weights.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers.
        min_df : int, default=2
            A term counts if at least so many of `rows` hold it.

        Returns
        -------
        list of _WeighedView
            One for each view that holds such terms.

        Raises
        ------
        StanceError
            If no view does.
        """
        weighing = []
        for view in self._views:
            taken = view.values[rows]
            df = np.bincount(taken.indices, minlength=taken.shape[1])
            kept = np.flatnonzero(df >= max(1, min_df))
            if len(kept):
                idf = np.log((1 + len(rows)) / (1 + df[kept])) + 1
                weighing.append(_WeighedView(view, kept, idf))
        if not weighing:
            raise StanceError(
                f"too little text to learn from: no term stands in {min_df} texts; "
                "label more sentences, or set min_df to 1."
            )
        return weighing

    def weigh(
        self, train: np.ndarray, test: np.ndarray, min_df: int = 2
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Return the vectors of two sides of a fold, as a `ViewVectorizer` fitted on the first.

        Parameters
        ----------
        train, test : ndarray of int
            Row numbers.
        min_df : int, default=2
            A term counts if at least so many rows of `train` hold it.

        Returns
        -------
        X_train, X_test : csr_matrix, shapes (n_train, n_terms) and (n_test, n_terms)
        """
        weighing = self.learn(train, min_df)
        return (
            _stack(part.weigh(train) for part in weighing),
            _stack(part.weigh(test) for part in weighing),
        )


def _stack(blocks: Iterable[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Return the vectors of several views side by side."""
    return sparse.csr_matrix(sparse.hstack(list(blocks), format="csr"))


def build_classifier(settings: Settings, seed: int = 0) -> SoftmaxRegression:
    """Return the unfitted regression.

    Notes
    -----
    At a tolerance of 1e-6 its scores are within 1e-5 of the optimum's, where scikit-learn's
    newton-cg is within 2e-4 in twice the time (``benchmarks/solvers.py``).
    """
    return SoftmaxRegression(
        C=settings.C,
        class_weight=settings.class_weight,
        solver="newton-cg",
        tol=1e-6,
        max_iter=500,
        random_state=seed,
    )


def build_pipeline(
    settings: Settings | None = None,
    specs: Sequence[ViewSpec] = DEFAULT_SPECS,
    seed: int = 0,
) -> Pipeline:
    """Return the unfitted pipeline: steps ``vectorizer`` and ``classifier``.

    Parameters
    ----------
    settings : Settings, optional
        What to vary.
    specs : sequence of ViewSpec, default=DEFAULT_SPECS
        The views and their terms.
    seed : int, default=0
        Seed of the classifier.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Reads tables of views.
    """
    settings = settings or Settings()
    return Pipeline(
        [
            ("vectorizer", ViewVectorizer(specs, settings.min_df)),
            ("classifier", build_classifier(settings, seed)),
        ]
    )
