"""Pools: parts are scored in this process, or in several that each load the model once.

A part enters, a future leaves. A worker that is killed breaks the pool; `renew` makes another.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from stance.bulk.plan import Part, Scored, Setup
from stance.bulk.scoring import score_part
from stance.errors import ModelError, StanceError
from stance.files import explained_os_errors
from stance.reading import Predictor, load


class LostError(StanceError):
    """Those who did the work are gone; what is finished is kept."""


class Pool(Protocol):
    """Where parts are scored."""

    def capacity(self) -> int:
        """Return how many parts may be under way."""

    def submit(self, part: Part) -> Any:
        """Begin to score a part; its future is returned."""

    def take(self, future: Any) -> Scored:
        """Return what a part has become; raise BrokenExecutor where its worker was lost."""

    def renew(self) -> None:
        """Begin anew after workers were lost."""

    def check(self) -> None:
        """Raise a LostError where nothing can be expected any more."""

    def close(self) -> None:
        """Stop, whatever is under way."""


class InlinePool:
    """Scores in this process.

    Parameters
    ----------
    model : Path
        The model's file.
    sha256 : str
        Its hash.
    setup : Setup
        What to ask.
    """

    def __init__(self, model: Path, sha256: str, setup: Setup) -> None:
        self._model = load_checked(model, sha256)
        self._setup = setup

    def capacity(self) -> int:
        """Return how many parts may be under way."""
        return 1

    def submit(self, part: Part) -> Future[Scored]:
        """Score a part."""
        future: Future[Scored] = Future()
        future.set_result(score_part(part, self._model, self._setup))
        return future

    def take(self, future: Future[Scored]) -> Scored:
        """Return what a part has become."""
        return future.result()

    def renew(self) -> None:
        """Do nothing: there are no workers."""

    def check(self) -> None:
        """Do nothing: this process is there."""

    def close(self) -> None:
        """Do nothing."""


class ProcessPool:
    """Scores in processes of this machine.

    Parameters
    ----------
    model : Path
        The model's file.
    sha256 : str
        Its hash; a worker that finds another refuses to work.
    setup : Setup
        What to ask.
    jobs : int
        How many processes.
    """

    def __init__(self, model: Path, sha256: str, setup: Setup, jobs: int) -> None:
        self._model = model
        self._sha256 = sha256
        self._setup = setup
        self._jobs = jobs
        self._executor = self._start()

    def _start(self) -> Any:
        """Return a fresh executor; its processes start with the first part."""
        from joblib.externals.loky import ProcessPoolExecutor

        # One thread each: there are as many processes as cores.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return ProcessPoolExecutor(
            self._jobs,
            initializer=_begin,
            initargs=(self._model, self._sha256, self._setup, os.getpid()),
            env=threads,
        )

    def capacity(self) -> int:
        """Return how many parts may be under way: one more for each, so that none waits."""
        return 2 * self._jobs

    def submit(self, part: Part) -> Any:
        """Begin to score a part."""
        with _interrupts_held():
            return self._executor.submit(_score, part)

    def take(self, future: Any) -> Scored:
        """Return what a part has become."""
        scored: Scored = future.result()
        return scored

    def renew(self) -> None:
        """Begin anew with fresh processes."""
        self.close()
        self._executor = self._start()

    def check(self) -> None:
        """Do nothing: a worker that is lost breaks its futures."""

    def close(self) -> None:
        """Stop the processes."""
        self._executor.shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let no process that starts in the block be reached by Ctrl-C, which is for this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_WORKER: dict[str, Any] = {}


def _begin(model: Path, sha256: str, setup: Setup, parent: int) -> None:
    """Set a worker process up: load the model, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _WORKER.update(model=model, sha256=sha256, setup=setup)


def _end_with(parent: int) -> None:
    """End this process when its parent has ended, which a killed one cannot tell."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _score(part: Part) -> Scored:
    """Score a part in a worker process."""
    if "scorer" not in _WORKER:
        # Here, not when the process begins: an error there would only say that the pool is broken.
        _WORKER["scorer"] = load_checked(_WORKER["model"], _WORKER["sha256"])
        gc.freeze()  # what the model holds stays; the collector need not look at it again
    return score_part(part, _WORKER["scorer"], _WORKER["setup"])


def load_checked(path: Path, sha256: str) -> Predictor:
    """Load a model whose hash is known.

    Parameters
    ----------
    path : Path
        Its file.
    sha256 : str
        The hash.

    Returns
    -------
    Scorer

    Raises
    ------
    ModelError
        If it is another by now.
    """
    if hash_file(path) != sha256:
        raise ModelError(f"{path} was changed during the run; run again with the model it was.")
    return load(path)


def hash_file(path: Path) -> str:
    """Return the hash of a file."""
    with explained_os_errors("read", path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def count_jobs(jobs: int) -> int:
    """Return how many processes a number of jobs means; below 0 it counts back from all cores."""
    if jobs == 0:
        raise StanceError("--jobs 0 would do nothing; -1 is all cores.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return jobs if jobs > 0 else max(1, (cores or 1) + 1 + jobs)
