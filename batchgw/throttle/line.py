"""A line of calls before one bucket: whoever has the best priority is at its head, then who came first."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

import anyio


class Place(NamedTuple):
    """Where a call stands: smaller goes first."""

    priority: float
    number: int


class Line:
    """One call at a time is at the head; the others wait for it to leave.

    The head itself waits for tokens, not for others, so whoever comes meanwhile with a better priority is let
    go first (`overtaken`).
    """

    __slots__ = ("_busy", "_numbers", "_waiting")

    def __init__(self) -> None:
        self._busy = False
        self._numbers = count()
        self._waiting: list[tuple[Place, anyio.Event]] = []

    def __len__(self) -> int:
        """Calls in the line, its head included."""
        return len(self._waiting) + self._busy

    async def enter(self, priority: float) -> Place:
        """Wait to be at the head. Whoever is must `leave`."""
        place = Place(priority, next(self._numbers))
        if self._busy:
            await self._wait(place)
        self._busy = True
        return place

    async def let_pass(self, place: Place) -> None:
        """Let those go first who are before `place`."""
        self._hand_over()
        await self._wait(place)

    def overtaken(self, place: Place) -> bool:
        """Whether somebody waits who should go first."""
        return bool(self._waiting) and self._waiting[0][0] < place

    def leave(self) -> None:
        """Give up the head of the line."""
        if self._waiting:
            self._hand_over()
        else:
            self._busy = False

    def _hand_over(self) -> None:
        _, turn = heappop(self._waiting)
        turn.set()

    async def _wait(self, place: Place) -> None:
        turn = anyio.Event()
        entry = (place, turn)
        heappush(self._waiting, entry)
        try:
            await turn.wait()
        except BaseException:  # cancelled: out of the line, or on to the next if it was our turn already
            if turn.is_set():
                self.leave()
            else:
                self._waiting.remove(entry)
                heapify(self._waiting)
            raise
