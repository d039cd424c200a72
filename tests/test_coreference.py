from __future__ import annotations

import itertools
import random
import time

import pytest
from conftest import make_example
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.actors import detect_actors
from stance.coreference import Discourse, Namer
from stance.coreference_training import train_namer
from stance.detection_training import train_detector
from stance.errors import ModelError
from stance.mentions import find_mentions, tokenize
from stance.reading import read
from stance.scorer import dump_scorer, load_scorer
from stance.targets import parse_target

TOWN = parse_target(
    'name = "town"\n[actors.women]\n"Ann Lee" = ["Lee"]\n[actors.men]\n"Bob Ray" = ["Ray"]\n'
    '"Cy Fox" = ["Fox"]\n[actors.groups]\n"Town guards" = []\n[[roles]]\n'
    'names = ["mayor of the town", "town mayor"]\n'
    'holders = [{since = 2019-01-01, actor = "Bob Ray"}, '
    '{since = 2021-05-01, actor = "Cy Fox"}]\n'
)
BARE = parse_target('name = "bare"')


def read_rows(n=30):
    """Articles in which "the guards" are always the town's, and "he" the man who led before."""
    rows = []
    for i in range(n):
        man, other = (("Ray", "Bob Ray"), ("Fox", "Cy Fox"))[:: 1 if i % 2 else -1]
        texts = [
            (f"{man[0]} rejected the count and wrote to {other[0]}.", man[0], man[1]),
            ("He said the vote was rigged.", "He", man[1]),
            ("The guards broke up the crowd.", "guards", "Town guards"),
            ("Lee praised the result.", "Lee", "Ann Lee"),
            ("She thanked everybody.", "She", "Ann Lee"),
        ]
        for j, (text, actor, canonical) in enumerate(texts):
            rows.append(
                make_example(
                    text, actor, "neutral", f"a{i}", start=100 * j, end=100 * j + len(text),
                    canonical=canonical,
                )
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def namer():
    return train_namer(read_rows(), TOWN, min_mentions=10)


@pytest.fixture(scope="module")
def detector():
    return train_detector(read_rows(), TOWN, min_mentions=10)


def names(sentences, target, detector, namer):
    return [
        [(m.text, m.canonical) for m in mentions]
        for mentions in detect_actors(sentences, target, detector, namer)
    ]


def test_learns_whom_words_mean(namer):
    found = names(
        ["Fox rejected the tally and wrote to Ray.", "He left.", "The guards fled.", "Lee stayed.",
         "She waited."], TOWN, None, namer,
    )  # fmt: skip
    assert ("He", "Cy Fox") in found[1]
    assert ("guards", "Town guards") in found[2]
    assert ("She", "Ann Lee") in found[4]


def test_without_training_rules_decide():
    found = names(["Ray rejected it.", "He left.", "The guards fled."], TOWN, None, None)
    assert found == [[("Ray", "Bob Ray")], [("He", "Bob Ray")], [("guards", "guards")]]


def test_never_forced_on_somebody_known(namer):
    """A pronoun that nobody met can mean stays open; an unknown name stays itself."""
    assert names(["She resigned."], TOWN, None, namer) == [[("She", None)]]
    assert names(["Zoe Pym resigned."], TOWN, None, namer) == [[("Zoe Pym", "Zoe Pym")]]


@pytest.mark.parametrize(
    ("day", "holder"),
    [("2018-12-31", "mayor"), ("2019-01-01", "Bob Ray"), ("2021-04-30", "Bob Ray"),
     ("2021-05-01", "Cy Fox"), ("2021-05-01T10:00", "Cy Fox")],
)  # fmt: skip
def test_offices_go_by_the_day(day, holder):
    (found,) = detect_actors(["The town mayor rejected the count."], TOWN.on(day))
    assert [m.canonical for m in found] == [holder]


def test_the_mayor_is_who_was_met_and_holds_the_office():
    found = names(
        ["Ray spoke with Fox.", "The mayor rejected it."], TOWN.on("2020-01-01"), None, None
    )
    assert found[1] == [("mayor", "Bob Ray")]


def test_days_share_one_index():
    assert TOWN.on("2019-05-05") is TOWN.on("2020-08-09")
    assert TOWN.on("2022-01-01") is not TOWN.on("2020-08-09")
    assert TOWN.on(None) is TOWN


def test_too_little_to_learn_from():
    assert train_namer(read_rows(), TOWN, min_mentions=10_000) is None
    assert train_namer([], TOWN) is None


def test_an_article_does_not_teach_its_own_descriptions(namer):
    """What "guards" meant in one article alone is not remembered; what it meant in many is."""
    assert namer.usual["guards"] == {"Town guards": 1.0}
    once = train_namer(
        [*read_rows(), make_example("Witnesses left.", "Witnesses", article="z", canonical="Lee")],
        TOWN, min_mentions=10,
    )  # fmt: skip
    assert "witnesses" not in once.usual


def test_candidates_are_the_last_met():
    discourse = Discourse(BARE)
    tokens = tokenize("x")
    for i in range(50):
        mention = find_mentions(f"Al Poe{'x' * i} left.", BARE)[0]
        discourse.meet(mention, mention.text, tokens, 0, acts=True, leads=True)
    pronoun = find_mentions("he", BARE)[0]
    candidates = discourse.candidates(pronoun, Namer({}))
    assert candidates[0] == "Al Poe" + "x" * 49
    assert len(candidates) == 12


def test_travels_in_the_portable_file(experiment, namer, detector, tmp_path):
    scorer = experiment.model.to_scorer()
    scorer.detector, scorer.namer = detector, namer
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    again = load_scorer(tmp_path / "m").namer
    assert again == Namer(dict(sorted(namer.weights.items())), namer.usual)


def test_wrong_shares_are_refused(experiment, namer, tmp_path):
    scorer = experiment.model.to_scorer()
    scorer.namer = Namer(namer.weights, {"guards": {"Town guards": 1.5}})
    (tmp_path / "m").write_bytes(dump_scorer(scorer))
    usual = load_scorer(tmp_path / "m").namer.usual
    with pytest.raises(ModelError, match="shares of its namer"):
        usual.get("guards")


ODD = [
    "word ", "Name ", "“ ", "he said, ", "Ann Lee and ", "police, who ", "Минск ", "\U0001f600",
    "\u202e\u05d0 ", "ALL CAPS ", "\x07", "only ", ", but ", "(", "according to ", "I ",
]  # fmt: skip


@pytest.mark.parametrize("unit", ODD)
def test_long_odd_sentences_take_linear_time(unit, model_folder, detector, namer):
    """Four times the length takes about four times as long, in everything that a reading does."""
    model = stance.load(model_folder)
    model.detector, model.namer = detector, namer
    read(unit * 1200, model)  # what is imported and built once is no one's length
    times = []
    for size in (300, 1200):
        begin = time.process_time()
        claims = read(unit * size, model)
        times.append(time.process_time() - begin)
    assert claims or unit in ("\U0001f600", "\x07", "“ ", "(")
    assert times[1] < 8 * times[0] + 0.3


@given(st.text(max_size=200), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(namer, detector, text, shuffler: random.Random):
    words = "Ray Lee guards he she we they both said “ ” , who rejected the count .".split()
    mixed = " ".join(itertools.chain(text.split(), shuffler.sample(words, 8)))
    for target in (TOWN, BARE):
        for mention in detect_actors([mixed, text, mixed], target, detector, namer)[0]:
            assert mixed[mention.start : mention.end] == mention.text
