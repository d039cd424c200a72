from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import stance
from stance.cli.commands import app
from stance.context import Context
from stance.explanation import PARTS, explain_text, list_terms
from stance.reading import read

TEXT = (
    "Ann Lee rejected the vote as rigged, while Bob Ray praised the vote as fair. It rained. "
    "She condemned the count and called it a fraud."
)
RNG = np.random.default_rng(0)
CONTEXT = Context(
    RNG.normal(size=(9, 3)), RNG.normal(size=3), RNG.normal(size=(3, 3)), RNG.normal(size=3)
)
WITH_PRIOR = Context(
    RNG.normal(size=(12, 3)), RNG.normal(size=3), RNG.normal(size=(6, 3)), RNG.normal(size=3),
    {"Ann Lee": [5, 1, 0]},
)  # fmt: skip
SAME_ACTOR = next(iter(PARTS))


@pytest.fixture(params=[None, CONTEXT, WITH_PRIOR], ids=["words", "context", "prior"])
def model(request, model_folder):
    loaded = stance.load(model_folder)
    loaded.context = request.param
    return loaded


def check(text, model):
    claims, explanations = read(text, model), explain_text(text, model)
    assert len(claims) == len(explanations)
    for claim, why in zip(claims, explanations, strict=True):
        assert (why.claim.sentence, why.claim.actor, why.stance) == (
            claim.sentence, claim.actor, claim.stance,
        )  # fmt: skip
        for name, chance in claim.probabilities.items():
            assert why.claim.probabilities[name] == pytest.approx(chance, abs=1e-9)
        logs = {name: math.log(p) for name, p in claim.probabilities.items() if p > 1e-300}
        if len(logs) == 3:
            odds = logs[claim.stance] - sum(logs.values()) / 3
            assert why.log_odds == pytest.approx(odds, abs=1e-9)
        total = math.fsum(c.weight for c in why.contributions) + why.intercept
        assert total == pytest.approx(why.log_odds, abs=1e-9)
    return explanations


def test_contributions_add_up_to_the_log_odds(model):
    assert len(check(TEXT, model)) == 4


@given(text=st.text(max_size=120))
@settings(max_examples=40, deadline=None)
def test_contributions_of_any_text_add_up(model_folder, text):
    model = stance.load(model_folder)
    model.context = CONTEXT
    check(f"{TEXT} {text}", model)


def test_the_words_that_matter_lead(model_folder):
    (why,) = explain_text("Ann Lee condemned the count.", stance.load(model_folder))
    leading = " ".join(c.term for c in why.contributions[:6] if c.weight > 0)
    assert "condemned" in leading
    weights = [abs(c.weight) for c in why.contributions]
    assert weights == sorted(weights, reverse=True)


def test_other_claims_are_named(model_folder):
    model = stance.load(model_folder)
    model.context = CONTEXT
    one, _, _, two = explain_text(TEXT, model)
    assert {c.term for c in one.contributions if c.view == "article"} > {SAME_ACTOR}
    (alone,) = explain_text("Ann Lee rejected the vote.", model)
    assert [c.weight for c in alone.contributions if c.term == SAME_ACTOR] == [0.0]


def test_strong_terms_and_names(model_folder):
    model = stance.load(model_folder)
    terms = list_terms(model, 5)
    assert [t.stance for t in terms] == [s for s in model.classes for _ in range(5)]
    assert not any(t.is_name for t in terms)
    block = next(b for b in model.blocks if b.analyzer == "word")
    block.coef = block.coef.copy()
    block.terms[0], block.coef[0] = "bob ray", [0, 0, 99.0]
    (name,) = [t for t in list_terms(model, 5) if t.is_name]
    assert (name.stance, name.term) == ("supports", "bob ray")


def test_command(model_folder):
    run = CliRunner().invoke
    told = run(app, ["explain", TEXT, "--model", str(model_folder), "--top", "3"])
    assert told.exit_code == 0
    assert told.stdout.count("log-odds, the sum") == 4
    rows = run(app, ["explain", TEXT, "--model", str(model_folder), "--json", "--actor", "Lee"])
    whys = [json.loads(line) for line in rows.stdout.splitlines()]
    assert [why["actor"] for why in whys] == ["Ann Lee", "She"]
    assert {"contributions", "intercept", "log_odds", "explained"} <= set(whys[0])
    terms = run(app, ["explain", "--model", str(model_folder), "--top", "2"])
    assert len(terms.stdout.splitlines()) == 1 + 3 * 2
    missing = run(app, ["explain", TEXT, "--model", str(model_folder), "--actor", "Zed"])
    assert missing.exit_code == 1


def test_abstaining(model_folder):
    model = stance.load(model_folder)
    sure, unsure = read(TEXT, model, abstain=0.0), read(TEXT, model, abstain=1.0)
    assert {c.stance for c in unsure} == {"uncertain"}
    assert [c.stance for c in sure] == [c.stance for c in read(TEXT, model)]
    assert [c.probabilities for c in sure] == [c.probabilities for c in unsure]
    done = CliRunner().invoke(
        app, ["predict", TEXT, "--model", str(model_folder), "--abstain", "1"]
    )
    assert done.exit_code == 0
    assert done.stdout.count("uncertain") == 4
    wrong = CliRunner().invoke(app, ["predict", TEXT, "--abstain", "1.5"])
    assert wrong.exit_code == 2
