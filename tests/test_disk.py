"""A full disk and a folder that may not be written to: one clear line, and the old files stay."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance.cli.commands import app
from stance.errors import StanceError
from stance.files import check_replaceable, folder_written_whole, write_whole

PROJECT = Path(__file__).parent.parent
# Writes a file or a folder called OUT.
WRITERS = {
    "label": ["label", "RAW", "--labels", "LABELS", "--target", "TOML", "--out", "OUT"],
    "train": ["train", "--raw", "RAW", "--labels", "LABELS", "--target", "TOML", "--c", "2",
              "--jobs", "1", "--out", "OUT"],
    "report": ["report", "RAW", "--model", "MODEL", "--out", "OUT"],
    "plots": ["report", "RAW", "--model", "MODEL", "--out", "-", "--plots", "OUT"],
    "card": ["card", "--model", "MODEL", "--out", "OUT"],
    "csv": ["export", "OUT", "--format", "csv", "--raw", "RAW", "--labels", "LABELS"],
    "parquet": ["export", "OUT", "--format", "parquet", "--raw", "RAW", "--labels", "LABELS"],
    "hf": ["export", "OUT", "--format", "hf", "--raw", "RAW", "--labels", "LABELS"],
    "hf-model": ["export", "OUT", "--format", "hf-model", "--model", "MODEL"],
    "inline": ["export", "OUT", "--format", "inline", "--raw", "RAW", "--labels", "LABELS"],
    "import": ["import", "DRAFTS", "--raw", "OUT", "--labels", "OUT"],
    "init": ["init", "new", "--out", "OUT"],
}  # fmt: skip
FOLDERS = {"train": "model.stance", "hf": "README.md", "hf-model": "README.md",
           "inline": "a.txt", "plots": "", "import": "article-0.md"}  # fmt: skip


@pytest.fixture
def arguments(corpus_folder, model_folder, tmp_path):
    """Return a command's words with paths in them, and the folder that it writes to."""
    words = {
        "RAW": corpus_folder / "raw", "LABELS": corpus_folder / "labels", "MODEL": model_folder,
        "TOML": corpus_folder / "toy.toml", "DRAFTS": corpus_folder / "drafts",
    }  # fmt: skip
    place = tmp_path / "place"
    place.mkdir()

    def fill(name):
        out = place / "out"
        if name in FOLDERS:
            out.mkdir()
            if FOLDERS[name]:
                (out / FOLDERS[name]).write_text("old")
        elif name != "init":
            out.write_text("old")
        return [str({**words, "OUT": out}.get(word, word)) for word in WRITERS[name]]

    return fill, place


def contents(place):
    return {
        path.relative_to(place).as_posix(): path.read_bytes() if path.is_file() else None
        for path in place.rglob("*")
    }


@contextmanager
def no_room(size=200):
    """Let no file grow beyond so many bytes: to a program that is as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def one_line(result):
    assert result.exit_code == 1, result.output + repr(result.exception)
    assert "Traceback" not in result.output
    lines = result.stderr.strip().split("\n")
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("name", WRITERS)
def test_full_disk(name, arguments):
    fill, place = arguments
    words = fill(name)
    before = contents(place)
    with no_room():
        line = one_line(CliRunner().invoke(app, words))
    assert line.startswith("error: cannot write ")
    assert "File too large" in line
    assert "Free some space and run the command again" in line
    assert contents(place) == before


def test_room_for_some_files_only(arguments):
    fill, place = arguments
    words = fill("train")
    before = contents(place)
    with no_room(20_000):
        assert "File too large" in one_line(CliRunner().invoke(app, words))
    assert contents(place) == before


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [["predict", "Ann Lee left."], ["card"], ["report", "RAW"]])
def test_full_standard_output(words, model_folder, corpus_folder):
    words = [str(corpus_folder / "raw") if word == "RAW" else word for word in words]
    words += ["--out", "-"] if words[0] == "report" else []
    with open("/dev/full", "w") as full:
        done = run_apart([*words, "--model", str(model_folder)], stdout=full)
    assert done.returncode == 1
    said = "error: the system refused to read or write: No space left on device."
    assert done.stderr.strip() == said


def run_apart(words, prefix=(), **options):
    """Run a command in a process of its own."""
    return subprocess.run(
        [*prefix, sys.executable, "-m", "stance", *words],
        **{"stdout": subprocess.PIPE, **options}, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=False,
    )  # fmt: skip


# The superuser may write anywhere, unless that right is gone before a program begins.
WITHOUT_RIGHTS = (
    sys.executable,
    "-c",
    "import ctypes, os, sys; [ctypes.CDLL(None).prctl(24, right, 0, 0, 0) for right in (1, 2)]; "
    "os.execv(sys.argv[1], sys.argv[1:])",
)
RUN_ALL = """
import json, os, sys
from typer.testing import CliRunner
from stance.cli.commands import app
found = {}
for name, words in json.load(sys.stdin).items():
    result = CliRunner().invoke(app, words)
    found[name] = [result.exit_code, result.stderr, repr(result.exception)]
