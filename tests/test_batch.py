from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from stance import batch
from stance.batch import Batch
from stance.corpus import read_corpus
from stance.errors import ModelError
from stance.features import VIEWS, build_view_table, to_passages
from stance.kernel import character_classes, encode_lines, find_kernel
from stance.pipeline import ViewVectorizer
from stance.scorer import Block, Scorer
from stance.targets import load_target

ROOT = Path(__file__).parent.parent
N_CLASSES = 3
ODD = "\n|\x1c|\xa0|\u2028|\u0130|e\u0301|\ud800|\U0001f5f3|_|-|ACTOR".split("|")


@pytest.fixture(scope="module")
def tables():
    """Views of the corpus's sentences: what a model learns from, and what it is asked about."""
    rows = read_corpus(ROOT / "data" / "raw", ROOT / "data" / "labels").examples
    target = load_target()
    return [build_view_table(to_passages(part, None, target), target) for part in (
        rows[:900:2], rows[1:900:2])]  # fmt: skip


@pytest.fixture(scope="module")
def oracle(tables):
    return ViewVectorizer().fit(tables[0])


@pytest.fixture(scope="module")
def blocks(oracle):
    random = np.random.default_rng(0)
    return [
        Block(
            spec.view, spec.analyzer, spec.ngram_range, spec.weight,
            fitted.get_feature_names_out().tolist(), fitted.idf_,
            random.normal(size=(len(fitted.idf_), N_CLASSES)),
        )
        for spec, fitted in zip(oracle.specs_, oracle.vectorizers_, strict=True)
    ]  # fmt: skip


INTERCEPT = np.array([0.5, -1.0, 0.25])


@pytest.fixture(scope="module")
def batches(blocks):
    """The blocks made ready by the kernel and by numpy."""
    needs_kernel()
    with pytest.MonkeyPatch.context() as patch:
        by_kernel = Batch(blocks, INTERCEPT)
        patch.setenv("STANCE_KERNEL", "python")
        by_numpy = Batch(blocks, INTERCEPT)
    assert {type(b).__name__ for _, b in by_kernel._blocks} == {"_KernelBlock"}
    assert {type(b).__name__ for _, b in by_numpy._blocks} == {"_WordBlock", "_CharBlock"}
    return by_kernel, by_numpy


def needs_kernel():
    """Return the kernel; only where nothing could have built it is its absence no failure."""
    if find_kernel() is None and shutil.which("cc") is None:
        pytest.skip("the kernel is not built, for want of a C compiler")
    assert find_kernel(), "the kernel is not built: pip install --no-build-isolation -e ."
    return find_kernel()


def expected(oracle, blocks, table):
    X = oracle.transform(table)
    return X @ np.vstack([block.coef for block in blocks]) + INTERCEPT


def one_view(texts):
    return {view: list(texts) for view in VIEWS}


def assert_same(batches, oracle, blocks, table):
    wanted = expected(oracle, blocks, table)
    by_kernel, by_numpy = (ready.score(table) for ready in batches)
    np.testing.assert_allclose(by_kernel, wanted, rtol=0, atol=1e-9)
    np.testing.assert_allclose(by_kernel, by_numpy, rtol=0, atol=1e-12)


def test_corpus_is_scored_as_by_scikit_learn(batches, oracle, blocks, tables):
    for table in tables:
        assert_same(batches, oracle, blocks, table)


@settings(max_examples=150)
@given(data=st.data())
def test_any_text_is_scored_as_by_scikit_learn(data, batches, oracle, blocks):
    words = blocks[0].terms[::50] + blocks[1].terms[::50] + ODD
    text = st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=60),
        st.lists(st.sampled_from(words) | st.text(max_size=3), max_size=30).map(" ".join),
        st.lists(st.sampled_from(words), max_size=30).map("".join),
    )
    texts = data.draw(st.lists(text, min_size=1, max_size=5))
    assert_same(batches, oracle, blocks, one_view(texts))


