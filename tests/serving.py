"""Real servers, in a thread or in a process of their own, for tests that ask over the wire."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn

PROJECT = Path(__file__).parent.parent


class Server:
    """One `stance serve` process."""

    def __init__(self, folder: Path, model: Path, *options: str) -> None:
        command = [sys.executable, "-m", "stance", "serve", "--port", "0"]
        command += ["--raw", f"{folder / 'raw'}", "--labels", f"{folder / 'labels'}"]
        self.process = subprocess.Popen(
            [*command, "--model", f"{model}", *options],
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        self.said: list[str] = []
        self.url = self._wait_for_address()
        self.origin, _, query = self.url.partition("/?token=")
        self.origin = self.origin.rstrip("/")
        self.token = query
        self.port = int(self.origin.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.origin, timeout=60)

    def _wait_for_address(self) -> str:
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(r"stance is at (\S+)", line)
            if found:
                return found[1]
        raise AssertionError("".join(self.said))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def close(self) -> None:
        self.client.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        self.process.stderr.close()


class Thread:
    """The app on a socket of its own, in this process."""

    def __init__(self, folder: Path, model: Path, target: str | None, door: Any) -> None:
        from stance.serve.application import create_app
        from stance.serve.running import configure, open_socket
        from stance.serve.workspace import Places, Workspace

        self.folder = folder
        self.workspace = Workspace(Places(folder / "raw", folder / "labels", model, target))
        self.socket = open_socket("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.origin, timeout=60)
        self._server = uvicorn.Server(configure(create_app(self.workspace, door)))
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],))
        self._thread.start()

    def close(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(20)
        self.socket.close()
        assert not self._thread.is_alive()


@contextlib.contextmanager
def serving(
    folder: Path, model: Path, *, target: str | None = None, door: Any = None
) -> Iterator[Thread]:
    server = Thread(folder, model, target, door)
    try:
        yield server
    finally:
        server.close()


def copy_corpus(source: Path, folder: Path) -> Path:
    """Copy raw and labels, so that a test may write."""
    import shutil

    for name in ("raw", "labels"):
        shutil.copytree(source / name, folder / name)
    shutil.copy(source / "toy.toml", folder)
    return folder
