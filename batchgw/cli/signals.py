"""A stop in two steps. First signal: no new calls, writes in flight finish. Second signal: stop now.

While a question is open nothing is in flight, so the first signal ends the question.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import anyio

from batchgw.cli.process_signals import listening
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import ExplainedStop, Stopped

T = TypeVar("T")

STOPPING = "stopping: no new calls, those in flight finish and are journaled; Ctrl-C again stops now"
STOPPING_NOW = "stopping now"


@contextmanager
def stopped_by_signals(stop: anyio.Event) -> Iterator[None]:
    """Set `stop` when a signal comes. This is for a server, which has nothing to finish."""
    loop = asyncio.get_running_loop()
    with _woken(loop), listening(lambda _number: _soon(loop, stop.set)):
        yield


class Interrupts:
    """Turns signals into a stop, then into a cancellation.

    Attributes:
        stop: is requested by the first signal; the engine looks at it.
        cancelled: whether the second signal came and the body was cancelled.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.stop = StopSignal()
        self.cancelled = False
        self._tell = tell
        self._body: anyio.CancelScope | None = None
        self._question: anyio.CancelScope | None = None

    def receive(self) -> None:
        """Handle one signal."""
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
        """Let a signal end the question that the block asks. Raises ExplainedStop then."""
        with anyio.CancelScope() as self._question:
            if self.stop.requested:  # the signal came between the last words of the question and this
                self._question.cancel()
            yield
        self._question = None
        if self.stop.requested:
            raise ExplainedStop("nothing was written.")

    async def run(self, body: Callable[[], Awaitable[T]]) -> T:
        """Run the body. Raises Stopped when the second signal cancelled it."""
        results: list[T] = []
        loop = asyncio.get_running_loop()
        heard = listening(lambda _number: _soon(loop, self.receive))
        with _woken(loop), heard, anyio.CancelScope() as self._body:
            results.append(await body())
        if not results:
            raise Stopped(
                "the calls in flight were given up. The journal knows which, and a resume reads those first."
            )
        return results[0]


@contextmanager
def _woken(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Wake the loop up by any signal.

    Python runs its handler only between two instructions of the main thread. A loop that was just going to
    wait, or a signal that reached another thread, would otherwise wait for the next event.
    """
    ours, pythons = socket.socketpair()
    with ours, pythons:
        for each in (ours, pythons):
            each.settimeout(0)
        before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
        loop.add_reader(ours, ours.recv, 4096)
        try:
            yield
        finally:
            loop.remove_reader(ours)
            signal.set_wakeup_fd(before)


def _soon(loop: asyncio.AbstractEventLoop, handle: Callable[[], object]) -> None:
    """Have the loop handle a signal. When the loop has ended there is nothing to stop."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(handle)
