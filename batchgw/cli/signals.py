"""A stop in two steps. Once: no new calls, writes in flight finish. Twice: stop now. Any signal will do.

While a question is open nothing is in flight, so the first one already takes the question back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import anyio

from batchgw.cli.output.failure import ExplainedStop
from batchgw.cli.process_signals import listening
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import Stopped

T = TypeVar("T")

STOPPING = "stopping: no new calls, those in flight finish and are journaled; Ctrl-C again stops now"
STOPPING_NOW = "stopping now"


@contextmanager
def stopped_by_signals(stop: anyio.Event) -> Iterator[None]:
    """Set `stop` when a signal comes: for a server, which has nothing to finish."""
    loop = asyncio.get_running_loop()
    with listening(lambda _number: _soon(loop, stop.set)):
        yield


class Interrupts:
    """Turns signals into a stop, then into a cancellation.

    Attributes:
        stop: what the engine heeds; set by the first signal.
        cancelled: whether the second came, so that the body was ended where it stood.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.stop = StopSignal()
        self.cancelled = False
        self._tell = tell
        self._body: anyio.CancelScope | None = None
        self._question: anyio.CancelScope | None = None

    def receive(self) -> None:
        """Heed one signal."""
        if not self.stop.requested:
            self.stop.request()
            if self._question is None:
                self._tell(STOPPING)
            else:
                self._question.cancel()
        elif self._body is not None and not self.cancelled:
            self.cancelled = True
            self._tell(STOPPING_NOW)
            self._body.cancel()

    @contextmanager
    def question(self) -> Iterator[None]:
        """Hold a question open; a signal ends it. Raises ExplainedStop then."""
        with anyio.CancelScope() as self._question:
            yield
        self._question = None
        if self.stop.requested:
            raise ExplainedStop("nothing was written.")

    async def run(self, body: Callable[[], Awaitable[T]]) -> T:
        """Run the body under both steps. Raises Stopped when it was cancelled by the second."""
        results: list[T] = []
        loop = asyncio.get_running_loop()
        with listening(lambda _number: _soon(loop, self.receive)), anyio.CancelScope() as self._body:
            results.append(await body())
        if not results:
            raise Stopped("the calls in flight were given up; the journal knows which.")
        return results[0]


def _soon(loop: asyncio.AbstractEventLoop, heed: Callable[[], object]) -> None:
    """Have the loop heed a signal; one that comes when the loop has ended has nothing to stop."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(heed)
