"""An asyncio loop that times every step: how long it took, by the clock and in CPU, and whose it was.

A step is what runs between two moments at which the loop can turn to somebody else: a task up to its next
wait, or a callback. It is what asyncio's debug mode calls slow, without what that mode costs.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

KEPT = 20
"""Longest steps that are kept."""

TICK = 0.001
"""Seconds between two looks at how late the loop is."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A step: seconds by the clock and of CPU, when it ended (seconds on the clock), and whose it was."""

    wall: float
    cpu: float
    at: float
    whose: str = field(compare=False)


class TimedLoop(asyncio.SelectorEventLoop):
    """Keeps its longest steps since the first connection was asked for: what was before is start-up.

    From then on a timer goes off every millisecond, and how late it does is kept, too: that is what many
    short steps in a row amount to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []  # a heap, the least first
        self.counted = 0
        self.busiest = 0.0  # seconds of CPU of the step that took most
        self.connected: float | None = None
        self.late: list[float] = []  # seconds, of each tick

    def call_soon(  # type: ignore[override] # typeshed's names for what any callback takes
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Time it when it runs."""
        return super().call_soon(self._timed, callback, *args, context=context)

    def call_at(  # type: ignore[override] # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Time it when it runs."""
        return super().call_at(when, self._timed, callback, *args, context=context)

    async def create_connection(self, *args: Any, **settings: Any) -> Any:
        """Note the first."""
        if self.connected is None:
            self.connected = time.perf_counter()
            self._tick(self.time())
        return await super().create_connection(*args, **settings)

    def _tick(self, due: float) -> None:
        """Note how long a timer that is due now had to wait for its turn, and set the next."""
        now = self.time()
        self.late.append(now - due)
        super().call_at(now + TICK, self._tick, now + TICK)

    def _timed(self, callback: Callable[..., object], *args: object) -> None:
        if self.connected is None:
            callback(*args)
            return
        cpu, wall = time.thread_time(), time.perf_counter()
        callback(*args)
        now = time.perf_counter()
        self._note(now - wall, time.thread_time() - cpu, now, callback)

    def _note(self, wall: float, cpu: float, now: float, callback: Callable[..., object]) -> None:
        self.counted += 1
        self.busiest = max(self.busiest, cpu)
        if len(self.steps) < KEPT:
            heapq.heappush(self.steps, Step(wall, cpu, now, _whose(callback)))
        elif wall > self.steps[0].wall:
            heapq.heapreplace(self.steps, Step(wall, cpu, now, _whose(callback)))


def _whose(callback: Callable[..., object]) -> str:
    """Name a task by its coroutine, a callback by itself."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner))
    return str(getattr(callback, "__qualname__", callback))
