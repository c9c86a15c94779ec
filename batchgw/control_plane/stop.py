"""The wish to stop, and the only way to wait that heeds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from batchgw.errors import Stopped
from batchgw.pool import unwrapped

T = TypeVar("T")

MOMENT = 0.25
"""Seconds: a shorter wait is not interrupted, which costs a fifth of one that can be."""


class StopSignal:
    """Set once, by a signal handler or a failing journal; seen by everyone who waits for a turn."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask that no new call is made. Those in flight finish."""
        self._event.set()

    def check(self) -> None:
        """Raise Stopped if it was asked for."""
        if self.requested:
            raise Stopped("the run was asked to stop before this call was sent")

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the stop. Raises Stopped then, or a moment later."""
        self.check()
        if seconds <= MOMENT:
            await anyio.sleep(seconds)
        else:
            with anyio.move_on_after(seconds):
                await self._event.wait()
        self.check()

    async def heeded(self, read: Callable[[], Awaitable[T]]) -> T:
        """Do what may be given up at any moment, for it changes nothing. Raises Stopped when it is."""
        self.check()
        results: list[T] = []

        async def give_up() -> None:
            await self._event.wait()
            tasks.cancel_scope.cancel()

        with unwrapped():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(give_up)
                results.append(await read())
                tasks.cancel_scope.cancel()
        if not results:
            self.check()
        return results[0]
