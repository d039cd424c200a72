from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser

import pytest

from stance.errors import MissingExtraError, ModelError
from stance.report.evaluation_page import render_evaluation_page
from stance.report.evaluation_plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    draw_learning_curve,
    draw_reliability,
    draw_risk_coverage,
)

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
VOID = {"meta", "br", "link", "img"}


class Reader(HTMLParser):
    """Collects what a browser would see, and whether every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    reader.text = " ".join(reader.text.split())
    return reader


@pytest.fixture(scope="module")
def run(experiment):
    """The facts and scores of the toy run as they come from a saved model, with an error in it."""
    facts = json.loads(json.dumps(experiment.metadata))
    scores = json.loads(json.dumps(experiment.evaluation))
    scores["held_out"]["worst_errors"] = [
        {
            "article": "a", "start": 0, "end": 9, "sentence": "Lee left.", "actor": "Lee",
            "actor_start": 0, "actor_end": 3, "canonical": "Ann Lee", "label": "neutral",
            "predicted": "supports", "probability": 0.9,
            "probabilities": {"criticizes": 0.05, "neutral": 0.05, "supports": 0.9},
            "terms": [
                {"view": "sentence", "term": "left", "weight": 2.0},
                {"view": "after", "term": "lef*", "weight": -0.5},
            ],
            "rest": 0.25,
        }
    ]  # fmt: skip
    scores["held_out"]["learning_curve"] = [
        {"share": 0.5, "n_articles": 4, "n_pairs": 36, "accuracy": 0.6, "low": 0.5, "high": 0.7,
         "macro_f1": 0.55},
        {"share": 1.0, "n_articles": 8, "n_pairs": 72, "accuracy": 0.7, "low": 0.6, "high": 0.8,
         "macro_f1": 0.65},
    ]  # fmt: skip
    return facts, scores


def test_figures_are_those_of_the_evaluation(run):
    facts, scores = run
    page = read(render_evaluation_page(facts, scores))
    held_out = scores["held_out"]
    model = held_out["model"]
    assert f"On {model['support']} pairs of {len(facts['split']['test_articles'])}" in page.text
    assert f"right about {model['accuracy']:.1%}" in page.text
    for actor, score in held_out["per_actor"].items():
        assert (
            f"{actor} {score['accuracy']:.0%} {score['low']:.0%} to {score['high']:.0%} "
            f"{score['support']}"
        ) in page.text
    for part in ("known_actors", "most_frequent", "actor_prior"):
        assert f"{held_out[part]['accuracy']:.1%}" in page.text
    swap = held_out["name_swap"]
    assert f"{swap['n_flips']} of {swap['n_swaps']} answers" in page.text
    assert "read as neutral, model says supports with 90.0%" in page.text
    for text in ("+2.00", "−0.50", "+0.25", "0.550", "36"):
        assert text in page.text
    counts = [c for row in model["confusion"] for c in row]
    cells = [b.group(1) for b in re.finditer(r"<b>(\d+)</b>", render_evaluation_page(*run))]
    assert cells == [str(count) for count in counts]


def test_nothing_is_fetched_and_nothing_runs(run):
    page = read(render_evaluation_page(*run))
    assert not {"script", "img", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not {"src", "href", "action", "onload", "onclick"} & {
        name for name, _ in page.attributes
    }
    policies = [value for _, value in page.attributes if value and "default-src 'none'" in value]
    assert len(policies) == 1


def test_a_name_of_markup_harms_nobody(run):
    facts, scores = copy.deepcopy(run)
    facts["target"]["title"] = EVIL
    scores["held_out"]["per_actor"] = {EVIL: next(iter(scores["held_out"]["per_actor"].values()))}
    error = scores["held_out"]["worst_errors"][0]
    error |= {
        "sentence": EVIL,
        "actor_start": 0,
        "actor_end": 8,
        "canonical": EVIL,
        "article": EVIL,
    }
    error["terms"][0]["term"] = EVIL
    page = read(render_evaluation_page(facts, scores))
    assert page.text.count("<script>alert('x')</script>") >= 4
    assert not {"script", "img"} & set(page.tags)
    assert not {"onerror", "src"} & {name for name, _ in page.attributes}


def test_what_was_not_measured_is_left_out(run):
    facts, scores = copy.deepcopy(run)
    held_out = scores["held_out"]
    for key in ("worst_errors", "name_swap", "learning_curve"):
        del held_out[key]
    held_out |= {"per_actor": {}, "actor_prior": None, "known_actors": None, "new_actors": None}
    scores |= {"unseen_actors": None, "detection": None}
    facts["data"]["table"] = {"name": "rows", "unit": "text"}
    page = read(render_evaluation_page(facts, scores))
    assert "Train it anew" in page.text
    for absent in ("Actor by actor", "Another name", "more labels", "bare text", "new actors"):
        assert absent not in page.text
    held_out["worst_errors"] = []
    assert (
        "None: every held-out answer is right" in read(render_evaluation_page(facts, scores)).text
    )


def test_scores_of_another_make_are_refused(run):
    with pytest.raises(ModelError, match="lack 'held_out'.*Make the model anew"):
        render_evaluation_page(run[0], {})


def test_missing_extra_names_the_install_line(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'stance-trainer\[report\]'"):
        render_evaluation_page(*run)


def test_few_pairs_are_folded_and_never_left_out(run):
    facts, scores = copy.deepcopy(run)
    score = next(iter(scores["held_out"]["per_actor"].values()))
    actors = {f"Actor {i}": {**score, "support": 40 - i} for i in range(40)}
    scores["held_out"]["per_actor"] = actors
    page = render_evaluation_page(facts, scores)
    shown, folded = page.split("<details>", 1)
    assert "Actor 30<" in shown  # ten pairs
    assert "Actor 31<" not in shown
    assert all(f"Actor {i}<" in folded for i in range(31, 40))
    assert "9 actors with fewer than 10 pairs each" in page


def inside(chart):
    for line in chart.lines:
        for point in line.points:
            assert LEFT - 1e-9 <= point.x <= WIDTH - RIGHT + 1e-9
            for height in (point.low, point.y, point.high):
                assert TOP - 1e-9 <= height <= HEIGHT - BOTTOM + 1e-9
    return chart


def test_points_stand_where_their_figures_say():
    table = [
        {"low": 0.4, "high": 0.5, "support": 10, "confidence": 0.5, "accuracy": 0.5},
        {"low": 0.9, "high": 1.0, "support": 40, "confidence": 1.0, "accuracy": 1.0},
    ]
    half, full = inside(draw_reliability(table)).lines[0].points
    assert (half.x, half.y) == pytest.approx(
        ((LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2)
    )
    assert (full.x, full.y) == pytest.approx((WIDTH - RIGHT, TOP))
    # The area of the part that grows is in proportion to the answers.
    assert (full.radius - 3) ** 2 == pytest.approx(4 * (half.radius - 3) ** 2)
    # Wilson's interval of 5 right of 10 is 0.237 to 0.763: as far up as down.
    assert half.low - half.y == pytest.approx(half.y - half.high)


def test_axes_begin_below_every_figure(run):
    table = run[1]["held_out"]["risk_coverage"]
    chart = inside(draw_risk_coverage(table))
    assert [p.x for p in chart.lines[0].points] == sorted(p.x for p in chart.lines[0].points)
    low = [{"coverage": 1.0, "threshold": 0.3, "support": 9, "accuracy": 0.0}]
    assert inside(draw_risk_coverage(low)).y_ticks[-1][1] == "0%"


def test_doublings_are_equal_steps():
    curve = [
        {"n_pairs": n, "n_articles": 1, "accuracy": 0.6, "low": 0.55, "high": 0.7, "macro_f1": 0.5}
        for n in (100, 200, 400)
    ]
    first, second, third = (p.x for p in inside(draw_learning_curve(curve)).lines[0].points)
    assert second - first == pytest.approx(third - second)
    assert inside(draw_learning_curve(curve[:1])).lines[0].points[0].y > 0
