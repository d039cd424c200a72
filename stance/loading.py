"""Loading: the path of a model enters, and the model leaves, by the way that the path names.

A folder and a portable file are read without executing anything. The pickle of the scikit-learn
estimator is loaded only where its own path is given, with a warning that says what that means.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from stance import reading
from stance.errors import ModelError
from stance.scorer import FILE_NAME, Scorer

if TYPE_CHECKING:
    from stance.model import StanceClassifier

PICKLE_SUFFIX = ".joblib"


def load(path: str | os.PathLike[str] | None = None) -> Scorer | StanceClassifier:
    """Load a trained model.

    Parameters
    ----------
    path : path-like, optional
        A model's folder or its ``model.stance``; ``models/stance`` by default. Nothing in them is
        executed, and scikit-learn is not needed. Or a ``model.joblib``, which holds the
        scikit-learn estimator: loading it executes what the file says.

    Returns
    -------
    Scorer or StanceClassifier
        The estimator only for a ``model.joblib``.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged; the message says which command makes one.

    Warns
    -----
    UserWarning
        For a ``model.joblib``.
    """
    if path is None or Path(path).suffix != PICKLE_SUFFIX or Path(path).is_dir():
        return reading.load(path)
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"no model at {path}; make one with: stance train.")
    warnings.warn(
        f"{path} is a pickle: loading it runs whatever code its maker put there. Load it only if "
        f"you made it or trust who did; {path.with_name(FILE_NAME)} gives the same answers and "
        "runs nothing.",
        stacklevel=2,
    )
    from stance.model import load_pickled_model

    return load_pickled_model(path)
