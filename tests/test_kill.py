"""Commands that are killed leave whole files; benchmarks/kill.py does this a hundred times each."""

from __future__ import annotations

import shutil
import subprocess

import pytest

pytest.importorskip("fastapi")

import kill


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return kill.build_corpus(tmp_path_factory.mktemp("kill") / "corpus")


def test_label(folder):
    counts = kill.kill_label(folder, 3)
    assert counts["killed"] >= 1
    assert counts["old"] + counts["new"] >= 3


def test_train(folder):
    counts = kill.kill_train(folder, 1)
    assert counts["old"] + counts["new"] >= 1


def test_review(folder, model_folder):
    shutil.rmtree(folder / "models", ignore_errors=True)
    shutil.copytree(model_folder, folder / "models" / "toy")
    counts = kill.kill_review(folder, 2)
    assert counts["killed"] == 2
    assert counts["acknowledged"] >= 1


def test_lost_files_would_be_seen(folder, monkeypatch):
    def corrupt(process, moment):
        process.communicate()
        (folder / "labels" / "weak.jsonl").write_bytes(b'{"half": ')
        return True

    monkeypatch.setattr(kill, "kill_at", corrupt)
    with pytest.raises(AssertionError, match="neither the old nor the new"):
        kill.kill_label(folder, 1)


def test_processes_left_behind_would_be_seen(monkeypatch):
    monkeypatch.setattr(kill, "_PATIENCE", 0.1)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        with pytest.raises(AssertionError, match="has left processes behind"):
            kill._await_end_of_group(process.pid)
        process.kill()
