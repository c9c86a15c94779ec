"""Long work in short turns, so that the event loop never stands still: others have theirs in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")

TURN = 0.003
"""Seconds of work before others have their turn: far below what anybody who waits for an answer notices."""

LOOK = 0.001
"""Seconds for which a thread is waited for before others have their turn."""


class Turns:
    """Between two pieces of work: `await turns.pause()`. It hands over only when a turn is used up.

    Args:
        turn: seconds of work.
        clock: tells seconds; real ones, for it is work that is measured and not waiting.
    """

    def __init__(self, *, turn: float = TURN, clock: Callable[[], float] = time.perf_counter) -> None:
        self._turn = turn
        self._clock = clock
        self._began = clock()

    async def pause(self) -> bool:
        """Let others have their turn, if this one is used up. Returns whether it was."""
        if self._clock() - self._began < self._turn:
            return False
        await self.hand_over()
        return True

    async def hand_over(self) -> None:
        """Let others have their turn now: before and after work that is a turn of its own."""
        await anyio.lowlevel.checkpoint()
        self._began = self._clock()


async def aside(work: Callable[[], T]) -> T:
    """Do what waits for a disk in a thread, and give or raise what comes of it. Others have their turns.

    It is not cancelled half-way. Nor is it an event that is waited for: where time is virtual, none passes.
    """
    with ThreadPoolExecutor(1, "batchgw aside") as pool, anyio.CancelScope(shield=True):
        ended = pool.submit(work)
        while not wait([ended], LOOK).done:
            await anyio.lowlevel.checkpoint()
    return ended.result()
