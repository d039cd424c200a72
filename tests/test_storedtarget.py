"""What a model keeps of its target answers as the TOML text that it was made from."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest
from conftest import TOY_TOML
from hypothesis import given
from hypothesis import strategies as st

from stance.actors import detect_actors
from stance.articles import read_articles, split_sentences
from stance.dictionary import load_dictionary
from stance.errors import ModelError
from stance.mentions import find_mentions
from stance.modelfile import ModelFile, pack, pack_keys, pack_lines
from stance.storedtarget import StoredTarget, pack_target, read_target
from stance.targets import Target, fold, load_target, parse_target

SHIPPED = load_target()
DAYS = ["", "1990-01-01", "2016-05-05", "2020-08-09", "2020-11-01", "2021-02-28", "2099-12-31"]
ODD_TOML = """
name = "odd"
unit = "text"
date = 2021-05-05
[actors.groups]
"Vote Watchers" = ["the\\u00a0watchers",
  "watch\\u00aders", "US", "west", "who", "12 - 7", "\\u7d20"]
"Nobody" = []
[actors.men]
"Ed Lee" = ["the Lee", "LEE-RAY", "d\\u00e9puty"]
[[roles]]
names = ["mayor", "the mayor of Minsk", "Head of Minsk"]
holders = [{since = 2019-01-01, actor = "Ed Lee"}, {since = 2021-05-01, actor = ""}]
[[roles]]
names = ["guards"]
holders = [{since = 2020-01-01, actor = "Nobody"}]
[[cues]]
name = "rejects"
stance = "criticizes"
pattern = "reject*"
"""


def store(target: Target) -> StoredTarget:
    return read_target(ModelFile(pack(*pack_target(target))))


STORED = store(SHIPPED)
ODD, TOY = parse_target(ODD_TOML), parse_target(TOY_TOML)
PAIRS = [(SHIPPED, STORED), (ODD, store(ODD)), (TOY, store(TOY))]


@pytest.mark.parametrize(("parsed", "stored"), PAIRS)
def test_it_says_what_its_toml_says(parsed, stored):
    assert type(stored) is StoredTarget
    for name in ("name", "title", "question", "date", "unit", "source", "sha256"):
        assert getattr(stored, name) == getattr(parsed, name)
    assert (stored.actors, stored.roles, stored.cues) == (parsed.actors, parsed.roles, parsed.cues)
    assert dict(stored.categories.items()) == load_dictionary()
    assert all(stored.categories.get(word) == code for word, code in load_dictionary().items())
    assert stored.categories.get("zebrawood") is None


@pytest.mark.parametrize(("parsed", "stored"), PAIRS)
@pytest.mark.parametrize("day", DAYS)
def test_names_and_offices_are_those_of_the_day(parsed, stored, day):
    ours, theirs = stored.on(day), parsed.on(day)
    assert (ours is stored) == (theirs is parsed) or day
    names = [name for owner in (*parsed.actors, *parsed.roles) for name in owner.names]
    for name in [*names, "Zed Unknown", "", "belarusian nobody"]:
        assert ours.canonical(name) == theirs.canonical(name)
    assert dict(ours.by_name) == dict(theirs.by_name)
    for actor in parsed.actors:
        assert ours.offices(actor.canonical) == theirs.offices(actor.canonical)
    for name in names[::9] if len(names) > 99 else names:
        text = f"Then {name} met {name.upper()} and {name.lower()}, said {name} ."
        assert find_mentions(text, ours) == find_mentions(text, theirs)


def test_actors_of_the_corpus_are_found_alike():
    for article in list(read_articles("data/raw"))[::12]:
        sentences = [sentence.text for sentence in split_sentences(article)]
        ours = detect_actors(sentences, STORED.on(article.date))
        assert ours == detect_actors(sentences, SHIPPED.on(article.date))


@given(st.lists(st.sampled_from([*TOY.by_name, *ODD.by_name, "the", "of", "Zed", ","]), max_size=9))
def test_any_order_of_names_is_read_alike(words):
    for parsed, stored in PAIRS:
        for text in (" ".join(words), " ".join(words).title()):
            assert find_mentions(text, stored) == find_mentions(text, parsed)


def test_days_between_two_changes_share_what_was_looked_up():
    assert STORED.on("2020-11-01") is STORED.on("2020-11-01T10:00")
    assert STORED.on("2016-05-05") is not STORED
    assert len(STORED._siblings) < 400


def test_a_changed_or_pickled_copy_is_a_plain_target():
    changed = dataclasses.replace(STORED, date="2016-05-05")
    assert type(changed) is Target
    assert changed.canonical("US president") == SHIPPED.on("2016-05-05").canonical("US president")
    again = pickle.loads(pickle.dumps(STORED.on("2016-05-05")))
    assert type(again) is Target
    assert (again.date, again.actors) == ("2016-05-05", SHIPPED.actors)


def rewrite(name: str, *rows: object) -> StoredTarget:
    """Return the toy target's file with other rows, and right checksums."""
    header, arrays = pack_target(TOY)
    return read_target(
        ModelFile(pack(header, {**arrays, **pack_lines(name, map(json.dumps, rows))}))
    )


