"""Train, evaluate and use models of who takes which side in the news.

The public names, each loaded on first use, so that importing this costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.articles import Article, Sentence, read_article, read_articles, split_sentences
    from stance.bulk.running import score_file
    from stance.errors import StanceError
    from stance.evaluation import accuracy_by_actor
    from stance.examples import Example, read_labels, write_labels
    from stance.experiment import run_table_experiment
    from stance.features import Passage
    from stance.labeling import label_articles
    from stance.labelled import read_labelled_table
    from stance.loading import load
    from stance.model import StanceClassifier
    from stance.reading import Claim, read
    from stance.scorer import Scorer
    from stance.targets import Target, load_target
    from stance.training import train_model

__version__ = "0.1.0"

_HOMES = {
    "Article": "articles",
    "Claim": "reading",
    "Example": "examples",
    "Passage": "features",
    "Scorer": "scorer",
    "Sentence": "articles",
    "StanceClassifier": "model",
    "StanceError": "errors",
    "Target": "targets",
    "accuracy_by_actor": "evaluation",
    "label_articles": "labeling",
    "load": "loading",
    "load_target": "targets",
    "read": "reading",
    "read_article": "articles",
    "read_articles": "articles",
    "read_labelled_table": "labelled",
    "read_labels": "examples",
    "run_table_experiment": "experiment",
    "score_file": "bulk.running",
    "split_sentences": "articles",
    "train_model": "training",
    "write_labels": "examples",
}

__all__ = [
    "Article",
    "Claim",
    "Example",
    "Passage",
    "Scorer",
    "Sentence",
    "StanceClassifier",
    "StanceError",
    "Target",
    "accuracy_by_actor",
    "label_articles",
    "load",
    "load_target",
    "read",
    "read_article",
    "read_articles",
    "read_labelled_table",
    "read_labels",
    "run_table_experiment",
    "score_file",
    "split_sentences",
    "train_model",
    "write_labels",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'stance' has no attribute {name!r}")
    value = getattr(import_module(f"stance.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *_HOMES])
