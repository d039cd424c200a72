"""Send every reader of foreign bytes what it does not expect, and count what it makes of it.

A reader may return a result or raise a StanceError of one short line. Another exception, a message
of several lines, a result that contradicts itself, or a case that takes seconds is a finding. The
cases are any bytes, documents put together from awkward pieces, and whole documents with a few
places changed; tests/test_fuzz.py runs some of the same.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bounded import UNITS
from stance.articles import read_articles, split_sentences
from stance.cues import STANCES, compile_pattern
from stance.errors import StanceError
from stance.examples import Example, read_labels, read_phrasebook, write_labels
from stance.labelled import parse_label_map, read_labelled_table
from stance.mentions import find_mentions
from stance.tables import format_plain
from stance.targets import load_target

LONGEST_MESSAGE = 1200
LONGEST_CASE = 5.0

ARTICLE = (
    "---\ntitle: A vote\ndate: 2020-08-10\noutlet: Desk\n---\n\n"
    "Ann Lee rejected the vote on Aug. 9. \u201cWe will not go,\u201d she said.\n\n"
    "Mr. Ray, the Arcadian president, praised it; protesters did not. It rained.\n"
)
PAGE = (
    "<!doctype html><html lang=en><head><title>A vote</title><meta name=date content=2020-08-10>"
    "</head><body><nav><a href=/>Home</a></nav><article><h1>A vote</h1><p>"
    + "Ann Lee rejected the vote, and the European Union praised it. " * 6
    + "</p></article></body></html>"
)
TARGET = (
    'name = "toy"\ntitle = "the vote"\nquestion = "For or against?"\ndate = 2020-08-09\n'
    '[actors.women]\n"Ann Lee" = ["Lee"]\n[actors.men]\n"Bob Ray" = ["Ray"]\n'
    '[[roles]]\nnames = ["mayor"]\nholders = [{since = 2019-01-01, actor = "Bob Ray"}]\n'
    '[[cues]]\nname = "no"\nstance = "criticizes"\n'
    'pattern = "(reject*|not (to)? accept) ... vote"\nscope = "sentence"\nnegation = "flip"\n'
)
INLINE = (
    "---\ntitle: A vote\n---\n{c|Ann Lee} rejected it.\n"
    "{s|Both|Ann Lee;Bob Ray} left. {n|Ray|Bob Ray} too.\n\nIt rained.\n"
)
SENTENCE = "Ann Lee rejected the vote."
ROWS: list[dict[str, Any]] = [
    {
        "article": "a", "start": 0, "end": len(SENTENCE), "sentence": SENTENCE, "actor": "Ann Lee",
        "actor_start": 0, "actor_end": 7, "canonical": "Ann Lee", "label": label,
        "source": "reviewed", "annotator": name, "note": "",
    }
    for name, label in (("ann", "criticizes"), ("ben", "supports"))
]  # fmt: skip
TABLE = [
    {"id": 1, "text": SENTENCE, "actor": "Ann Lee", "label": "AGAINST", "group": "a"},
    {"id": 2, "text": "The vote, \u201cfair\u201d.", "actor": "", "label": "FAVOR", "group": "b"},
    {"id": 3, "text": "It rained; nobody came.", "actor": None, "label": "NONE", "group": "b"},
]  # fmt: skip
TASK = {
    "id": 1,
    "data": {"text": SENTENCE, "target": "the vote", **{k: ROWS[0][k] for k in ROWS[0] if k not in (
        "sentence", "label", "source", "annotator", "note")},
        "readings": [{"result": "r1", "label": "criticizes", "source": "reviewed",
                      "annotator": "ann", "note": ""}]},
    "annotations": [{"completed_by": {"email": "ann@x"}, "was_cancelled": False, "result": [
        {"id": "r1", "from_name": "stance", "to_name": "text", "type": "choices",
         "value": {"choices": ["criticizes"]}}]}],
    "predictions": [],
}  # fmt: skip
DOCCANO = [
    {"id": 1, "text": SENTENCE, "label": ["criticizes"], "Comments": []},
    {"id": 2, "text": SENTENCE, "label": [[0, 7, "supports"]], "Comments": []},
    {"id": 3, "text": SENTENCE,
     "entities": [{"start_offset": 0, "end_offset": 7, "label": "neutral"}]},
]  # fmt: skip
PRODIGY = {
    "text": SENTENCE, "spans": [{"start": 0, "end": 7, "label": "actor"}], "accept": ["criticizes"],
    "answer": "accept", "_annotator_id": "ann", "_view_id": "choice",
    "meta": {k: v for k, v in ROWS[0].items() if k != "sentence"},
}  # fmt: skip
DNA = (
    "statement_id;time;person;organization;concept;agreement;start_position;stop_position;text;"
    "coder;document_id;document_title\n"
    f"1;2020-08-10 00:00:00;Ann Lee;;the vote;-1;0;26;{SENTENCE};1;1;A vote\n"
    "2;2020-08-10 00:00:00;;Arcadia;the vote;1;0;26;The vote was fair, it said;1;2;Another\n"
)
CLAIM = {
    "article": "a", "start": 0, "end": 26, "sentence": SENTENCE, "actor": "Ann Lee",
    "canonical": "Ann Lee", "stance": "criticizes",
    "probabilities": {"criticizes": 0.91, "neutral": 0.07, "supports": 0.02},
}  # fmt: skip
DECISION = {
    "id": "d1", "pair": "p1", "annotator": "ann", "article": "a", "start": 0, "end": 26,
    "sentence": SENTENCE, "actor": "Ann Lee", "actor_start": 0, "actor_end": 7,
    "canonical": "Ann Lee", "label": "criticizes", "note": "", "origin": [0, 0, 7, "Ann Lee"],
    "blind": False, "time": "2020-08-10T00:00:00.000+00:00", "version": 1,
}  # fmt: skip


def _lines(rows: list[Any]) -> str:
    """Return JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    """Return CSV."""
    import csv

    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@cache
