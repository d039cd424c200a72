from __future__ import annotations

import json

import pytest
from conftest import ACTORS, CLAIMS
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import LabelError, StanceError, TargetError
from stance.examples import split_by_article
from stance.experiment import run_table_experiment
from stance.labelled import (
    USUAL_NAMES,
    find_columns,
    find_shared_texts,
    fold_text,
    map_labels,
    parse_label_map,
    read_labelled_table,
)
from stance.reading import read
from stance.scorer import dump_scorer
from stance.targets import about_texts, parse_target

C, N, S = "criticizes", "neutral", "supports"


def make_rows(n_copies=8):
    """Return rows in which every claim is made by every actor."""
    return [
        {"text": f"{mention} {claim} on day {day}.", "actor": mention, "label": label}
        for day in range(n_copies)
        for mention, _ in ACTORS
        for claim, label in CLAIMS
    ]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_rows(tmp_path, rows, **options):
    return read_labelled_table(write(tmp_path / "t.jsonl", rows), **options)


def test_actors_are_found_under_their_names(tmp_path, target):
    rows = [
        {"text": "Then Mrs Lee left.", "actor": "Ann Lee", "label": "FAVOR"},
        {"text": "It was rigged.", "actor": "Bob Ray", "label": "AGAINST"},
        {"text": "Nobody came.", "actor": None, "label": "NONE"},
    ]
    table = read_rows(tmp_path, rows, target=target)
    found = [(e.actor, e.actor_start, e.canonical, e.label) for e in table.examples]
    assert found == [("Lee", 9, "Ann Lee", S), ("", 0, "Bob Ray", C), ("", 0, "", N)]
    notes = "\n".join(table.notes)
    assert "1 of 3 rows without an actor are judged as a whole" in notes
    assert "1 of 2 actors do not stand in their text" in notes
    assert "text from 'text', actor from 'actor', label from 'label'" in notes
    assert "'against' = criticizes (1)" in notes


@pytest.mark.parametrize(("start", "end"), [("actor_start", "actor_end"), ("from", "to")])
def test_offsets_are_used_and_checked(tmp_path, start, end):
    row = {"text": "  Lee met Lee.", "actor": "Lee", start: 10, end: 13, "label": "pro"}
    example = read_rows(tmp_path, [row]).examples[0]
    assert (example.sentence, example.actor_start, example.actor_end) == ("Lee met Lee.", 8, 11)
    for wrong in ({start: 0}, {end: 99}, {start: 3}):
        with pytest.raises(LabelError, match="line 1: the actor 'Lee' does not stand at its"):
            read_rows(tmp_path, [{**row, **wrong}])


def test_columns_that_hold_no_offsets_are_not_taken(tmp_path):
    row = {"text": "Lee left.", "from": "Minsk", "to": "Kyiv", "label": "pro"}
    table = read_rows(tmp_path, [row])
    assert table.columns == {"text": "text", "label": "label"}
    assert not table.examples[0].has_actor


@pytest.mark.parametrize("field", ["text", "actor", "label", "group"])
def test_usual_names(field):
    for name in USUAL_NAMES[field]:
        for column in (name, name.upper(), name.replace("_", " ").title()):
            others = {"text": "t", "label": "l"}
            chosen = {k: v for k, v in others.items() if k != field}
            assert find_columns([column, "t", "l"], chosen, "t.csv")[field] == column


@pytest.mark.parametrize(
    ("found", "chosen", "message"),
    [
        (["body", "label"], {}, "no column for the text; found body, label. Name it with --text"),
        (["text", "x"], {}, "no column for the label; found text, x"),
        (["text", "tweet", "label"], {}, "text could be in 'text' or 'tweet'; choose one, as in"),
        (["text", "label", "person", "actor"], {}, "the actor could be in 'person' or 'actor'"),
        (["text", "label"], {"actor": "spekaer"}, "no column 'spekaer'; found text, label"),
        (["text", "label"], {"text": "txet"}, "no column 'txet'.*Did you mean 'text'"),
        (["text", "label"], {"txt": "text"}, "no field 'txt'.*Did you mean 'text'"),
    ],
)
def test_columns_that_cannot_be_told(found, chosen, message):
    with pytest.raises(LabelError, match=message):
        find_columns(found, chosen, "t.csv")


