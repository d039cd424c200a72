from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from stance.counting import TOKEN_PATTERN, count_terms
from stance.merging import merge_equal_columns
from stance.pipeline import CountedViews, ViewSpec, ViewVectorizer

# Few letters, so that n-grams repeat; odd spaces, signs and a letter of two bytes.
TEXTS = st.lists(st.text(alphabet="ab c\u00e9-'\n\u00a0ACTOR", max_size=30), min_size=1, max_size=8)


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
@given(texts=TEXTS, shortest=st.integers(1, 3), more=st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_counts_equal_those_of_scikit_learn(analyzer, texts, shortest, more):
    ngram_range = (shortest, shortest + more)
    counts, terms = count_terms(texts, analyzer, ngram_range)
    oracle = CountVectorizer(
        analyzer=analyzer,
        ngram_range=ngram_range,
        lowercase=False,
        token_pattern=TOKEN_PATTERN if analyzer == "word" else None,
    )
    try:
        expected = oracle.fit_transform(texts)
    except ValueError:  # an empty vocabulary
        assert terms == [] and counts.shape == (len(texts), 0)
        return
    assert terms == oracle.get_feature_names_out().tolist()
    assert (counts != expected).nnz == 0
    assert counts.has_sorted_indices


def test_a_vectorizer_learnt_from_counts_is_one_fitted_on_the_texts():
    words = "the vote was fair free fraud rejected by Lee".split()
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(words, size=6)) for _ in range(30)]
    specs = [ViewSpec("sentence", "word", (1, 3), 0.7), ViewSpec("sentence", "char_wb", (2, 5))]
    rows = rng.permutation(30)[:20]
    counted = CountedViews({"sentence": texts}, specs)
    learnt = ViewVectorizer(specs, min_df=2).learn(counted, rows)
    some = [texts[i] for i in rows]
    for spec, vectorizer in zip(specs, learnt.vectorizers_, strict=True):
        oracle = TfidfVectorizer(
            analyzer=spec.analyzer,
            ngram_range=spec.ngram_range,
            token_pattern=TOKEN_PATTERN if spec.analyzer == "word" else None,
            lowercase=False,
            min_df=2,
            sublinear_tf=True,
        ).fit(some)
        assert vectorizer.get_feature_names_out().tolist() == (
            oracle.get_feature_names_out().tolist()
        )
        np.testing.assert_allclose(vectorizer.idf_, oracle.idf_, rtol=1e-15)
        np.testing.assert_allclose(
            vectorizer.transform(texts).toarray(), oracle.transform(texts).toarray(), atol=1e-15
        )
    ours, others = counted.weigh(rows, np.arange(30))
    np.testing.assert_allclose(
        ours.toarray(), learnt.transform({"sentence": some}).toarray(), atol=1e-15
    )
    np.testing.assert_allclose(
        others.toarray(), learnt.transform({"sentence": texts}).toarray(), atol=1e-15
    )


def test_only_equal_columns_are_merged():
    # 0.5 and 2.0 have few bits set, so a careless hash would take the last two for one.
    X = sparse.csr_matrix([[0.5, 0.0, 0.5, 0.5, 2.0], [0.0, 1.0, 0.0, 2.0, 0.5]])
    basis = merge_equal_columns(X)
    assert basis.shape == (5, 4)
    np.testing.assert_allclose((basis.T @ basis).toarray(), np.eye(4), atol=1e-15)
    np.testing.assert_allclose((X @ basis @ basis.T).toarray(), X.toarray(), atol=1e-15)


def test_a_fit_on_merged_columns_is_the_fit_on_all():
    rng = np.random.default_rng(0)
    few = rng.normal(size=(60, 5)) * (rng.random((60, 5)) < 0.5)
    X = sparse.csr_matrix(few[:, [0, 1, 2, 3, 4, 0, 0, 3]])
    y = rng.integers(0, 3, 60)

    def fitted(matrix):
        return LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=500).fit(matrix, y)

    basis = merge_equal_columns(X)
    merged, whole = fitted(X @ basis), fitted(X)
    np.testing.assert_allclose(merged.coef_ @ basis.T, whole.coef_, atol=1e-7)
    np.testing.assert_allclose(merged.intercept_, whole.intercept_, atol=1e-7)
