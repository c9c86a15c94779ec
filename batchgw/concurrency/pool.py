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
"""Stands for the end of the source."""


async def pooled(
    source: AsyncIterable[Item],
    work: Callable[[Item], Awaitable[None]],
    *,
    workers: int | Callable[[], int],
) -> None:
    """Do `work` on every item of `source`, at most `workers` at a time; return when all is done.

    Workers start as items come, so a short source starts few. If their number may change, workers start or
    end between items. A free worker takes the next item from the source, one at a time, so that no item waits
    in memory. The source is thus resumed in different tasks: between two items it must hold nothing that
    belongs to a task (a cancel scope, a lock). The first error ends the pool and is raised.
    """
    most = workers if callable(workers) else lambda: workers
    async with anyio.create_task_group() as tasks:
        _Pool(source, work, most, tasks).add_worker()


class _Pool(Generic[Item]):
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
        self._came: anyio.Event | None = None  # set when it has come, if a worker waits for it
        self._ended = False
        self._work = work
        self._most = most
        self._tasks = tasks
        self._size = 0

    def add_worker(self) -> None:
        """Start one more worker."""
        self._size += 1
        self._tasks.start_soon(self._take_and_work)

    async def _take_and_work(self) -> None:
        """Work on items until there are none or fewer workers are wanted."""
        while self._size <= self._wanted and (item := await self._next()) is not _END:
            if self._size < self._wanted:
                self.add_worker()
            await self._work(item)  # type: ignore[arg-type]  # what is not the end is an item
        self._size -= 1

    @property
    def _wanted(self) -> int:
        return max(1, self._most())

    async def _next(self) -> Item | object:
        """Take the next item, or `_END`. If another worker is asking for one, wait until it has come.

        An event wakes all waiting workers at once. A lock would wake one in each round of the event loop, and
        most workers would wait most of the time.
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

    Of several it is the most telling one: an error comes before a stop, and a stop before a cancellation.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        raise min(_leaves(group), key=_rank) from group


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _rank(error: BaseException) -> int:
    if isinstance(error, Stopped):
        return 1
    return 0 if isinstance(error, Exception) else 2
