"""The server's token buckets: one, or a total that is spread over several hosts.

They have no clock: the caller passes the time, in seconds since the world began, never earlier than before.
They share no code with the client's limiter, so that a mistake there is not repeated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`rate` calls/second on average, `burst` calls at once."""

    rate: float
    burst: float

    def __post_init__(self) -> None:
        if self.rate < 0 or self.burst < 1:
            raise ValueError(f"a rate must not be negative and a burst be at least 1: {self}")

    def scaled(self, factor: float) -> Rate:
        """The same bucket, filled `factor` times as fast."""
        return Rate(rate=self.rate * factor, burst=self.burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The total's rate over time: from each `at` (seconds) on, the rate is multiplied by `factor`.

    The quota that halves after a minute and returns after two: ((60, 0.5), (120, 1)).
    """

    steps: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if list(self.steps) != sorted(self.steps):
            raise ValueError(f"a schedule's steps must be in the order of time: {self.steps}")
        if any(at < 0 or factor < 0 for at, factor in self.steps):
            raise ValueError(f"a schedule's times and factors must not be negative: {self.steps}")

    def elapsed(self, start: float, end: float) -> float:
        """Seconds from `start` to `end`, each weighted with the factor of its time."""
        total, factor, since = 0.0, 1.0, start
        for at, following in self.steps:
            if at >= end:
                break
            if at > since:
                total += (at - since) * factor
                since = at
            factor = following
        return total + (end - since) * factor


STEADY = Schedule()
"""A rate that does not change."""


class Bucket:
    """A token bucket that starts full. A call needs a whole token."""

    __slots__ = ("_at", "_rate", "_schedule", "level")

    def __init__(self, rate: Rate, now: float, schedule: Schedule | None = None) -> None:
        self._rate = rate
        self._schedule = schedule if schedule is not None and schedule.steps else None
        self._at = now
        self.level = rate.burst

    def has_token(self, now: float) -> bool:
        """Whether a call arriving now would be accepted. Floats are inexact: 1e-9 may be missing."""
        self._refill(now)
        return self.level >= 1 - 1e-9

    def take(self, now: float) -> None:
        """Take a token, or what is left of one."""
        self._refill(now)
        self.level = max(0.0, self.level - 1)

    def _refill(self, now: float) -> None:
        if now <= self._at:
            return
        schedule = self._schedule
        passed = now - self._at if schedule is None else schedule.elapsed(self._at, now)
        self.level = min(self._rate.burst, self.level + passed * self._rate.rate)
        self._at = now


class Hosts:
    """A bucket spread over `count` hosts that know nothing of one another: a call goes to one at random.

    Each has its part of the rate and of the burst, so some refuse while others have tokens left.
    """

    def __init__(self, rate: Rate, *, count: int, schedule: Schedule, seed: str) -> None:
        part = Rate(rate=rate.rate / count, burst=rate.burst / count) if count > 1 else rate
        self._buckets: Sequence[Bucket] = [Bucket(part, 0.0, schedule) for _ in range(count)]
        self._only = self._buckets[0] if count == 1 else None
        self._random = Random(seed)  # noqa: S311 - traffic, not secrets

    def pick(self) -> Bucket:
        """The host that gets the next call."""
        return self._only or self._random.choice(self._buckets)

    @property
    def level(self) -> float:
        """Tokens left on all hosts together, when each was last asked."""
        return sum(bucket.level for bucket in self._buckets)
