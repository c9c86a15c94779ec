"""A bounded pool of workers fed by a bounded stream: the shape of all concurrency here."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from batchgw.errors import Stopped

Item = TypeVar("Item")


async def pooled(
    source: AsyncIterable[Item],
    work: Callable[[Item], Awaitable[None]],
    *,
    workers: int | Callable[[], int],
) -> None:
    """Do `work` on every item of `source`, at most `workers` at a time; return when all is done.

    Workers start as items come, so a short source starts few; where their number may change, more are taken
    on or let go between items. The source is asked for an item only when one can be taken, so few more items
    are alive than are in work. The first error ends the pool and is raised.
    """
    most = workers if callable(workers) else lambda: workers
    send, receive = anyio.create_memory_object_stream[Item](1)
    crew = _Crew(receive, work, most)
    with send, receive:
        async with anyio.create_task_group() as tasks:
            async for item in source:
                if crew.wanted:
                    tasks.start_soon(crew.work)
                    crew.size += 1
                await send.send(item)
            send.close()


class _Crew(Generic[Item]):
    """The workers of a pool."""

    def __init__(
        self,
        items: MemoryObjectReceiveStream[Item],
        work: Callable[[Item], Awaitable[None]],
        most: Callable[[], int],
    ) -> None:
        self._items = items
        self._work = work
        self._most = most
        self.size = 0

    @property
    def wanted(self) -> bool:
        """Whether one more should be taken on."""
        return self.size < max(1, self._most())

    async def work(self) -> None:
        """Work on items as they come, until there are none or fewer workers are wanted."""
        async for item in self._items:
            await self._work(item)
            if self.size > max(1, self._most()):
                break
        self.size -= 1


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
