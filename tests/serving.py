"""A real server in a process of its own, for tests that ask it over the wire."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

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


@contextlib.contextmanager
def serving(folder: Path, model: Path, *options: str) -> Iterator[Server]:
    server = Server(folder, model, *options)
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
