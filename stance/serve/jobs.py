"""Jobs: a worker process, started, listened to and stopped.

A task enters, the worker's lines leave to whoever listens. One at a time of each kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stance

IDLE, RUNNING, DONE, FAILED = "idle", "running", "done", "failed"
_NICENESS = 10


class Job:
    """One kind of work in a process of its own.

    Parameters
    ----------
    name : str
        What it is.
    on_line : callable
        Told each line of the worker, in a thread of its own.
    """

    def __init__(self, name: str, on_line: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self.id = ""
        self.state = IDLE
        self.message = ""
        self.progress = 0.0
        self._on_line = on_line
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def start(self, task: dict[str, Any]) -> bool:
        """Start the work; False where it is under way already.

        Parameters
        ----------
        task : dict
            What `stance.serve.worker` is to do.
        """
        with self._lock:
            if self.state == RUNNING:
                return False
            self.id, self.state = uuid.uuid4().hex[:12], RUNNING
            self.message, self.progress = "starting", 0.0
            try:
                self._process = _launch(task)
            except OSError as error:
                self._end(FAILED, f"cannot start: {error}")
                return True
            self._thread = threading.Thread(
                target=self._listen, args=(self._process,), name=self.name, daemon=True
            )
            self._thread.start()
            return True

    def stop(self) -> None:
        """End the work; what was there before stays."""
        process, thread = self._process, self._thread
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if thread is not None:
            thread.join(5)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Take in what the worker says until it ends."""
        assert process.stdout is not None
        is_done, said = False, ""
        with process.stdout as lines:
            for line in lines:
                row = json.loads(line)
                if "error" in row:
                    said = row["error"]
                elif "done" in row:
                    is_done = True
                else:
                    self._note(row)
                    self._on_line(row)
        code = process.wait()
        if is_done:
            self._on_line({"done": True})
        if self.state == RUNNING:
            text = "" if is_done else said or f"the worker ended with code {code}"
            self._end(DONE if is_done else FAILED, text)

    def _note(self, row: dict[str, Any]) -> None:
        """Keep how far the work is."""
        self.message = row.get("message", self.message)
        self.progress = max(self.progress, row.get("progress") or 0.0)

    def fail(self, message: str) -> None:
        """Call the work failed, for a reason that came to light at its end."""
        self._end(FAILED, message)

    def _end(self, state: str, message: str) -> None:
        """Keep how it ended."""
        self.message, self.state = message, state
        self.progress = 1.0 if state == DONE else self.progress


def _launch(task: dict[str, Any]) -> subprocess.Popen[str]:
    """Start a worker and tell it what to do."""
    root = str(Path(stance.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "stance.serve.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        # Ctrl-C is for the app, which ends its workers itself.
        start_new_session=True,
    )
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(json.dumps(task) + "\n")
    return process