EXTREME = {
    "nothing": "",
    "a space": " ",
    "a letter": "a",
    "a line feed": "\n",
    "the mask": "ACTOR",
    "many words": "the " * 25_000,
    "one long word": "x" * 100_000,
    "one long word of known pieces": "said" * 25_000,
    "one long word beyond ASCII": "\u0430" * 70_000,
    "ever longer words": " ".join("abcdefghij" * i for i in range(1, 100)),
    "lone surrogates": "\ud800 said \udfff",
    "control characters": "said\nthat\x00he",
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_texts(name, batches, oracle, blocks):
    table = one_view([EXTREME[name], "ACTOR said that", EXTREME[name]])
    assert_same(batches, oracle, blocks, table)


def test_row_does_not_depend_on_its_chunk(batches, tables, monkeypatch):
    whole = [ready.score(tables[1]) for ready in batches]
    monkeypatch.setattr(batch, "CHUNK_ROWS", 7)
    monkeypatch.setattr(batch, "CHUNK_CHARACTERS", 900)
    # Of the words that numpy's path remembers, too, none matters to the outcome.
    monkeypatch.setattr(batch, "_CACHED_WORDS", 10)
    for ready, scores in zip(batches, whole, strict=True):
        np.testing.assert_array_equal(ready.score(tables[1]), scores)


def test_no_rows(batches):
    for ready in batches:
        assert ready.score(one_view([])).shape == (0, N_CLASSES)


@pytest.mark.parametrize("path", ["", "python"])
def test_coefficient_that_is_not_finite_is_refused_where_it_is_met(path, monkeypatch):
    monkeypatch.setenv("STANCE_KERNEL", path)
    coef = np.array([[1.0, 2.0, 3.0], [0.0, np.nan, 0.0]])
    ready = Batch(
        [Block("sentence", "word", (1, 1), 1.0, ["a", "b"], np.ones(2), coef)], np.zeros(3)
    )
    assert ready.score({"sentence": ["a"]}).tolist() == [[1.0, 2.0, 3.0]]
    with pytest.raises(ModelError, match="not finite"):
        ready.score({"sentence": ["a", "b"]})


@pytest.mark.parametrize("path", ["", "python"])
@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_odd_vocabulary(analyzer, path, monkeypatch):
    monkeypatch.setenv("STANCE_KERNEL", path)
    terms = ["", " ", "a  b", "a b c d", "a\nb", "ab", "b a", "b", "\ud800", "\xe9"]
    coef = np.eye(len(terms), 4)
    block = Block("sentence", analyzer, (2, 3), 2.0, terms, np.full(len(terms), 3.0), coef)
    ready = Batch([block], np.zeros(4))
    for text in ("a b a b", "ab ab", "a\nb", "b", "c \ud800\xe9", "a b c d"):
        ids, values = block.vector(text)
        assert ready.score({"sentence": [text]})[0] == pytest.approx(values @ coef[ids], abs=1e-12)


def test_word_shorter_than_the_shortest_ngram_counts_once(monkeypatch):
    texts = ["a bc", "a a a", "abcdef a"]
    oracle = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 6), sublinear_tf=True)
    X = oracle.fit_transform(texts)
    terms = oracle.get_feature_names_out().tolist()
    assert " a " in terms
    coef = np.arange(len(terms) * 2.0).reshape(-1, 2)
    block = Block("sentence", "char_wb", (4, 6), 1.0, terms, oracle.idf_, coef)
    for path in ("", "python"):
        monkeypatch.setenv("STANCE_KERNEL", path)
        scores = Batch([block], np.zeros(2)).score({"sentence": texts})
        np.testing.assert_allclose(scores, X @ coef, atol=1e-12)


def test_character_classes_are_those_of_this_python():
    classes = character_classes()
    for code in [*range(0x3000), *range(0xD7F0, 0xE010), *range(0x10F00, 0x11100), 0x10FFFF]:
        character = chr(code)
        assert (classes[code] == 1) == (character.isalnum() or character == "_")
        assert (classes[code] == 2) == character.isspace()


def test_many_passages_are_scored_as_few(blocks, tables, monkeypatch):
    scorer = Scorer(load_target(), blocks, INTERCEPT)
    texts = [f"Merkel said that {text}" for text in tables[1]["sentence"][:60]]
    one_by_one = scorer.predict_proba(texts)
    monkeypatch.setattr(batch, "_FEWEST", 10)
    monkeypatch.setattr(batch, "CHUNK_ROWS", 25)
    actors = [None, "Putin", "Merkel"] * 20
    together = scorer.predict_proba(texts)
    assert "_batch" in vars(scorer)
    np.testing.assert_allclose(together, one_by_one, rtol=0, atol=1e-12)
    of_actors = scorer.predict_proba(texts, actors)
    monkeypatch.setattr(batch, "_FEWEST", 10_000)
    np.testing.assert_allclose(of_actors, scorer.predict_proba(texts, actors), atol=1e-12)


# ---- Attacks on the kernel -------------------------------------------------------------------


def arrays(texts, terms):
    data, ends = encode_lines(texts)
    blob, term_ends = encode_lines(terms)
    slots = np.zeros(64, dtype=np.uint64)
    needs_kernel().index_terms(blob, term_ends, slots)
    return {
        "data": data,
        "ends": ends,
        "classes": character_classes(),
        "terms": blob,
        "term_ends": term_ends,
        "slots": slots,
        "weights": np.ones((len(terms), 4)),
        "is_word": True,
        "low": 1,
        "high": 3,
        "weight": 1.0,
        "scores": np.zeros((len(texts), 3)),
    }


TEXTS, TERMS = ["said that he", "he said", ""], ["he", "he said", "said", "that"]
NUMBER = st.integers(0, 2**64 - 1) | st.integers(0, 80) | st.integers(2**32 - 3, 2**32 + 3)


