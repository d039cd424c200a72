"""The regression: the optimum that scikit-learn finds, sooner."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from stance.regression import SoftmaxRegression, build_contrasts, fit_path

CLASSES = np.array(["criticizes", "neutral", "supports"])


def make_rows(
    n_rows: int = 120, n_features: int = 40, seed: int = 0
) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Return sparse rows, classes that depend on them, and weights."""
    rng = np.random.default_rng(seed)
    rows = sparse.random(n_rows, n_features, density=0.2, random_state=seed, format="csr")
    pull = rng.normal(size=(n_features, 3))
    codes = (rows @ pull + rng.gumbel(size=(n_rows, 3))).argmax(axis=1)
    codes[:3] = [0, 1, 2]
    return rows, CLASSES[codes], rng.choice([0.25, 1.0, 2.0], size=n_rows)


def fit_by_sklearn(rows, y, weights, strength: float, class_weight) -> LogisticRegression:
    """Return scikit-learn's own fit, far closer to the optimum than it is compared to."""
    model = LogisticRegression(
        C=strength, class_weight=class_weight, solver="newton-cg", tol=1e-12, max_iter=1000
    )
    with warnings.catch_warnings():
        # So near to the optimum its line search has nothing left to gain, and says so.
        warnings.simplefilter("ignore")
        return model.fit(rows, y, weights)


@pytest.mark.parametrize("class_weight", ["balanced", None])
@pytest.mark.parametrize("strength", [0.1, 2.0, 50.0])
def test_coefficients_are_those_of_scikit_learn(strength: float, class_weight: str | None) -> None:
    rows, y, weights = make_rows()
    ours = SoftmaxRegression(C=strength, class_weight=class_weight, tol=1e-9, max_iter=100)
    ours.fit(rows, y, weights)
    theirs = fit_by_sklearn(rows, y, weights, strength, class_weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-6)
    centred = theirs.intercept_ - theirs.intercept_.mean()
    np.testing.assert_allclose(ours.intercept_, centred, atol=2e-6)
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-6)
    assert ours.predict(rows).tolist() == theirs.predict(rows).tolist()


@given(seed=st.integers(0, 10_000), strength=st.floats(0.01, 100.0))
def test_gradient_is_nil_where_it_ends(seed: int, strength: float) -> None:
    rows, y, weights = make_rows(40, 12, seed)
    model = SoftmaxRegression(C=strength, tol=1e-8, max_iter=100).fit(rows, y, weights)
    errors = model.predict_proba(rows) - (y[:, None] == CLASSES)
    costs = strength * weights[:, None] * errors
    gradient = (rows.T @ costs).T + model.coef_
    scale = strength * weights.sum()
    assert np.abs(gradient).max() <= 2e-8 * scale
    assert np.abs(costs.sum(axis=0)).max() <= 2e-8 * scale


def test_dense_rows_are_fitted_like_sparse_ones() -> None:
    rows, y, weights = make_rows()
    sparsely = SoftmaxRegression(tol=1e-9).fit(rows, y, weights)
    densely = SoftmaxRegression(tol=1e-9).fit(rows.toarray(), y, weights)
    np.testing.assert_allclose(densely.coef_, sparsely.coef_, atol=1e-9)


@pytest.mark.parametrize("class_weight", ["balanced", None])
@pytest.mark.parametrize("strength", [0.1, 2.0, 50.0])
def test_two_classes_have_one_row_as_in_scikit_learn(
    strength: float, class_weight: str | None
) -> None:
    rows, y, weights = make_rows()
    two = y != "neutral"
    rows, y, weights = rows[two], y[two], weights[two]
    ours = SoftmaxRegression(C=strength, class_weight=class_weight, tol=1e-9, max_iter=100)
    ours.fit(rows, y, weights)
    theirs = fit_by_sklearn(rows, y, weights, strength, class_weight)
    assert ours.coef_.shape == (1, 40)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=2e-6)
    again = SoftmaxRegression(C=strength, class_weight=class_weight, tol=1e-6, warm_start=True)
    again.coef_, again.intercept_ = ours.coef_, ours.intercept_
    assert again.fit(rows, y, weights).n_iter_[0] == 0


def test_one_class_is_refused() -> None:
    rows, _, _ = make_rows()
    with pytest.raises(ValueError, match="class"):
        SoftmaxRegression().fit(rows, np.full(120, "neutral"))


def test_weights_of_two_equal_doubling_the_rows() -> None:
    rows, y, _ = make_rows()
    weighted = SoftmaxRegression(tol=1e-9).fit(rows, y, np.full(120, 2.0))
    doubled = SoftmaxRegression(tol=1e-9).fit(sparse.vstack([rows, rows]), np.tile(y, 2))
    np.testing.assert_allclose(weighted.coef_, doubled.coef_, atol=1e-7)


def test_same_rows_give_the_same_bytes() -> None:
    rows, y, weights = make_rows()
    first, second = (SoftmaxRegression().fit(rows, y, weights).coef_ for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_path_ends_where_each_fit_alone_would() -> None:
    rows, y, weights = make_rows()
    strengths = (0.5, 1.0, 2.0, 8.0)
    path = fit_path(SoftmaxRegression(tol=1e-9), strengths, rows, y, weights)
    for strength, (coef, intercept) in zip(strengths, path, strict=True):
        alone = SoftmaxRegression(C=strength, tol=1e-9).fit(rows, y, weights)
        np.testing.assert_allclose(coef, alone.coef_, atol=1e-6)
        np.testing.assert_allclose(intercept, alone.intercept_, atol=1e-6)


def test_path_begins_later_fits_near_their_end() -> None:
    rows, y, weights = make_rows(400, 200)
    classifier = SoftmaxRegression(tol=1e-6)
    fit_path(classifier, (1.0, 1.1, 1.21), rows, y, weights)
    alone = SoftmaxRegression(C=1.21, tol=1e-6).fit(rows, y, weights)
    assert classifier.n_iter_[0] < alone.n_iter_[0]


def test_stopping_early_is_said() -> None:
    rows, y, weights = make_rows()
    with pytest.warns(ConvergenceWarning, match="after 1 steps"):
        SoftmaxRegression(C=50.0, tol=1e-9, max_iter=1).fit(rows, y, weights)


def test_a_tolerance_out_of_reach_ends() -> None:
    rows, y, weights = make_rows()
    model = SoftmaxRegression(tol=0.0, max_iter=1000).fit(rows, y, weights)
    assert model.n_iter_[0] < 100


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_contrasts_are_orthonormal_and_blind_to_what_classes_share(n_classes: int) -> None:
    contrasts = build_contrasts(n_classes)
    np.testing.assert_allclose(contrasts @ contrasts.T, np.eye(n_classes - 1), atol=1e-15)
    np.testing.assert_allclose(contrasts.sum(axis=1), 0, atol=1e-15)
