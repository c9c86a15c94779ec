"""Others who draw on the same bucket, as real ones behave: they try again, come in crowds, and give up.

Each is a small record that makes a `Traffic`: when its next call comes, and what it does about the answer.
The simulator's worlds and the limiter's own gates (`tests/throttle`) let the same ones call.
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
from batchgw.throttle.bucket.mirror import MirrorBucket
from batchgw.throttle.quota import TOTAL

LONGEST_BACKOFF = 20.0
"""Seconds: the longest back-off of the AWS SDKs' standard mode."""

TERRAFORM_ATTEMPTS = 25
"""Tries of a call by Terraform's provider (`max_retries`)."""

STANDARD_ATTEMPTS = 3
"""Tries of a call by botocore in standard mode."""

MEDIAN, SIGMA = 0.11, math.log(0.2 / 0.11) / 2.326
"""Of a call's latency, lognormal: the median in seconds, and the logarithm's deviation for 0.2 s at p99."""

ON_THE_WAY = 0.45
"""Part of its latency after which a call takes its token."""


def backoff(refusals: int, dice: Random) -> float:
    """Seconds until the next try of a call, by the AWS SDKs' standard mode."""
    return min(LONGEST_BACKOFF, dice.random() * 2.0 ** (refusals - 1))


class Queue(ABC):
    """Calls to come, in the order of time, and what their answers lead to."""

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
        """The next call has arrived."""
        at, _, refusals = heappop(self._calls)
        if taken:
            self.taken(at)
        else:
            self.refused(at, refusals + 1)

    def come(self, at: float, refusals: int = 0) -> None:
        """A call will arrive that has been refused so often."""
        heappush(self._calls, (at, next(self._numbers), refusals))

    def latency(self) -> float:
        """Seconds from a call's departure to its answer."""
        return MEDIAN * math.exp(SIGMA * self.dice.gauss(0, 1))

    @abstractmethod
    def taken(self, at: float) -> None:
        """A call was taken."""

    @abstractmethod
    def refused(self, at: float, refusals: int) -> None:
        """A call was refused for so many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Calls at random moments, `rate` a second on average; each is tried `attempts` times, with back-off."""

    rate: float
    attempts: int = TERRAFORM_ATTEMPTS

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _Patient(self, seed)


class _Patient(Queue):
    def __init__(self, record: Patient, seed: str) -> None:
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
        """Nothing more to be done."""

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
    """A job of `calls` calls, so many `at_once`, that begins `first` seconds after us and `every` so many.

    A worker whose call was refused backs off as the AWS SDKs do, and gives the call up after `attempts`.
    """

    calls: int
    at_once: int
    every: float = math.inf
    first: float = 10.0
    attempts: int = TERRAFORM_ATTEMPTS

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _Jobs(self, seed)


class _Jobs(Queue):
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
        self._go_on(at + self.latency())

    def refused(self, at: float, refusals: int) -> None:
        if refusals < self._record.attempts:
            self.come(at + self.latency() + backoff(refusals, self.dice), refusals)
            return
        self.lost += 1
        self._go_on(at + self.latency())

    def _begin(self) -> None:
        """The first calls of a job arrive. What an earlier one has not begun by now is added to it."""
        at, record = self._following, self._record
        self._following += record.every
        self._left += record.calls
        for _ in range(record.at_once):
            self._go_on(at)

    def _go_on(self, at: float) -> None:
        if self._left:
            self._left -= 1
            self.come(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnotherBatchgw:
    """A run of batchgw by somebody else: `calls` calls, told the same quota, `first` seconds after ours."""

    calls: int
    first: float = 20.0

    def traffic(self, seed: str) -> Traffic:
        """Its calls."""
        return _AnotherBatchgw(self, seed)


class _AnotherBatchgw(Queue):
    """Its mirror is asked before each departure, and told each answer in time."""

    def __init__(self, record: AnotherBatchgw, seed: str) -> None:
        super().__init__(seed)
        self._mirror = MirrorBucket(TOTAL)
        self._left = record.calls
        self._now = record.first
        self._sent_at: dict[float, tuple[float, float]] = {}  # departure and answer, by arrival
        self._answers: list[tuple[float, float, bool]] = []  # when, departure, taken
        self._depart()

    def answered(self, *, taken: bool) -> None:
        super().answered(taken=taken)
        self._depart()

    def taken(self, at: float) -> None:
        self._answer(at, taken=True)

    def refused(self, at: float, refusals: int) -> None:  # noqa: ARG002 - it is made again in its turn
        self._answer(at, taken=False)

    def _answer(self, at: float, *, taken: bool) -> None:
        sent_at, back = self._sent_at.pop(at)
        heappush(self._answers, (back, sent_at, taken))

    def _depart(self) -> None:
        """Let calls leave until the next of them arrives, or none is left."""
        while self._left or self._answers:
            leaves = self._now + self._mirror.delay(self._now, self._left) if self._left else math.inf
            told = self._answers[0][0] if self._answers else math.inf
            if min(leaves, told) > self.next:
                return
            if told <= leaves:
                self._tell(*heappop(self._answers))
            else:
                self._leave(leaves)

    def _leave(self, at: float) -> None:
        if at > self._now:
            self._now = at
            return
        self._mirror.sent(at)
        self._left -= 1
        latency = self.latency()
        arrival = at + ON_THE_WAY * latency
        self._sent_at[arrival] = at, at + latency
        self.come(arrival)

    def _tell(self, at: float, sent_at: float, taken: bool) -> None:  # noqa: FBT001 - as it was kept
        self._now = max(self._now, at)
        if taken:
            self._mirror.ok(sent_at, self._now)
        else:
            self._mirror.throttled(sent_at, self._now)
            self._left += 1


def served_alone(caller: Caller, *, rate: Rate, schedule: Schedule = STEADY, seed: str) -> Iterator[float]:
    """When the caller's calls are taken if nobody else draws on the bucket."""
    traffic, bucket = caller.traffic(seed), Bucket(rate, 0.0, schedule)
    while (at := traffic.next) < math.inf:
        taken = bucket.has_token(at)
        if taken:
            bucket.take(at)
        traffic.answered(taken=taken)
        if taken:
            yield at
