"""The unfitted scikit-learn pipeline: views, TF-IDF of each, logistic regression.

Settings enter, an unfitted `sklearn.pipeline.Pipeline` leaves. It reads tables of views as
`stance.features.build_view_table` makes them; finding actors and masking them is done before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from stance.errors import StanceError

TOKEN_PATTERN = r"(?u)\b\w+\b"


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
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Mapping[str, list[str]], y: Any = None) -> sparse.csr_matrix:
        """Learn the vocabularies and return the vectors, shape (n_texts, n_terms)."""
        self.specs_: list[ViewSpec] = []
        self.vectorizers_: list[TfidfVectorizer] = []
        blocks = []
        for spec in self.specs:
            vectorizer = self._vectorizer(spec)
            try:
                block = vectorizer.fit_transform(X[spec.view])
            except ValueError as error:
                # scikit-learn's two messages for a view in which nothing is frequent enough.
                if "empty vocabulary" in str(error) or "no terms remain" in str(error):
                    continue
                raise
            self.specs_.append(spec)
            self.vectorizers_.append(vectorizer)
            blocks.append(block * spec.weight)
        if not blocks:
            raise StanceError(
                f"too little text to learn from: no term stands in {self.min_df} texts; "
                "label more sentences, or set min_df to 1."
            )
        return sparse.csr_matrix(sparse.hstack(blocks, format="csr"))

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


class CountedViews:
    """The terms of every view, counted once, from which the vectors of any fold follow.

    Cross-validation fits the same vectorizers on ever other rows; nearly all of the time would go
    into cutting the same texts into n-grams again.

    Parameters
    ----------
    table : mapping of str to list of str
        One column for each view.
    specs : sequence of ViewSpec, default=DEFAULT_SPECS
        The views and their terms.
    """

    def __init__(
        self, table: Mapping[str, list[str]], specs: Sequence[ViewSpec] = DEFAULT_SPECS
    ) -> None:
        self.parts: list[tuple[ViewSpec, sparse.csr_matrix]] = []
        for spec in specs:
            counter = CountVectorizer(
                analyzer=spec.analyzer,
                ngram_range=spec.ngram_range,
                token_pattern=TOKEN_PATTERN if spec.analyzer == "word" else None,
                lowercase=False,
            )
            try:
                counts = counter.fit_transform(table[spec.view])
            except ValueError:
                continue  # a view without a single term
            self.parts.append((spec, counts.tocsr()))

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
        sides: list[tuple[sparse.csr_matrix, sparse.csr_matrix]] = []
        for spec, counts in self.parts:
            known = counts[train]
            df = np.bincount(known.indices, minlength=counts.shape[1])
            kept = np.flatnonzero(df >= min_df)
            if not len(kept):
                continue
            idf = np.log((1 + len(train)) / (1 + df[kept])) + 1
            sides.append(
                (
                    _weigh(known[:, kept], idf, spec.weight),
                    _weigh(counts[test][:, kept], idf, spec.weight),
                )
            )
        if not sides:
            raise StanceError(
                f"too little text to learn from: no term stands in {min_df} texts; "
                "label more sentences, or set min_df to 1."
            )
        first, second = zip(*sides, strict=True)
        return (
            sparse.csr_matrix(sparse.hstack(first, format="csr")),
            sparse.csr_matrix(sparse.hstack(second, format="csr")),
        )


def _weigh(counts: sparse.csr_matrix, idf: np.ndarray, weight: float) -> sparse.csr_matrix:
    """Return counts as vectors: sublinear, times idf, of unit length, times the view's weight."""
    values = (np.log(counts.data) + 1.0) * idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=values * values, minlength=counts.shape[0]))
    values *= weight / lengths[rows]
    return sparse.csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


def build_classifier(settings: Settings, seed: int = 0) -> LogisticRegression:
    """Return the unfitted regression.

    Notes
    -----
    newton-cg with a tolerance of 1e-6 comes within 4e-5 of the optimum; lbfgs at its default is
    slower and less exact on these data.
    """
    return LogisticRegression(
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
