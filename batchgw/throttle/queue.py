"""A line of calls before one bucket: whoever has the best priority is at its head, then who came first.

Not to be taken for `execution.upcoming`: there stand the changes whose calls have not come this far yet.
"""

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

    __slots__ = ("_head", "_numbers", "_waiting")

    def __init__(self) -> None:
        self._head: Place | None = None
        self._numbers = count()
        self._waiting: list[tuple[Place, anyio.Event]] = []

    def __len__(self) -> int:
        """Calls in the line, its head included."""
        return len(self._waiting) + (self._head is not None)

    async def enter(self, priority: float) -> Place:
        """Wait to be at the head. Whoever has been there must `leave`."""
        place = self.first(priority)
        if place is None:
            place = Place(priority, next(self._numbers))
            await self._wait(place)
        return place

    def first(self, priority: float) -> Place | None:
        """Be at the head, where nobody else is in line, or get None. Whoever has been there must `leave`."""
        if self._head is not None:
            return None
        self._head = place = Place(priority, next(self._numbers))
        return place

    async def let_pass(self, place: Place) -> None:
        """Let those go first who are before `place`, which is at the head, and wait to be there again."""
        self._hand_over()
        await self._wait(place)

    def overtaken(self, place: Place) -> bool:
        """Whether somebody waits who should go first."""
        return bool(self._waiting) and self._waiting[0][0] < place

    def leave(self, place: Place) -> None:
        """Give up the head of the line; nothing when `place` is there no more: it was cancelled elsewhere."""
        if self._head == place:
            self._hand_over()

    def _hand_over(self) -> None:
        if not self._waiting:
            self._head = None
            return
        self._head, turn = heappop(self._waiting)
        turn.set()

    async def _wait(self, place: Place) -> None:
        turn = anyio.Event()
        entry = (place, turn)
        heappush(self._waiting, entry)
        try:
            await turn.wait()
        except BaseException:  # cancelled: on to the next if it was our turn already, or out of the line
            if turn.is_set():
                self.leave(place)
            else:
                self._waiting.remove(entry)
                heapify(self._waiting)
            raise
