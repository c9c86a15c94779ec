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
"""Seconds of work before other tasks may run."""

LOOK = 0.001
"""Seconds to wait for a thread before other tasks may run."""


class TimeSlices:
    """Between two pieces of work: `await slices.yield_if_due()`. It yields only when a slice is used up.

    Args:
        seconds: how long a slice is.
        clock: real seconds, because work is measured and not waiting.
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
        """Let other tasks run, and begin a new slice: before and after work that takes a whole slice."""
        await anyio.lowlevel.checkpoint()
        self._began = self._clock()

    async def yield_shielded(self) -> None:
        """Do the same where something is half done, so that a cancellation must wait."""
        await anyio.lowlevel.cancel_shielded_checkpoint()
        self._began = self._clock()


async def in_thread(work: Callable[[], T]) -> T:
    """Do blocking disk work in a thread, and return or raise its result. Other tasks run meanwhile.

    It cannot be cancelled. The loop polls for its end instead of waiting for an event, so that virtual time
    does not pass meanwhile.
    """
    with ThreadPoolExecutor(1, "batchgw disk") as pool, anyio.CancelScope(shield=True):
        ended = pool.submit(work)
        while not wait([ended], LOOK).done:
            await anyio.lowlevel.checkpoint()
    return ended.result()