def _parquet(which: str) -> bytes:
    """Return a table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    rows = TABLE if which == "table" else ROWS
    pq.write_table(pa.Table.from_pylist(rows), stream, compression="zstd")
    return stream.getvalue()


@cache
def _saved_dataset() -> dict[str, bytes]:
    """Return the files of a folder that `datasets.save_to_disk` wrote."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        rows = [{"text": row["text"], "label": row["label"]} for row in TABLE]
        Dataset.from_list(rows).save_to_disk(folder)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


# What documents are made of

# Each of these means something to one of the readers, or did to a parser that was broken by it.
_PIECES = (
    *UNITS.values(), *STANCES, "\x00", "\r", "\r\n", "\x1f", "\ufeff", "\ud800", "\u2028", "\x85",
    "\x01", "ACTOR", "null", "NaN", "Infinity", "-1", "1e999", "9" * 5000, "true", '""', "{}", "[]",
    "[[", "]]", "=", "'''", '"""', "#", "---", "...", "(a|b)?", "*", "<script>", "&#0;", "]]>",
    "<!--", "\x1b[31m", "../", "/etc/passwd", "\u202e", "\u00df", "\u0130", "\ufb01", "\u1e9e",
    "2020-02-30", "0x1F", "\\ud800", "\\u0000", "a" * 300, "\U000e0041", "\u0600", "\u09be",
    "{c|", "|Ann}", "Ann Lee", "Bob Ray", "EU", "he", "said", "text", "label", "actor", "sentence",
)  # fmt: skip


def _to_bytes(text: str) -> bytes:
    """Return text as bytes, half characters among it."""
    return text.encode("utf-8", "surrogatepass")


