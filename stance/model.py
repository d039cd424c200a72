"""The model: a scikit-learn estimator from texts to stances, and its folder on disk.

`StanceClassifier` fits, predicts and is cloned and cross-validated like any estimator. A saved
model is a folder with the estimator, the portable file, the facts of the run, its evaluation and
its card; it is written whole or not at all.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from stance.context import Context, softmax
from stance.coreference import Namer
from stance.cues import STANCES
from stance.detection import Detector
from stance.errors import LabelError, ModelError, StanceError
from stance.features import VIEWS, build_view_table, to_passages
from stance.files import explained_os_errors, folder_written_whole
from stance.intake import read_file
from stance.pipeline import DEFAULT_SPECS, Settings, ViewSpec, build_pipeline
from stance.scorer import FILE_NAME, Block, Scorer, adjust, likeliest, save_scorer
from stance.targets import Target, load_target

JOBLIB_NAME = "model.joblib"
METADATA_NAME = "metadata.json"
EVALUATION_NAME = "evaluation.json"
CARD_NAME = "README.md"
MODEL_FILES = (FILE_NAME, JOBLIB_NAME, METADATA_NAME, EVALUATION_NAME, CARD_NAME)


class StanceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stance of an actor in a sentence, by TF-IDF over masked views and logistic regression.

    Parameters
    ----------
    target : Target, str or path-like, default="belarus-2020"
        What the stance is about; its alias table finds the actors.
    C : float, default=2.0
        Inverse strength of the L2 penalty.
    min_df : int, default=2
        A term counts if at least so many training texts hold it.
    class_weight : {"balanced", None}, default="balanced"
        Whether rare classes weigh more.
    specs : sequence of ViewSpec, default=DEFAULT_SPECS
        The views and their terms.
    random_state : int, default=0
        Seed of the solver.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_classes,)
        The stances found in training, in the order criticizes, neutral, supports.
    pipeline_ : sklearn.pipeline.Pipeline
        The fitted vectorizer and regression.
    target_ : Target
        The target, read.
    context_ : Context
        The regression that judges claims in the light of their article, once it is trained.
    namer_ : Namer
        Of whom pronouns and descriptions mean, once it is trained.
    detector_ : Detector
        The model of who takes part, set by `stance.experiment`; `fit` does not need it.

    See Also
    --------
    stance.scorer.Scorer : The same answers from the portable file, without scikit-learn.

    Notes
    -----
    The actor is masked before anything is learnt, so that the answer does not depend on the name.

    Examples
    --------
    >>> texts = ["Merkel rejected the vote.", "Putin praised the vote."] * 3
    >>> model = StanceClassifier(min_df=1).fit(texts, ["criticizes", "supports"] * 3)
    >>> model.predict(["Macron rejected the vote."]).tolist()
    ['criticizes']
    """

    def __init__(
        self,
        target: Target | str | os.PathLike[str] = "belarus-2020",
        C: float = 2.0,
        min_df: int = 2,
        class_weight: str | None = "balanced",
        specs: Sequence[ViewSpec] = DEFAULT_SPECS,
        random_state: int = 0,
    ) -> None:
        self.target = target
        self.C = C
        self.min_df = min_df
        self.class_weight = class_weight
        self.specs = specs
        self.random_state = random_state

    def fit(
        self, X: Iterable[Any], y: Sequence[str], sample_weight: Sequence[float] | None = None
    ) -> StanceClassifier:
        """Learn from texts and their stances.

        Parameters
        ----------
        X : iterable of str, Passage or Example, length n_texts
            Texts, whose first actor is meant, or texts with their actor marked.
        y : sequence of str, length n_texts
            The stances.
        sample_weight : sequence of float, length n_texts, optional
            Weights of the rows.

        Returns
        -------
        StanceClassifier
            Itself.

        Raises
        ------
        StanceError
            If the lengths differ, a label is unknown, or there is one class only.
        """
        self.target_ = self.target if isinstance(self.target, Target) else load_target(self.target)
        passages = to_passages(X, None, self.target_)
        labels = np.asarray(y).astype(str)
        check_labels(len(passages), labels)
        table = build_view_table(passages, self.target_, VIEWS)
        return self.fit_views(table, labels, sample_weight)

    def fit_views(
        self,
        table: Mapping[str, list[str]],
        y: np.ndarray,
        sample_weight: Sequence[float] | np.ndarray | None = None,
    ) -> StanceClassifier:
        """Learn from views that were built before; `fit` builds them from texts."""
        from threadpoolctl import threadpool_limits

        self._read_target()
        settings = Settings(C=self.C, min_df=self.min_df, class_weight=self.class_weight)
        self.pipeline_ = build_pipeline(settings, self.specs, self.random_state)
        # One thread: sums in a fixed order give the same bytes on every run, and here no slower.
        with threadpool_limits(1):
            self.pipeline_.fit(table, y, classifier__sample_weight=sample_weight)
        self.classes_ = self.pipeline_.classes_
        return self

    def take_fitted(self, vectorizer: Any, classifier: Any) -> StanceClassifier:
        """Become the model of a vectorizer and a regression that were fitted before."""
        self._read_target()
        self.pipeline_ = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
        self.classes_ = self.pipeline_.classes_
        return self

    def decision_function(
        self,
        X: Iterable[Any],
        actors: Sequence[str | None] | None = None,
        *,
        articles: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Return the score of each class before the softmax, shape (n_texts, n_classes)."""
        passages = to_passages(X, actors, self._fitted_target())
        if not passages:
            return np.empty((0, len(self.classes_)))
        scores = self.pipeline_.decision_function(build_view_table(passages, self.target_))
        if scores.ndim == 1:
            # Two classes: scikit-learn gives one column, the log-odds of the second.
            return np.column_stack([-scores / 2, scores / 2])
        return adjust(scores, passages, self.context, articles)

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
        X : iterable of str, Passage or Example, length n_texts
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
        """Return the likeliest stance of each text, shape (n_texts,)."""
        scores = self.decision_function(X, actors, articles=articles)
        return likeliest(self.classes_, scores)

    def to_scorer(self) -> Scorer:
        """Return the model in its portable form.

        Raises
        ------
        StanceError
            If the model knows fewer than the three stances.
        """
        target = self._fitted_target()
        if tuple(self.classes_) != STANCES:
            raise StanceError(
                f"a model must know {', '.join(STANCES)}; this one has seen "
                f"{', '.join(self.classes_)}. Label sentences of the missing class."
            )
        vectorizer = self.pipeline_["vectorizer"]
        classifier = self.pipeline_["classifier"]
        blocks = []
        start = 0
        for spec, fitted in zip(vectorizer.specs_, vectorizer.vectorizers_, strict=True):
            terms = fitted.get_feature_names_out().tolist()
            stop = start + len(terms)
            coef = np.ascontiguousarray(classifier.coef_[:, start:stop].T)
            blocks.append(
                Block(
                    spec.view, spec.analyzer, spec.ngram_range, spec.weight, terms,
                    fitted.idf_, coef,
                )
            )  # fmt: skip
            start = stop
        return Scorer(
            target,
            blocks,
            classifier.intercept_,
            self.classes,
            self.detector,
            self.namer,
            self.context,
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The stances as plain texts, in the order of the columns of `predict_proba`."""
        return tuple(self.classes_.tolist())

    @property
    def context(self) -> Context | None:
        """The regression that judges claims in their article, where there is one."""
        return getattr(self, "context_", None)

    @property
    def namer(self) -> Namer | None:
        """The trained model of whom pronouns mean, where there is one."""
        return getattr(self, "namer_", None)

    @property
    def detector(self) -> Detector | None:
        """The trained model of who takes part, where one was trained along."""
        return getattr(self, "detector_", None)

    def _read_target(self) -> None:
        """Read the target, where that was not done."""
        if not hasattr(self, "target_"):
            self.target_ = (
                self.target if isinstance(self.target, Target) else load_target(self.target)
            )

    def _fitted_target(self) -> Target:
        """Return the target of a fitted model."""
        if not hasattr(self, "pipeline_"):
            raise StanceError("the model is not trained; call fit, or load a trained one.")
        return self.target_


def check_labels(n_texts: int, y: np.ndarray) -> None:
    """Raise for labels that a model cannot be trained on.

    Raises
    ------
    StanceError
        If there are none, not as many as texts, unknown ones, or one class only.
    """
    if n_texts != len(y) or not n_texts:
        raise StanceError(f"{n_texts} texts but {len(y)} labels; give one label for each text.")
    unknown = sorted(set(y.tolist()) - set(STANCES))
    if unknown:
        raise LabelError(f"label {unknown[0]!r} is not one of {', '.join(STANCES)}.")
    if len(set(y.tolist())) < 2:
        raise StanceError(
            f"all {n_texts} labels are {str(y[0])!r}; a model needs at least two classes to tell "
            "apart. Label sentences of the others."
        )


def save_model(
    model: StanceClassifier,
    folder: str | os.PathLike[str],
    metadata: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    card: str,
) -> None:
    """Write a model's folder, whole or not at all.

    Parameters
    ----------
    model : StanceClassifier
        The trained model.
    folder : path-like
        Folder to make or replace.
    metadata : mapping
        The facts of the run, kept as JSON.
    evaluation : mapping
        Its scores, kept as JSON.
    card : str
        Its card, Markdown.

    Raises
    ------
    StanceError
        If the disk is full or the place may not be written to; the old folder stays.
    """
    import joblib

    with folder_written_whole(folder, MODEL_FILES) as fresh:
        joblib.dump(model, fresh / JOBLIB_NAME, compress=3)
        save_scorer(model.to_scorer(), fresh / FILE_NAME)
        for name, content in ((METADATA_NAME, metadata), (EVALUATION_NAME, evaluation)):
            text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
            (fresh / name).write_text(text + "\n", encoding="utf-8")
        (fresh / CARD_NAME).write_text(card, encoding="utf-8")


def load_pickled_model(path: str | os.PathLike[str]) -> StanceClassifier:
    """Load the scikit-learn estimator of a model folder. This executes what the file says.

    Parameters
    ----------
    path : path-like
        A model's folder, or its pickle. Load only files that you made or whose maker you trust.

    Returns
    -------
    StanceClassifier

    Raises
    ------
    ModelError
        If there is none, or it was made by another version of scikit-learn.
    """
    import joblib
    import sklearn
    from sklearn.exceptions import InconsistentVersionWarning

    path = Path(path)
    path = path / JOBLIB_NAME if path.is_dir() else path
    metadata = read_metadata(path.parent)
    made_by = metadata.get("versions", {}).get("scikit-learn")
    if made_by != sklearn.__version__:
        raise ModelError(
            f"{path} was made by scikit-learn {made_by} and this is {sklearn.__version__}; "
            f"use model.stance, which any version reads, or make it anew with: stance train."
        )
    with explained_os_errors("read", path), warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        model = joblib.load(path)
    if not isinstance(model, StanceClassifier):
        raise ModelError(f"{path} holds {type(model).__name__}, not a stance model.")
    return model


def read_metadata(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the facts of a saved model's run.

    Raises
    ------
    ModelError
        If they are missing or damaged.
    """
    return _read_object(Path(folder) / METADATA_NAME)


def read_evaluation(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the scores that were saved with a model.

    Raises
    ------
    ModelError
        If they are missing or damaged.
    """
    return _read_object(Path(folder) / EVALUATION_NAME)


def _read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object of one of a model's files."""
    try:
        if not path.exists():
            raise ModelError(f"no model in {path.parent}; make one with: stance train.")
        content = json.loads(read_file(path).decode("utf-8"))
    except ModelError:
        raise
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged; make the model anew with: stance train.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is damaged; make the model anew with: stance train.")
    return content
