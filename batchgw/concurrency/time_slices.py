"""Long work in slices of a few milliseconds, so that the event loop never stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")

SLICE = 0.003
"""Seconds of work before other tasks may run: far below what anybody who waits for an answer notices."""

LOOK = 0.001
"""Seconds for which a thread is waited for before other tasks may run."""


class TimeSlices:
    """Between two pieces of work: `await slices.yield_if_due()`. It yields only when a slice is used up.

    Args:
        seconds: how long a slice is.
        clock: tells seconds; real ones, for it is work that is measured and not waiting.
    """

    def __init__(self, *, seconds: float = SLICE, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began = clock()

    async def yield_if_due(self) -> bool:
        """Let other tasks run, if this slice is used up. Returns whether it was."""
        if self._clock() - self._began < self._seconds:
            return False
        await self.yield_now()
        return True

    async def yield_now(self) -> None:
        """Let other tasks run, and begin a new slice: before and after work that takes one of its own."""
        await anyio.lowlevel.checkpoint()
        self._began = self._clock()


async def in_thread(work: Callable[[], T]) -> T:
    """Do what waits for a disk in a thread, and give or raise what comes of it. Other tasks run meanwhile.

    It is not cancelled half-way. The loop looks for its end, rather than waiting for an event: where time is
    virtual, none passes.
    """
    with ThreadPoolExecutor(1, "batchgw disk") as pool, anyio.CancelScope(shield=True):
        ended = pool.submit(work)
        while not wait([ended], LOOK).done:
            await anyio.lowlevel.checkpoint()
    return ended.result()
