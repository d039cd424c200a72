"""Every reader of foreign bytes returns a result or one short line, whatever it is sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings

pytest.importorskip("fastapi")

import bounded
import fuzz
from stance.articles import parse_html
from stance.errors import ArticleError, LabelError, StanceError, TargetError, explained_facts
from stance.examples import read_labels, read_phrasebook
from stance.exchange.hf import import_dataset
from stance.exchange.labelstudio import read_tasks
from stance.labelled import read_labelled_table
from stance.mentions import find_mentions
from stance.model import read_metadata
from stance.targets import load_target, parse_target

EXAMPLES = 60


@pytest.fixture(scope="module", autouse=True)
def trained_model(model_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STANCE_MODEL", str(model_folder))
        for cached in (bounded.model, fuzz._app, fuzz._load_facts):
            cached.cache_clear()
        yield
        fuzz._stack.close()
        for cached in (bounded.model, fuzz._app, fuzz._load_facts):
            cached.cache_clear()


@pytest.mark.parametrize("name", fuzz.READERS)
def test_any_case_is_a_result_or_one_line(name):
    reader, tally = fuzz.READERS[name], fuzz.Tally()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(reader.cases)
    def judge(case):
        tally.judge(reader, case)

    judge()
    # A test that only ever sees one side of a reader would be none.
    assert tally.results
    assert tally.refusals or name == "claims of a text"


def test_whole_documents_are_read(tmp_path):
    wholes = {
        "article": fuzz.ARTICLE.encode(), "web page": fuzz.PAGE.encode(),
        "labels": fuzz._lines(fuzz.ROWS).encode(), "target": fuzz.TARGET.encode(),
        "table csv": fuzz._csv(fuzz.TABLE).encode(), "table parquet": fuzz._parquet("table"),
        "label studio": json.dumps([fuzz.TASK]).encode(), "dna": fuzz.DNA.replace(
            "2;2020-08-10 00:00:00;;Arcadia", "2;2020-08-10 00:00:00;Arcadia;").encode(),
        "doccano": fuzz._lines(fuzz.DOCCANO[:1]).encode(), "hf": fuzz._parquet("rows"),
        "prodigy": json.dumps([fuzz.PRODIGY]).encode(), "parquet": fuzz._parquet("rows"),
        "csv": fuzz._csv(fuzz.ROWS).encode(), "inline": fuzz.INLINE.encode(),
        "claims file": json.dumps(fuzz.CLAIM).encode(),
        "journal": fuzz._lines([fuzz.DECISION]).encode(),
    }  # fmt: skip
    for name, data in wholes.items():
        assert fuzz.READERS[name].read(tmp_path, data), name


# What was found, one test each.


def test_numbers_of_thousands_of_digits(tmp_path):
    path = tmp_path / "l.jsonl"
    path.write_text('{"start": ' + "9" * 5000 + "}")
    with pytest.raises(LabelError, match="line 1: not JSON"):
        read_labels(path)
    with pytest.raises(TargetError, match="is not TOML"):
        parse_target("date = " + "9" * 5000)


def test_toml_nested_too_deeply():
    with pytest.raises(TargetError, match="is not TOML"):
        parse_target("a = " + "[" * 5000)
    with pytest.raises(TargetError, match="more than 50 parts"):
        parse_target("a." * 1000 + "a = 1")
    assert parse_target('name = "t"\ntitle = "A.B.C. d.e.f"').title == "A.B.C. d.e.f"


def test_clause_whose_label_is_no_text(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text('{"sentence": "ACTOR left", "label": {}}')
    with pytest.raises(LabelError, match="each a text"):
        read_phrasebook(path)


def test_clause_that_is_not_unicode(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'{"sentence": "\xff"}')
    with pytest.raises(LabelError, match="not UTF-8"):
        read_phrasebook(path)
    path.write_text('{"sentence": "ACTOR \\ud800", "label": "neutral"}')
    with pytest.raises(LabelError, match="half a character"):
        read_phrasebook(path)


def test_predictions_that_are_no_list(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('[{"data": {"text": "x"}, "predictions": 7}]')
    with pytest.raises(LabelError, match="predictions 7 is not a list"):
        read_tasks(path)


def test_damaged_dataset_folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ArticleError, match="no Parquet file"):
        import_dataset(tmp_path)


def test_saved_dataset_whose_facts_are_no_object(tmp_path):
    for name, data in fuzz._saved_dataset().items():
        (tmp_path / name).write_bytes(data)
    assert len(fuzz._read_saved(tmp_path, ("more", b"")).examples) == 3
    (tmp_path / "dataset_info.json").write_text("3")
    with pytest.raises(ArticleError, match="is a damaged dataset folder"):
        read_labelled_table(tmp_path)


def test_saved_dataset_whose_offsets_point_anywhere(tmp_path):
    files = fuzz._saved_dataset()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    text = fuzz.TABLE[0]["text"].encode()
    (arrow,) = tmp_path.glob("*.arrow")
    lengths = [len(row["text"].encode()) for row in fuzz.TABLE]
    ends = [sum(lengths[: i + 1]) for i in range(3)]
    whole = b"".join(n.to_bytes(4, "little") for n in (0, *ends))
    data = arrow.read_bytes()
    assert data.count(whole) == 1 and text in data
    arrow.write_bytes(data.replace(whole, whole[:4] + b"\xff\xff\xff\x7f" + whole[8:]))
    with pytest.raises(ArticleError, match="is a damaged dataset folder"):
        read_labelled_table(tmp_path)


def test_facts_of_another_kind(tmp_path):
    (tmp_path / "metadata.json").write_text("[" * 100_000)
    with pytest.raises(StanceError, match="is damaged"):
        read_metadata(tmp_path)
    with pytest.raises(StanceError, match="the facts are not as expected: .*Make the model anew"):
        with explained_facts("the facts"):
            f"{'x':.2f}"  # noqa: B018


def test_target_with_a_windows_line_end_and_mark(tmp_path):
    (tmp_path / "t.toml").write_bytes(b'\xef\xbb\xbfname = "t"\r\ntitle = "T"\r\n')
    assert load_target(tmp_path / "t.toml").source == 'name = "t"\ntitle = "T"\n'


def test_nothing_but_initials_names_nobody(target):
    assert find_mentions("A. " * 50, target) == []
    found = find_mentions("J. R. R. Tolkien left.", target)
    assert [mention.text for mention in found] == ["J. R. R. Tolkien"]


def test_message_is_one_line_that_no_terminal_acts_on():
    message = str(
        StanceError("found \x1b[31m'a\nb\x85c\u2028d'\u202e, " + "x" * 5000 + " do this.")
    )
    assert len(message) < 1200
    assert message.isprintable()
    assert message.startswith("found \\x1b[31m'a\\nb\\x85c\\u2028d'\\u202e, xx")
    assert message.endswith("xx do this.")
    assert str(StanceError("“plain” — naïve Мінск.")) == "“plain” — naïve Мінск."


def test_page_of_too_many_tags():
    with pytest.raises(ArticleError, match="has more than 50,000 tags"):
        parse_html("<p>a</p>" * 30_000)


def test_page_of_nothing():
    with pytest.raises(ArticleError, match="holds no article"):
        parse_html("<" * 1000)
