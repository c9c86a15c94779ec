"""A bounded pool of workers fed by a bounded stream: the shape of all concurrency here."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from batchgw.errors import Stopped

Item = TypeVar("Item")


async def pooled(
    source: AsyncIterable[Item], work: Callable[[Item], Awaitable[None]], *, workers: int
) -> None:
    """Do `work` on every item of `source`, at most `workers` at a time; return when all is done.

    Workers start as items come, so a short source starts few. The source is asked for an item only when one
    can be taken, so at most `2 * workers` items are alive. The first error ends the pool and is raised.
    """
    send, receive = anyio.create_memory_object_stream[Item](workers)
    with send, receive:
        async with anyio.create_task_group() as tasks:
            started = 0
            async for item in source:
                if started < workers:
                    tasks.start_soon(_work, receive, work)
                    started += 1
                await send.send(item)
            send.close()


async def _work(items: MemoryObjectReceiveStream[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    async for item in items:
        await work(item)


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
