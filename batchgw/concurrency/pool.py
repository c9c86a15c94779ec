"""A bounded pool of workers that take items from one source: the shape of all concurrency here."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

from batchgw.errors import Stopped

Item = TypeVar("Item")

_END: Final = object()
"""What a source gives that has nothing more."""


async def pooled(
    source: AsyncIterable[Item],
    work: Callable[[Item], Awaitable[None]],
    *,
    workers: int | Callable[[], int],
) -> None:
    """Do `work` on every item of `source`, at most `workers` at a time; return when all is done.

    Workers start as items come, so a short source starts few; where their number may change, more are taken
    on or let go between items. Whoever is free takes the next item from the source himself, one at a time, so
    that no more items are alive than are in work. A source is thus resumed in one task or another: between
    two items it must hold nothing that belongs to a task. The first error ends the pool and is raised.
    """
    most = workers if callable(workers) else lambda: workers
    async with anyio.create_task_group() as tasks:
        _Crew(source, work, most, tasks).hire()


class _Crew(Generic[Item]):
    """The workers of a pool."""

    def __init__(
        self,
        source: AsyncIterable[Item],
        work: Callable[[Item], Awaitable[None]],
        most: Callable[[], int],
        tasks: TaskGroup,
    ) -> None:
        self._items = aiter(source)
        self._asked = False  # whether the source is at work on the next item
        self._came: anyio.Event | None = None  # where somebody waits for that
        self._ended = False
        self._work = work
        self._most = most
        self._tasks = tasks
        self._size = 0

    def hire(self) -> None:
        """Take on one more."""
        self._size += 1
        self._tasks.start_soon(self._take_and_work)

    async def _take_and_work(self) -> None:
        """Work on items until there are none or fewer workers are wanted."""
        while self._size <= self._wanted and (item := await self._next()) is not _END:
            if self._size < self._wanted:
                self.hire()
            await self._work(item)  # type: ignore[arg-type]  # what is not the end is an item
        self._size -= 1

    @property
    def _wanted(self) -> int:
        return max(1, self._most())

    async def _next(self) -> Item | object:
        """Take the next item, or `_END`. Where one is asked for already, wait until it has come.

        All who wait go on at once: with a lock, which is handed on, each would need a turn of the event loop
        of its own, and most workers would wait most of the time.
        """
        while self._asked:
            self._came = self._came or anyio.Event()
            await self._came.wait()
        if self._ended:
            return _END
        self._asked = True
        try:
            item = await anext(self._items, _END)
        finally:
            self._asked = False
            if self._came is not None:
                self._came.set()
                self._came = None
        self._ended = item is _END
        return item


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise one error instead of an exception group: a caller has one thing to handle.

    Of several it is the one that says most: an error before a mere stop, and that before a cancellation.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        raise min(_leaves(group), key=_reticence) from group


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _reticence(error: BaseException) -> int:
    if isinstance(error, Stopped):
        return 1
    return 0 if isinstance(error, Exception) else 2
