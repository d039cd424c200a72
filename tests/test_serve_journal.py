from __future__ import annotations

import errno
import json
import multiprocessing
import os
from dataclasses import replace

import pytest

pytest.importorskip("filelock")

from hypothesis import given, settings
from hypothesis import strategies as st

from stance.errors import LabelError, StanceError
from stance.serve.journal import ConflictError, Decision, Journal


def decide(number=0, annotator="anna", pair="p", **changes):
    values = dict(
        id=f"decision-{number:04}", pair=pair, annotator=annotator, article="a", start=0, end=9,
        sentence="Lee left.", actor="Lee", actor_start=0, actor_end=3, canonical="Ann Lee",
        label="neutral", note="", origin=(0, 0, 3, "Ann Lee"),
    )  # fmt: skip
    return Decision(**{**values, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def labels_of(journal):
    return {k: [(d.annotator, d.label) for d in v] for k, v in journal.standing().items()}


def test_what_is_appended_is_read_again(path):
    made = Journal(path).append(decide())
    assert made.version == 1
    assert Journal(path).standing() == {"p": [made]}


@settings(max_examples=50, deadline=None)
@given(note=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_note_survives(note, tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    made = Journal(path).append(decide(note=note))
    assert Journal(path).standing()["p"] == [made]
    assert path.read_bytes().count(b"\n") == 1


def test_same_id_is_kept_once(path):
    journal = Journal(path)
    first = journal.append(decide())
    assert journal.append(decide(), expected_version=0) == first
    assert path.read_text().count("\n") == 1
    with pytest.raises(ConflictError, match="used for another decision"):
        journal.append(decide(label="supports"))


def test_stale_version_is_refused(path):
    journal = Journal(path)
    journal.append(decide(1), expected_version=0)
    with pytest.raises(ConflictError, match="changed by 'anna' since you opened it") as caught:
        journal.append(decide(2, "ben"), expected_version=0)
    assert (caught.value.version, caught.value.annotator) == (1, "anna")
    assert journal.append(decide(2, "ben"), expected_version=1).version == 2


def test_undo_brings_back_what_was_before(path):
    journal = Journal(path)
    journal.append(decide(1, label="neutral"))
    journal.append(decide(2, label="supports"))
    assert labels_of(journal) == {"p": [("anna", "supports")]}
    assert journal.undo("decision-0002") == 3
    assert journal.undo("decision-0002") == 3
    assert labels_of(Journal(path)) == {"p": [("anna", "neutral")]}
    assert journal.undo("decision-0001") == 4
    assert journal.standing() == Journal(path).standing() == {}
    assert journal.undo("decision-9999") is None
    with pytest.raises(ConflictError, match="that of 'anna'"):
        journal.undo("decision-0001", "ben")


def test_torn_last_line_is_dropped_wherever_it_broke(path):
    journal = Journal(path)
    journal.append(decide(1))
    whole = path.read_bytes()
    journal.append(decide(2, pair="q"))
    both = path.read_bytes()
    for length in range(len(whole) + 1, len(both) - 1):
        path.write_bytes(both[:length])
        told = []
        mended = Journal(path, told.append)
        assert list(mended.standing()) == ["p"], length
        assert "was torn" in told[0]
        assert path.read_bytes() == whole
        mended.append(decide(2, pair="q"))
        assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [
            "decision-0001",
            "decision-0002",
        ]


def test_last_line_without_its_end_is_kept(path):
    Journal(path).append(decide(1))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    journal = Journal(path)
    journal.append(decide(2, pair="q"))
    assert set(Journal(path).standing()) == {"p", "q"}


def test_damaged_line_in_the_middle_is_named(path):
    Journal(path).append(decide(1))
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(LabelError, match="line 2: not a decision"):
        Journal(path)


def test_two_journals_on_one_file_see_each_other(path):
    one, two = Journal(path), Journal(path)
    one.append(decide(1), expected_version=0)
    assert two.standing() == one.standing()
    with pytest.raises(ConflictError):
        two.append(decide(2, "ben"), expected_version=0)
    two.append(decide(3, "ben", "q"))
    assert set(one.standing()) == {"p", "q"}


def test_file_that_was_replaced_is_read_anew(path):
    journal = Journal(path)
    journal.append(decide(1))
    journal.append(decide(2, pair="q"))
    first = path.read_bytes().splitlines(keepends=True)[0]
    other = path.with_name("other")
    other.write_bytes(first)
    os.replace(other, path)
    assert set(journal.standing()) == {"p"}
    assert journal.append(decide(3, pair="r")).version == 1
    assert set(Journal(path).standing()) == {"p", "r"}


def test_full_disk_leaves_nothing_behind(path, monkeypatch):
    journal = Journal(path)
    journal.append(decide(1))
    before = path.read_bytes()

    def fail(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StanceError, match="No space left"):
            journal.append(decide(2, pair="q"))
    assert path.read_bytes() == before
    assert set(journal.standing()) == {"p"}
    assert journal.append(decide(2, pair="q")).version == 1


def write_many(path, annotator):
    journal = Journal(path)
    for number in range(50):
        made = decide(number, annotator, f"pair-{number}")
        journal.append(replace(made, id=f"{annotator}-{number:06}"))


def test_processes_take_turns(path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(path, name)) for name in ("anna", "ben")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) == 100
    versions = {}
    for row in rows:
        versions.setdefault(row["pair"], []).append(row["version"])
    assert set(map(tuple, versions.values())) == {(1, 2)}
