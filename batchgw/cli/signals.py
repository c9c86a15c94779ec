"""Ctrl-C in two steps. Once: no new calls, those in flight finish. Twice: stop now. SIGTERM is like one.

While a question is open nothing is in flight, so the first one already takes the question back.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio
from anyio.abc import TaskStatus

from batchgw.cli.failure import ToldStop
from batchgw.control_plane.stop import StopSignal
from batchgw.errors import Stopped

T = TypeVar("T")

STOPPING = "stopping: no new calls, those in flight finish and are journaled; Ctrl-C again stops now"
STOPPING_NOW = "stopping now"


async def until_signalled(stop: anyio.Event, *, task_status: TaskStatus[None]) -> None:
    """Wait for a signal, then set `stop`: for a server, which has nothing to finish."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            stop.set()
            return


class Interrupts:
    """Turns signals into a stop, then into a cancellation.

    Attributes:
        stop: what the engine heeds; set by the first signal.
        cancelled: whether the second Ctrl-C came, so that the body was ended where it stood.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.stop = StopSignal()
        self.cancelled = False
        self._tell = tell
        self._body: anyio.CancelScope | None = None
        self._question: anyio.CancelScope | None = None

    def receive(self, number: signal.Signals) -> None:
        """Heed one signal."""
        if not self.stop.requested:
            self.stop.request()
            if self._question is None:
                self._tell(STOPPING)
            else:
                self._question.cancel()
        elif number is signal.SIGINT and self._body is not None and not self.cancelled:
            self.cancelled = True
            self._tell(STOPPING_NOW)
            self._body.cancel()

    @contextmanager
    def question(self) -> Iterator[None]:
        """Hold a question open; a signal ends it. Raises ToldStop then."""
        with anyio.CancelScope() as self._question:
            yield
        self._question = None
        if self.stop.requested:
            raise ToldStop("nothing was written.")

    async def run(self, body: Callable[[], Awaitable[T]]) -> T:
        """Run the body under both steps. Raises Stopped when it was cancelled by the second."""
        results: list[T] = []
        async with anyio.create_task_group() as tasks:
            await tasks.start(self._listen)
            with anyio.CancelScope() as self._body:
                results.append(await body())
            tasks.cancel_scope.cancel()
        if not results:
            raise Stopped("the calls in flight were given up; the journal knows which.")
        return results[0]

    async def _listen(self, *, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                self.receive(number)
