from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.actors import detect_actors
from stance.articles import read_article, split_sentences
from stance.clauses import own_clause
from stance.mentions import find_mentions, tokenize
from stance.targets import load_target, parse_target

SEED = Path(__file__).parent.parent.parent / "shared" / "seed" / "000_b7fdf649bdad1003.txt"
SHIPPED = load_target()
BARE = parse_target('name = "bare"')


def actors_of(text, target):
    sentences = [s.text for s in split_sentences(text)]
    return [[(m.text, m.canonical) for m in ms] for ms in detect_actors(sentences, target)]


@given(st.text(max_size=200))
@settings(max_examples=150)
def test_mentions_lie_in_order_and_hold_their_words(text):
    position = 0
    for mention in find_mentions(text, SHIPPED):
        assert text[mention.start : mention.end] == mention.text
        assert position <= mention.start < mention.end
        position = mention.end


@given(st.text(max_size=200))
def test_tokens_hold_their_words(text):
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lee condemned the count.", [("Lee", "Ann Lee")]),
        ("“It is over,” said Bob Ray.", [("Bob Ray", "Bob Ray")]),
        ("The count was rejected by the EU.", [("EU", "European Union")]),
        ("According to Lee, the count was false.", [("Lee", "Ann Lee")]),
        ("Lee, a doctor from Minsk, rejected it.", [("Lee", "Ann Lee")]),
        ("The vote belongs to Lee.", []),
        ("Police beat Lee.", [("Police", "Police")]),
        ("Lee was arrested.", []),
        ("Lee was alarmed.", [("Lee", "Ann Lee")]),
        ("Ray’s claim to victory angered nobody.", [("Ray", "Bob Ray")]),
        ("The vote was held on Sunday.", []),
        ("Jane Poe told the RBC news website she was alarmed.", None),
    ],
)
def test_who_takes_part(text, expected, target):
    found = actors_of(text, target)[0]
    if expected is None:
        assert found == [("Jane Poe", "Jane Poe"), ("she", "Jane Poe")][: len(found)]
        assert found
    else:
        assert found == expected


def test_pronouns_and_both(target):
    text = (
        "Lee rejected the count, while Ray praised it. Both called for calm. She added nothing. "
        "He thanked the voters."
    )
    assert actors_of(text, target) == [
        [("Lee", "Ann Lee"), ("Ray", "Bob Ray")],
        [("Both", "Ann Lee"), ("Both", "Bob Ray")],
        [("She", "Ann Lee")],
        [("He", "Bob Ray")],
    ]


def test_first_person_is_the_speaker(target):
    found = actors_of("“We do not accept this,” said Lee.", target)[0]
    assert ("We", "Ann Lee") in found


def test_unknown_names_stay_themselves_and_surnames_find_their_full_name():
    text = "Jane Poe rejected the count. Poe called it a fraud."
    assert actors_of(text, BARE) == [[("Jane Poe", "Jane Poe")], [("Poe", "Jane Poe")]]


def test_pronoun_without_antecedent_stays_open():
    assert actors_of("He rejected the count.", BARE) == [[("He", None)]]


def test_titles_do_not_double_an_actor():
    text = "German Chancellor Angela Merkel said that the EU does not recognize the outcome."
    assert actors_of(text, load_target())[0] == [
        ("Angela Merkel", "Angela Merkel"),
        ("EU", "European Union"),
    ]


@pytest.mark.skipif(not SEED.exists(), reason="the seed article lies outside of the project")
def test_seed_article_names_its_actors():
    article = read_article(SEED)
    sentences = split_sentences(article)
    found = detect_actors([s.text for s in sentences], load_target())
    names = {m.canonical for mentions in found for m in mentions}
    assert {
        "Kremlin", "Dmitry Peskov", "Vladimir Putin", "Sergei Lavrov", "Alexander Lukashenko",
        "Angela Merkel", "European Union", "Germany",
    } <= names  # fmt: skip
    pronouns = {(m.text, m.canonical) for mentions in found for m in mentions if m.pronoun}
    assert {
        ("Both", "Kremlin"),
        ("Both", "Sergei Lavrov"),
        ("He", "Alexander Lukashenko"),
    } <= pronouns


@given(st.text(max_size=120), st.data())
def test_clause_holds_the_mention(text, data):
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    start, end = data.draw(spans)
    others = sorted(tuple(span) for span in data.draw(st.lists(spans, max_size=4)))
    left, right = own_clause(text, start, end, others)
    assert 0 <= left <= start <= end <= right <= len(text)


def test_clauses_part_two_actors():
    text = "Ray praised the count, but Lee rejected it."
    ray, lee = (0, 3), (27, 30)
    assert text[slice(*own_clause(text, *ray, [lee]))] == "Ray praised the count"
    assert text[slice(*own_clause(text, *lee, [ray]))] == "Lee rejected it."


@pytest.mark.parametrize(
    "unit",
    ["word ", "Name ", "“ ", "he said, ", "Минск ", "\U0001f600", "\u202e\u05d0 ", "ALL CAPS ",
     "\x07", "and ", ", but ", "(", "according to "],
)  # fmt: skip
def test_long_odd_sentences_take_linear_time(unit, target):
    times = []
    for size in (2_000, 8_000):
        text = unit * size
        start = time.process_time()
        detect_actors([text], target)
        times.append(time.process_time() - start)
    assert times[1] < 4 * 4 * times[0] + 0.5


def test_soft_hyphens_part_no_name():
    found = find_mentions("Lu\u00adka\u00adshen\u00adko\u00a0won.", SHIPPED)
    assert [(m.text, m.canonical) for m in found] == [
        ("Lu\u00adka\u00adshen\u00adko", "Alexander Lukashenko")
    ]


def test_first_person_of_a_quotation_that_runs_on(target):
    text = "“We rejected the count. We will vote again,” said Bob Ray."
    assert actors_of(text, target)[0] == [("We", "Bob Ray")]
    apart = "“We rejected the count.” It rained. Bob Ray said no."
    assert actors_of(apart, target)[0] == [("We", None)]


def test_a_name_of_a_group_needs_its_capital_unless_it_describes():
    groups = '"Western countries" = ["West"]\n"Protesters" = []\n"Opposition" = []'
    target = parse_target(f'name = "t"\n[actors.groups]\n{groups}')
    text = "The West saw protesters of the opposition in the west."
    found = [m.canonical for m in find_mentions(text, target) if m.canonical]
    assert found == ["Western countries", "Protesters", "Opposition"]