def test_a_field_may_be_declined():
    found = find_columns(["text", "label", "actor", "person"], {"actor": ""}, "t.csv")
    assert found == {"text": "text", "label": "label"}


@pytest.mark.parametrize(
    ("values", "entry"),
    [
        (["0", "1", "1"], "'0=…,1=…', with criticizes"),
        (["LABEL_0", "favor"], "'favor=supports,LABEL_0=…'"),
        ([0, 1, -1], "'-1=criticizes,0=neutral,1=supports', if that is what they mean"),
        ([2.0, 6.0], "'2.0=criticizes,6.0=supports', if"),
        ([True, False], "'False=…,True=…'"),
        (["pro", "so-so"], r"'so-so' means; found pro \(1\), so-so \(1\)"),
    ],
)
def test_labels_that_could_mean_anything_are_refused_with_the_map_to_write(values, entry):
    with pytest.raises(LabelError, match=entry):
        map_labels(values, {}, "t.csv")


def test_map_of_the_message_is_taken():
    with pytest.raises(LabelError) as caught:
        map_labels([0, 1, -1], {}, "t.csv")
    written = str(caught.value).split("--label-map '")[1].split("'")[0]
    assert map_labels([0, 1, -1], parse_label_map(written), "t.csv") == {"-1": C, "0": N, "1": S}


def test_polarity_of_two_four_six_is_known_only_together():
    assert map_labels([2.0, 4.0, 6.0], {}, "t") == {"2": C, "4": N, "6": S}
    assert map_labels(["2", "4"], {"2": S, "4.0": C}, "t") == {"2": S, "4": C}


@given(
    st.dictionaries(
        # A value may hold commas, or equals signs; with both it could be cut in two ways.
        st.one_of(st.text("a, é1", min_size=1), st.text("a=1", min_size=1))
        .map(str.strip)
        .filter(lambda value: value and value[0] != "," and value[-1] != "="),
        st.sampled_from([C, N, S, "skip"]),
        min_size=1,
        max_size=4,
    )
)
def test_label_map_round_trip(label_map):
    written = ",".join(f"{value}={stance}" for value, stance in label_map.items())
    assert parse_label_map(written) == label_map


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FAVOR", "must be VALUE=STANCE"),
        ("a=supports,b", "must be VALUE=STANCE"),
        ("a=suports", "Did you mean 'supports'"),
    ],
)
def test_broken_label_maps(text, message):
    with pytest.raises(LabelError, match=message):
        parse_label_map(text)


ATTACKS = [
    ({"text": ""}, "line 2: the text is empty"),
    ({"text": None}, "line 2: the text is empty"),
    ({"text": 7}, "line 2: the text is int 7"),
    ({"text": ["a"]}, "line 2: the text is list"),
    ({"label": ""}, "line 2: the label is empty"),
    ({"label": float("nan")}, "line 2: the label is empty"),
    ({"label": ["pro", "con"]}, "line 2: a single value was expected"),
    ({"actor": {"name": "Lee"}}, "line 2: a single value was expected"),
    ({"text": "half \ud83d"}, "line 2: it holds half a character"),
    ({"actor": "\udfff"}, "line 2: it holds half a character"),
    ({"label": "\udfff"}, "line 2: it holds half a character"),
]


@pytest.mark.parametrize(("change", "message"), ATTACKS)
def test_bad_rows_are_named_or_left_out(tmp_path, change, message):
    good = {"text": "Lee left.", "actor": "Lee", "label": "pro"}
    rows = [good, {**good, **change}, good]
    with pytest.raises(LabelError, match=message):
        read_rows(tmp_path, rows)
    table = read_rows(tmp_path, rows, skip_bad_rows=True)
    assert len(table.examples) == 2
    assert "1 bad rows left out" in table.notes


