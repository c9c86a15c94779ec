"""The request to stop, and waiting that ends with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Final, TypeVar

import anyio

from batchgw.errors import Stopped

T = TypeVar("T")

_END: Final = object()
"""Stands for the end of a generator."""

MOMENT = 0.25
"""Seconds: a shorter wait is not interrupted. It costs a fifth of one that can be."""


class StopSignal:
    """Set once, by a signal handler or a failing journal. Every call that waits for a permit sees it."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._reads: set[anyio.CancelScope] = set()

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask that no new call is made. Writes in flight finish; reads are given up."""
        self._event.set()
        for read in tuple(self._reads):
            read.cancel()

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
        """Do a read, which may be given up at any moment. Raises Stopped when it is."""
        self.check()
        with anyio.CancelScope() as scope:
            self._reads.add(scope)
            try:
                return await read()
            finally:
                self._reads.discard(scope)
        raise Stopped("the run was asked to stop while it read, and did not wait for the answer")

    async def until_stop(self, source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Yield what `source` yields until a stop is asked for, which ends it at once, also while it waits.

        Where the source raises Stopped, that is its end as well.
        """
        async with aclosing(source):
            with suppress(Stopped):
                while (item := await self.heeded(lambda: anext(source, _END))) is not _END:
                    yield item  # type: ignore[misc]  # what is not the end is an item
