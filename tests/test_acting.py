"""Who takes part, found by the kernel: the same as by the rules in Python, whatever the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_batch import needs_kernel
from test_features import SENTENCES, TRICKY

from stance import acting, actors
from stance.articles import split_sentences
from stance.corpus import read_corpus
from stance.kernel import encode_lines, index_terms
from stance.mentions import PRONOUNS
from stance.targets import KINDS, load_target, parse_target

ROOT = Path(__file__).parent.parent
SHIPPED = load_target()
TARGETS = [SHIPPED, SHIPPED.on("2022-03-01"), parse_target('name = "t"')]
# What the rules of mentions and of taking part turn on.
SIGNALS = [
    *"Lukashenko Merkel Putin Kremlin EU us US WEST west both Both He her HIS it they who".split(),
    *"President president Minister spokesman Press secretary protesters first Deputy van".split(),
    *"said told rejects will be been was has not also quickly named according to by from".split(),
    *"of claim statement website channel the a and , ; ( ) - . \" ' 's \u2019s ? ! : & _".split(),
    *"J. F. Kennedy Al-Jazeera U.S. AT&T Mr. 65-year-old Monday Telegram Yesterday I i x X".split(),
    *"\u00c9lan \u015awi\u0105tek \u00df \u01c5 \u00aa \u00b2 \u02bc \u041c\u0438\u043d".split(),
    *TRICKY,
]
NEWS = st.lists(st.sampled_from(SIGNALS), max_size=30).flatmap(
    lambda words: st.sampled_from([" ".join(words), "".join(words)])
)


def found_ahead(sentence, target):
    needs_kernel()
    acting.find_acting_ahead([sentence, "Merkel said no."], target)
    return actors._look_ahead(sentence, target)


@settings(max_examples=400)
@given(NEWS | SENTENCES, st.sampled_from(TARGETS))
def test_any_sentence_is_read_as_by_the_rules_in_python(sentence, target):
    found = found_ahead(sentence, target)
    assert found is None or found == actors._find_acting(sentence, target)


def test_the_corpus_is_read_as_by_the_rules_in_python():
    needs_kernel()
    articles = read_corpus(ROOT / "data" / "raw", ROOT / "data" / "labels").articles.values()
    sentences = [s.text for article in list(articles)[::12] for s in split_sentences(article)]
    acting.find_acting_ahead(sentences, SHIPPED)
    found = [actors._look_ahead(sentence, SHIPPED) for sentence in sentences]
    # Next to nothing of real news is left to Python.
    assert found.count(None) < len(found) / 20
    for sentence, ahead in zip(sentences, found, strict=True):
        assert ahead is None or ahead == actors._find_acting(sentence, SHIPPED)


@pytest.mark.parametrize(
    "sentence", ["Lee\u00adder said.", "Minsk\nsaid.", "\U0001f600 Lee said.", "\ud800", "x" * 1001]
)
def test_what_is_not_plain_is_left_to_python(sentence):
    assert found_ahead(sentence, SHIPPED) is None
    assert actors.acting_mentions(sentence, SHIPPED) == actors._find_acting(sentence, SHIPPED)


def test_without_the_kernel_nothing_is_found_ahead(monkeypatch):
    monkeypatch.setenv("STANCE_KERNEL", "python")
    actors._AHEAD.clear()
    acting.find_acting_ahead(["Merkel said no."], SHIPPED)
    assert not actors._AHEAD


def test_every_flag_has_its_own_bit():
    lists = acting._word_lists(["x"])
    # The kinds of pronouns stand behind the flag of pronouns, which is the last.
    assert len(lists) == acting._PRONOUN_KIND
    source = (ROOT / "stance" / "_acting.c").read_text("utf-8")
    assert f"#define PRONOUN BIT({len(lists) - 1})" in source
    assert f"#define PRONOUN_KIND {acting._PRONOUN_KIND} " in source
    assert set(PRONOUNS.values()) | set(KINDS) | {"name", "role"} == set(acting._KINDS)


def arrays(sentences):
    data, ends = encode_lines(sentences)
    vocabulary = index_terms(needs_kernel(), ["he", "he said", "lee", "said"])
    return {
        "data": data,
        "ends": ends,
        "characters": acting._character_table().copy(),
        "terms": vocabulary[0],
        "term_ends": vocabulary[1],
        "slots": vocabulary[2],
        "words": np.zeros((3, 4), dtype=np.int64),
        "most_words": 3,
        "rows": np.empty((len(data), 5), dtype=np.int64),
        "counts": np.empty(len(ends), dtype=np.int64),
    }


NUMBER = st.integers(0, 2**63 - 1) | st.integers(0, 80)


@settings(max_examples=300)
@given(st.data())
def test_hostile_numbers_never_lead_outside(data):
    given = arrays(["He said that Lee, the J. F. said.", "", "Lee 's said"])
    for name in ("ends", "term_ends", "slots", "words", "characters"):
        flat = given[name].reshape(-1)
        for place in data.draw(st.lists(st.integers(0, min(len(flat), 130) - 1), max_size=8)):
            flat[place] = data.draw(NUMBER) % (2**32 if name == "characters" else 2**63)
    given["data"] = data.draw(st.just(given["data"]) | st.binary(max_size=60))
    given["characters"] = given["characters"][: data.draw(st.sampled_from([0, 100, 0x3040]))]
    given["rows"] = given["rows"][: data.draw(st.sampled_from([0, 1, 40]))]
    given["most_words"] = data.draw(st.integers(-1, 2**62))
    try:
        needs_kernel().find_acting(*given.values())
    except ValueError:
        return
    counts = given["counts"]
    assert counts[counts > 0].sum() <= len(given["rows"])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ends", np.array([5, 2], dtype=np.uint64), "ends of the sentences lie outside"),
        ("characters", b"123", "no array of uint32"),
        ("words", np.zeros((3, 3), dtype=np.int64), "three numbers for each word"),
        ("rows", bytearray(7), "no array of int64"),
        ("counts", np.empty(9, dtype=np.int64), "one count for each sentence"),
        ("most_words", 0, "one word or more"),
    ],
)
def test_wrong_arrays_are_refused(name, value, message):
    given = {**arrays(["He said.", "Lee."]), name: value}
    with pytest.raises(ValueError, match=message):
        needs_kernel().find_acting(*given.values())
