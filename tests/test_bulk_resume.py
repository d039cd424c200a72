"""Bulk scoring that is cut short, by a kill, a full disk, a person; then it goes on."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bulk import finish, padded_rows, read_rows, start, write_rows

import stance
from stance.bulk import pools
from stance.bulk.journal import folder_of
from stance.errors import StanceError

N_PARTS = 12


@pytest.fixture(scope="module")
def given(tmp_path_factory, model_folder):
    """An input of several parts, and what a run that nobody disturbs makes of it."""
    folder = tmp_path_factory.mktemp("given")
    path = write_rows(folder / "in.jsonl", padded_rows(160, 20_000))
    with path.open("ab") as stream:
        stream.write(b"broken\n")
    out = folder / "out.jsonl.gz"
    done = stance.score_file(path, out, model=model_folder, jobs=1)
    assert (done.n_parts, done.n_bad) == (N_PARTS, 1)
    return path, out.read_bytes(), (folder / "out.jsonl.gz.bad.jsonl").read_bytes()


def check(given, out):
    """Check that the output is what it should be, and that nothing else is left."""
    _, wanted, bad = given
    assert out.read_bytes() == wanted
    assert out.with_name(f"{out.name}.bad.jsonl").read_bytes() == bad
    assert sorted(p.name for p in out.parent.iterdir()) == [out.name, f"{out.name}.bad.jsonl"]


def wait_for_parts(process, out, count):
    """Wait until a run has put so many parts into its journal."""
    journal = folder_of(out) / "journal.jsonl"
    while process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > count:
            return
        time.sleep(0.005)


def stopped(given, out, model_folder, monkeypatch, after=5):
    """Leave the folder of a run that stopped after some parts."""

    def stop(progress):
        if progress.n_parts == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=f"interrupted: {after} parts with .* goes on"):
        stance.score_file(given[0], out, model=model_folder, jobs=1, progress=stop)
    assert not out.exists()


@pytest.mark.parametrize("jobs", [2, 3])
def test_any_number_of_processes_gives_the_same_bytes(jobs, given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    stance.score_file(given[0], out, model=model_folder, jobs=jobs)
    check(given, out)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_it_goes_on(seed, given, model_folder, tmp_path):
    draw = random.Random(seed)
    out = tmp_path / "out.jsonl.gz"
    for _ in range(2):
        process = start(given[0], out, "--model", model_folder, "--jobs", 1 + seed % 2)
        wait_for_parts(process, out, draw.randrange(N_PARTS))
        time.sleep(draw.random() * 0.1)
        process.kill()
        process.communicate()
    code, stdout, stderr = finish(start(given[0], out, "--model", model_folder, "--jobs", 2))
    assert code == 0, stderr
    assert stdout.startswith("161 rows")
    check(given, out)


def test_ctrl_c_says_how_to_go_on(given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    # What is started in the background of a script ignores the signal; who presses keys does not.
    process = start(
        given[0], out, "--model", model_folder, "--jobs", 2,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait_for_parts(process, out, 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    code, stdout, stderr = finish(process)
    assert (code, stdout) == (130, "")
    assert re.fullmatch(
        r"interrupted: \d+ parts with [\d,]+ rows \(\d+%\) are finished and kept in \S+; "
        r"the same command goes on from there\.\n", stderr
    )  # fmt: skip
    code, _, stderr = finish(start(given[0], out, "--model", model_folder))
    assert code == 0 and re.search(r"\d+ of 12 parts were finished before", stderr)
    check(given, out)


def test_finished_parts_are_not_made_again(given, model_folder, tmp_path, monkeypatch):
    out = tmp_path / "out.jsonl.gz"
    stopped(given, out, model_folder, monkeypatch)
    made = []
    score = pools.score_part
    monkeypatch.setattr(
        pools, "score_part", lambda part, *others: made.append(part.number) or score(part, *others)
    )
    done = stance.score_file(given[0], out, model=model_folder, jobs=1)
    assert made == list(range(5, N_PARTS))
    assert (done.n_resumed, done.n_parts) == (5, N_PARTS)
    check(given, out)


@pytest.mark.parametrize("harm", ["flip", "cut", "lose", "lose bad", "tear", "flip journal"])
def test_a_damaged_part_is_made_anew(harm, given, model_folder, tmp_path, monkeypatch):
    out = tmp_path / "out.jsonl.gz"
    stopped(given, out, model_folder, monkeypatch, after=N_PARTS)
    folder = folder_of(out)
    part, journal = folder / "part-00003.jsonl.gz", folder / "journal.jsonl"
    data, lines = bytearray(part.read_bytes()), journal.read_bytes()
    if harm == "flip":
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    elif harm == "cut":
        part.write_bytes(data[:-1])
    elif harm == "tear":
        journal.write_bytes(lines[:-20])
    elif harm == "flip journal":
        at = lines.index(b'"part": 3')
        journal.write_bytes(lines[:at] + b'"part": 2' + lines[at + 9 :])
    else:
        (part if harm == "lose" else folder / f"part-000{N_PARTS - 1}.bad.jsonl").unlink()
    (folder / ".part-00009.jsonl.gz.abc.part").write_bytes(b"half")
    done = stance.score_file(given[0], out, model=model_folder, jobs=1)
    assert done.n_resumed == N_PARTS - 1
    check(given, out)


def test_another_input_model_or_option_is_refused(given, model_folder, tmp_path, monkeypatch):
    path = tmp_path / "in.jsonl"
    shutil.copy(given[0], path)
    out = tmp_path / "out.jsonl.gz"
    stopped((path, *given[1:]), out, model_folder, monkeypatch)
    facts, before = path.stat(), path.read_bytes()
    again = {"model": model_folder, "jobs": 1}
    with pytest.raises(StanceError, match=r"an option has changed since .* with --restart\.$"):
        stance.score_file(path, out, **again, abstain=0.5)
    other = tmp_path / "model.stance"
    other.write_bytes((model_folder / "model.stance").read_bytes())
    with monkeypatch.context() as patched:
        for module in ("running", "pools"):
            patched.setattr(f"stance.bulk.{module}.hash_file", lambda path: "another")
        with pytest.raises(StanceError, match="the model has changed"):
            stance.score_file(path, out, **{**again, "model": other})
    path.write_bytes(before + b"{}\n")
    with pytest.raises(StanceError, match="the input has changed"):
        stance.score_file(path, out, **again)
    # The same size and time, but other words: found when the finished parts are compared.
    path.write_bytes(before.replace(b"Number 7.", b"Number 8.", 1))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(StanceError, match="the input has changed"):
        stance.score_file(path, out, **again)
    done = stance.score_file(path, out, **again, restart=True)
    assert (done.n_resumed, done.n_rows) == (0, 161)


def test_a_folder_that_is_not_ours_is_left_alone(given, model_folder, tmp_path):
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(StanceError, match="is in the way"):
            stance.score_file(
                given[0], tmp_path / "out.csv", model=model_folder, jobs=1, restart=restart
            )
    assert [f.name for f in folder.iterdir()] == ["mine.txt"]


def test_two_runs_do_not_share_an_output(given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"

    def another(progress):
        if progress.n_parts == 1:
            with pytest.raises(StanceError, match="another run is at work"):
                stance.score_file(given[0], out, model=model_folder, jobs=1)

    stance.score_file(given[0], out, model=model_folder, jobs=1, progress=another)
    check(given, out)


def children(pid):
    """Return the workers of a run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(words[1]) == pid and words[0] != "Z" and "LokyProcess" in line:
            found.append(int(folder.name))
    return found


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/1"), reason="finds workers in /proc")


