"""An asyncio loop that times every step: its seconds, its CPU seconds, and its task or callback.

A step is what runs without a break: a task until it waits again, or a callback. asyncio's debug mode reports
slow steps, too, but it makes everything slow.
"""

from __future__ import annotations

import asyncio
import heapq
import statistics
import sys
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = 20
"""Number of longest steps that are kept."""

STEPS = "BATCHGW_BENCH_STEPS"
"""Environment variable. If it is set, the longest steps are printed to stderr with their task or callback."""

TICK = 0.001
"""Seconds between two measurements of the loop's delay."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A step: seconds of the clock and of CPU, when it ended, and its task or callback (`owner`)."""

    wall: float
    cpu: float
    at: float
    owner: str = field(compare=False)


class TimedLoop(asyncio.SelectorEventLoop):
    """Keeps its longest steps since the first connection was opened. What came before is start-up.

    From then on a timer fires every millisecond. Its delays are kept, too: many short steps in a row show
    there. Without `connections` it is from `watch` on, and in both cases until `unwatch`.
    """

    def __init__(self, *, connections: bool = True) -> None:
        super().__init__()
        self._connections = connections
        self.steps: list[Step] = []  # a heap, the shortest first
        self.counted = 0
        self.busiest = 0.0  # CPU seconds of the step that took most
        self.connected: float | None = None
        self.late: list[float] = []  # seconds of delay, of each tick

    def call_soon(  # type: ignore[override] # typeshed's names for what any callback takes
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Time the callback when it runs."""
        return super().call_soon(self._timed, callback, *args, context=context)

    def call_at(  # type: ignore[override] # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        """Time the callback when it runs."""
        return super().call_at(when, self._timed, callback, *args, context=context)

    async def create_connection(self, *args: Any, **settings: Any) -> Any:
        """Begin to time with the first connection."""
        if self._connections and self.connected is None:
            self.watch()
        return await super().create_connection(*args, **settings)

    def watch(self) -> None:
        """Begin to time."""
        self.connected = time.perf_counter()
        self._tick(self.time())

    def unwatch(self) -> None:
        """Time no more; the present step is the last."""
        self.connected = None

    def _tick(self, due: float) -> None:
        """Keep the delay of a timer that was due, and set the next one."""
        if self.connected is None:
            return
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
        self._keep(now - wall, time.thread_time() - cpu, now, callback)

    def _keep(self, wall: float, cpu: float, now: float, callback: Callable[..., object]) -> None:
        self.counted += 1
        self.busiest = max(self.busiest, cpu)
        if len(self.steps) < KEPT:
            heapq.heappush(self.steps, Step(wall, cpu, now, _owner(callback)))
        elif wall > self.steps[0].wall:
            heapq.heapreplace(self.steps, Step(wall, cpu, now, _owner(callback)))


def figures(loop: TimedLoop) -> dict[str, float]:
    """What a loop has measured, in milliseconds: its longest step, most CPU, delays of timers."""
    return {
        "wall": 1e3 * max(loop.steps).wall,
        "cpu": 1e3 * loop.busiest,
        "p99": 1e3 * statistics.quantiles(loop.late, n=100)[-1],
        "latest": 1e3 * max(loop.late),
        "steps": loop.counted,
    }


def shown(loop: TimedLoop) -> None:
    """Print the longest steps of a loop to stderr, the longest first."""
    for step in sorted(loop.steps, reverse=True):
        print(asdict(step), file=sys.stderr)


def _owner(callback: Callable[..., object]) -> str:
    """The name of a task's coroutine, or of a callback."""
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return str(getattr(task.get_coro(), "__qualname__", task))
    return str(getattr(callback, "__qualname__", callback))
