"""The short way of `stance predict` says, byte for byte, what the application says."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stance.cli import quick
from stance.cli.commands import app

TEXT = "Ann Lee rejected the vote, while Bob Ray praised it. He left."
PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "a.txt").write_text(f"---\ntitle: A\ndate: 2020-09-01\n---\n{TEXT}\n\nIt rained.\n")
    (folder / "no-spaces.md").write_text("Lee praised the count. “Нет!” said Ray.\n")
    (folder / "empty.txt").write_text("")
    (folder / "table.csv").write_text("text\nLee left.\n")
    (folder / "binary.txt").write_bytes(bytes(range(256)))
    (folder / "sub").mkdir()
    return folder


def end_of(run) -> tuple[int, bytes, bytes]:
    """Return the exit code of a run, and what it writes."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        code = run()
    except SystemExit as end:
        code = end.code
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
    return code or 0, out.buffer.getvalue(), err.buffer.getvalue()


def both_ends(arguments: list[str], monkeypatch, stdin: bytes = b""):
    """Return how the short way and the application end; None for what the first leaves alone."""
    request = quick.read_request(arguments)
    monkeypatch.setattr("sys.argv", ["stance", *arguments])
    ends = []
    for run in (lambda: quick.answer(request), lambda: app(prog_name="stance")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        ends.append(end_of(run) if request is not None or ends else None)
    return ends


@pytest.mark.parametrize("options", [
    [], ["--json"], ["--actor", "Lee"], ["--actor=Ann Lee", "--json"], ["--actor", "Nobody"],
    ["--abstain", "0.99"], ["--abstain=1", "--json"], ["--abstain", "0"], ["--abstain", "1e-3"],
    ["--actor", ""], ["--actor="], ["--json", "--actor", "Bob Ray", "--abstain", "0.9"],
])  # fmt: skip
@pytest.mark.parametrize("text", [
    TEXT, "a.txt", "no-spaces.md", "empty.txt", "table.csv", "binary.txt", "sub", "missing.txt",
    "-", "", " ", "word", "«Нет», said Lee.", "x" * 5000, "Lee\nleft\n\nRay praised it",
])  # fmt: skip
def test_both_say_the_same(text, options, files, model_folder, monkeypatch):
    monkeypatch.chdir(files)
    arguments = ["predict", text, *options, "--model", str(model_folder)]
    ours, theirs = both_ends(arguments, monkeypatch, f"{TEXT} Done.\n".encode())
    assert ours == theirs
    assert ours[0] in (0, 1)
    assert bool(ours[1]) == (ours[0] == 0)


@pytest.mark.parametrize("model", ["missing", "a.txt", "sub"])
def test_both_refuse_a_model_alike(model, files, monkeypatch):
    monkeypatch.chdir(files)
    ours, theirs = both_ends(["predict", TEXT, f"--model={model}"], monkeypatch)
    assert ours == theirs
    assert ours[0] == 1


@pytest.mark.parametrize("stdin", [b"", b"\xff\xfe", b"Lee left.", b"\xef\xbb\xbfLee left."])
def test_both_read_standard_input_alike(stdin, model_folder, monkeypatch):
    arguments = ["predict", "--model", str(model_folder), "-", "--json"]
    ours, theirs = both_ends(arguments, monkeypatch, stdin)
    assert ours == theirs


@pytest.mark.parametrize("arguments", [
    [], ["predict"], ["predict", "--help"], ["predict", "a", "--help"], ["--debug", "predict", "a"],
    ["predict", "a", "b"], ["predict", "a", "--abstain", "2"], ["predict", "a", "--abstain", "nan"],
    ["predict", "a", "--abstain", "x"], ["predict", "a", "--actor"], ["predict", "a", "--jso"],
    ["predict", "a", "--json=1"], ["predict", "a", "--json", "--json"], ["predict", "--", "-a"],
    ["predict", "a", "--actor", "-x"], ["predict", "-x"], ["predict", "a", "--act", "b"],
    ["explain", "a"], ["--version"], ["predict", "a", "--actor", "b", "--actor", "c"],
])  # fmt: skip
def test_the_rest_is_left_to_the_application(arguments):
    assert quick.read_request(arguments) is None


def test_the_usual_is_understood():
    arguments = ["predict", "--json", "--abstain=0.5", "a b", "--model", "m", "--actor", "Lee"]
    assert quick.read_request(arguments) == ("a b", Path("m"), "Lee", 0.5, True)
    assert quick.read_request(["predict", "-"]) == ("-", Path("models/stance"), None, None, False)


def start(code: str, arguments: list[str], stdin: bytes = b"", **changes):
    return subprocess.run(
        [sys.executable, *code.split(" ", 1), *arguments], input=stdin, capture_output=True,
        cwd=PROJECT, timeout=60, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("options", [["--json"], [], ["--actor", "Zed"]])
def test_whole_processes_say_the_same(options, model_folder):
    arguments = ["predict", "-", *options, "--model", str(model_folder)]
    ours = start("-m stance", arguments, TEXT.encode())
    application = "-c from stance.cli.commands import app; app(prog_name='stance')"
    theirs = start(application, arguments, TEXT.encode())
    assert (ours.returncode, ours.stdout, ours.stderr) == (
        theirs.returncode, theirs.stdout, theirs.stderr,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["Ann Lee rejected the vote.", "Lee left. Then Ray praised it."])
def test_a_prediction_imports_nothing_heavy(text, model_folder):
    code = (
        "-c import sys, atexit; from stance.cli import main; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    done = start(code, ["predict", text, "--model", str(model_folder)])
    loaded = {name.split(".")[0] for name in done.stderr.decode().split()}
    assert done.returncode == 0
    assert not loaded & {"numpy", "scipy", "sklearn", "joblib", "typer", "click", "rich", "tomllib"}
    assert not loaded & {"datasets", "pandas", "pyarrow", "tempfile", "shutil", "hashlib", "random"}
    assert ("nupunkt" in loaded) == (". " in text)


def test_loading_and_predicting_import_nothing_heavy(model_folder):
    code = (
        "-c import sys, stance; model = stance.load(sys.argv[1]); "
        "claims = stance.read('Ann Lee rejected the vote.', model); "
        "print(*(claims and sys.modules))"
    )
    done = start(code, [str(model_folder)])
    loaded = {name.split(".")[0] for name in done.stdout.decode().split()}
    assert "stance" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "joblib", "typer", "datasets", "pandas"}


def test_an_interrupt_ends_in_one_line(monkeypatch, capsys):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "answer_text", interrupt)
    assert quick.answer(quick.Request("a b")) == 130
    assert capsys.readouterr().err == "interrupted; what was there before is untouched.\n"


def test_a_full_disk_is_no_silent_success(model_folder):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stance", "predict", TEXT, "--model", str(model_folder)],
            stdout=full, stderr=subprocess.PIPE, cwd=PROJECT,
        )  # fmt: skip
    assert done.returncode not in (0, 2)
    assert b"No space left" in done.stderr
