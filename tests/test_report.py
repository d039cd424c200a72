from __future__ import annotations

import csv
import html.parser
import io
import json
import math
import re
import sys
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import failed, run

from stance.articles import Article
from stance.cues import STANCES
from stance.errors import MissingExtraError, ModelError, StanceError
from stance.reading import Claim
from stance.report.charts import BOTTOM, TOP, draw_panels, place_balance
from stance.report.page import (
    Facts,
    count_seen,
    percent,
    points,
    render_page,
    segments,
    weblink,
)
from stance.report.prevalence import (
    ErrorRates,
    Prevalence,
    fit_shares,
    load_error_rates,
    measure_likeness,
)
from stance.report.summary import NOT_NAMED, list_periods, spread, summarize_claims
from stance.report.tidy import render_tables

CONFUSION = ((80, 15, 5), (10, 80, 10), (5, 25, 70))
RATES = ErrorRates(CONFUSION)
ATTACK = '<script>alert("x")</script>'


def make_claim(article="a", actor="Ann", stance="criticizes", canonical=None, sentence=None):
    sentence = sentence or (f"{actor} spoke of the vote." if actor else "It rained.")
    place = (0, len(actor)) if actor else (None, None)
    chances = {name: 0.8 if name == stance else 0.1 for name in STANCES}
    name = canonical if canonical is not None else actor
    span = (0, len(sentence))
    return Claim(
        article, 0, len(sentence), sentence, actor, name or None, stance, chances, *place, *span
    )


def make_article(name="a", day="2020-08-10", outlet="Daily", **more):
    return Article(name, "Some text.", date=day, outlet=outlet, **more)


def summarize(readings, confusion=CONFUSION, min_statements=2, **options):
    prevalence = Prevalence(confusion, draws=200, **options)
    return summarize_claims(readings, prevalence, min_statements)


READINGS = [
    (
        make_article("b", "2020-08-20"),
        [
            make_claim("b", "Ann", "criticizes"),
            make_claim("b", "Bob", "supports"),
            make_claim("b", None, "neutral"),
        ],
    ),
    (
        make_article("a", "2020-08-10", "Weekly"),
        [make_claim("a", "Ann", "criticizes"), make_claim("a", "Ann", "neutral")],
    ),
    (make_article("c", "", ""), [make_claim("c", "They", "supports", canonical="")]),
]


def page_of(summary, rates=RATES, **facts):
    return render_page(summary, Facts("A title", "A question?", "toy", rates, **facts))