_piece = (
    st.sampled_from(_PIECES).map(_to_bytes)
    | st.text(max_size=8).map(_to_bytes)
    | st.binary(max_size=8)
)
_patchwork = st.lists(_piece, max_size=40).map(b"".join)
_text = st.lists(
    st.sampled_from([p for p in _PIECES if len(p) < 400]) | st.text(max_size=12), max_size=40
).map("".join)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | _text.map(lambda t: t[:60]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from([*ROWS[0], *TASK, "text"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@st.composite
def _changed(draw: Any, wholes: tuple[bytes, ...]) -> bytes:
    """Draw a whole document with a few places cut, doubled, or replaced by a piece."""
    data = draw(st.sampled_from(wholes))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, max(0, len(data))))
        length = draw(st.integers(0, 30))
        kind = draw(st.sampled_from(["cut", "double", "insert", "bit", "end"]))
        if kind == "cut":
            data = data[:start] + data[start + length :]
        elif kind == "double":
            data = data[: start + length] + data[start:]
        elif kind == "insert":
            data = data[:start] + draw(_piece) + data[start + length :]
        elif kind == "bit" and start < len(data):
            flipped = data[start] ^ (1 << (length % 8))
            data = data[:start] + bytes([flipped]) + data[start + 1 :]
        elif kind == "end":
            data = data[:start]
    return data


@st.composite
def _altered(draw: Any, rows: list[Any]) -> list[Any]:
    """Draw rows of JSON with some values, at any depth, replaced by others."""
    rows = json.loads(json.dumps(rows))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = rows
        key: Any = draw(st.integers(0, len(rows) - 1))
        while isinstance(place[key], (dict, list)) and place[key] and draw(st.integers(0, 4)):
            place = place[key]
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = draw(st.sampled_from(list(keys)))
        if isinstance(place, dict) and draw(st.integers(0, 4)) == 0:
            del place[key]
            if not place:
                break
        else:
            place[key] = draw(_json)
    return rows


def documents(*wholes: str | bytes) -> st.SearchStrategy[bytes]:
    """Return the strategy of any bytes, of patchwork, and of whole documents that were changed."""
    as_bytes = tuple(w if isinstance(w, bytes) else w.encode() for w in wholes)
    return st.binary(max_size=300) | _patchwork | _changed(as_bytes) | _changed(as_bytes)


def json_lines(*rows: Any) -> st.SearchStrategy[bytes]:
    """Return the strategy of documents as JSON Lines or a JSON array, also with other values."""
    altered = _altered(list(rows))
    return (
        documents(_lines(list(rows)), json.dumps(list(rows)))
        | altered.map(lambda found: _to_bytes(_lines(found)))
        | altered.map(lambda found: json.dumps(found).encode())
        | st.lists(_json, max_size=4).map(lambda found: json.dumps(found).encode())
    )


# What reads them

Folder = Path


def _file(folder: Folder, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _read_articles(name: str) -> Callable[[Folder, Any], Any]:
    def read(folder: Folder, data: bytes) -> Any:
        articles = list(read_articles(_file(folder, name, data)))
        for article in articles:
            for sentence in split_sentences(article):
                assert article.text[sentence.start : sentence.end] == sentence.text
        return articles

    return read


def _read_labels(folder: Folder, data: bytes) -> Any:
    rows = read_labels(_file(folder, "l.jsonl", data), by_annotator=True)
    again = folder / "again.jsonl"
    write_labels(again, rows)
    assert sorted(map(repr, read_labels(again, by_annotator=True))) == sorted(map(repr, rows))
    return rows


def _read_target(folder: Folder, data: bytes) -> Any:
    target = load_target(_file(folder, "t.toml", data))
    for name in ("Ann Lee", "mayor", ""):
        target.on("2020-08-10").canonical(name)
    find_mentions(SENTENCE, target)
    return [cue.vote(SENTENCE) for cue in target.cues]


def _read_pattern(folder: Folder, text: str) -> Any:
    return compile_pattern(text).search(SENTENCE * 20)


def _read_table(name: str) -> Callable[[Folder, Any], Any]:
    def read(folder: Folder, data: bytes) -> Any:
        path = _file(folder, name, data)
        with contextlib.suppress(StanceError):
            read_labelled_table(path, header=False)
        table = read_labelled_table(path, skip_bad_rows=True)
        for row in table.examples:
            assert row.sentence[row.actor_start : row.actor_end] == row.actor
        return table

    return read


@st.composite
def _saved(draw: Any) -> tuple[str, bytes]:
    """Draw one file of a saved dataset, changed."""
    files = _saved_dataset()
    name = draw(st.sampled_from(sorted(files)))
    return name, draw(documents(files[name]))


def _read_saved(folder: Folder, case: tuple[str, bytes]) -> Any:
    for name, data in [*_saved_dataset().items(), case]:
        _file(folder, name, data)
    return read_labelled_table(folder, skip_bad_rows=True)


def _read_gzip(folder: Folder, data: bytes) -> Any:
    return _read_table("t.csv.gz")(folder, data)


def _read_task(name: str) -> Callable[[Folder, Any], Any]:
    def read(folder: Folder, data: bytes) -> Any:
        from stance.exchange.items import TableOptions, collect
        from stance.exchange.labelstudio import read_tasks

        path = _file(folder, name, data)
        return _checked(collect(read_tasks(path), str(path), TableOptions()))

    return read


def _read_doccano(folder: Folder, data: bytes) -> Any:
    from stance.exchange.doccano import read_lines
    from stance.exchange.items import TableOptions, collect

    path = _file(folder, "d.jsonl", data)
    return _checked(collect(read_lines(path), str(path), TableOptions()))


def _read_prodigy(folder: Folder, data: bytes) -> Any:
    from stance.exchange.items import TableOptions, collect
    from stance.exchange.prodigy import read_answers

    path = _file(folder, "p.jsonl", data)
    return _checked(collect(read_answers(path), str(path), TableOptions()))


def _read_dna(folder: Folder, data: bytes) -> Any:
    from stance.exchange.dna import read_events
    from stance.exchange.items import TableOptions

    return _checked(read_events(_file(folder, "d.csv", data), TableOptions()))


def _read_csv(folder: Folder, data: bytes) -> Any:
    from stance.exchange.csv import read_table
    from stance.exchange.items import TableOptions

    return _checked(read_table(_file(folder, "l.csv", data), TableOptions()))


def _read_parquet(folder: Folder, data: bytes) -> Any:
    from stance.exchange.items import TableOptions
    from stance.exchange.parquet import read_parquet

    return _checked(read_parquet(_file(folder, "l.parquet", data), TableOptions()))


def _checked(imported: Any) -> Any:
    """Return imported rows, of which each must stand in its article."""
    articles = {article.id: article.text for article in imported.articles}
    for row in imported.examples:
        assert isinstance(row, Example)
        if articles:
            assert articles[row.article][row.start : row.end] == row.sentence
    return imported


def _read_inline(folder: Folder, data: bytes) -> Any:
    from stance.exchange.inline import import_inline
    from stance.exchange.storage import store_in_corpus

    path = _file(folder, "a.txt", data)
    made = folder / "made"
    counts = import_inline([path], made / "raw", made / "labels")
    assert store_in_corpus([], [], made / "raw", made / "labels").rows == {}
    articles = {a.id: a for a in read_articles(made / "raw")}
    read_labels(made / "labels" / "reviewed.jsonl", articles)
    return counts


def _read_claims(folder: Folder, data: bytes) -> Any:
    from stance.exchange.graphml import read_claims

    path = _file(folder, "c.jsonl", data)
    return [read_claims(path, {}, weight) for weight in ("count", "probability")]


def _read_hf(folder: Folder, data: bytes) -> Any:
    from stance.exchange.hf import import_dataset

    (folder / "hf" / "data").mkdir(parents=True, exist_ok=True)
    _file(folder / "hf" / "data", "train.parquet", data)
    return import_dataset(folder / "hf")


def _read_journal(folder: Folder, data: bytes) -> Any:
    from dataclasses import replace

    from stance.serve.journal import Decision, Journal

    path = _file(folder, "review-journal.jsonl", data)
    journal = Journal(path)
    kept = path.read_bytes()
    assert kept == data or data.startswith(kept) or kept == data + b"\n"
    decision = Decision(**{**DECISION, "origin": (0, 0, 7, "Ann Lee")})
    made = journal.append(replace(decision, id="fresh"))
    assert path.read_bytes().startswith(kept)
    again = Journal(path)
    assert again.version("p1") == made.version
    return journal.standing()


def _read_facts(folder: Folder, files: tuple[bytes, bytes]) -> Any:
    from stance.model import read_evaluation, read_metadata
    from stance.report.card import render_card
    from stance.report.evaluation_page import render_evaluation_page
    from stance.report.prevalence import load_error_rates

    _file(folder, "metadata.json", files[0])
    _file(folder, "evaluation.json", files[1])
    load_error_rates(folder)
    facts = read_metadata(folder), read_evaluation(folder)
    # Both are tried, whatever the first makes of it.
    with contextlib.suppress(StanceError):
        render_evaluation_page(*facts)
    return render_card(*facts)


def _read_label_map(folder: Folder, text: str) -> Any:
    return parse_label_map(text)


def _read_claims_of_text(folder: Folder, text: str) -> Any:
    from bounded import model
    from stance.reading import read

    claims = read(text, model())
    for claim in claims:
        assert text[claim.start : claim.end] == claim.sentence
        assert abs(sum(claim.probabilities.values()) - 1) < 1e-9
        if claim.actor is not None:
            assert claim.sentence[claim.actor_start : claim.actor_end] == claim.actor
            assert claim.span_start <= claim.actor_start
            assert claim.actor_end <= claim.span_end
    return claims


def _model_folder() -> Path:
    """Return the folder of the trained model."""
    return Path(os.environ.get("STANCE_MODEL", "models/stance"))


@cache
def _app() -> Any:
    """Return a client of the web app over a small corpus."""
    from fastapi.testclient import TestClient

    from stance.serve.application import create_app
    from stance.serve.workspace import Places, Workspace

    folder = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
    (folder / "raw").mkdir()
    (folder / "raw" / "a.md").write_text(ARTICLE, encoding="utf-8")
    workspace = Workspace(Places(folder / "raw", folder / "labels", _model_folder(), None))
    workspace.train = lambda: None  # type: ignore[method-assign]
    return TestClient(create_app(workspace), base_url="http://localhost")


ROUTES = (
    "POST /api/predict", "POST /api/explain", "POST /api/export", "POST /api/report",
    "POST /api/labels", "DELETE /api/labels/x", "GET /api/labels", "GET /api/labels/queue",
    "GET /api/articles", "GET /api/articles/a",
)  # fmt: skip
REQUESTS = [
    {"text": ARTICLE, "actor": "Ann Lee", "abstain": 0.5},
    {"articles": [{"name": "a", "text": ARTICLE}], "format": "csv"},
    {k: v for k, v in DECISION.items() if k not in ("pair", "time", "version", "origin")}
    | {"expected_version": 0},
]


def _ask(folder: Folder, case: tuple[str, bytes, list[tuple[str, str]]]) -> Any:
    route, body, query = case
    method, path = route.split()
    answer = _app().request(
        method, path, content=body, params=query, headers={"content-type": "application/json"}
    )
    if answer.status_code >= 500:
        raise AssertionError(f"{route}: {answer.status_code} {answer.text[:200]}")
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        raise StanceError(answer.json()["title"])
    return answer


@dataclass(frozen=True)
class Reader:
    """One reader of foreign bytes.

    Parameters
    ----------
    cases : SearchStrategy
        What is sent.
    read : callable
        Told an empty folder and a case; may raise a StanceError.
    """

    cases: st.SearchStrategy[Any]
    read: Callable[[Folder, Any], Any]


@cache
def _load_facts() -> tuple[bytes, bytes]:
    """Return the facts and the evaluation of the trained model, of each list the beginning."""
    folder = _model_folder()

    def begin(value: Any) -> Any:
        if isinstance(value, list):
            return [begin(inner) for inner in value[:3]]
        if isinstance(value, dict):
            return {key: begin(inner) for key, inner in [*value.items()][:12]}
        return value

    metadata, evaluation = (
        json.loads((folder / name).read_bytes()) for name in ("metadata.json", "evaluation.json")
    )
    return json.dumps(begin(metadata)).encode(), json.dumps(begin(evaluation)).encode()


@st.composite
def _facts(draw: Any) -> tuple[bytes, bytes]:
    """Draw the two files of facts beside a model, one of them changed."""
    metadata, evaluation = _load_facts()
    if draw(st.booleans()):
        part = json.loads(metadata)
        return json.dumps(draw(_altered([part]))[0]).encode(), evaluation
    if draw(st.booleans()):
        return metadata, json.dumps(draw(_altered([json.loads(evaluation)]))[0]).encode()
    return draw(documents("{}", '{"held_out": {}}')), draw(documents("{}", '{"held_out": {}}'))


_query = st.lists(
    st.tuples(
        st.sampled_from(["annotator", "mode", "limit", "offset", "article", "order", "blind"]),
        st.sampled_from(["ann", "1", "-1", "x", "9" * 30]) | st.text(max_size=8),
    ),
    max_size=3,
)
_request = st.tuples(
    st.sampled_from(ROUTES),
    documents(*map(json.dumps, REQUESTS))
    | _altered(REQUESTS).flatmap(st.sampled_from).map(lambda row: json.dumps(row).encode()),
    _query,
)
_table_csv = documents(_csv(TABLE), _csv(TABLE, "\t"), _csv(TABLE, ";"))
READERS: Mapping[str, Reader] = {
    "article": Reader(documents(ARTICLE, ARTICLE.encode("utf-16")), _read_articles("a.md")),
    "web page": Reader(documents(PAGE), _read_articles("a.html")),
    "articles csv": Reader(_table_csv, _read_articles("a.csv")),
    "articles jsonl": Reader(json_lines(*TABLE), _read_articles("a.jsonl")),
    "labels": Reader(json_lines(*ROWS), _read_labels),
    "phrasebook": Reader(
        json_lines(*({"sentence": f"ACTOR {w} it", "label": "neutral"} for w in ("saw", "met"))),
        lambda folder, data: read_phrasebook(_file(folder, "p.jsonl", data)),
    ),
    "target": Reader(documents(TARGET), _read_target),
    "cue": Reader(
        _text | st.lists(st.sampled_from(["a", "b*", "(", ")", "|", "?", "...", " "])).map("".join),
        _read_pattern,
    ),
    "label map": Reader(_text, _read_label_map),
    "table csv": Reader(_table_csv, _read_table("t.csv")),
    "table jsonl": Reader(json_lines(*TABLE), _read_table("t.jsonl")),
    "table json": Reader(json_lines(*TABLE), _read_table("t.json")),
    "table gzip": Reader(
        documents(gzip.compress(_csv(TABLE).encode(), mtime=0)) | _table_csv.map(gzip.compress),
        _read_gzip,
    ),
    "table parquet": Reader(documents(_parquet("table")), _read_table("t.parquet")),
    "saved dataset": Reader(_saved(), _read_saved),
    "label studio": Reader(json_lines(TASK, {**TASK, "id": 2}), _read_task("t.json")),
    "label studio csv": Reader(
        documents(_csv([{**TASK["data"], "stance": "supports", "readings": "[]"}])),  # type: ignore[dict-item]
        _read_task("t.csv"),
    ),
    "doccano": Reader(json_lines(*DOCCANO), _read_doccano),
    "prodigy": Reader(json_lines(PRODIGY, {**PRODIGY, "answer": "reject"}), _read_prodigy),
    "dna": Reader(documents(DNA), _read_dna),
    "csv": Reader(documents(_csv(ROWS), _csv(ROWS, ";")), _read_csv),
    "parquet": Reader(documents(_parquet("rows")), _read_parquet),
    "hf": Reader(documents(_parquet("rows")), _read_hf),
    "inline": Reader(documents(INLINE), _read_inline),
    "claims file": Reader(json_lines(CLAIM, {**CLAIM, "actor": None}), _read_claims),
    "journal": Reader(
        json_lines(DECISION, {"undoes": "d1", "pair": "p1", "annotator": "ann", "version": 2}),
        _read_journal,
    ),
    "facts": Reader(_facts(), _read_facts),
    "requests": Reader(_request, _ask),
    "claims of a text": Reader(_text, _read_claims_of_text),
}  # fmt: skip


@dataclass
class Tally:
    """What came of the cases of one reader."""

    cases: int = 0
    results: int = 0
    refusals: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    findings: dict[str, int] = field(default_factory=dict)

    def judge(self, reader: Reader, case: Any) -> None:
        """Send one case, and raise AssertionError for a finding."""
        begin = time.process_time()
        with tempfile.TemporaryDirectory(dir=_SCRATCH) as folder:
            try:
                reader.read(Path(folder), case)
                self.results += 1
            except StanceError as error:
                message = str(error)
                assert message.splitlines() == [message], f"several lines: {message!r:.300}"
                assert len(message) <= LONGEST_MESSAGE, f"{len(message)} characters: {message:.300}"
                self.refusals += 1
            finally:
                self.cases += 1
                took = time.process_time() - begin
                self.seconds += took
                self.slowest = max(self.slowest, took)
        assert took < LONGEST_CASE, f"{took:.1f} s"


# In memory, where there is such a place: a case writes a file or two.
_SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_stack = ExitStack()


def fuzz(name: str, seconds: float, first_seed: int, size: int = 500) -> Tally:
    """Send a reader cases for some seconds, and print each kind of finding once."""
    reader, tally = READERS[name], Tally()
    until = time.monotonic() + seconds
    number = first_seed
    while time.monotonic() < until:

        @seed(number)
        @settings(
            max_examples=size, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), print_blob=False,
        )  # fmt: skip
        @given(reader.cases)
        def run(case: Any) -> None:
            if time.monotonic() > until:
                return
            try:
                tally.judge(reader, case)
            except Exception as error:
                _note(tally, name, case, error)

        run()
        number += 1
    return tally


def _note(tally: Tally, name: str, case: Any, error: Exception) -> None:
    """Count a finding, and print the first of its kind."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    kind = f"{type(error).__name__} at {where}"
    if kind not in tally.findings:
        print(
            f"{name}: {kind}: {error!s:.300}\n  case: {case!r:.1500}", file=sys.stderr, flush=True
        )
    tally.findings[kind] = tally.findings.get(kind, 0) + 1


def fuzz_apart(name: str, seconds: float, first_seed: int) -> dict[str, Any]:
    """Fuzz one reader in a process of its own, for what crashes takes the process along."""
    command = [sys.executable, __file__, "--reader", name, "--seconds", str(seconds)]
    done = subprocess.run(
        [*command, "--seed", str(first_seed)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print(f"{name}: ended with {done.returncode}", file=sys.stderr, flush=True)
        nothing = {"cases": 0, "results": 0, "refusals": 0, "slowest": 0.0, "seconds": 0.0}
        return {"reader": name, **nothing, "findings": {f"ended with {done.returncode}": 1}}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(tallies: list[dict[str, Any]], benchmark: str) -> None:
    """Print a table, and the sum of it."""
    header = ["reader", "cases", "cases/s", "results", "refusals", "slowest, s", "findings"]
    rows = [
        [
            t["reader"], f"{t['cases']:,}", f"{t['cases'] / max(t['seconds'], 1e-9):,.0f}",
            f"{t['results']:,}", f"{t['refusals']:,}", f"{t['slowest']:.2f}",
            str(sum(t["findings"].values())),
        ]
        for t in tallies
    ]  # fmt: skip
    print("\n".join(format_plain(header, rows, range(1, 7))))
    summary = {
        "benchmark": benchmark,
        "metric": "findings",
        "value": sum(sum(t["findings"].values()) for t in tallies),
        "cases": sum(t["cases"] for t in tallies),
        "seconds": round(sum(t["seconds"] for t in tallies)),
        "peers": {},
    }
    print(json.dumps(summary))


def main() -> None:
    """Fuzz each reader in turn, or one in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each reader")
    parser.add_argument("--reader", choices=list(READERS), help="this alone; prints JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--data", type=Path, default=None, help="not used; as other benchmarks")
    args = parser.parse_args()
    if args.model is not None:
        os.environ["STANCE_MODEL"] = str(args.model)
    warnings.simplefilter("ignore")
    if args.reader is None:
        report([fuzz_apart(name, args.seconds, args.seed) for name in READERS], "fuzz")
        return
    with _stack:
        tally = fuzz(args.reader, args.seconds, args.seed)
    print(json.dumps({"reader": args.reader, **asdict(tally)}))


if __name__ == "__main__":
    main()
