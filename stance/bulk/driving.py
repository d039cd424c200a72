"""Driving: parts go to a pool, a few at a time, and come back finished in whatever order.

A part whose worker is killed is given out once more; nothing is lost and nothing done twice.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor
from typing import Any, NamedTuple

from stance.bulk.plan import Part, Scored
from stance.bulk.pools import LostError, Pool

_TRIES = 2


class _Task(NamedTuple):
    """A part that is under way."""

    part: Part
    future: Any
    tries: int


def score_parts(parts: Iterable[Part], pool: Pool, keep: Callable[[Part, Scored], None]) -> None:
    """Score parts.

    Parameters
    ----------
    parts : iterable of Part
        The work; no more of it is read than is under way.
    pool : Pool
        Who does it.
    keep : callable
        Takes each finished part.

    Raises
    ------
    LostError
        If workers are killed again and again, or the cluster is gone.
    """
    driver = _Driver(pool, keep)
    for part in parts:
        driver.submit(part)
        driver.wait(pool.capacity() - 1)
    driver.wait(0)


class _Driver:
    """Holds what is under way."""

    def __init__(self, pool: Pool, keep: Callable[[Part, Scored], None]) -> None:
        self._pool = pool
        self._keep = keep
        self._tasks: dict[int, _Task] = {}
        self._finished: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def submit(self, part: Part, tries: int = 1) -> None:
        """Give out a part."""
        try:
            future = self._pool.submit(part)
        except BrokenExecutor:
            # Found broken before any of its futures was looked at.
            self._renew()
            future = self._pool.submit(part)
        self._tasks[part.number] = _Task(part, future, tries)
        future.add_done_callback(lambda done: self._finished.put((part.number, done)))

    def wait(self, most: int) -> None:
        """Take finished parts in until no more than `most` are under way."""
        while len(self._tasks) > most:
            try:
                number, future = self._finished.get(timeout=1)
            except queue.Empty:
                self._pool.check()
                continue
            task = self._tasks.get(number)
            if task is not None and task.future is future:
                self._take(task)

    def _take(self, task: _Task) -> None:
        """Take a finished part in."""
        try:
            scored = self._pool.take(task.future)
        except BrokenExecutor:
            self._renew()
            return
        del self._tasks[task.part.number]
        self._keep(task.part, scored)

    def _renew(self) -> None:
        """Give out anew what a pool had that has lost a worker."""
        lost = list(self._tasks.values())
        self._tasks.clear()
        self._pool.renew()
        for task in lost:
            if task.tries >= _TRIES:
                raise LostError(
                    f"a worker was killed twice while part {task.part.number} was under way; if "
                    "memory is short, run fewer with --jobs."
                )
            self.submit(task.part, task.tries + 1)