class Page(html.parser.HTMLParser):
    """The tags of a page, and the text of the cells of its rows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def rates_of(confusion):
    counts = np.asarray(confusion, dtype=float)
    return (counts / counts.sum(axis=1, keepdims=True)).T[None]


# Prevalence


def test_shares_inside_the_triangle_are_the_inverse_of_the_matrix():
    truth = np.array([0.5, 0.3, 0.2])
    matrix = rates_of(CONFUSION)
    assert fit_shares(matrix, (matrix[0] @ truth)[None])[0] == pytest.approx(truth)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(1, 50)] * 3), min_size=3, max_size=3),
    st.tuples(*[st.integers(0, 20)] * 3).filter(any),
)
def test_no_other_shares_explain_the_predictions_better(confusion, counts):
    matrix, predicted = rates_of(confusion), np.array([counts]) / sum(counts)
    found = fit_shares(matrix, predicted)[0]
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    steps = np.linspace(0, 1, 41)
    grid = np.array([(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1])
    errors = ((grid @ matrix[0].T - predicted) ** 2).sum(axis=1)
    assert ((matrix[0] @ found - predicted) ** 2).sum() <= errors.min() + 1e-9


def test_a_model_that_always_answers_alike_has_no_inverse_but_an_answer():
    matrix = rates_of([[1, 1, 1]] * 3)
    found = fit_shares(matrix, np.array([[1.0, 0.0, 0.0]]))[0]
    assert found.sum() == pytest.approx(1)


def test_without_a_matrix_the_shares_are_those_of_the_counts():
    estimate = Prevalence().estimate([(3, 0, 1)])
    assert [estimate.shares[s].value for s in STANCES] == [0.75, 0, 0.25]
    assert estimate.balance.value == -0.5


def test_intervals_hold_the_truth_as_often_as_they_promise():
    rng = np.random.default_rng(7)
    truth, confusion = np.array([0.6, 0.3, 0.1]), np.array(CONFUSION)
    matrix = rates_of(CONFUSION)[0]
    held = []
    for _ in range(150):
        measured = [rng.multinomial(row.sum(), row / row.sum()) for row in confusion]
        predicted = rng.choice(3, size=120, p=matrix @ truth)
        estimate = Prevalence(measured, draws=300).estimate(np.eye(3, dtype=int)[predicted])
        held += [
            estimate.shares[stance].low <= share <= estimate.shares[stance].high
            for stance, share in zip(STANCES, truth, strict=True)
        ]
    assert 0.91 <= np.mean(held) <= 0.99


def width(share):
    return share.high - share.low


def test_statements_of_one_article_are_fewer_witnesses_than_those_of_many():
    prevalence = Prevalence(CONFUSION)
    few = prevalence.estimate([(10, 0, 0), (0, 0, 10)])
    many = prevalence.estimate([(1, 0, 0)] * 10 + [(0, 0, 1)] * 10)
    assert width(few.balance) > 1.5 * width(many.balance)


def test_one_mixed_article_is_no_better_a_witness_than_many_of_one_statement():
    prevalence = Prevalence(CONFUSION)
    one = prevalence.estimate([(10, 5, 5)])
    many = prevalence.estimate([(1, 0, 0)] * 10 + [(0, 1, 0)] * 5 + [(0, 0, 1)] * 5)
    assert width(one.balance) == pytest.approx(width(many.balance), rel=0.1)


def test_unlike_errors_widen_the_interval_of_one_actor_more_than_of_many():
    counts = [(1, 0, 0)] * 100 + [(0, 0, 1)] * 60
    alike = Prevalence(CONFUSION).estimate(counts)
    unlike = Prevalence(CONFUSION, likeness=8)
    alone, among = unlike.estimate(counts), unlike.estimate(counts, 50)
    assert width(alone.balance) > width(among.balance) > width(alike.balance)


def test_three_of_three_is_no_certainty():
    estimate = Prevalence().estimate([(3, 0, 0)])
    assert estimate.shares["criticizes"].value == estimate.shares["criticizes"].high == 1
    assert estimate.shares["criticizes"].low < 0.5


def test_an_estimate_depends_on_nothing_but_its_counts():
    first = Prevalence(CONFUSION, likeness=8)
    second = Prevalence(CONFUSION, likeness=8)
    second.estimate([(9, 1, 4)])
    assert first.estimate([(1, 2, 0), (0, 1, 1)]) == second.estimate([(0, 1, 1), (1, 2, 0)])


def test_likeness_is_that_of_the_accuracies():
    rng = np.random.default_rng(0)
    true = rng.beta(6, 2, size=4000)
    scores = [(rng.binomial(40, share) / 40, 40) for share in true]
    assert measure_likeness(scores) == pytest.approx(8, rel=0.1)
    assert math.isinf(measure_likeness([(0.5, 10)]))
    assert math.isinf(measure_likeness([]))


def test_spread_is_the_number_of_actors_where_they_are_even():
    assert spread({"Ann": 1, "Bob": 1, "Eve": 1, "": 1}) == 4
    assert 1 < spread({"Ann": 9, "Bob": 1}) < 2


def test_error_rates_are_those_of_the_evaluation(model_folder, experiment):
    rates = load_error_rates(model_folder)
    assert [list(row) for row in rates.confusion] == experiment.evaluation["held_out"]["model"][
        "confusion"
    ]
    assert rates.refitted
    assert rates.held_out == set(experiment.metadata["split"]["test_articles"])
    assert rates.support == experiment.evaluation["held_out"]["model"]["support"]
    assert load_error_rates(model_folder / "model.stance") == rates


def test_a_model_without_an_evaluation_is_not_corrected(tmp_path):
    rates = load_error_rates(tmp_path)
    assert rates.confusion is None
    page = page_of(summarize(READINGS, None), rates)
    assert "Shares are not corrected" in page
    assert "evaluation.json" in page


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"held_out": {"model": {"confusion": [[1]]}, "per_actor": {}}}']
)
def test_a_damaged_evaluation_is_refused(tmp_path, text):
    (tmp_path / "evaluation.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="evaluation.json .*stance train"):
        load_error_rates(tmp_path)


def test_a_stance_that_was_never_held_out_cannot_be_corrected(tmp_path):
    held_out = {"model": {"confusion": [[1, 0, 0], [0, 0, 0], [0, 0, 1]]}, "per_actor": {}}
    text = json.dumps({"held_out": held_out})
    (tmp_path / "evaluation.json").write_text(text, encoding="utf-8")
    rates = load_error_rates(tmp_path)
    assert rates.confusion is None
    assert "neutral" in rates.missing


# Summary


def test_counts_can_be_counted_by_hand():
    summary = summarize(READINGS)
    assert [article.id for article, _ in summary.readings] == ["a", "b", "c"]
    assert [s.number for _, claims in summary.readings for s in claims] == [1, 2, 3, 4, 5, 6]
    assert summary.total.counts == {"criticizes": 2, "neutral": 1, "supports": 2}
    assert [(s.name, s.n_statements, s.n_articles) for s in summary.actors] == [
        ("Ann", 3, 2),
        ("Bob", 1, 1),
        (NOT_NAMED, 1, 1),
    ]
    assert [(s.name, s.n_statements) for s in summary.outlets] == [
        ("Daily", 2),
        ("Weekly", 2),
        ("(no outlet)", 1),
    ]
    assert (summary.n_statements, summary.n_without_actor, summary.n_undated) == (5, 1, 1)
    assert [s.name for s in summary.frequent(summary.actors)] == ["Ann"]
    assert [s.name for s in summary.folded(summary.actors)] == ["Bob", NOT_NAMED]


def test_weeks_begin_on_mondays_and_empty_ones_stand_between():
    late = (make_article("d", "2020-08-31"), [make_claim("d")])
    summary = summarize([*READINGS, late])
    assert summary.unit == "week"
    found = [(s.period, s.n_statements) for s in summary.periods]
    assert found == [("2020-08-10", 2), ("2020-08-17", 2), ("2020-08-31", 1)]
    assert list_periods(summary) == [date(2020, 8, day) for day in (10, 17, 24, 31)]


def test_a_long_span_is_told_by_month():
    summary = summarize([*READINGS, (make_article("d", "2021-01-31"), [make_claim("d")])])
    assert summary.unit == "month"
    assert [day.month for day in list_periods(summary)] == [8, 9, 10, 11, 12, 1]


def test_periods_of_an_actor_add_up_to_the_actor():
    summary = summarize(READINGS)
    ann = [s.n_statements for s in summary.actor_periods if s.name == "Ann"]
    assert ann == [2, 1]


def test_texts_as_a_whole_are_statements_without_actors():
    summary = summarize([(make_article(), [make_claim(actor=None)])])
    assert (summary.n_statements, summary.n_without_actor, summary.actors) == (1, 0, [])
    page = page_of(summary)
    assert "Who stands where" not in page
    assert 'id="index"' not in page


def test_no_claims_is_an_error():
    with pytest.raises(StanceError, match="no claim"):
        summarize([(make_article(), [])])


# Tables


def read_table(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_tables_are_tidy_and_harmless():
    bad = (make_article("d", outlet="=cmd|' /C calc'!A0"), [make_claim("d", "+Ann", "supports")])
    tables = {name: read_table(text) for name, text in render_tables(summarize([bad])).items()}
    assert tables["claims.csv"][0]["outlet"] == "'=cmd|' /C calc'!A0"
    assert tables["actors.csv"][0]["actor"] == "'+Ann"
    assert tables["actor_by_week.csv"][0]["week"] == "2020-08-10"
    assert float(tables["outlets.csv"][0]["balance"]) == pytest.approx(1, abs=0.5)


def test_every_table_has_every_statement():
    summary = summarize(READINGS)
    tables = {name: read_table(text) for name, text in render_tables(summary).items()}
    assert set(tables) == {
        "claims.csv", "total.csv", "actors.csv", "outlets.csv", "by_week.csv",
        "actor_by_week.csv", "outlet_by_week.csv",
    }  # fmt: skip
    assert len(tables["claims.csv"]) == 6
    for name in ("total.csv", "actors.csv", "outlets.csv"):
        assert sum(int(row["statements"]) for row in tables[name]) == summary.n_statements
    dated = summary.n_statements - summary.n_undated
    assert sum(int(row["statements"]) for row in tables["outlet_by_week.csv"]) == dated


# Page


def shown(row, name):
    """Return a share of a table as the page writes it."""
    value, low, high = (float(row[f"share_{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{percent(value)} {100 * low:.0f}–{100 * high:.0f}"


def balance(row):
    return "{} {} to {}".format(
        *(points(float(row[f"balance{end}"])) for end in ("", "_low", "_high"))
    )


@pytest.mark.parametrize("confusion", [CONFUSION, None])
def test_every_figure_of_the_page_is_in_the_tables(confusion):
    summary = summarize(READINGS, confusion, likeness=8)
    tables = {name: read_table(text) for name, text in render_tables(summary).items()}
    rows = [[cell.strip() for cell in row] for row in Page(page_of(summary)).rows]
    bars = {(row[0], int(row[1])): row for row in rows if len(row) == 7 and row[1].isdigit()}
    for table, column in (("total", None), ("actors", "actor"), ("outlets", "outlet")):
        for row in tables[f"{table}.csv"]:
            name = row[column] if column else "All statements"
            cells = bars.pop((name, int(row["statements"])))
            assert cells[3:6] == [shown(row, stance) for stance in STANCES]
            assert cells[6] == " · ".join(row[stance] for stance in STANCES)
    assert not bars
    series = [row for row in rows if len(row) == 8 and row[1].startswith("week of")]
    expected = [
        [row["statements"], balance(row), *(shown(row, stance) for stance in STANCES)]
        for name in ("by_week.csv", "actor_by_week.csv", "outlet_by_week.csv")
        for row in tables[name]
        if name == "by_week.csv"
        or row.get("actor", row.get("outlet")) in ("Ann", "Daily", "Weekly")
    ]
    assert [row[2:7] for row in series] == expected


def test_the_page_asks_nobody_and_runs_one_script():
    article = make_article(
        ATTACK, "2020-08-10", f'"><img src=x onerror=alert(1)>{ATTACK}', url="javascript:alert(1)",
        title=f"</script>{ATTACK}<style>*{{}}</style>",
    )  # fmt: skip
    claim = make_claim(ATTACK, ATTACK, "supports", sentence=f"{ATTACK} & <b>spoke</b>.")
    summary = summarize([(article, [claim])])
    text = render_page(summary, Facts(ATTACK, ATTACK, ATTACK, RATES))
    page = Page(text)
    names = [tag for tag, _ in page.tags]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "object", "embed", "base", "audio", "video"} & set(names)
    assert text.count("<script>") == 1
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert "src" not in attributes
        target = attributes.get("href") or "#"
        assert target.startswith("#") or (tag, target) == ("link", "data:,")
    assert f"sha256-{hash_of(text, 'script')}" in text
    assert f"sha256-{hash_of(text, 'style')}" in text


def hash_of(text, tag):
    import base64
    import hashlib

    content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def test_every_link_of_the_page_leads_somewhere_and_ids_are_unique():
    page = Page(page_of(summarize(READINGS)))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {a["href"] for _, a in page.tags if a.get("href", "").startswith("#")}
    assert {link[1:] for link in links} <= set(ids)
    assert "#c6" in links


def test_original_is_linked_only_where_it_is_on_the_web():
    assert weblink("https://example.org/a") == "https://example.org/a"
    for url in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "http://["):
        assert weblink(url) == ""


@given(st.text(min_size=1, max_size=40), st.data())
def test_pieces_of_a_sentence_add_up_to_it(sentence, data):
    size = len(sentence)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), min_size=4, max_size=4)))
    base = summarize([READINGS[1]]).readings[0][1][0]
    claim = replace(
        base.claim, sentence=sentence, span_start=cuts[0], actor_start=cuts[1],
        actor_end=cuts[2], span_end=cuts[3],
    )  # fmt: skip
    pieces = list(segments(replace(base, claim=claim)))
    assert "".join(words for _, words in pieces) == sentence
    marked = "".join(words for kind, words in pieces if kind)
    assert marked == sentence[cuts[0] : cuts[3]]
    assert "".join(w for kind, w in pieces if kind == "actor") == sentence[cuts[1] : cuts[2]]


def test_articles_that_the_model_was_fitted_on_are_told():
    summary = summarize(READINGS)
    known = replace(RATES, refitted=True, held_out=frozenset("ax"))
    assert count_seen(summary, known) == 1
    assert count_seen(summary, replace(known, refitted=False)) == 0
    assert "The model knows these articles" in page_of(summary, known, seen=1)
    assert "The model knows" not in page_of(summary, known)


def test_few_statements_are_folded_unless_all_are():
    folded = page_of(summarize(READINGS, min_statements=3))
    assert "2 actors with fewer than 3 statements" in folded
    assert "No actor has 9 statements" in page_of(summarize(READINGS, min_statements=9))


# Charts and plots


def test_points_lie_where_the_balance_is():
    summary = summarize([*READINGS, (make_article("d", "2020-08-31"), [make_claim("d")])])
    panel = draw_panels(summary.actor_periods, ["Ann"], list_periods(summary), "week")[0]
    assert [len(run) for run in panel.runs] == [2, 1]
    for point in panel.points:
        assert TOP <= point.y_high <= point.y <= point.y_low <= BOTTOM
        assert point.y == place_balance(point.standing.estimate.balance.value)
    assert panel.most == 2
    assert panel.points[0].column_height == 2 * panel.points[1].column_height


def test_plots_are_pictures_and_the_same_each_time():
    from stance.report.plots import render_plots

    odd = (make_article("d", "2020-08-12", "$x_{"), [make_claim("d", "$\\frac{", "supports")])
    summary = summarize([*READINGS, odd], min_statements=1)
    pictures = render_plots(summary, "A $title_{")
    names = ["total", "actors", "outlets", "over_time", "actors_over_time", "outlets_over_time"]
    assert sorted(pictures) == sorted(f"{name}.{form}" for name in names for form in ("png", "svg"))
    for name, data in pictures.items():
        if name.endswith("svg"):
            assert ElementTree.fromstring(data).tag.endswith("svg")
        else:
            assert data.startswith(b"\x89PNG")
    assert render_plots(summary, "A $title_{")["actors.svg"] == pictures["actors.svg"]


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, package):
    from stance.report.plots import render_plots

    summary = summarize(READINGS)
    monkeypatch.setitem(sys.modules, package, None)
    make = {"matplotlib": lambda: render_plots(summary, "x"), "jinja2": lambda: page_of(summary)}
    with pytest.raises(MissingExtraError, match=r"pip install 'stance-trainer\[report\]'"):
        make[package]()


# The command


def test_report_writes_page_plots_and_tables(model_folder, corpus_folder, tmp_path):
    out, plots, tables = tmp_path / "r.html", tmp_path / "plots", tmp_path / "tables"
    done = run(
        "report", corpus_folder / "raw", "-o", out, "--model", model_folder, "--plots", plots,
        "--tables", tables, "--title", "Mine & yours",
    )  # fmt: skip
    assert done.stdout.startswith("articles: 9; statements: ")
    page = out.read_text(encoding="utf-8")
    assert '<h1 dir="auto">Mine &amp; yours</h1>' in page
    assert len(list(plots.iterdir())) == 12
    claims = read_table((tables / "claims.csv").read_text(encoding="utf-8"))
    assert page.count('<li id="c') == len(claims)


def test_report_reads_tables_and_standard_input(model_folder, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("id,text,date\nx,Ann Lee rejected the vote.,2020-08-10\n", encoding="utf-8")
    done = run(
        "report", table, "-", "-o", "-", "--model", model_folder, input="Bob Ray praised it.\n"
    )
    assert done.stdout.startswith("<!doctype html>")
    assert "Bob Ray" in done.stdout
    assert "articles: 2" in done.stderr


def test_report_refuses_what_it_cannot_read(model_folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    model = ["--model", model_folder, "-o", tmp_path / "r.html"]
    assert "holds no articles" in failed("report", empty, *model)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("Ann Lee spoke.", encoding="utf-8")
    assert "two articles have the id 'a'" in failed(
        "report", tmp_path / "one", tmp_path / "two", *model
    )
    (tmp_path / "blank.txt").write_text(" \n", encoding="utf-8")
    assert "is empty" in failed("report", tmp_path / "blank.txt", *model)
    assert not (tmp_path / "r.html").exists()