print(json.dumps(found))
"""


@contextmanager
def read_only(*folders):
    """Take the right to write away from folders and all that is in them."""
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def test_read_only_folders(arguments, tmp_path):
    fill, place = arguments
    commands = {}
    for name in WRITERS:
        commands[name] = [word.replace("/place/out", f"/place/{name}/out") for word in fill(name)]
        (place / name).mkdir()
        if (place / "out").exists():
            os.replace(place / "out", place / name / "out")
    before = contents(place)
    with read_only(place):
        done = subprocess.run(
            [*WITHOUT_RIGHTS, sys.executable, "-c", RUN_ALL],
            input=json.dumps(commands), capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )  # fmt: skip
    assert contents(place) == before
    found = json.loads(done.stdout)
    assert list(found) == list(WRITERS)
    for name, (code, said, exception) in found.items():
        lines = said.strip().split("\n")
        assert (code, len(lines)) == (1, 1), (name, said, exception)
        assert lines[0].startswith(f"error: cannot write {place / name}"), name
        assert "Permission denied. Choose another place, or change its permissions." in lines[0]


def test_predict_writes_nothing(model_folder, corpus_folder, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    article = corpus_folder / "raw" / "article-0.md"
    with read_only(home, model_folder, corpus_folder):
        done = run_apart(
            ["predict", str(article), "--model", str(model_folder)],
            WITHOUT_RIGHTS, cwd=home,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ann Lee" in done.stdout


def test_folder_that_cannot_be_read_is_told(model_folder, corpus_folder, tmp_path):
    shutil.copytree(corpus_folder / "raw", tmp_path / "raw")
    (tmp_path / "raw" / "below").mkdir(mode=0)
    words = ["report", str(tmp_path / "raw"), "--model", str(model_folder), "--out", "-"]
    done = run_apart(words, WITHOUT_RIGHTS)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot read {tmp_path / 'raw'}: Permission denied.")
    (tmp_path / "raw" / "below").chmod(0o700)


def may_mount():
    """Tell whether this process can have file systems of its own."""
    command = ["unshare", "--mount", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount")
def test_disk_that_is_full_in_earnest(model_folder, corpus_folder, tmp_path):
    script = (
        f"mount -t tmpfs -o size=16k none {tmp_path} && echo old > {tmp_path}/report.html && "
        f"{sys.executable} -m stance report {corpus_folder}/raw --model {model_folder} "
        f"--out {tmp_path}/report.html; echo $?; ls -A {tmp_path}; cat {tmp_path}/report.html"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert done.stdout == "1\nreport.html\nold\n"
    assert "No space left on device. Free some space" in done.stderr


# What takes the place of what


def test_other_files_are_never_replaced(tmp_path):
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "deep" / "thesis.tex").write_text("years")
    (tmp_path / "work" / "model.stance").write_text("old")
    with (
        pytest.raises(StanceError, match="also holds deep/thesis.tex, and all that is there"),
        folder_written_whole(tmp_path / "work", ["model.stance"]),
    ):
        raise AssertionError("never begun")
    assert (tmp_path / "work" / "deep" / "thesis.tex").read_text() == "years"
    with pytest.raises(StanceError, match="work/model.stance is a file, and a folder"):
        check_replaceable(tmp_path / "work" / "model.stance", ["*"])
    check_replaceable(tmp_path / "nothing", [])


def test_training_into_a_folder_of_other_things_is_refused_before_it_begins(arguments, tmp_path):
    fill, place = arguments
    words = fill("train")
    (place / "out" / "notes.txt").write_text("mine")
    before = contents(place)
    assert "also holds notes.txt" in one_line(CliRunner().invoke(app, words))
    assert contents(place) == before


def test_link_to_a_folder_stays_and_its_folder_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far")
    for name in ("one", "two"):
        with folder_written_whole(tmp_path / "link", ["*"]) as fresh:
            (fresh / name).write_text(name)
        assert [p.name for p in (tmp_path / "far").iterdir()] == [name]
    assert (tmp_path / "link").is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["far", "link"]


def test_link_to_a_file_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / "out").symlink_to("precious")
    write_whole(tmp_path / "out", "new")
    assert (tmp_path / "precious").read_text() == "old"
    assert (tmp_path / "out").read_text() == "new"
    assert not (tmp_path / "out").is_symlink()


def test_planted_part_is_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / ".out.part").symlink_to("precious")
    write_whole(tmp_path / "out", "new")
    (tmp_path / ".out.part").unlink()
    os.link(tmp_path / "precious", tmp_path / ".out.part")
    write_whole(tmp_path / "out", "newer")
    assert (tmp_path / "precious").read_text() == "old"
    assert (tmp_path / "out").read_text() == "newer"


def test_rest_of_a_killed_writer_is_used_up(tmp_path):
    (tmp_path / ".out.part").write_text("half of what was to be writ")
    write_whole(tmp_path / "out", "new")
    (tmp_path / ".f.part" / "deep").mkdir(parents=True)
    (tmp_path / ".f.part" / "deep" / "half").write_text("ha")
    with folder_written_whole(tmp_path / "f", ["*"]) as fresh:
        assert list(fresh.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f", "out"]


def test_two_writers_at_once_do_not_share_a_part(tmp_path):
    with folder_written_whole(tmp_path / "f", ["*"]) as first:
        (first / "x").write_text("first")
        with folder_written_whole(tmp_path / "f", ["*"]) as second:
            (second / "x").write_text("second")
            assert first != second
        assert (first / "x").read_text() == "first"
    assert (tmp_path / "f" / "x").read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_folders_that_cannot_change_places_take_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    for name in ("one", "two"):
        with folder_written_whole(tmp_path / "f", ["*"]) as fresh:
            (fresh / name).write_text(name)
        assert [p.name for p in (tmp_path / "f").iterdir()] == [name]
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.skipif(not may_mount(), reason="needs the right to mount")
def test_devices_are_written_to_and_stay(tmp_path):
    # In a folder of devices of its own, so that a fault could not cost the system's.
    script = (
        "import os, sys\nfrom stance.files import write_whole\n"
        "write_whole('/dev/null', 'x')\nwrite_whole('/dev/stdout', 'printed')\n"
        "print(os.path.islink('/dev/stdout'), open('/dev/null').read() == '')"
    )
    inner = (
        "mount -t tmpfs none /dev && mknod /dev/null c 1 3 && ln -s /proc/self/fd/1 /dev/stdout && "
        f'{sys.executable} -c "$0" > {tmp_path}/out; ls -A /dev; cat {tmp_path}/out'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", inner, script], capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.split("\n")[:2] == ["null", "stdout"]
    assert "True True" in done.stdout


def test_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        write_whole(tmp_path / "pipe", "through")
        assert reader.stdout.read() == b"through"
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]
