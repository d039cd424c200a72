"""The portable file: what was written is found again, and nothing else is believed."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
import tracemalloc
from array import array
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fuzz_model
import stance
from stance.corpus import read_corpus
from stance.errors import ModelError
from stance.features import Passage
from stance.model import StanceClassifier
from stance.modelfile import (
    MAGIC,
    PAGE,
    ModelFile,
    StoredTable,
    open_model_file,
    pack,
    pack_floats,
    pack_keys,
    pack_lines,
    pack_numbers,
)
from stance.scorer import dump_scorer, load_scorer, parse_scorer

TINY = Path("examples/tiny.stance")
GOOD = TINY.read_bytes()
FILE = ModelFile(GOOD)
RIGHT = fuzz_model.answer(parse_scorer(GOOD))
HEADER_AT = len(MAGIC) + 8
HEADER_END = HEADER_AT + int.from_bytes(GOOD[len(MAGIC) : HEADER_AT], "little")
BODY = len(GOOD) - PAGE * FILE.header["pages"]
SUMS = HEADER_END + 4 + -(HEADER_END + 4) % 64
ARRAYS = {name: bytes(FILE.take(name)) for name in FILE.header["arrays"]}
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


def places() -> list[int]:
    """Return the first, middle and last byte of everything that the file is made of."""
    parts = [
        (0, len(MAGIC)),
        (len(MAGIC), HEADER_AT),
        (HEADER_AT, HEADER_END),
        (HEADER_END, HEADER_END + 4),
        (HEADER_END + 4, SUMS),
        (SUMS, SUMS + 4 * FILE.header["pages"]),
        (SUMS + 4 * FILE.header["pages"], BODY),
        *((BODY + at, BODY + at + size) for at, size in FILE.header["arrays"].values() if size),
        *((BODY + at + size, BODY + at + size + 1) for at, size in FILE.header["arrays"].values()),
    ]
    found = {place for a, b in parts if b > a for place in (a, (a + b) // 2, b - 1)}
    return sorted(place for place in found if place < len(GOOD))


def repack(arrays=None, **header) -> bytes:
    """Return the tiny model with other parts, and right checksums."""
    return pack({**FILE.header, **header}, {**ARRAYS, **(arrays or {})})


def refuse(data: bytes, match: str) -> None:
    with pytest.raises(ModelError, match=match) as refusal:
        fuzz_model.take_whole(parse_scorer(data))
    assert str(refusal.value).endswith("; make it anew with: stance train.")


# Reading in place


@given(st.sets(ANY_TEXT, max_size=40), st.lists(st.text(max_size=12), max_size=9))
@example({"plumless", "buckeroo", "\n", "a\nb", ""}, ["plumles", "\ud800", "buckeroo\n"])
@settings(max_examples=100)
def test_each_key_is_found_and_nothing_else(keys, others):
    texts = sorted(keys)
    file = ModelFile(pack({}, pack_keys("t", texts)))
    table = file.keys("t")
    assert [table.find(text) for text in texts] == list(range(len(texts)))
    assert all(table.find(other) == -1 for other in others if other not in keys)
    assert table.texts() == texts
    stored = StoredTable(table, lambda number: number + 1)
    assert dict(stored) == {text: i + 1 for i, text in enumerate(texts)}
    assert all((other in stored) == (other in keys) for other in [*others, *texts])


def test_keys_of_one_hash_are_told_apart():
    assert crc32(b"plumless") == crc32(b"buckeroo")
    for texts in (["buckeroo"], ["plumless"], ["buckeroo", "plumless"]):
        table = ModelFile(pack({}, pack_keys("t", texts))).keys("t")
        assert [table.find(text) for text in ("buckeroo", "plumless")] == [
            texts.index(text) if text in texts else -1 for text in ("buckeroo", "plumless")
        ]


def test_a_key_is_found_wherever_its_hash_lies():
    """Hashes are expected to be spread evenly; a vocabulary in which they are not is read, too."""
    texts = sorted(f"w{i}" for i in range(200_000) if crc32(f"w{i}".encode()) < 1 << 24)
    texts += sorted(f"x{i}" for i in range(3_000_000, 3_000_400))
    assert len(texts) > 1000
    table = ModelFile(pack({}, pack_keys("t", texts))).keys("t")
    assert [table.find(text) for text in texts] == list(range(len(texts)))
    assert {table.find(f"y{i}") for i in range(3000)} == {-1}


@given(st.lists(ANY_TEXT, max_size=30))
def test_lines_are_what_they_were(texts):
    lines = ModelFile(pack({}, pack_lines("t", texts))).lines("t", len(texts))
    assert lines.texts() == texts
    assert [lines[i].decode() for i in range(len(texts))] == texts


def test_numbers_are_the_same_on_a_machine_that_writes_them_the_other_way(monkeypatch):
    monkeypatch.setattr(sys, "byteorder", "little" if sys.byteorder == "big" else "big")
    arrays = {"n": pack_numbers([1, 2**32 - 1]), "d": pack_floats([0.5, -3.25])}
    assert arrays["n"] == array("I", [1 << 24, 2**32 - 1]).tobytes()
    file = ModelFile(pack({}, {**arrays, **pack_keys("t", ["a", "b"])}))
    assert [file.column("n", "I", 2)[i] for i in (0, 1)] == [1, 2**32 - 1]
    assert file.floats("d", 2) == [0.5, -3.25]
    assert file.keys("t").find("b") == 1


def test_only_pages_that_are_needed_are_read():
    texts = sorted(f"word number {i}" for i in range(60_000))
    file = ModelFile(pack({}, pack_keys("t", texts)))
    keys = file.keys("t")
    for i in range(20):
        assert keys.find(texts[37 * i]) == 37 * i
    assert 0 < sum(file.is_checked) < 140 < len(file.is_checked) / 3


def test_the_file_is_written_alike_each_time():
    scorer = parse_scorer(GOOD)
    assert dump_scorer(scorer) == dump_scorer(parse_scorer(dump_scorer(scorer))) == GOOD


def test_an_open_model_outlives_its_file(tmp_path):
    path = tmp_path / "model.stance"
    path.write_bytes(GOOD)
    model = load_scorer(path)
    new = tmp_path / "new"
    new.write_bytes(repack(classes=["other"]))
    os.replace(new, path)
    assert fuzz_model.answer(model) == RIGHT
    path.unlink()
    fuzz_model.take_whole(model)


def test_a_model_travels_to_another_process():
    again = pickle.loads(pickle.dumps(parse_scorer(GOOD)))
    assert fuzz_model.answer(again) == RIGHT
    assert dump_scorer(again) == GOOD


def test_a_model_can_be_read_by_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    model = parse_scorer(GOOD)
    with ThreadPoolExecutor(8) as pool:
        assert all(a == RIGHT for a in pool.map(lambda _: fuzz_model.answer(model), range(32)))


# Equal to scikit-learn


@pytest.fixture(scope="module")
def trained():
    """A model of some of the corpus, as estimator and from its file's bytes; and sentences."""
    corpus = read_corpus(Path("data/raw"), Path("data/labels"))
    model = StanceClassifier().fit(corpus.examples[::20], [e.label for e in corpus.examples[::20]])
    return model, parse_scorer(dump_scorer(model.to_scorer())), corpus.examples[5::40]