@pytest.mark.parametrize(
    "row",
    [1, [], ["Ann", "women", [], [1], 1], ["Ann", "kings", [], []], [1, "men", [], []],
     ["Ann", "women", [3], []], ["Ann", "women", [], ["a"]], ["Ann", "women", {}, []], None],
)  # fmt: skip
def test_actors_of_another_shape_are_refused(row):
    target = rewrite("target.actors", *[row] * len(TOY.actors))
    assert fold("Lee") in target._registry.names
    with pytest.raises(ModelError, match=r"damaged \(actor 0\); make it anew with: stance train"):
        target.canonical("Ann Lee")


@pytest.mark.parametrize("row", [1, [1], [["a", False]], [[0]], [[-1, False]], [[99, True]]])
def test_aliases_of_another_shape_are_refused(row):
    header, arrays = pack_target(TOY)
    n_aliases = len(arrays["aliases.hashes"]) // 4
    target = rewrite("aliases.owners", *[row] * n_aliases)
    with pytest.raises(ModelError, match="damaged"):
        find_mentions("Lee left.", target)


@pytest.mark.parametrize(
    ("name", "row"), [("target.roles", [["mayor"], [["2020-01-01"]]]), ("target.roles", "x")]
)
def test_offices_of_another_shape_are_refused(name, row):
    header, arrays = pack_target(ODD)
    lines = pack_lines(name, [json.dumps(row)] * 2)
    target = read_target(ModelFile(pack(header, {**arrays, **lines})))
    with pytest.raises(ModelError, match="damaged"):
        target.canonical("mayor")


@pytest.mark.parametrize("text", [b"\xff", b"name = ", b'name = "a b"'])
def test_a_broken_source_is_refused_where_it_is_read(text):
    header, arrays = pack_target(TOY)
    target = read_target(ModelFile(pack(header, {**arrays, "target": text})))
    assert target.canonical("Lee") == "Ann Lee"
    with pytest.raises(ModelError, match="damaged"):
        target.cues  # noqa: B018


def test_a_word_of_no_category_is_refused():
    header, arrays = pack_target(TOY)
    header["categories"] = header["categories"][:1]
    target = read_target(ModelFile(pack(header, arrays)))
    with pytest.raises(ModelError, match="its dictionary"):
        dict(target.categories.items())


def test_keys_in_the_wrong_order_are_refused_as_a_whole():
    header, arrays = pack_target(TOY)
    swapped = pack_keys("names", sorted(parse_target(TOY_TOML).by_name, reverse=True))
    target = read_target(ModelFile(pack(header, {**arrays, **swapped})))
    with pytest.raises(ModelError, match=r"order of names\.keys"):
        list(target._registry.names)
