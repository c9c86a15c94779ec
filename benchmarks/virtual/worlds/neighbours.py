"""Others who use the same bucket, as they really behave: they retry, come in bursts, and give up.

Each is a small record that makes a `Traffic`: when its next call comes, and how it reacts to the answer. The
simulator and the limiter's own tests (`tests/throttle`) use the same ones.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random

from batchgw.simulator.traffic.bucket import STEADY, Bucket, Rate, Schedule
from batchgw.simulator.traffic.neighbour import Caller, Traffic

LONGEST_BACKOFF = 20.0
"""Seconds: the longest back-off of the AWS SDKs' standard mode."""

TERRAFORM_ATTEMPTS = 25
"""Attempts of a call by Terraform's provider (`max_retries`)."""

STANDARD_ATTEMPTS = 3
"""Attempts of a call by botocore in standard mode."""

MEDIAN, SIGMA = 0.11, math.log(0.2 / 0.11) / 2.326
"""Of a call's latency, lognormal: the median in seconds, and the logarithm's deviation for 0.2 s at p99."""


def backoff(refusals: int, dice: Random) -> float:
    """Seconds until the next attempt of a call, by the AWS SDKs' standard mode."""
    return min(LONGEST_BACKOFF, dice.random() * 2.0 ** (refusals - 1))


class ScheduledCalls(ABC):
    """Calls to come, in the order of time. A subclass says what follows from an answer."""

    def __init__(self, seed: str) -> None:
        self.dice = Random(seed)  # noqa: S311 - traffic, not secrets
        self.lost = 0
        self._calls: list[tuple[float, int, int]] = []  # arrival, number, refusals so far
        self._numbers = count()

    @property
    def next(self) -> float:
        """When the next call arrives, in seconds; infinity when there is none."""
        return self._calls[0][0] if self._calls else math.inf

    def answered(self, *, taken: bool) -> None:
        """The next call has arrived, and was accepted or refused."""
        at, _, refusals = heappop(self._calls)
        if taken:
            self.taken(at)
        else:
            self.refused(at, refusals + 1)

    def come(self, at: float, refusals: int = 0) -> None:
        """Schedule a call that has been refused so many times."""
        heappush(self._calls, (at, next(self._numbers), refusals))

    def latency(self) -> float:
        """Seconds from the sending of a call to its answer."""
        return MEDIAN * math.exp(SIGMA * self.dice.gauss(0, 1))

    @abstractmethod
    def taken(self, at: float) -> None:
        """A call was accepted."""

    @abstractmethod
    def refused(self, at: float, refusals: int) -> None:
        """A call was refused; `refusals` counts this one too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """Calls at random moments, `rate` a second on average; each has `attempts` attempts, with back-off."""

    rate: float
    attempts: int = TERRAFORM_ATTEMPTS

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _Retrying(self, seed)


class _Retrying(ScheduledCalls):
    def __init__(self, record: Retrying, seed: str) -> None:
        super().__init__(seed)
        self._record = record
        self._arrivals = Random(f"{seed}/arrivals")  # noqa: S311 - the same ones, whatever the answers
        self._new = 0.0
        self._schedule()

    def answered(self, *, taken: bool) -> None:
        fresh = self.next == self._new
        super().answered(taken=taken)
        if fresh:
            self._schedule()

    def taken(self, at: float) -> None:
        """Nothing follows."""

    def refused(self, at: float, refusals: int) -> None:
        if refusals < self._record.attempts:
            self.come(at + self.latency() + backoff(refusals, self.dice), refusals)
        else:
            self.lost += 1

    def _schedule(self) -> None:
        self._new += self._arrivals.expovariate(self._record.rate)
        self.come(self._new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Jobs of `calls` calls each, `at_once` of them in parallel.

    The first job begins about `first` seconds after us, the next ones every `every` seconds. A worker whose
    call was refused backs off as the AWS SDKs do, and gives the call up after `attempts` attempts.
    """

    calls: int
    at_once: int
    every: float = math.inf
    first: float = 10.0
    attempts: int = TERRAFORM_ATTEMPTS

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _Jobs(self, seed)


class _Jobs(ScheduledCalls):
    def __init__(self, record: Jobs, seed: str) -> None:
        super().__init__(seed)
        self._record = record
        self._left = 0
        self._following = record.first + self.dice.uniform(0, 10)

    @property
    def next(self) -> float:
        return min(super().next, self._following)

    def answered(self, *, taken: bool) -> None:
        if self._following <= super().next:
            self._begin()
        super().answered(taken=taken)

    def taken(self, at: float) -> None:
        self._next_call(at + self.latency())

    def refused(self, at: float, refusals: int) -> None:
        if refusals < self._record.attempts:
            self.come(at + self.latency() + backoff(refusals, self.dice), refusals)
            return
        self.lost += 1
        self._next_call(at + self.latency())

    def _begin(self) -> None:
        """The first calls of a job arrive. Calls that the job before has not begun are added to it."""
        at, record = self._following, self._record
        self._following += record.every
        self._left += record.calls
        for _ in range(record.at_once):
            self._next_call(at)

    def _next_call(self, at: float) -> None:
        if self._left:
            self._left -= 1
            self.come(at)


def served_alone(caller: Caller, *, rate: Rate, schedule: Schedule = STEADY, seed: str) -> Iterator[float]:
    """When the caller's calls are accepted if nobody else uses the bucket."""
    traffic, bucket = caller.traffic(seed), Bucket(rate, 0.0, schedule)
    while (at := traffic.next) < math.inf:
        taken = bucket.has_token(at)
        if taken:
            bucket.take(at)
        traffic.answered(taken=taken)
        if taken:
            yield at
