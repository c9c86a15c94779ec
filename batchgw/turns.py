"""Long work in short turns, so that the event loop never stands still: others have theirs in between."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio.lowlevel

TURN = 0.003
"""Seconds of work before others have their turn: far below what anybody who waits for an answer notices."""


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
        await anyio.lowlevel.checkpoint()
        self._began = self._clock()
        return True
