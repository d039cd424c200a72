"""The regression: weighted rows and their classes become coefficients, to the optimum.

scikit-learn's `LogisticRegression` with a solver of its own. The objective is the same; what
differs is how it is minimized.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight

# How exactly each Newton step is solved, beside the square root of the gradient: at 1 the steps
# are fewer and dearer, at 10 the last one stops short of what its tolerance promises.
_FORCING = 3.0
_LONGEST_STEP = 500
_SUFFICIENT_DECREASE = 1e-4
_SHORTEST = 1e-8


@dataclass
class _Point:
    """Where the search stands.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_contrasts, n_features)
        Coefficients of the contrasts between classes.
    intercept : ndarray of float64, shape (n_contrasts,)
        Their intercepts.
    """

    weights: np.ndarray
    intercept: np.ndarray

    def moved(self, step: _Point, length: float) -> _Point:
        """Return the point that far along a step."""
        return _Point(
            self.weights + length * step.weights, self.intercept + length * step.intercept
        )

    def dot(self, other: _Point) -> float:
        """Return the inner product."""
        return float(np.vdot(self.weights, other.weights) + self.intercept @ other.intercept)


class SoftmaxRegression(LogisticRegression):  # type: ignore[misc]
    """Multinomial logistic regression with an L2 penalty, for sparse rows of text.

    Parameters and attributes are those of `sklearn.linear_model.LogisticRegression`, of which
    ``C``, ``class_weight``, ``tol``, ``max_iter`` and ``warm_start`` are heeded: ``fit`` minimizes
    the same objective otherwise.

    Notes
    -----
    Newton's method, each step solved by conjugate gradients as far as the gradient's size asks for
    [1]_, with backtracking. Adding the same to the scores of every class changes no probability,
    and at the optimum the coefficients of a term add up to 0 over the classes; so the search runs
    over ``n_classes - 1`` orthonormal contrasts, whose penalty is the same. Each is multiplied with
    the rows by itself: SciPy's product of a sparse matrix with a narrow dense one takes twice as
    long as as many products with vectors.

    References
    ----------
    .. [1] Nocedal, J., & Wright, S. J. (2006). Numerical optimization, 2nd ed., chapter 7.1.

    Examples
    --------
    >>> rows = np.eye(3)[[0, 1, 2, 0]]
    >>> SoftmaxRegression(C=5.0).fit(rows, ["a", "b", "c", "a"]).predict(np.eye(3)).tolist()
    ['a', 'b', 'c']
    """

    coef_: np.ndarray
    intercept_: np.ndarray

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SoftmaxRegression:
        """Find the coefficients.

        Parameters
        ----------
        X : ndarray or sparse matrix of float64, shape (n_rows, n_features)
            The rows.
        y : array-like of str, shape (n_rows,)
            Their classes.
        sample_weight : array-like of float64, shape (n_rows,), optional
            How much each row counts; 1 by default.

        Returns
        -------
        SoftmaxRegression
            Itself.

        Warns
        -----
        ConvergenceWarning
            If the tolerance was not reached in ``max_iter`` steps.
        """
        classes, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(classes) < 2:
            super().fit(X, y, sample_weight)  # says what is wrong
        is_binary = len(classes) == 2
        weights = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight)
        by_class = compute_class_weight(
            self.class_weight, classes=classes, y=np.asarray(y), sample_weight=weights
        )
        contrasts = build_contrasts(len(classes))
        # Of two classes scikit-learn has the coefficients of the second less those of the first,
        # and their penalty is twice that of the contrast.
        strength = self.C / 2 if is_binary else self.C
        search = _Search(X, codes, strength * weights * by_class[codes], contrasts)
        start = None
        if self.warm_start and hasattr(self, "coef_"):
            coef, intercept = self.coef_, self.intercept_
            if is_binary:
                coef = np.concatenate([-coef / 2, coef / 2])
                intercept = np.concatenate([-intercept / 2, intercept / 2])
            start = _Point(contrasts @ coef, contrasts @ intercept)
        point, n_iter = search.run(start, self.tol, self.max_iter)
        self.classes_ = classes
        self.coef_ = contrasts.T @ point.weights
        self.intercept_ = contrasts.T @ point.intercept
        if is_binary:
            self.coef_ = self.coef_[1:] - self.coef_[:1]
            self.intercept_ = self.intercept_[1:] - self.intercept_[:1]
        self.n_iter_ = np.array([n_iter], dtype=np.int32)
        self.n_features_in_ = self.coef_.shape[1]
        return self


def build_contrasts(n_classes: int) -> np.ndarray:
    """Return orthonormal contrasts between classes.

    Parameters
    ----------
    n_classes : int
        How many, at least 2.

    Returns
    -------
    ndarray of float64, shape (n_classes - 1, n_classes)
        Each row adds up to 0.

    Notes
    -----
    Row ``k`` sets the mean of the first ``k + 1`` classes against the one after them (Helmert's).

    Examples
    --------
    >>> np.allclose(build_contrasts(2), [[0.5**0.5, -(0.5**0.5)]])
    True
    """
    contrasts = np.zeros((n_classes - 1, n_classes))
    for k in range(n_classes - 1):
        contrasts[k, : k + 1] = 1.0
        contrasts[k, k + 1] = -(k + 1.0)
        contrasts[k] /= np.sqrt((k + 1.0) * (k + 2.0))
    return contrasts


def fit_path(
    classifier: SoftmaxRegression,
    strengths: Sequence[float],
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fit the same rows with one strength of the penalty after the other.

    Parameters
    ----------
    classifier : SoftmaxRegression
        The settings; left as fitted with the last strength.
    strengths : sequence of float
        Values of ``C``.
    X : ndarray or sparse matrix of float64, shape (n_rows, n_features)
        The rows.
    y : ndarray of str, shape (n_rows,)
        Their classes.
    sample_weight : ndarray of float64, shape (n_rows,)
        How much each row counts.

    Returns
    -------
    list of (coef, intercept)
        For each strength the coefficients, shape (n_classes, n_features), and the intercepts; with
        two classes as scikit-learn has them, of one row.

    Notes
    -----
    Each fit begins where the coefficients of the two before it point to, as they change smoothly
    with the logarithm of the strength. Where a fit ends does not depend on that by more than the
    tolerance.
    """
    path: list[tuple[np.ndarray, np.ndarray]] = []
    for number, strength in enumerate(strengths):
        classifier.set_params(C=strength, warm_start=True)
        if number >= 2:
            ahead = np.log(strength / strengths[number - 1])
            behind = np.log(strengths[number - 1] / strengths[number - 2])
            (coef_0, intercept_0), (coef_1, intercept_1) = path[-2:]
            classifier.coef_ = coef_1 + (ahead / behind) * (coef_1 - coef_0)
            classifier.intercept_ = intercept_1 + (ahead / behind) * (intercept_1 - intercept_0)
        classifier.fit(X, y, sample_weight)
        path.append((classifier.coef_.copy(), classifier.intercept_.copy()))
    return path


class _Search:
    """Newton's method on one set of rows.

    Parameters
    ----------
    X : ndarray or sparse matrix of float64, shape (n_rows, n_features)
        The rows.
    codes : ndarray of int, shape (n_rows,)
        The number of each row's class.
    costs : ndarray of float64, shape (n_rows,)
        What an error in each row costs: its weight, that of its class, and ``C``.
    contrasts : ndarray of float64, shape (n_contrasts, n_classes)
        What is searched over.
    """

    def __init__(self, X: Any, codes: np.ndarray, costs: np.ndarray, contrasts: np.ndarray) -> None:
        self.X = sparse.csr_matrix(X) if sparse.issparse(X) else np.asarray(X, dtype=np.float64)
        self.codes, self.costs, self.contrasts = codes, costs, contrasts
        self.actual = np.eye(contrasts.shape[1])[:, codes]

    def run(self, start: _Point | None, tol: float, max_iter: int) -> tuple[_Point, int]:
        """Return the optimum and how many steps it took."""
        n_contrasts = len(self.contrasts)
        point = start or _Point(np.zeros((n_contrasts, self.X.shape[1])), np.zeros(n_contrasts))
        product = self._times_rows(point.weights)
        loss, probabilities = self._loss(point, product)
        earlier = (np.inf, np.inf)
        for n_iter in range(max_iter):
            gradient = self._gradient(point, probabilities)
            # As scikit-learn has it: the largest component, of the mean over the rows' costs.
            size = self._largest(gradient) / self.costs.sum()
            if size <= tol or (loss >= earlier[0] and size >= earlier[1]):
                # Good enough, or as near as the loss and its gradient can be told from rounding.
                return point, n_iter
            earlier = (loss, size)
            step, along = self._solve(gradient, probabilities, min(0.5, _FORCING * size**0.5))
            slope = gradient.dot(step)
            length = 1.0
            while True:
                moved, reached = point.moved(step, length), product + length * along
                next_loss, next_probabilities = self._loss(moved, reached)
                if next_loss <= loss + _SUFFICIENT_DECREASE * length * slope:
                    break
                length /= 2
                if length < _SHORTEST:
                    return point, n_iter
            point, product, loss, probabilities = moved, reached, next_loss, next_probabilities
        warnings.warn(
            f"the regression is not at its optimum after {max_iter} steps.",
            ConvergenceWarning,
            stacklevel=3,
        )
        return point, max_iter

    def _times_rows(self, weights: np.ndarray) -> np.ndarray:
        """Return the product of the rows with each contrast, shape (n_contrasts, n_rows)."""
        return np.stack([self.X @ one for one in weights])

    def _times_columns(self, rows: np.ndarray) -> np.ndarray:
        """Return the product of the columns with each contrast, shape (n_contrasts, n_features)."""
        return np.stack([self.X.T @ one for one in rows])

    def _loss(self, point: _Point, product: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the objective and the probabilities, shape (n_classes, n_rows)."""
        scores = self.contrasts.T @ (product + point.intercept[:, None])
        highest = scores.max(axis=0)
        exponentials = np.exp(scores - highest)
        total = exponentials.sum(axis=0)
        right = scores[self.codes, np.arange(len(self.codes))]
        losses = np.log(total) + highest - right
        penalty = 0.5 * float(np.vdot(point.weights, point.weights))
        return float(self.costs @ losses) + penalty, exponentials / total

    def _gradient(self, point: _Point, probabilities: np.ndarray) -> _Point:
        """Return the gradient of the objective."""
        errors = self.costs * (self.contrasts @ (probabilities - self.actual))
        return _Point(self._times_columns(errors) + point.weights, errors.sum(axis=1))

    def _largest(self, gradient: _Point) -> float:
        """Return the largest component of a gradient, in the coefficients of the classes."""
        return max(
            float(np.abs(self.contrasts.T @ part).max(initial=0.0))
            for part in (gradient.weights, gradient.intercept)
        )

    def _curvature(self, probabilities: np.ndarray) -> np.ndarray:
        """Return each row's second derivatives, shape (n_contrasts, n_contrasts, n_rows)."""
        means = self.contrasts @ probabilities
        squares = np.einsum("ak,bk,kn->abn", self.contrasts, self.contrasts, probabilities)
        return np.asarray(self.costs * (squares - means[:, None] * means[None, :]))

    def _solve(
        self, gradient: _Point, probabilities: np.ndarray, exactness: float
    ) -> tuple[_Point, np.ndarray]:
        """Return the Newton step, and its product with the rows, by conjugate gradients."""
        curvature = self._curvature(probabilities)
        step = _Point(np.zeros_like(gradient.weights), np.zeros_like(gradient.intercept))
        along = np.zeros((len(self.contrasts), len(self.codes)))
        left = _Point(-gradient.weights, -gradient.intercept)
        towards = _Point(left.weights.copy(), left.intercept.copy())
        size = left.dot(left)
        enough = exactness**2 * size
        for _ in range(_LONGEST_STEP):
            product = self._times_rows(towards.weights)
            bent = np.einsum("abn,bn->an", curvature, product + towards.intercept[:, None])
            image = _Point(self._times_columns(bent) + towards.weights, bent.sum(axis=1))
            length = size / towards.dot(image)
            step = step.moved(towards, length)
            along += length * product
            left = left.moved(image, -length)
            before, size = size, left.dot(left)
            if size <= enough:
                break
            towards = left.moved(towards, size / before)
        return step, along