def test_the_corpus_is_judged_as_by_scikit_learn(trained):
    model, scorer, examples = trained
    passages = [Passage(e.sentence, e.actor_start, e.actor_end, e.canonical) for e in examples]
    expected = model.predict_proba(passages)
    assert len(passages) > 200
    np.testing.assert_allclose(scorer.predict_rows(passages), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(scorer.predict_proba(passages), expected, rtol=0, atol=1e-9)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=3))
@settings(max_examples=80)
def test_any_text_is_judged_as_by_scikit_learn(trained, texts):
    model, scorer, _ = trained
    passages = [Passage(text, 0, min(3, len(text)), "x") for text in texts]
    np.testing.assert_allclose(
        scorer.predict_rows(passages), model.predict_proba(passages), rtol=0, atol=1e-9
    )


def test_claims_are_judged_in_their_article_alike():
    model = parse_scorer(GOOD)
    texts = [Passage(f"Moss {word} the dam.", 0, 4, who) for word in ("rejected", "praised", "saw")
             for who in ("Ida Moss", "Tom Reed", "")]  # fmt: skip
    texts += [Passage("Moss and Reed praised it.", 0, 4, "Ida Moss"),
              Passage("Moss and Reed praised it.", 9, 13, "Tom Reed")]  # fmt: skip
    for articles in (None, ["a"] * 11, [*"aaaabbbbccc"]):
        np.testing.assert_allclose(
            model.predict_rows(texts, articles),
            model.predict_proba(texts, articles=articles),
            rtol=0,
            atol=1e-12,
        )
    with pytest.raises(stance.StanceError, match="11 texts but 1 articles"):
        model.predict_rows(texts, ["a"])


