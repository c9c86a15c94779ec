"""Times a piece of code in an event loop of its own."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import trio.testing


class Timed:
    """Runs a body and measures its CPU seconds; with `watch`, also the event loop's longest stall."""

    def __init__(self, *, watch: bool = False) -> None:
        self._watch = watch
        self.cpu = math.inf
        self.stall = 0.0

    async def __call__(self, body: Callable[[], Awaitable[None]]) -> None:
        """Run the body."""
        gc.collect()
        async with anyio.create_task_group() as tasks:
            if self._watch:
                tasks.start_soon(self._measure_stalls)
            began = time.process_time()
            await body()
            self.cpu = time.process_time() - began
            tasks.cancel_scope.cancel()

    async def _measure_stalls(self) -> None:
        while True:
            asleep = time.perf_counter()
            await anyio.lowlevel.checkpoint()
            self.stall = max(self.stall, time.perf_counter() - asleep)


Body = Callable[[Timed], Awaitable[None]]


def taken(body: Body, backend: str, *, watch: bool = False) -> Timed:
    """Run a body. On trio, time is virtual: it jumps to the next event as soon as every task waits."""
    clock = {"clock": trio.testing.MockClock(autojump_threshold=0)} if backend == "trio" else {}
    timed = Timed(watch=watch)
    anyio.run(body, timed, backend=backend, backend_options=clock)
    return timed
