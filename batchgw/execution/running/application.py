"""A run that gives each outcome as it is decided."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from batchgw.concurrency.pool import unwrapped
from batchgw.errors import UsageError
from batchgw.events import Decided, Event, NullObserver, Observer, Observers
from batchgw.model import Outcome
from batchgw.report.summary import Summary


class Application:
    """A run under way: iterate over its outcomes as they are decided; `summary` is there at its end."""

    def __init__(self, outcomes: MemoryObjectReceiveStream[Outcome]) -> None:
        self._outcomes = outcomes
        self._summary: Summary | None = None

    def __aiter__(self) -> AsyncIterator[Outcome]:
        return self._outcomes

    @property
    def summary(self) -> Summary:
        """The summary of the run. Raises UsageError before its end."""
        if self._summary is None:
            raise UsageError(
                "the run has not ended: read its outcomes to the end, or leave its block, before its summary"
            )
        return self._summary

    def ended(self, summary: Summary) -> None:
        """Store the summary: the run has ended."""
        self._summary = summary


@asynccontextmanager
async def streaming(
    start: Callable[[Observer], Awaitable[Summary]], observer: Observer | None
) -> AsyncGenerator[Application, None]:
    """Start a run in the background and give its outcomes. Leaving the block waits for the end of the run.

    `start` is given the observer that the run must tell; it tells `observer` as well.
    """
    send, receive = anyio.create_memory_object_stream[Outcome](math.inf)
    application = Application(receive)

    async def run() -> None:
        async with send:
            application.ended(await start(Observers(_Sender(send), observer or NullObserver())))

    with unwrapped():
        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(run)
            yield application


class _Sender:
    """Sends each outcome on. When nobody reads them any more, the run goes on all the same."""

    def __init__(self, outcomes: MemoryObjectSendStream[Outcome]) -> None:
        self._outcomes = outcomes

    def notify(self, event: Event) -> None:
        if isinstance(event, Decided):
            with suppress(anyio.BrokenResourceError):
                self._outcomes.send_nowait(event.outcome)