def test_priors_are_heard_without_numpy_alike():
    scorer = parse_scorer(GOOD)
    rng = np.random.default_rng(0)
    from stance.context import Context

    scorer.context = Context(
        rng.normal(size=(12, 3)), rng.normal(size=3), rng.normal(size=(6, 3)), rng.normal(size=3),
        {"Ida Moss": [3, 0, 1]},
    )  # fmt: skip
    again = parse_scorer(dump_scorer(scorer))
    texts = [Passage("Moss praised the dam.", 0, 4, name) for name in ("Ida Moss", "Zed", "")]
    for articles in (None, ["a", "a", "b"]):
        expected = scorer.predict_proba(texts, articles=articles)
        for model in (scorer, again):
            np.testing.assert_allclose(model.predict_rows(texts, articles), expected, atol=1e-12)


# Damaged files


@pytest.mark.parametrize("place", places())
def test_a_flipped_bit_is_refused(place):
    bad = bytearray(GOOD)
    bad[place] ^= 0x10
    refuse(bytes(bad), "damaged|no stance model|format|cut short|too long")
    fuzz_model.try_case(bytes(bad), RIGHT)


@pytest.mark.parametrize("place", places())
def test_a_cut_file_is_refused(place):
    refuse(GOOD[:place], "cut short|no stance model")


def test_what_is_too_long_is_refused():
    refuse(GOOD + b"\0", "too long")
    refuse(GOOD + bytes(PAGE), "too long")


def test_thousands_of_damaged_files_are_refused_or_answer_rightly():
    rng = random.Random(0)
    for _ in range(1200):
        bad = fuzz_model.damage(GOOD, rng)
        fuzz_model.try_case(bad, RIGHT)


def test_forged_files_are_refused_or_answer():
    rng = random.Random(0)
    outcomes = [fuzz_model.try_case(fuzz_model.forge(FILE, rng), None) for _ in range(400)]
    assert min(outcomes.count("refused"), outcomes.count("answered")) > 50


def test_the_long_fuzz_prints_its_counts():
    done = subprocess.run(
        [sys.executable, "benchmarks/fuzz_model.py", "--seconds", "1"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["benchmark"], result["value"]) == ("fuzz-model", 0)
    assert result["cases"] == sum(sum(result[kind].values()) for kind in ("damaged", "forged")) > 0


# Hostile files, with right checksums


def with_head(head: bytes, size: int | None = None) -> bytes:
    """Return the tiny model with another header."""
    length = len(head) if size is None else size
    start = MAGIC + length.to_bytes(8, "little") + head
    return start + crc32(start).to_bytes(4, "little") + GOOD[HEADER_END + 4 :]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"[" * 200_000, "its header is no JSON"),
        (b'{"a":' * 100_000, "its header is no JSON"),
        (b'{"format": 4, "format": 4}', "a key stands twice"),
        (b'{"format": NaN}', "NaN is no number"),
        (b'{"format": ' + b"9" * 5000 + b"}", "its header is no JSON"),
        (b"\xff\xfe{}", "its header is no JSON"),
        (b"[4]", "of format None"),
        (b'{"format": 3}', "of format 3, and this version reads 4"),
        (b'{"format": true}', "of format True"),
        (b'{"format": "' + b"4" * 99 + b'"}', "of format '4{39}, and"),
        (b'{"format": 4}', "damaged .pages"),
        (b'{"format": 4, "pages": -1, "checksum": 0}', "damaged .pages"),
        (b'{"format": 4, "pages": 1e3, "checksum": 0}', "damaged .pages"),
        (b'{"format": 4, "pages": 4294967295, "checksum": 0}', "cut short"),
        (b'{"format": 4, "pages": 0, "checksum": 0}', "too long"),
    ],
)
def test_a_hostile_header_is_refused_at_little_cost(head, message):
    tracemalloc.start()
    try:
        refuse(with_head(head), message)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [1 << 22, (1 << 22) + 1, 1 << 40, 2**63, 2**64 - 1])
def test_a_header_longer_than_the_file_is_refused(size):
    refuse(with_head(b"{}", size), "length of its header|cut short")