@needs_proc
def test_a_killed_worker_costs_nothing(given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    process = start(given[0], out, "--model", model_folder, "--jobs", 2)
    wait_for_parts(process, out, 2)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    code, _, stderr = finish(process)
    assert code == 0, stderr
    check(given, out)


@needs_proc
def test_workers_that_are_killed_again_end_the_run(given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    process = start(given[0], out, "--model", model_folder, "--jobs", 2)
    wait_for_parts(process, out, 1)
    while process.poll() is None:
        for worker in children(process.pid):
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.2)
    code, stdout, stderr = finish(process)
    assert (code, stdout) == (1, "")
    assert "a worker was killed twice" in stderr and stderr.count("\n") == 1
    assert "are finished and kept in" in stderr
    stance.score_file(given[0], out, model=model_folder, jobs=1)
    check(given, out)


@needs_proc
def test_workers_end_with_a_killed_run(given, model_folder, tmp_path):
    process = start(given[0], tmp_path / "out.jsonl", "--model", model_folder, "--jobs", 2)
    wait_for_parts(process, tmp_path / "out.jsonl", 1)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    until = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{worker}") for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert len(workers) == 2


def limited(code, *arguments):
    """Run Python with files that cannot grow beyond 100 kB, as on a disk that is full."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )


def test_a_full_disk_keeps_what_is_finished(given, model_folder, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    size = len(given[1])
    code = (
        "import resource, signal, sys\n"
        "from stance.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size // 2}, {size // 2}))\n"
        "sys.argv[0] = 'stance'\n"
        "main()\n"
    )
    done = limited(code, "score", given[0], out, "--model", model_folder, "--jobs", 1)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: cannot write {out}: ") and done.stderr.count("\n") == 1
    assert not out.exists()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != size // 2
    resumed = stance.score_file(given[0], out, model=model_folder, jobs=1)
    assert resumed.n_resumed == N_PARTS
    check(given, out)


def test_a_place_that_cannot_be_written_to_is_named(given, model_folder, tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "out.csv", Path("/proc/out.csv")):
        with pytest.raises(StanceError, match=f"cannot .* {out}.parts: "):
            stance.score_file(given[0], out, model=model_folder, jobs=1)


def test_an_old_output_stays_until_the_new_one_is_whole(given, model_folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    stance.score_file(given[0], out, model=model_folder, jobs=1)
    before = {part.name: part.read_bytes() for part in out.iterdir()}

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stance.score_file(given[0], out, model=model_folder, jobs=1, abstain=0.999, progress=stop)
    assert {part.name: part.read_bytes() for part in out.iterdir()} == before
    # Killed between the two renames: the old folder is put back when the next run begins.
    os.replace(out, folder_of(out) / "retired")
    stance.score_file(given[0], out, model=model_folder, jobs=1, abstain=0.999)
    assert {row["stance"] for row in read_rows(out)} == {"uncertain"}
    assert not folder_of(out).exists()


def test_the_journal_can_be_read_by_a_person(given, model_folder, tmp_path, monkeypatch):
    out = tmp_path / "out.jsonl.gz"
    stopped(given, out, model_folder, monkeypatch, after=1)
    head, part = (folder_of(out) / "journal.jsonl").read_text().splitlines()
    assert json.loads(head[9:])["options"]["unit"] == "article"
    assert {"part", "rows", "bad", "claims", "sha256"} <= set(json.loads(part[9:]))
