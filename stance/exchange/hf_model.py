"""Hugging Face: a trained model becomes a folder fit for the hub.

The folder holds the portable file, a skops file of a scikit-learn pipeline whose answers equal the
model's, the names of the classes, the facts of the run and the card. Nothing in it is a pickle, and
the pipeline is of stock types, so that skops loads it without being told to trust anything.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.context import N_CLASSES, center
from stance.counting import TOKEN_PATTERN
from stance.errors import MissingExtraError, ModelError
from stance.features import VIEWS
from stance.files import folder_written_whole
from stance.model import CARD_NAME, METADATA_NAME, read_evaluation, read_metadata
from stance.reading import load
from stance.report.card import UNKNOWN_LICENSE, render_card
from stance.scorer import FILE_NAME, Block, Scorer, save_scorer

if TYPE_CHECKING:
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import Pipeline

PIPELINE_NAME = "model.skops"
CONFIG_NAME = "config.json"


def export_model(
    model_folder: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    license_id: str = UNKNOWN_LICENSE,
) -> list[str]:
    """Write a model as a folder for the hub, whole or not at all.

    Parameters
    ----------
    model_folder : path-like
        A model's folder; of it, nothing is unpickled.
    folder : path-like
        Folder to make or replace.
    license_id : str, default="unknown"
        Under which licence the model may be used, as the hub spells it.

    Returns
    -------
    list of str
        Names of the files written.

    Raises
    ------
    MissingExtraError
        If skops is not installed.
    ModelError
        If there is no model, its answers depend on who speaks, or `folder` is its own.
    StanceError
        If the folder may not be written to.

    Notes
    -----
    The saved evaluation is left out: it quotes held-out sentences. Its figures are in the card.
    """
    try:
        import skops.io
    except ImportError as error:
        raise MissingExtraError("a folder for the hub", "hub") from error
    from zipfile import ZIP_DEFLATED

    if Path(folder).resolve() == Path(model_folder).resolve():
        raise ModelError(f"{folder} is the model's own folder; name another to write.")
    scorer = load(model_folder)
    metadata = read_metadata(model_folder)
    card = render_card(
        metadata,
        read_evaluation(model_folder),
        license_id=license_id,
        pipeline_file=PIPELINE_NAME,
    )
    pipeline = build_stock_pipeline(scorer)
    texts = {
        METADATA_NAME: _to_json(metadata),
        CONFIG_NAME: _to_json(_config(scorer, metadata)),
        CARD_NAME: card,
    }
    with folder_written_whole(folder, (PIPELINE_NAME, FILE_NAME, *texts)) as fresh:
        skops.io.dump(pipeline, fresh / PIPELINE_NAME, compression=ZIP_DEFLATED, compresslevel=6)
        save_scorer(scorer, fresh / FILE_NAME)
        for name, text in texts.items():
            (fresh / name).write_text(text, encoding="utf-8")
    return sorted(path.name for path in Path(folder).iterdir())


def build_stock_pipeline(scorer: Scorer) -> Pipeline:
    """Return a fitted pipeline of scikit-learn's own types that answers as the model does.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Reads a pandas DataFrame with one column for each of `stance.features.VIEWS`, as
        `stance.features.build_view_table` makes them. Its probabilities are those of
        `Scorer.predict_proba` without articles.

    Raises
    ------
    ModelError
        If the model was trained with ``--actor-prior``: its answers are no function of the views.

    Notes
    -----
    Without the rest of the article the second regression is linear in the first's scores, and the
    two are one: coefficients ``A' C W`` and intercept ``A' C b + a`` for the first regression's
    ``W`` and ``b``, the centring ``C`` and the second's ``A`` and ``a``.
    """
    import numpy as np
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    names = [f"{block.view}-{block.analyzer}" for block in scorer.blocks]
    vectorizer = ColumnTransformer(
        [
            (name, FrozenEstimator(_to_vectorizer(block)), block.view)
            for name, block in zip(names, scorer.blocks, strict=True)
        ],
        transformer_weights={
            name: block.weight for name, block in zip(names, scorer.blocks, strict=True)
        },
        sparse_threshold=1.0,
    )
    # The vectorizers are frozen: fitting teaches the columns' names and nothing else.
    vectorizer.fit(pd.DataFrame({view: ["one", "two"] for view in VIEWS}))
    coef, intercept = _one_regression(scorer)
    classifier = LogisticRegression()
    classifier.coef_ = np.ascontiguousarray(coef.T)
    classifier.intercept_ = intercept
    classifier.classes_ = scorer.classes_
    classifier.n_features_in_ = len(coef)
    return Pipeline([("views", vectorizer), ("classifier", classifier)])


def _one_regression(scorer: Scorer) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients, a row a term, and intercept of both regressions in one."""
    import numpy as np

    coef = np.concatenate([block.coef for block in scorer.blocks])
    context = scorer.context
    if context is None:
        return coef, scorer.intercept
    if context.priors is not None or len(context.alone_coef) != N_CLASSES:
        raise ModelError(
            "the model was trained with --actor-prior, so its answers depend on who speaks, which "
            "a pipeline over the views cannot hear; train one without it to export."
        )
    intercept = center(scorer.intercept[None, :])[0] @ context.alone_coef
    return center(coef) @ context.alone_coef, intercept + context.alone_intercept


def _to_vectorizer(block: Block) -> TfidfVectorizer:
    """Return a fitted scikit-learn vectorizer with a block's terms."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=block.analyzer,
        ngram_range=tuple(block.ngram_range),
        token_pattern=TOKEN_PATTERN if block.analyzer == "word" else None,
        lowercase=False,
        sublinear_tf=True,
    )
    vectorizer.idf_ = block.idf
    vectorizer.vocabulary_ = dict(block.index)
    return vectorizer


def _config(scorer: Scorer, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the hub, and those who load from it, ask of a model's classes and files."""
    versions = metadata["versions"]
    return {
        "model_type": "stance",
        "target": scorer.target.name,
        "id2label": {str(i): stance for i, stance in enumerate(scorer.classes)},
        "label2id": {stance: i for i, stance in enumerate(scorer.classes)},
        "sklearn": {
            "columns": list(VIEWS),
            "environment": [f"scikit-learn={versions['scikit-learn']}", "skops", "pandas"],
            "model": {"file": PIPELINE_NAME},
            "model_format": "skops",
            "task": "text-classification",
        },
    }


def _to_json(content: dict[str, Any]) -> str:
    """Return a JSON file's text."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
