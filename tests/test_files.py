from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from stance.errors import StanceError
from stance.files import folder_written_whole, recover_folder, write_whole


def test_write_whole_replaces_and_leaves_no_part(tmp_path):
    path = tmp_path / "deep" / "x.txt"
    write_whole(path, "one")
    write_whole(path, "zw\u00f6lf\r\n")
    assert path.read_bytes() == "zw\u00f6lf\r\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_folder_that_fails_changes_nothing(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "old").write_text("old")
    with pytest.raises(RuntimeError, match="stop"), folder_written_whole(folder, ["*"]) as fresh:
        (fresh / "new").write_text("new")
        raise RuntimeError("stop")
    assert [p.name for p in folder.iterdir()] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_folder_is_replaced_whole(tmp_path):
    folder = tmp_path / "f"
    for name in ("one", "two"):
        with folder_written_whole(folder, ["*"]) as fresh:
            (fresh / name).write_text(name)
        assert [p.name for p in folder.iterdir()] == [name]
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_kill_between_old_and_new_is_mended(tmp_path):
    (tmp_path / ".f.old").mkdir()
    (tmp_path / ".f.old" / "kept").write_text("kept")
    recover_folder(tmp_path / "f")
    assert [p.name for p in (tmp_path / "f").iterdir()] == ["kept"]


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StanceError, match="cannot write .*file/x.txt: "):
        write_whole(tmp_path / "file" / "x.txt", "y")


WRITER = """
import sys
from stance.files import folder_written_whole
n = 0
while True:
    n += 1
    with folder_written_whole(sys.argv[1], ["*"]) as fresh:
        for name in ("a", "b", "c"):
            (fresh / name).write_text(str(n) * 20000)
    print(n, flush=True)
"""


def test_killed_writers_leave_a_whole_folder(tmp_path):
    folder = tmp_path / "f"
    for round_ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        with process:
            process.stdout.readline()
            time.sleep(0.003 * round_)
            process.send_signal(signal.SIGKILL)
            process.stdout.read()
        recover_folder(folder)
        contents = {p.read_text() for p in folder.iterdir()}
        assert len(contents) == 1
        assert sorted(p.name for p in folder.iterdir()) == ["a", "b", "c"]
