"""The portable model: one file that holds everything, and its reader.

Texts enter, probabilities leave, equal to those of the scikit-learn pipeline. The reader needs
numpy and the standard library; nothing in the file can be executed. docs/model-format.md tells
another program how to read it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.batch import Batch, is_worthwhile
from stance.context import N_CLASSES, N_FEATURES, Context, Place, softmax
from stance.coreference import Namer
from stance.cues import STANCES
from stance.detection import Detector
from stance.errors import ModelError, StanceError, TargetError
from stance.features import VIEWS, Passage, build_views, list_items, to_passages
from stance.files import explained_os_errors, write_whole
from stance.targets import Target, parse_target

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"stance model\n"
FORMAT_VERSION = 3
CONTEXT_ARRAYS = ("coef", "intercept", "alone_coef", "alone_intercept")
FILE_NAME = "model.stance"
ANALYZERS = ("word", "char_wb")

_WORD = re.compile(r"(?u)\b\w+\b")
_ALIGNMENT = 64
_CACHED_WORDS = 200_000


@dataclass
class Block:
    """One TF-IDF vectorizer over one view, with its part of the regression's coefficients.

    Parameters
    ----------
    view : str
        Which of `stance.features.VIEWS` it reads.
    analyzer : {"word", "char_wb"}
        What its terms are: n-grams of words, or of characters within a word and its margins.
    ngram_range : (int, int)
        Shortest and longest n-gram, both included.
    weight : float
        Factor on the vector after it was brought to unit length.
    terms : list of str, length n_terms
        The vocabulary, sorted.
    idf : ndarray of float64, shape (n_terms,)
        Inverse document frequencies.
    coef : ndarray of float64, shape (n_terms, n_classes)
        Coefficients of the logistic regression.
    """

    view: str
    analyzer: str
    ngram_range: tuple[int, int]
    weight: float
    terms: list[str]
    idf: np.ndarray
    coef: np.ndarray
    index: dict[str, int] = field(default_factory=dict, repr=False)
    cache: dict[str, list[int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Index the vocabulary."""
        self.index = {term: i for i, term in enumerate(self.terms)}

    def count(self, text: str) -> Counter[int]:
        """Return how often each known term occurs in `text`, by its number."""
        if self.analyzer == "word":
            return Counter(self._word_ids(_WORD.findall(text)))
        ids: list[int] = []
        for word in text.split():
            found = self.cache.get(word)
            if found is None:
                found = self._char_ids(word)
                if len(self.cache) < _CACHED_WORDS:
                    self.cache[word] = found
            ids += found
        return Counter(ids)

    def _word_ids(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of the known word n-grams."""
        index = self.index
        low, high = self.ngram_range
        ids = []
        for n in range(low, high + 1):
            for i in range(len(words) - n + 1):
                found = index.get(" ".join(words[i : i + n]) if n > 1 else words[i])
                if found is not None:
                    ids.append(found)
        return ids

    def _char_ids(self, word: str) -> list[int]:
        """Return the numbers of the known n-grams of one word with a space at either end.

        They never cross a word, so a word's numbers can be kept and used again.
        """
        index = self.index
        padded = f" {word} "
        low, high = self.ngram_range
        ids = []
        for n in range(low, high + 1):
            for i in range(max(1, len(padded) - n + 1)):
                found = index.get(padded[i : i + n])
                if found is not None:
                    ids.append(found)
            if n >= len(padded):
                break  # a short word counts once, as in scikit-learn
        return ids

    def vector(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the known terms of `text` and their weights.

        Returns
        -------
        ids : ndarray of int64, shape (n_known,)
            Numbers of the terms, ascending.
        values : ndarray of float64, shape (n_known,)
            ``weight * tfidf`` with sublinear counts and unit length.
        """
        import numpy as np

        counts = sorted(self.count(text).items())
        ids = np.array([term for term, _ in counts], dtype=np.int64)
        counted = np.array([count for _, count in counts], dtype=np.float64)
        values = (np.log(counted) + 1.0) * self.idf[ids]
        norm = math.sqrt(float(values @ values))
        return ids, values * (self.weight / norm) if norm > 0 else values


@dataclass
class Scorer:
    """A trained model, read from its portable file.

    Parameters
    ----------
    target : Target
        What it was trained on; finds the actors.
    blocks : list of Block
        The vectorizers with their coefficients.
    intercept : ndarray of float64, shape (n_classes,)
        The regression's intercepts.
    classes : tuple of str
        The stances, in the order of the columns.
    detector : Detector, optional
        The trained model of who takes part.
    namer : Namer, optional
        The trained model of whom pronouns and descriptions mean.
    context : Context, optional
        The second regression, which calibrates and judges claims in the light of their article.
    """

    target: Target
    blocks: list[Block]
    intercept: np.ndarray
    classes: tuple[str, ...] = STANCES
    detector: Detector | None = None
    namer: Namer | None = None
    context: Context | None = None

    @property
    def target_(self) -> Target:
        """What the model was trained on, under the name that scikit-learn's habit gives it."""
        return self.target

    @property
    def classes_(self) -> np.ndarray:
        """The stances, in the order of the columns of `predict_proba`."""
        import numpy as np

        return np.array(self.classes)

    def decision_function(
        self,
        X: Iterable[Any],
        actors: Sequence[str | None] | None = None,
        *,
        articles: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Return the score of each class before the softmax.

        Parameters
        ----------
        X : iterable of str or Passage, length n_texts
            Texts, or texts with their actor marked.
        actors : sequence of str or None, length n_texts, optional
            Whose stance is asked for in each text; without it, its first actor's.
        articles : sequence of str, length n_texts, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        ndarray of float64, shape (n_texts, n_classes)
        """
        import numpy as np

        items = list_items(X, actors)
        if is_worthwhile(len(items)):
            passages, scores = self._batch.score_items(items, actors, self.target)
            return adjust(scores, passages, self.context, articles)
        passages = to_passages(items, actors, self.target)
        scores = np.tile(self.intercept, (len(passages), 1))
        for row, passage in enumerate(passages):
            views = build_views(passage, self.target)
            for block in self.blocks:
                ids, values = block.vector(views[block.view])
                scores[row] += values @ block.coef[ids]
        return adjust(scores, passages, self.context, articles)

    @cached_property
    def _batch(self) -> Batch:
        """The blocks, made ready for many passages."""
        return Batch(self.blocks, self.intercept)

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
        X : iterable of str or Passage, length n_texts
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
        """Return the likeliest stance of each text.

        Parameters
        ----------
        X : iterable of str or Passage, length n_texts
            Texts, or texts with their actor marked.
        actors : sequence of str or None, length n_texts, optional
            Whose stance is asked for in each text; without it, its first actor's.
        articles : sequence of str, length n_texts, optional
            The article of each: claims of one are judged in each other's light.

        Returns
        -------
        ndarray of str, shape (n_texts,)
        """
        return likeliest(self.classes_, self.decision_function(X, actors, articles=articles))


def adjust(
    scores: np.ndarray,
    passages: Sequence[Passage],
    context: Context | None,
    articles: Sequence[str] | None,
) -> np.ndarray:
    """Return the scores of passages as the second regression, where there is one, sees them.

    Parameters
    ----------
    scores : ndarray of float64, shape (n_passages, 3)
        What the words of each say, before the softmax.
    passages : sequence of Passage, length n_passages
        What was asked.
    context : Context or None
        The second regression.
    articles : sequence of str or None, length n_passages
        The article of each; None judges each alone.

    Returns
    -------
    ndarray of float64, shape (n_passages, 3)

    Raises
    ------
    StanceError
        If there are not as many articles as passages.
    """
    if articles is not None and len(articles) != len(passages):
        raise StanceError(
            f"{len(passages)} texts but {len(articles)} articles; give one article for each text."
        )
    if context is None:
        return scores
    places = [
        Place(articles[i] if articles is not None else "", passage.sentence, passage.canonical)
        for i, passage in enumerate(passages)
    ]
    return context.adjust(scores, places, alone=articles is None)


def likeliest(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the class with the highest score in each row."""
    import numpy as np

    return np.asarray(classes[np.argmax(scores, axis=1)])


def save_scorer(scorer: Scorer, path: str | os.PathLike[str]) -> None:
    """Write a model to its portable file, whole or not at all.

    Parameters
    ----------
    scorer : Scorer
        The model.
    path : path-like
        File to write. The same model gives the same bytes.
    """
    write_whole(path, dump_scorer(scorer))


def dump_scorer(scorer: Scorer) -> bytes:
    """Return the bytes of a model's portable file."""
    import numpy as np

    arrays: dict[str, bytes] = {"intercept": _floats(scorer.intercept)}
    blocks = []
    for number, block in enumerate(scorer.blocks):
        arrays[f"{number}.terms"] = "\n".join(block.terms).encode("utf-8")
        arrays[f"{number}.idf"] = _floats(block.idf)
        arrays[f"{number}.coef"] = _floats(np.ascontiguousarray(block.coef))
        blocks.append(
            {
                "view": block.view,
                "analyzer": block.analyzer,
                "ngram_range": list(block.ngram_range),
                "weight": block.weight,
                "n_terms": len(block.terms),
            }
        )
    detector = None
    if scorer.detector is not None:
        names = sorted(scorer.detector.weights)
        arrays["detector.features"] = "\n".join(names).encode("utf-8")
        weights = [scorer.detector.weights[name] for name in names]
        arrays["detector.weights"] = _floats(np.array(weights))
        detector = {
            "intercept": scorer.detector.intercept,
            "threshold": scorer.detector.threshold,
            "n_features": len(names),
        }
    namer = None
    if scorer.namer is not None:
        names = sorted(scorer.namer.weights)
        arrays["namer.features"] = "\n".join(names).encode("utf-8")
        arrays["namer.weights"] = _floats(np.array([scorer.namer.weights[n] for n in names]))
        namer = {"n_features": len(names), "usual": scorer.namer.usual}
    words: dict[str, list[str]] = {}
    for word, category in sorted(scorer.target.categories.items()):
        words.setdefault(category, []).append(word)
    if scorer.context is not None:
        for name in CONTEXT_ARRAYS:
            arrays[f"context.{name}"] = _floats(getattr(scorer.context, name))
    places: dict[str, list[int]] = {}
    body = bytearray()
    for name, data in arrays.items():
        body.extend(bytes(-len(body) % _ALIGNMENT))
        places[name] = [len(body), len(data)]
        body.extend(data)
    header = json.dumps(
        {
            "format": FORMAT_VERSION,
            "classes": list(scorer.classes),
            "blocks": blocks,
            "detector": detector,
            "namer": namer,
            "context": None
            if scorer.context is None
            else {"priors": scorer.context.priors and dict(scorer.context.priors)},
            "arrays": places,
            "sha256": hashlib.sha256(body).hexdigest(),
            "target": scorer.target.source,
            "dictionary": {category: " ".join(words[category]) for category in sorted(words)},
        },
        ensure_ascii=False,
        sort_keys=True,
    ).encode("utf-8")
    head = MAGIC + len(header).to_bytes(8, "little") + header
    return head + bytes(-len(head) % _ALIGNMENT) + bytes(body)


def _floats(array: np.ndarray) -> bytes:
    """Return an array as little-endian float64."""
    return array.astype("<f8").tobytes()


def load_scorer(path: str | os.PathLike[str]) -> Scorer:
    """Read a model from its portable file. Nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Scorer

    Raises
    ------
    ModelError
        If it is no such file, of another format version, or damaged.
    """
    path = Path(path)
    with explained_os_errors("read", path):
        data = path.read_bytes()
    try:
        return _parse(data)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        reason = str(error) if isinstance(error, ModelError) else f"damaged ({error})"
        raise ModelError(f"{path} is {reason}; make it anew with: stance train.") from error


def _parse(data: bytes) -> Scorer:
    """Check the bytes of a file and build the model from them."""
    if not data.startswith(MAGIC):
        raise ModelError("no stance model")
    start = len(MAGIC) + 8
    size = int.from_bytes(data[len(MAGIC) : start], "little")
    if size > len(data) - start:
        raise ModelError("cut short")
    header = json.loads(data[start : start + size])
    if header.get("format") != FORMAT_VERSION:
        raise ModelError(
            f"of format {header.get('format')!r}, and this version reads {FORMAT_VERSION}"
        )
    body = memoryview(data)[start + size + (-(start + size) % _ALIGNMENT) :]
    if hashlib.sha256(body).hexdigest() != header["sha256"]:
        raise ModelError("damaged (its checksum does not match)")
    classes = tuple(header["classes"])
    if classes != STANCES:
        raise ModelError(f"damaged (its classes are {classes})")
    blocks = [_parse_block(header, number, body) for number in range(len(header["blocks"]))]
    try:
        target = parse_target(header["target"], "its target")
        target = replace(target, dictionary=_parse_dictionary(header["dictionary"]))
    except TargetError as error:
        raise ModelError(f"damaged ({error})") from error
    intercept = _array(header, "intercept", body, (len(classes),))
    return Scorer(
        target,
        blocks,
        intercept,
        classes,
        _parse_detector(header, body),
        _parse_namer(header, body),
        _parse_context(header, body),
    )


def _parse_dictionary(categories: Mapping[str, str]) -> dict[str, str]:
    """Return the category of each word."""
    forms = {word: category for category in categories for word in categories[category].split()}
    if len(forms) != sum(len(words.split()) for words in categories.values()):
        raise ModelError("damaged (its dictionary)")
    return forms


def _parse_detector(header: Mapping[str, Any], body: memoryview) -> Detector | None:
    """Build the detector, where the file has one."""
    entry = header["detector"]
    if entry is None:
        return None
    names = str(_slice(header, "detector.features", body), "utf-8").split("\n")
    if len(names) != entry["n_features"] or len(set(names)) != len(names):
        raise ModelError("damaged (the features of its detector)")
    intercept, threshold = float(entry["intercept"]), float(entry["threshold"])
    if not (math.isfinite(intercept) and 0 < threshold < 1):
        raise ModelError("damaged (the numbers of its detector)")
    weights = _array(header, "detector.weights", body, (len(names),)).tolist()
    return Detector(dict(zip(names, weights, strict=True)), intercept, threshold)


def _parse_namer(header: Mapping[str, Any], body: memoryview) -> Namer | None:
    """Build the namer, where the file has one."""
    entry = header["namer"]
    if entry is None:
        return None
    names = str(_slice(header, "namer.features", body), "utf-8").split("\n")
    if len(names) != entry["n_features"]:
        raise ModelError("damaged (the features of its namer)")
    usual = {
        str(text): {str(name): float(share) for name, share in meant.items()}
        for text, meant in entry["usual"].items()
    }
    if not all(0 < share <= 1 for meant in usual.values() for share in meant.values()):
        raise ModelError("damaged (the shares of its namer)")
    weights = _array(header, "namer.weights", body, (len(names),)).tolist()
    return Namer(dict(zip(names, weights, strict=True)), usual)


def _parse_context(header: Mapping[str, Any], body: memoryview) -> Context | None:
    """Build the second regression, where the file has one."""
    entry = header["context"]
    if entry is None:
        return None
    priors = entry["priors"]
    if priors is not None:
        for counts in priors.values():
            if len(counts) != N_CLASSES or not all(0 <= count < math.inf for count in counts):
                raise ModelError("damaged (the priors of its context)")
    more = 0 if priors is None else N_CLASSES
    shapes = {
        "coef": (N_FEATURES + more, N_CLASSES),
        "intercept": (N_CLASSES,),
        "alone_coef": (N_CLASSES + more, N_CLASSES),
        "alone_intercept": (N_CLASSES,),
    }
    arrays = {name: _array(header, f"context.{name}", body, shapes[name]) for name in shapes}
    return Context(**arrays, priors=priors)


def _parse_block(header: Mapping[str, Any], number: int, body: memoryview) -> Block:
    """Build one block."""
    entry = header["blocks"][number]
    low, high = (int(n) for n in entry["ngram_range"])
    if entry["view"] not in VIEWS or entry["analyzer"] not in ANALYZERS or not 0 < low <= high < 20:
        raise ModelError(f"damaged (block {number})")
    terms = str(_slice(header, f"{number}.terms", body), "utf-8").split("\n")
    count = entry["n_terms"]
    if len(terms) != count or len(set(terms)) != count:
        raise ModelError(f"damaged (the vocabulary of block {number})")
    return Block(
        entry["view"],
        entry["analyzer"],
        (low, high),
        float(entry["weight"]),
        terms,
        _array(header, f"{number}.idf", body, (count,)),
        _array(header, f"{number}.coef", body, (count, len(header["classes"]))),
    )


def _slice(header: Mapping[str, Any], name: str, body: memoryview) -> memoryview:
    """Return the bytes of an array, which must lie inside the file."""
    offset, size = header["arrays"][name]
    if type(offset) is not int or type(size) is not int:
        raise ModelError(f"damaged (the place of {name})")
    if not 0 <= offset <= offset + size <= len(body):
        raise ModelError(f"cut short (at {name})")
    return body[offset : offset + size]


def _array(
    header: Mapping[str, Any], name: str, body: memoryview, shape: tuple[int, ...]
) -> np.ndarray:
    """Return an array of finite numbers of the given shape."""
    import numpy as np

    data = _slice(header, name, body)
    if len(data) != 8 * math.prod(shape):
        raise ModelError(f"damaged (the length of {name})")
    array = np.frombuffer(data, dtype="<f8").reshape(shape)
    if not np.isfinite(array).all():
        raise ModelError(f"damaged ({name} holds a number that is not finite)")
    return array
