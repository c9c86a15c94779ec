"""The queue of calls before one bucket: by priority, then first come, first served.

`execution.writing.upcoming` is another queue: of changes whose calls have not come this far yet.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

import anyio


class Ticket(NamedTuple):
    """A call's position in the queue: the smaller ticket goes first."""

    priority: float
    number: int


class WaitQueue:
    """One call at a time is at the head; the others wait until it leaves.

    The head waits for tokens. A call with a better priority may come meanwhile: the head then steps back
    (`outranked`, `step_back`).
    """

    __slots__ = ("_head", "_numbers", "_waiting")

    def __init__(self) -> None:
        self._head: Ticket | None = None
        self._numbers = count()
        self._waiting: list[tuple[Ticket, anyio.Event]] = []

    def __len__(self) -> int:
        """Calls in the queue, its head included."""
        return len(self._waiting) + (self._head is not None)

    async def enter(self, priority: float) -> Ticket:
        """Wait to be at the head. After that, `leave` must be called."""
        ticket = self.enter_if_empty(priority)
        if ticket is None:
            ticket = Ticket(priority, next(self._numbers))
            await self._wait(ticket)
        return ticket

    def enter_if_empty(self, priority: float) -> Ticket | None:
        """Be at the head at once if the queue is empty, and `leave` later. Else return None."""
        if self._head is not None:
            return None
        self._head = ticket = Ticket(priority, next(self._numbers))
        return ticket

    def outranked(self, ticket: Ticket) -> bool:
        """Whether a call waits that goes before this one."""
        return bool(self._waiting) and self._waiting[0][0] < ticket

    async def step_back(self, ticket: Ticket) -> None:
        """Leave the head to the calls that go before `ticket`, and wait to be there again."""
        self._admit_next()
        await self._wait(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Leave the head. If `ticket` is not there, nothing happens: its call was cancelled in the queue."""
        if self._head == ticket:
            self._admit_next()

    def _admit_next(self) -> None:
        if not self._waiting:
            self._head = None
            return
        self._head, admitted = heappop(self._waiting)
        admitted.set()

    async def _wait(self, ticket: Ticket) -> None:
        admitted = anyio.Event()
        entry = (ticket, admitted)
        heappush(self._waiting, entry)
        try:
            await admitted.wait()
        except BaseException:  # cancelled: pass the head on if it was reached already, else leave the queue
            if admitted.is_set():
                self.leave(ticket)
            else:
                self._waiting.remove(entry)
                heapify(self._waiting)
            raise
