"""Other limiters in the place of batchgw: eight workers share one, and retry each call until it is accepted.

A limiter is told what happens and when, and says how long to wait. The rate of botocore's adaptive mode is
calculated by botocore itself (`CubicCalculator` and `RateClocker`), on the virtual clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Protocol

import anyio
from botocore.retries.adaptive import RateClocker
from botocore.retries.throttling import CubicCalculator

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.errors import CallError
from batchgw.throttle.quota import TOTAL
from benchmarks.virtual.worlds.neighbours import backoff

WORKERS = 8
"""Calls in flight at most."""

TICK = 0.01
"""Seconds: a waiting worker asks the limiter again after this at the earliest."""


class Limiter(Protocol):
    """Says when a call may be sent."""

    def delay(self, now: float) -> float:
        """Seconds until the next call may be sent."""
        ...

    def sent(self, now: float) -> None:
        """A call is sent."""
        ...

    def answered(self, now: float, *, taken: bool) -> None:
        """A call was accepted, or refused."""
        ...


class Fixed:
    """A token bucket with the documented quota, whatever the answers."""

    def __init__(self) -> None:
        self._rate, self._burst, self._level, self._at = TOTAL.rate, TOTAL.burst, TOTAL.burst, 0.0

    def delay(self, now: float) -> float:
        """Seconds until there is a token."""
        self._refill(now)
        return max(0.0, (1 - self._level) / self._rate)

    def sent(self, now: float) -> None:
        """Spend a token."""
        self._refill(now)
        self._level -= 1

    def answered(self, now: float, *, taken: bool) -> None:
        """Change nothing."""

    def _refill(self, now: float) -> None:
        self._level = min(self._burst, self._level + self._rate * (now - self._at))
        self._at = now

    def _become(self, rate: float, burst: float, now: float) -> None:
        """Change rate and burst from now on."""
        self._refill(now)
        self._rate, self._burst = rate, burst
        self._level = min(self._level, burst)


class Aimd(Fixed):
    """The rate grows by 0.5/s each second, and is multiplied by 0.7 at a refusal, at most once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._reacted = self._grown = 0.0

    def answered(self, now: float, *, taken: bool) -> None:
        """Raise or lower the rate."""
        rate = self._rate + 0.5 * (now - self._grown)
        self._grown = now
        if not taken and now - self._reacted >= 1:
            rate, self._reacted = 0.7 * rate, now
        self._become(max(0.5, rate), self._burst if taken else 1.0, now)


class _Now:
    """botocore's clock."""

    def current_time(self) -> float:
        return anyio.current_time()


class Adaptive(Fixed):
    """botocore's adaptive mode: no limit until the first refusal, then CUBIC."""

    def __init__(self) -> None:
        super().__init__()
        self._cubic = CubicCalculator(starting_max_rate=0, start_time=anyio.current_time())
        self._clocker = RateClocker(_Now())
        self._enabled = False

    def delay(self, now: float) -> float:
        """Seconds until there is a token; 0 before the first refusal."""
        return super().delay(now) if self._enabled else 0.0

    def answered(self, now: float, *, taken: bool) -> None:
        """Let botocore calculate the rate."""
        measured = self._clocker.record()
        if taken:
            rate = self._cubic.success_received(now)
        else:
            rate = self._cubic.error_received(min(measured, self._rate) if self._enabled else measured, now)
            self._enabled = True
        rate = min(rate, 2 * measured)
        self._become(max(0.5, rate), max(1.0, rate), now)


PEERS: Mapping[str, Callable[[], Limiter]] = {
    "botocore adaptive, 8 threads": Adaptive,
    "AIMD": Aimd,
    "fixed bucket": Fixed,
}
"""By their names in the table."""


async def put_all(
    plane: ControlPlane, puts: Iterator[PutGatewayResponse], limiter: Limiter, dice: Random
) -> int:
    """Make all puts, and return their number."""
    done = 0

    async def work() -> None:
        nonlocal done
        for put in puts:
            await _put(plane, put, limiter, dice)
            done += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(WORKERS):
            tasks.start_soon(work)
    return done


async def _put(plane: ControlPlane, put: PutGatewayResponse, limiter: Limiter, dice: Random) -> None:
    refusals = 0
    while True:
        while (delay := limiter.delay(anyio.current_time())) > 0:  # noqa: ASYNC110 - others may have sent
            await anyio.sleep(max(delay, TICK))
        limiter.sent(anyio.current_time())
        try:
            await plane.send(put)
        except CallError as error:
            if not error.is_throttle:
                raise
            refusals += 1
            limiter.answered(anyio.current_time(), taken=False)
            await anyio.sleep(backoff(refusals, dice))
        else:
            limiter.answered(anyio.current_time(), taken=True)
            return