@pytest.mark.parametrize(
    "place", [None, 3, [0], [0, 1, 2], [-64, 1], [0, -1], [1, 4], [0, 2**40], [0.0, 4], ["0", 4],
              [64, len(GOOD)], [True, 4]],
)  # fmt: skip
def test_an_array_outside_the_file_is_refused(place):
    # The head before the checksum of its pages is made anew; the body stays.
    header = {**FILE.header, "arrays": {**FILE.header["arrays"], "intercept": place}}
    text = json.dumps(header, sort_keys=True).encode()
    start = MAGIC + len(text).to_bytes(8, "little") + text
    start += crc32(start).to_bytes(4, "little")
    start += bytes(-len(start) % 64) + GOOD[SUMS : SUMS + 4 * FILE.header["pages"]]
    refuse(start + bytes(-len(start) % PAGE) + GOOD[BODY:], "place of intercept|length of inter")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_numbers_that_are_none_are_refused_one_by_one_and_at_once(number):
    for name in ("intercept", "0.values", "detector.values", "namer.values", "context.coef"):
        bad = pack_floats([float(number)] * (len(ARRAYS[name]) // 8))
        refuse(repack({name: bad}), "not finite")
    model = parse_scorer(repack({"0.values": pack_floats([float(number)] * (len(ARRAYS["0.values"]) // 8))}))  # fmt: skip # noqa: E501
    with pytest.raises(ModelError, match="not finite"):
        fuzz_model.answer(model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ["supports", "neutral", "criticizes"]}, "its classes are"),
        ({"classes": None}, "its classes are"),
        ({"blocks": 3}, "its blocks"),
        ({"blocks": [3]}, "its blocks"),
        ({"blocks": [{}]}, "block 0"),
        ({"detector": 1}, "detector"),
        ({"detector": {"intercept": 0, "threshold": 1}}, "numbers of its detector"),
        ({"detector": {"intercept": "0", "threshold": 0.5}}, "intercept"),
        ({"detector": {"intercept": 1e300, "threshold": 0.5}}, "intercept"),
        ({"context": {"priors": {"Lee": [1, -1, 2]}}}, "priors of its context"),
        ({"context": {"priors": [1]}}, "priors of its context"),
        ({"context": {"priors": {}}}, "length of context"),
        ({"target": {}}, "name in its header"),
        ({"target": {**FILE.header["target"], "unit": "word"}}, "unit in its header"),
        ({"target": {**FILE.header["target"], "n_actors": 2**32 - 1}}, "length of target.actors"),
        ({"categories": [1]}, "its dictionary"),
    ],
)
def test_a_header_of_another_shape_is_refused(changes, message):
    refuse(repack(**changes), message)


@pytest.mark.parametrize(
    ("key", "value"),
    [("view", "word"), ("view", None), ("analyzer", "char"), ("ngram_range", [0, 3]),
     ("ngram_range", [3, 2]), ("ngram_range", [1, 20]), ("ngram_range", [1]), ("weight", "1"),
     ("weight", None), ("weight", 1e301), ("n_terms", 10**6), ("n_terms", -1)],
)  # fmt: skip
def test_a_block_of_another_shape_is_refused(key, value):
    first, *rest = FILE.header["blocks"]
    refuse(repack(blocks=[{**first, key: value}, *rest]), "block 0|weight|n_terms")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("0.keys", lambda data: b"\xff" + data[1:], "not UTF-8"),
        ("0.keys", lambda data: data[::-1], "places|order|UTF-8"),
        ("0.keys.starts", lambda data: b"\xff" * len(data), "places in 0.keys"),
        ("0.keys.starts", lambda data: data + data, "length of 0.keys.starts"),
        ("0.hashes", lambda data: data[:-4], "length of 0"),
        ("0.numbers", lambda data: data[4:], "length of 0.numbers"),
        ("0.values", lambda data: data[8:], "length of 0.values"),
        ("target.days", lambda data: b"{}", "its days"),
        ("target.days", lambda data: b"[" * 100_000, "its days"),
        ("usual.meant", lambda data: data.replace(b"0.25", b"1.25"), "shares of its namer"),
    ],
)
def test_an_array_of_another_shape_is_refused(name, change, message):
    refuse(repack({name: change(ARRAYS[name])}), message)


def test_numbers_beyond_the_vocabulary_are_refused():
    bad = repack({"0.numbers": b"\xff" * len(ARRAYS["0.numbers"])})
    with pytest.raises(ModelError, match=r"numbers of 0\)"):
        fuzz_model.answer(parse_scorer(bad))


def test_a_missing_array_is_refused():
    for name in ARRAYS:
        rest = {key: data for key, data in ARRAYS.items() if key != name}
        refuse(pack(FILE.header, rest), f"it has no {name}")


def test_what_is_no_file_of_ours_is_refused(tmp_path):
    for content in (b"", b"stance", b"PK\x03\x04" + bytes(99), MAGIC, MAGIC + bytes(8)):
        path = tmp_path / "m"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=f"^{path} is (no stance model|cut short|damaged)"):
            open_model_file(path)
    with pytest.raises(stance.StanceError, match="cannot read"):
        load_scorer(tmp_path)
