"""The one place that waits for a quota: first come, first served, per bucket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from batchgw.throttle.pacer import Pacer, PacerStatistics


class Limiter:
    """Hands out turns at the speed its pacer allows.

    Args:
        pacer: the model of the remote bucket.
        sleep: waits for seconds; may raise to turn everyone away (a stop was asked for).
    """

    def __init__(self, pacer: Pacer, *, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._pacer = pacer
        self._sleep = sleep
        self._turn = anyio.Lock()  # fair: waiters are served in the order they came
        self._waiting = 0

    async def wait(self, check: Callable[[], None]) -> float:
        """Wait for a turn and take it. Returns the time it leaves, in `anyio.current_time()` seconds.

        `check` is called before every sleep and before leaving; what it raises ends the wait with no call.
        """
        self._waiting += 1
        try:
            async with self._turn:
                check()
                while (delay := self._pacer.delay(anyio.current_time())) > 0:
                    await self._sleep(delay)
                    check()
                now = anyio.current_time()
                self._pacer.sent(now)
                return now
        finally:
            self._waiting -= 1

    def ok(self, sent_at: float) -> None:
        """The call was let through."""
        self._pacer.ok(sent_at, anyio.current_time())

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """The call was refused by the quota."""
        self._pacer.throttled(sent_at, anyio.current_time(), retry_after)

    def unknown(self, sent_at: float) -> None:
        """The call was not answered."""
        self._pacer.unknown(sent_at, anyio.current_time())

    @property
    def rate(self) -> float:
        """Calls/second believed now."""
        return self.statistics().rate

    @property
    def waiting(self) -> int:
        """Calls waiting for a turn."""
        return self._waiting

    def statistics(self) -> PacerStatistics:
        """What the pacer believes now."""
        return self._pacer.statistics(anyio.current_time())
