"""Gate: heavy work runs in a few threads; what waits beyond a limit is told to come again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from stance.serve.problems import ProblemError

T = TypeVar("T")


class Gate:
    """Lets so many calls work at a time, and so many wait.

    Parameters
    ----------
    working : int
        Calls at work at a time.
    waiting : int
        Calls at work or waiting; others are refused.
    """

    def __init__(self, working: int, waiting: int) -> None:
        self._working = working
        self._waiting = waiting
        self._limiter: anyio.CapacityLimiter | None = None
        self._inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Run a call in a thread, so that the event loop goes on.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        object
            What it returns.

        Raises
        ------
        ProblemError
            If too many wait.
        """
        if self._inside >= self._waiting:
            raise ProblemError(503, "too much work is waiting; try again in a moment")
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._working)
        self._inside += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
