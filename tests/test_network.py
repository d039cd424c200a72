from __future__ import annotations

import json
import math

import networkx as nx
import pytest
from conftest import make_example
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import failed, run

from stance.cues import STANCES
from stance.errors import StanceError
from stance.exchange.graphml import read_claims, render_graphml, write_network
from stance.network import (
    NORMALIZATIONS,
    Statement,
    build_network,
    one_hot,
    split_by_month,
    to_statements,
)


def says(actor, *letters, date=""):
    of = {stance[0]: stance for stance in STANCES}
    return [Statement(actor, one_hot(of[letter]), date) for letter in letters]


# Ann: 2 supports, 1 criticizes. Bob: 3 criticizes. Cyd: 1 neutral. Dan: 1 supports.
SAID = [*says("Ann", *"ssc"), *says("Bob", *"ccc"), *says("Cyd", "n"), *says("Dan", "s")]


def edges(**choices):
    network = build_network(SAID, "the dam", **choices)
    return {
        (network.nodes[i].name, network.nodes[j].name): weight for i, j, weight in network.edges
    }


def test_actors_and_target():
    assert edges() == {
        ("Ann", "the dam"): 1, ("Bob", "the dam"): -3, ("Cyd", "the dam"): 0,
        ("Dan", "the dam"): 1,
    }  # fmt: skip
    assert edges(aggregation="congruence")["Ann", "the dam"] == 2
    assert edges(aggregation="conflict")["Ann", "the dam"] == 1
    assert edges(normalization="activity")["Ann", "the dam"] == pytest.approx(1 / 3)
    assert list(edges(min_statements=3)) == [("Ann", "the dam"), ("Bob", "the dam")]
    nodes = build_network(SAID, "the dam").nodes
    assert [(n.name, n.variable, n.frequency) for n in nodes] == [
        ("Ann", "actor", 3), ("Bob", "actor", 3), ("Cyd", "actor", 1), ("Dan", "actor", 1),
        ("the dam", "target", 8),
    ]  # fmt: skip
    assert nodes[-1].shares == (4, 1, 3)


def test_actors_among_themselves():
    shared = edges(network_type="onemode", aggregation="congruence")
    assert shared == {("Ann", "Bob"): 3, ("Ann", "Dan"): 2}
    opposed = edges(network_type="onemode", aggregation="conflict")
    assert opposed == {("Ann", "Bob"): 6, ("Ann", "Dan"): 1, ("Bob", "Dan"): 3}
    both = edges(network_type="onemode")
    assert both == {("Ann", "Bob"): -3, ("Ann", "Dan"): 1, ("Bob", "Dan"): -3}


@pytest.mark.parametrize(
    ("normalization", "weight"),
    [
        ("average", 3 / 3),  # both say three things that are not neutral
        ("cosine", 3 / (math.sqrt(5) * 3)),
        ("jaccard", 3 / (5 + 9 - 3)),
    ],
)
def test_normalizations_by_hand(normalization, weight):
    found = edges(
        network_type="onemode", aggregation="congruence", normalization=normalization
    )  # fmt: skip
    assert found["Ann", "Bob"] == pytest.approx(weight)


statements = st.lists(
    st.builds(
        Statement,
        st.sampled_from("ABCDE"),
        st.tuples(*[st.floats(0, 1)] * 3),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(statements, st.sampled_from(["jaccard", "cosine"]))
def test_what_is_normalized_lies_between_0_and_1(said, normalization):
    for aggregation in ("congruence", "conflict"):
        network = build_network(
            said, "t", network_type="onemode", aggregation=aggregation, normalization=normalization
        )
        assert all(0 <= weight <= 1 + 1e-9 for _, _, weight in network.edges)


@given(statements, st.randoms())
def test_order_of_statements_does_not_matter(said, random):
    mixed = random.sample(said, len(said))
    assert build_network(mixed, "t") == build_network(said, "t")


def test_jaccard_of_sets_is_that_of_sets():
    said = [*says("Ann", "s", "c"), *says("Bob", "c")]
    network = build_network(
        said, "t", network_type="onemode", aggregation="congruence", normalization="jaccard"
    )
    assert network.edges == [(0, 1, 0.5)]


def test_probabilities_are_added():
    said = [Statement("Ann", (0.2, 0.1, 0.7)), Statement("Bob", (0.5, 0.5, 0.0))]
    ((_, _, weight),) = build_network(
        said, "t", network_type="onemode", aggregation="conflict"
    ).edges
    assert weight == pytest.approx(0.7 * 0.5)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"network_type": "threemode"}, "network type 'threemode' is not one of"),
        ({"aggregation": "combine"}, "qualifier aggregation 'combine' is not one of"),
        ({"normalization": "cosine"}, "does not fit a twomode network; choose one of no, activity"),
        ({"network_type": "onemode", "normalization": "activity"}, "does not fit a onemode"),
    ],
)
def test_choices_that_do_not_fit(choices, message):
    with pytest.raises(StanceError, match=message):
        build_network(SAID, "t", **choices)
    assert len(NORMALIZATIONS) == 5


HOSTILE = ["<script>&amp;\"'", "]]>", "a\r\nb\tc", "\x00\x08\ud800", "Ыш \U0001f600", "</data>"]


