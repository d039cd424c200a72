"""Bulk scoring and training on a Dask cluster of real processes, which are killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed")

from bulk import finish, padded_rows, start, write_rows

import stance
from stance.bulk.journal import folder_of
from stance.errors import StanceError


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.scheduler = None
        self.workers = []

    def _start(self, *arguments):
        # Without a nanny, which would start another in the place of a worker that is killed.
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip

    def ensure(self, workers):
        """Start what is not there, and return the address."""
        if self.scheduler is None or self.scheduler.poll() is not None:
            self.close()
            file = self.folder / "scheduler.json"
            file.unlink(missing_ok=True)
            self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", file)
            self.address = self._wait_for(file)
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _ in range(workers - len(self.workers)):
            self.workers.append(
                self._start("worker", self.address, "--nthreads", "1", "--no-nanny")
            )
        return self.address

    def _wait_for(self, file):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                return json.loads(file.read_text())["address"]
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def close(self):
        for process in filter(None, (*self.workers, self.scheduler)):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def given(tmp_path_factory, model_folder):
    """An input of many parts, and what one process makes of it."""
    folder = tmp_path_factory.mktemp("given")
    path = write_rows(folder / "in.jsonl", padded_rows(240, 20_000))
    stance.score_file(path, folder / "out.parquet", model=model_folder, jobs=1)
    return path, (folder / "out.parquet").read_bytes()


def wait_for_parts(process, out, count):
    journal = folder_of(out) / "journal.jsonl"
    while process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > count:
            return
        time.sleep(0.005)


def check(given, out):
    assert out.read_bytes() == given[1]
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_a_worker_that_is_killed_costs_no_row_and_doubles_none(
    cluster, given, model_folder, tmp_path
):
    address = cluster.ensure(workers=2)
    out = tmp_path / "out.parquet"
    process = start(given[0], out, "--model", model_folder, "--cluster", address)
    wait_for_parts(process, out, 3)
    cluster.workers[0].kill()
    code, stdout, stderr = finish(process)
    assert code == 0, stderr
    assert stdout.startswith("240 rows")
    check(given, out)


def test_a_run_goes_on_when_the_scheduler_was_lost(cluster, given, model_folder, tmp_path):
    address = cluster.ensure(workers=1)
    out = tmp_path / "out.parquet"
    process = start(given[0], out, "--model", model_folder, "--cluster", address)
    wait_for_parts(process, out, 3)
    cluster.scheduler.kill()
    code, stdout, stderr = finish(process)
    assert (code, stdout) == (1, "")
    assert stderr.startswith(f"error: the Dask scheduler at {address} is gone; start it")
    assert "are finished and kept in" in stderr and stderr.count("\n") == 1
    assert not out.exists()
    done = stance.score_file(given[0], out, model=model_folder, jobs=1)
    assert 3 <= done.n_resumed < done.n_parts
    check(given, out)


def test_a_local_cluster_needs_no_address(given, model_folder, tmp_path):
    out = tmp_path / "out.parquet"
    code, stdout, stderr = finish(
        start(given[0], out, "--model", model_folder, "--cluster", "local", "--jobs", 2)
    )
    assert code == 0, stderr
    assert stdout.startswith("240 rows") and "error" not in stderr.lower()
    check(given, out)


def test_nobody_at_the_address_is_one_line(given, model_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("stance.bulk.cluster._CONNECT", "1s")
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(StanceError, match=f"no Dask scheduler answers at '{address}'"):
            stance.score_file(
                given[0], tmp_path / "out.parquet", model=model_folder, cluster=address
            )
    assert not list(tmp_path.iterdir())


def test_a_cluster_without_dask_names_what_to_install(given, model_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StanceError, match=r"pip install 'stance-trainer\[cluster\]'"):
        stance.score_file(given[0], tmp_path / "out.parquet", model=model_folder, cluster="local")


def test_training_on_a_cluster_gives_the_same_model(cluster, corpus_folder, model_folder, tmp_path):
    address = cluster.ensure(workers=2)
    done = subprocess.run(
        [sys.executable, "-m", "stance", "train", "--raw", corpus_folder / "raw",
         "--labels", corpus_folder / "labels", "--target", corpus_folder / "toy.toml",
         "--out", tmp_path / "model", "--cluster", address],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("model.stance", "evaluation.json"):
        assert (tmp_path / "model" / name).read_bytes() == (model_folder / name).read_bytes()