@settings(max_examples=300)
@given(st.data())
def test_hostile_numbers_never_lead_outside(data):
    given = arrays(TEXTS, TERMS)
    for name in ("ends", "term_ends", "slots"):
        for place in data.draw(st.lists(st.integers(0, len(given[name]) - 1), max_size=6)):
            given[name][place] = data.draw(NUMBER)
    given["data"] = data.draw(st.just(given["data"]) | st.binary(max_size=40))
    given["terms"] = data.draw(st.just(given["terms"]) | st.binary(max_size=40))
    given["is_word"] = data.draw(st.booleans())
    given["low"], given["high"] = data.draw(st.tuples(st.integers(-2, 5), st.integers(-2, 2**62)))
    try:
        needs_kernel().add_scores(*given.values())
    except ValueError:
        return
    assert np.isfinite(given["scores"]).all()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ends", np.array([2, 1, 3], dtype=np.uint64), "ends of the texts lie outside"),
        ("ends", np.array([2**63] * 3, dtype=np.uint64), "ends of the texts lie outside"),
        ("ends", b"1234567", "no array of uint64"),
        ("term_ends", np.array([9, 99, 999, 9999], dtype=np.uint64), "of the terms lie outside"),
        ("slots", np.zeros(4, dtype=np.uint64), "no power of two above"),
        ("slots", np.zeros(63, dtype=np.uint64), "no power of two above"),
        ("classes", b"\0" * 128, "one class for each character"),
        ("weights", np.ones((1, 3)), "one row of weights for each term"),
        ("weights", np.ones((4, 1)), "one row of weights for each term"),
        ("weights", np.ones((4, 99)), "one row of weights for each term"),
        ("scores", np.zeros((2, 3)), "one row of scores for each text"),
        ("low", 0, "lengths of the n-grams"),
        ("high", 0, "lengths of the n-grams"),
    ],
)
def test_wrong_arrays_are_refused(name, value, message):
    given = {**arrays(TEXTS, TERMS), name: value}
    with pytest.raises(ValueError, match=message):
        needs_kernel().add_scores(*given.values())


def test_arrays_that_share_their_memory_lead_nowhere():
    given = arrays(["he said"] * 12, TERMS)
    shared = np.zeros(36)
    given["ends"] = shared[:12].view(np.uint64)
    given["ends"][:] = encode_lines(["he said"] * 12)[1]
    needs_kernel().add_scores(*{**given, "scores": shared}.values())
    blob, ends = encode_lines(TERMS)
    memory = np.zeros(16, dtype=np.uint64)
    memory[:4] = ends
    with pytest.raises(ValueError, match="too many terms"):
        needs_kernel().index_terms(blob, memory[:4], memory)


def test_colliding_vocabulary_is_left_to_numpy(monkeypatch):
    # Terms whose hashes share their lowest bits, as a hostile model would choose them.
    base, mixer, full = 0x9E3779B97F4A7C55, 0xD6E8FEB86659FD93, 2**64 - 1
    needs_kernel()
    found = []
    for number in range(2_000_000):
        term = f"{number:x}"
        value = 0
        for byte in term.encode():
            value = (value * base + byte + 1) & full
        value ^= value >> 32
        value = value * mixer & full
        value ^= value >> 29
        if value % 1024 == 0:
            found.append(term)
            if len(found) == 300:
                break
    block = Block(
        "sentence", "word", (1, 1), 1.0, found, np.ones(len(found)), np.ones((len(found), 3))
    )
    ready = Batch([block], np.zeros(3))
    assert type(ready._blocks[0][1]).__name__ == "_WordBlock"
    assert ready.score({"sentence": [found[7]]}) == pytest.approx(np.ones((1, 3)))


# ---- Installation ----------------------------------------------------------------------------


def test_python_path_is_taken_where_it_is_wanted_or_needed(monkeypatch):
    monkeypatch.setenv("STANCE_KERNEL", "python")
    assert find_kernel() is None
    monkeypatch.delenv("STANCE_KERNEL")
    monkeypatch.setitem(sys.modules, "stance._kernel", None)
    monkeypatch.delattr("stance._kernel")
    assert find_kernel() is None


@pytest.mark.parametrize("compiler", ["cc", "/nonexistent/cc"])
def test_package_is_built_with_and_without_a_compiler(compiler, tmp_path):
    if compiler == "cc":
        needs_kernel()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "stance").mkdir()
    for name in ("__init__.py", "_kernel.c", "_acting.c", "_kernel.h"):
        shutil.copy(ROOT / "stance" / name, tmp_path / "stance" / name)
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build"],
        cwd=tmp_path,
        env={**os.environ, "CC": compiler, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    built = list((tmp_path / "build").rglob("_kernel.*"))
    assert bool([path for path in built if path.suffix in (".so", ".pyd")]) == (compiler == "cc")