def test_networkx_opens_it_with_every_name(tmp_path):
    said = [s for name in HOSTILE for s in says(name, "s")]
    (path,) = write_network(said, '<t a="1">', tmp_path / "n.graphml")
    graph = nx.read_graphml(path)
    names = {data["name"] for _, data in graph.nodes(data=True)}
    clean = {name.replace("\x00\x08\ud800", "\ufffd\ufffd\ufffd") for name in HOSTILE}
    assert names == {*clean, '<t a="1">'}
    assert [data["weight"] for *_, data in graph.edges(data=True)] == [1.0] * 6
    assert {data["frequency"] for _, data in graph.nodes(data=True)} == {1, 6}
    assert not graph.is_directed()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_every_printable_name_comes_back(name):
    graph = nx.parse_graphml(render_graphml(build_network(says(name, "s"), "t")))
    assert graph.nodes["n0"]["name"] == name


def test_keys_are_plain():
    text = render_graphml(build_network(SAID, "t"))
    assert "yfiles" not in text
    assert 'for="graph"' not in text


def test_months(tmp_path):
    said = [
        *says("Ann", "s", date="2020-08-09"), *says("Ann", "c", date="2020-09-01"),
        *says("Ann", "c"),
    ]  # fmt: skip
    assert list(split_by_month(said)) == ["", "2020-08", "2020-09"]
    written = write_network(said, "t", tmp_path / "n.graphml", by_month=True)
    assert [path.name for path in written] == ["n-2020-08.graphml", "n-2020-09.graphml"]
    weights = [
        next(iter(nx.read_graphml(path).edges(data="weight")))[2] for path in written
    ]  # fmt: skip
    assert weights == [1, -1]
    with pytest.raises(StanceError, match="with a date"):
        write_network(says("Ann", "s"), "t", tmp_path / "n.graphml", by_month=True)


def test_pairs_are_statements():
    rows = [
        make_example("Lee left.", label="supports", canonical="Ann Lee"),
        make_example("It rained.", ""),
    ]
    assert to_statements(rows, {"a": "2020-08-09"}) == [
        Statement("Ann Lee", (0, 0, 1), "2020-08-09")
    ]


CLAIM = {
    "article": "a", "canonical": "Ann", "stance": "supports",
    "probabilities": {"criticizes": 0.1, "neutral": 0.2, "supports": 0.7},
}  # fmt: skip


def write_lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_claims(tmp_path):
    path = write_lines(
        tmp_path / "c.jsonl",
        CLAIM,
        {**CLAIM, "canonical": None},
        {**CLAIM, "stance": "uncertain"},
    )
    counted, left_out = read_claims(path, {"a": "2020-08-09"})
    assert counted == [Statement("Ann", (0, 0, 1), "2020-08-09")]
    assert left_out == {"claims without a named actor": 1, "uncertain claims": 1}
    weighed, _ = read_claims(path, {}, "probability")
    assert weighed == [Statement("Ann", (0.1, 0.2, 0.7))] * 2


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ({"text": "x"}, "no claim"),
        ({**CLAIM, "canonical": ["x"]}, "canonical .* is not a text"),
        ({**CLAIM, "probabilities": {"supports": 1}}, "are not those of three stances"),
        ({**CLAIM, "probabilities": {**CLAIM["probabilities"], "neutral": math.nan}}, "are not"),
        ({**CLAIM, "probabilities": [1]}, "is not an object"),
    ],
)
def test_claims_that_are_none(tmp_path, claim, message):
    with pytest.raises(StanceError, match=message):
        read_claims(write_lines(tmp_path / "c.jsonl", claim), {}, "probability")


def test_command(corpus_folder, model_folder, tmp_path):
    corpus = ["--raw", corpus_folder / "raw", "--labels", corpus_folder / "labels",
              "--target", corpus_folder / "toy.toml", "--format", "graphml"]  # fmt: skip
    out = tmp_path / "n.graphml"
    printed = run("export", *corpus, out).stdout
    assert "3 actors, 3 edges" in printed
    assert "in: 81 statements; left out: 9 sentences without an actor" in printed
    graph = nx.read_graphml(out)
    assert sorted(data["name"] for _, data in graph.nodes(data=True)) == [
        "Ann Lee", "Bob Ray", "European Union", "the toy vote",
    ]  # fmt: skip
    run("export", *corpus, out, "--window", "month")
    assert (tmp_path / "n-2020-08.graphml").is_file()
    article = corpus_folder / "raw" / "article-0.md"
    probable = ["--weight", "probability", "--network-type", "onemode"]
    run("export", *corpus, out, article, *probable, "--model", model_folder)
    claims = tmp_path / "claims.jsonl"
    claims.write_text(run("predict", article, "--json", "--model", model_folder).stdout)
    again = tmp_path / "again.graphml"
    run("export", *corpus, again, *probable, "--claims", claims)
    assert again.read_bytes() == out.read_bytes()
    assert "needs probabilities" in failed("export", *corpus, out, "--weight", "probability")
    assert "name one of them" in failed("export", *corpus, out, article, "--claims", claims)
    assert "--window 'week' is not known" in failed("export", *corpus, out, "--window", "week")
    assert "goes with --format graphml alone" in failed("export", out, "--min-statements", "2")
