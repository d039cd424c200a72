from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import make_example

from stance.articles import Article
from stance.labeling import LabeledPair, label_articles, majority, score_cues, vote


def test_vote_reads_the_actors_own_clause(target):
    text = "Lee rejected the vote, while Ray praised it."
    assert vote(text, 0, 3, target) == {"rejects": "criticizes"}
    assert vote(text, 29, 32, target) == {"praises": "supports"}


def test_negation_flips_where_the_cue_says_so(target):
    text = "Lee refused to recognise the winner."
    assert vote(text, 0, 3, target) == {"praises": "criticizes"}


def test_order_of_cues_does_not_matter(target):
    backwards = replace(target, cues=tuple(reversed(target.cues)))
    text = "Lee praised the people and rejected the vote."
    assert vote(text, 0, 3, target) == vote(text, 0, 3, backwards)
    assert majority(vote(text, 0, 3, target)) is None


def test_abstain_stays_unlabelled(target):
    pairs = label_articles([Article("a", "Lee travelled home. Ray rejected the vote.")], target)
    assert [(p.example.canonical, p.label, p.example.note) for p in pairs] == [
        ("Ann Lee", None, ""),
        ("Bob Ray", "criticizes", "rejects"),
    ]
    assert {p.example.source for p in pairs} == {"weak"}


def test_scores_are_countable_by_hand(target):
    def pair(**votes):
        return LabeledPair(make_example(), votes, None)

    pairs = [
        pair(rejects="criticizes"),
        pair(rejects="criticizes", praises="supports"),
        pair(praises="supports"),
        pair(),
    ]
    reviewed = [
        make_example("Lee rejected the vote.", label="criticizes"),
        make_example("Lee condemned the count.", label="neutral"),
        make_example("Lee left.", label="neutral"),
    ]
    rejects, praises = score_cues(pairs, reviewed, target)
    assert (rejects.coverage, rejects.overlaps, rejects.conflicts) == (0.5, 0.25, 0.25)
    assert (rejects.correct, rejects.incorrect, rejects.accuracy) == (1, 1, 0.5)
    assert praises.accuracy != praises.accuracy  # NaN: nothing reviewed for it


@pytest.mark.parametrize(
    ("sentence", "actor", "expected"),
    [
        ("Berlin does not recognise the result.", "Berlin", "criticizes"),
        ("Xi Jinping congratulated Lukashenko on his victory.", "Xi Jinping", "supports"),
        ("Police detained dozens of people.", "Police", "supports"),
        ("Peskov called any foreign interference unacceptable.", "Peskov", "supports"),
        ("The EU agreed on sanctions against officials.", "EU", "criticizes"),
        ("The minister called for dialogue.", "minister", "neutral"),
    ],
)
def test_shipped_cues_on_plain_cases(sentence, actor, expected):
    from stance.targets import load_target

    start = sentence.index(actor)
    assert majority(vote(sentence, start, start + len(actor), load_target())) == expected