def test_only_bad_rows(tmp_path):
    with pytest.raises(LabelError, match="none of the 2 rows"):
        read_rows(tmp_path, [{"text": "", "label": "pro"}] * 2, skip_bad_rows=True)


def test_cells_beyond_the_header(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\na,pro\nb, c,pro\n")
    with pytest.raises(LabelError, match="line 3: there are more cells than columns"):
        read_labelled_table(tmp_path / "t.csv")


def test_skipped_labels_and_chosen_rows(tmp_path):
    rows = [
        {"text": "a b", "label": "pro", "Target": "x"},
        {"text": "c d", "label": "con", "Target": "y"},
        {"text": "e f", "label": "none", "Target": "x"},
    ]
    assert any("--where Target='x'" in note for note in read_rows(tmp_path, rows).notes)
    table = read_rows(tmp_path, rows, where={"Target": "x"}, label_map={"none": "skip", "zz": N})
    assert [e.sentence for e in table.examples] == ["a b"]
    assert "1 rows left out by --label-map" in table.notes
    assert "no row has the label 'zz' of --label-map" in table.notes
    with pytest.raises(LabelError, match="no row has 'z' in 'Target'; found x, y"):
        read_rows(tmp_path, rows, where={"Target": "z"})
    with pytest.raises(LabelError, match="no column 'Targt'.*Did you mean 'Target'"):
        read_rows(tmp_path, rows, where={"Targt": "x"})
    with pytest.raises(LabelError, match="no labelled rows are left"):
        read_rows(tmp_path, rows, label_map=dict.fromkeys(("pro", "con", "none"), "skip"))


def test_contrary_labels_are_counted_and_kept(tmp_path):
    rows = [
        {"text": "Lee left.", "actor": "Lee", "label": "pro"},
        {"text": "lee LEFT", "actor": "Lee", "label": "con"},
        {"text": "Ray left.", "actor": "Ray", "label": "con"},
    ]
    table = read_rows(tmp_path, rows)
    assert len(table.examples) == 3
    assert "1 texts have contrary labels for one actor; all their rows are kept" in table.notes


def test_copies_never_straddle_the_split(tmp_path):
    rows = [
        {"text": text, "label": "pro"}
        for i in range(60)
        for text in (f"Number {i}, they said!", f"“NUMBER {i}” they said", f"number {i} they said")
    ]
    train, test = split_by_article(read_rows(tmp_path, rows).examples)
    assert train
    assert test
    assert not any(find_shared_texts(train, test))
    assert not {fold_text(e.sentence) for e in train} & {fold_text(e.sentence) for e in test}


def test_groups_stay_together_and_texts_stand_one_after_another(tmp_path):
    rows = [
        {"text": "Lee left.", "actor": "Lee", "label": "pro", "doc_id": 1},
        {"text": "Ray stayed.", "actor": "Ray", "label": "con", "doc_id": 1},
        {"text": "Lee left.", "actor": "left", "label": "none", "doc_id": 1},
        {"text": "Lee left.", "actor": "Lee", "label": "con", "doc_id": 1},
        {"text": "Lee left.", "actor": "Lee", "label": "pro", "doc_id": "x" * 200},
    ]
    examples = read_rows(tmp_path, rows).examples
    # The third asks about another actor of the same sentence; the fourth is a second opinion.
    assert [e.start for e in examples] == [0, 10, 0, 22, 0]
    assert [e.article for e in examples[:4]] == ["1"] * 4
    assert examples[4].article.startswith("text-")
    assert len({e.key for e in examples}) == 5


def test_texts_may_be_any_words(tmp_path):
    rows = [{"text": text, "label": "pro", "group": "g"} for text in ("one", "end", "None", "end")]
    assert [e.start for e in read_rows(tmp_path, rows).examples] == [0, 4, 8, 13]


def test_messages_are_one_line(tmp_path):
    rows = [{"text": "a", "label": "yes\nand no", "a\nb": "c\nd"}, {"text": "b", "label": "pro"}]
    with pytest.raises(LabelError, match="'pro=supports,yes and no=…'") as caught:
        read_rows(tmp_path, rows)
    assert "\n" not in str(caught.value)
    with pytest.raises(LabelError, match="found None, c d") as caught:
        read_rows(tmp_path, rows, where={"a\nb": "x"})
    assert "\n" not in str(caught.value)
    assert read_rows(tmp_path, rows, label_map={"yes  AND no": "neutral"}).examples[0].label == N


def test_target_about_texts_takes_each_text_as_a_whole(tmp_path, target):
    row = {"text": "Lee left.", "actor": "Lee", "label": "pro"}
    example = read_rows(tmp_path, [row], target=about_texts(target)).examples[0]
    assert (example.has_actor, example.canonical) == (False, "Ann Lee")


def test_test_part_of_a_dataset_folder_is_held_out(tmp_path):
    write(tmp_path / "train.jsonl", [{"text": "a", "label": "pro"}])
    write(tmp_path / "test.jsonl", [{"text": "b", "label": "con"}])
    table = read_labelled_table(tmp_path)
    assert [e.sentence for e in table.examples] == ["a"]
    assert [e.sentence for e in table.held_out] == ["b"]
    (tmp_path / "train.jsonl").unlink()
    assert [e.sentence for e in read_labelled_table(tmp_path).examples] == ["b"]


def test_export_comes_back_with_the_same_split(corpus_folder, target, tmp_path):
    from stance.corpus import read_corpus
    from stance.exchange.hf import export_dataset

    corpus = read_corpus(corpus_folder / "raw", corpus_folder / "labels")
    export_dataset(corpus.examples, target, tmp_path / "d")
    table = read_labelled_table(tmp_path / "d", target=target)

    def facts(rows):
        return sorted((e.article, e.sentence, e.actor_start, e.canonical, e.label) for e in rows)

    train, test = split_by_article(corpus.examples)
    assert facts(table.examples) == facts(train)
    assert facts(table.held_out) == facts(test)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    return read_labelled_table(write(folder / "rows.jsonl", make_rows()))


@pytest.fixture(scope="module")
def trained(table):
    return run_table_experiment(table, search=False, n_jobs=1)


def test_table_experiment_learns_the_toy(trained, table):
    held_out = trained.evaluation["held_out"]
    assert held_out["model"]["accuracy"] > 0.95
    assert trained.evaluation["unseen_actors"]["accuracy"] > 0.9
    assert trained.evaluation["detection"] is None
    assert set(held_out["per_actor"]) == {"Ann Lee", "Bob Ray", "The EU"}
    assert trained.metadata["data"]["n_pairs"] == len(table.examples) == 8 * 27
    n_test = sum(e.article in trained.metadata["split"]["test_articles"] for e in table.examples)
    assert n_test == held_out["model"]["support"]
    assert trained.model.detector is None
    claims = read("Zed Fox condemned the count.", trained.model.to_scorer())
    assert [(c.actor, c.stance) for c in claims] == [("Zed Fox", C)]


def test_same_table_and_seed_give_the_same_bytes(trained, table):
    again = run_table_experiment(table, search=False, n_jobs=1)
    assert (again.evaluation, again.metadata) == (trained.evaluation, trained.metadata)
    assert dump_scorer(again.model.to_scorer()) == dump_scorer(trained.model.to_scorer())


def test_table_to_test_on_is_counted_by_hand_and_never_trains(table, trained, tmp_path):
    rows = [
        {"text": "Zed Fox condemned the count and called it a fraud.", "actor": "Zed Fox",
         "label": "con"},
        {"text": "Zed Fox praised the vote as fair.", "actor": "Zed Fox", "label": "con"},
        {"text": "Ann Lee praised the vote as fair on day 0!", "actor": "Ann Lee", "label": "pro"},
    ]  # fmt: skip
    test = read_rows(tmp_path, rows)
    result = run_table_experiment(table, test=test, search=False, n_jobs=1)
    held_out = result.evaluation["held_out"]
    assert held_out["model"]["confusion"] == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]
    assert held_out["model"]["accuracy"] == pytest.approx(2 / 3)
    # No neutral row is there or foretold: the mean is over two stances, each with F1 2/3.
    assert held_out["model"]["macro_f1"] == pytest.approx(2 / 3)
    assert held_out["known_actors"]["support"] == 1
    assert held_out["per_actor"]["Zed Fox"]["accuracy"] == 0.5
    assert held_out["others"]["texts not trained on"]["support"] == 2
    data = result.metadata["data"]["table"]
    assert (data["n_shared_with_test"], data["test"]) == (1, "t")
    assert result.metadata["training"]["refitted_on_all_articles"] is False
    # Fitted on all of the table and nothing else, as the other model was after its evaluation.
    assert result.metadata["training"]["n_rows"] == len(table.examples)
    terms = [
        m.pipeline_["vectorizer"].get_feature_names_out() for m in (result.model, trained.model)
    ]
    assert set(terms[0]) == set(terms[1])


def test_table_without_actors_makes_a_model_of_whole_texts(tmp_path):
    rows = [{"Tweet": r["text"], "Stance": r["label"]} for r in make_rows(4)]
    table = read_rows(tmp_path, rows)
    assert table.target.unit == "text"
    result = run_table_experiment(table, search=False, n_jobs=1)
    held_out = result.evaluation["held_out"]
    assert (held_out["per_actor"], held_out["actor_prior"], held_out["others"]) == ({}, None, {})
    assert result.evaluation["unseen_actors"] is None
    scorer = result.model.to_scorer()
    text = "Ann Lee spoke. Bob Ray praised the vote as fair."
    claims = read(text, scorer)
    assert [(c.sentence, c.actor, c.stance) for c in claims] == [(text, None, S)]
    assert claims[0].probabilities[S] == pytest.approx(scorer.predict_proba([text])[0, 2])
    assert [c.actor for c in read(text, scorer, actor="Bob Ray")] == ["Bob Ray"]
    assert read(text, scorer, actor="Zed") == []
    assert read(" ", scorer) == []


def test_two_stances_are_measured_but_make_no_model(tmp_path):
    rows = [row for row in make_rows(4) if row["label"] != N]
    table = read_rows(tmp_path, rows)
    with pytest.raises(LabelError, match="no rows that are neutral.*stance evaluate --data"):
        table.check_stances()
    result = run_table_experiment(table, search=False, n_jobs=1)
    assert result.evaluation["held_out"]["model"]["macro_f1"] > 0.9


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "a b", "label": "pro"}] * 5, "cannot be split: all of its 5 rows are of one"),
        ([{"text": t, "label": "pro"} for t in "abcdef"], "labels are 'supports'"),
        (
            [{"text": t, "label": "con" if t == "a" else "pro"} for t in "abcd"],
            "too few to cross-validate|labels are 'supports'",
        ),
    ],
)
def test_tables_too_small(tmp_path, rows, message):
    table = read_rows(tmp_path, rows)
    with pytest.raises(StanceError, match=message):
        run_table_experiment(table, n_jobs=1)


def test_target_about_texts():
    toy = parse_target('name = "t"\nunit = "actor"\n[actors.men]\n"Ed Lee" = []')
    assert about_texts(toy).unit == "text"
    assert about_texts(toy).canonical("ed lee") == "Ed Lee"
    assert parse_target(about_texts(toy).source).unit == "text"
    with pytest.raises(TargetError, match="unit 'page' is not one of actor, text"):
        parse_target('name = "t"\nunit = "page"')
