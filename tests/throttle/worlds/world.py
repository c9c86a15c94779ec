"""A fast world for one model: a heap of events and no event loop, so that 2,000 calls take some 30 ms.

A call leaves when the pacer allows it, takes its token when it arrives, and is answered. Refused and
unanswered calls are made again. The makespan is compared with the shortest possible time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from heapq import heappop, heappush
from random import Random
from statistics import fmean
from typing import NamedTuple

from batchgw.simulator.traffic.neighbour import Caller
from batchgw.simulator.traffic.quota import Rate, Schedule
from batchgw.throttle.pacer import Pacer
from benchmarks.virtual.optimum import limit as shortest_time
from benchmarks.virtual.worlds.neighbours import served_alone
from tests.throttle.worlds.remote import Others, Remote

Z99 = 2.326
"""The 99th percentile of the standard normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is true, whatever the client believes.

    Attributes:
        rate: calls/second.
        burst: calls.
        steps: pairs of `at` and `factor`. From `at` (seconds) on, the rate is `rate` times `factor`.
        hosts: number of hosts that the bucket is spread over.
        consuming: whether refused calls take tokens, too.
        retry_after: seconds that refusals ask for.
        others: who else draws on the bucket.
        odds: part of all calls that is refused by chance.
        lost: part of the calls that never arrive; the client waits `patience` seconds for each.
        cut: part of the calls that arrive, and whose answer never comes.
        patience: seconds after which a call counts as unanswered.
        up: part of a call's latency that passes before it arrives: (least, most).
        median: of the latency, in seconds.
        p99: of the latency, in seconds.
        straggling: part of the answers that take up to `patience` seconds more, so that order is lost.
        level: tokens at first; a full bucket if None.
        first: seconds that the first call takes at least.
        late: whether that delays the first call's arrival; if not, only its answer.
    """

    rate: float = 10.0
    burst: float = 40.0
    steps: tuple[tuple[float, float], ...] = ()
    hosts: int = 1
    consuming: bool = False
    retry_after: float | None = None
    others: Caller | None = None
    odds: float = 0.0
    lost: float = 0.0
    cut: float = 0.0
    patience: float = 5.0
    up: tuple[float, float] = (0.3, 0.6)
    median: float = 0.11
    p99: float = 0.2
    straggling: float = 0.0
    level: float | None = None
    first: float = 0.0
    late: bool = False

    def remote(self, seed: int) -> Remote:
        """The service."""
        return Remote(
            rate=self.rate,
            burst=self.burst,
            steps=self.steps,
            hosts=self.hosts,
            level=self.level,
            consuming=self.consuming,
            odds=self.odds,
            others=self.others,
            seed=seed,
        )

    def limit(self, calls: int, seed: int) -> float:
        """The earliest time, in seconds, at which the last call can leave while all others are served."""
        return _limit(self, calls, seed)


@cache
def _limit(world: World, calls: int, seed: int) -> float:
    rate, schedule = Rate(rate=world.rate, burst=world.burst), Schedule(steps=world.steps)
    return shortest_time(calls, rate=rate, schedule=schedule, others=_others(world, rate, schedule, seed))


def _others(world: World, rate: Rate, schedule: Schedule, seed: int) -> Iterable[float]:
    """When the others call, in seconds. If that depends on the answers: when they are accepted without us."""
    match world.others:
        case None:
            return ()
        case Others():
            return world.others.moments(seed)
        case caller:
            return served_alone(caller, rate=rate, schedule=schedule, seed=str(seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a run.

    Attributes:
        makespan: seconds that the run took.
        limit: the shortest possible time, in seconds.
        departures: when calls left, in seconds.
        refusals: when the calls left that were refused, in seconds.
        attempts: the most attempts that one call took.
        theirs: the part of the others' calls that was refused.
        lost: the part of the others' calls that they gave up.
    """

    makespan: float
    limit: float
    departures: Sequence[float]
    refusals: Sequence[float]
    attempts: int
    theirs: float
    lost: float = 0.0

    @property
    def ratio(self) -> float:
        """Makespan to limit."""
        return self.makespan / self.limit

    @property
    def refused(self) -> float:
        """Part of our calls that was refused."""
        return len(self.refusals) / len(self.departures)


class Starved(AssertionError):
    """A run did not end before its horizon."""


class _Step(IntEnum):
    """What happens to a call next."""

    ARRIVES = 0
    ACCEPTED = 1
    REFUSED = 2
    UNKNOWN = 3


class _Call(NamedTuple):
    """A call on its way. Calls are sorted by `at`, when their next step happens, and then by number."""

    at: float
    number: int
    step: _Step
    sent_at: float
    latency: float
    attempt: int


class _Run:
    """One run: the pacer is asked before every departure, and told every answer."""

    def __init__(self, world: World, pacer: Pacer, calls: int, seed: int) -> None:
        self.world = world
        self.pacer = pacer
        self.random = Random(f"world/{seed}")
        self.sigma = math.log(world.p99 / world.median) / Z99
        self.remote = world.remote(seed)
        self.now = 0.0
        self.left = calls
        self.done = 0
        self.number = 0
        self.again: list[int] = []  # of each call to be made again, its attempts so far
        self.under_way: list[_Call] = []
        self.departures: list[float] = []
        self.refusals: list[float] = []
        self.attempts = 0

    def play(self, calls: int, horizon: float) -> None:
        while self.done < calls:
            delay = self.pacer.delay(self.now, self.left) if self.left else math.inf
            if delay <= 0:
                self._depart()
                continue
            following = self.under_way[0].at if self.under_way else math.inf
            if following <= self.now + delay:
                self._happen(heappop(self.under_way))
            else:
                self.now += delay
            if self.now > horizon:
                raise Starved(f"{self.done} of {calls} calls done after {self.now:.0f} s")

    def _depart(self) -> None:
        self.pacer.sent(self.now)
        self.departures.append(self.now)
        self.left -= 1
        attempt = (self.again.pop() if self.again else 0) + 1
        self.attempts = max(self.attempts, attempt)
        latency = self.world.median * math.exp(self.sigma * self.random.gauss(0, 1))
        up = latency * self.random.uniform(*self.world.up)
        if len(self.departures) == 1 and latency < self.world.first:
            up += (self.world.first - latency) * self.world.late
            latency = self.world.first
        if self.world.lost and self.random.random() < self.world.lost:
            self._push(self.now + self.world.patience, _Step.UNKNOWN, self.now, latency, attempt)
        else:
            self._push(self.now + up, _Step.ARRIVES, self.now, latency, attempt)

    def _push(self, at: float, step: _Step, sent_at: float, latency: float, attempt: int) -> None:
        self.number += 1
        heappush(self.under_way, _Call(at, self.number, step, sent_at, latency, attempt))

    def _happen(self, call: _Call) -> None:
        self.now = max(self.now, call.at)
        match call.step:
            case _Step.ARRIVES:
                self._arrive(call)
            case _Step.ACCEPTED:
                self.done += 1
                self.pacer.accepted(call.sent_at, self.now)
            case _Step.REFUSED:
                self.refusals.append(call.sent_at)
                self.pacer.refused(call.sent_at, self.now, self.world.retry_after)
                self._make_again(call)
            case _Step.UNKNOWN:
                self.pacer.unanswered(call.sent_at, self.now)
                self._make_again(call)

    def _arrive(self, call: _Call) -> None:
        world = self.world
        step = _Step.ACCEPTED if self.remote.take(self.now) else _Step.REFUSED
        back = call.sent_at + call.latency
        if world.cut and self.random.random() < world.cut:
            step, back = _Step.UNKNOWN, call.sent_at + world.patience
        elif world.straggling and self.random.random() < world.straggling:
            back += self.random.uniform(0, world.patience)
        self._push(back, step, call.sent_at, call.latency, call.attempt)

    def _make_again(self, call: _Call) -> None:
        self.left += 1
        self.again.append(call.attempt)


def play(world: World, pacer: Pacer, *, calls: int, seed: int, horizon: float = math.inf) -> Played:
    """Make so many calls. Raises Starved if that takes longer than `horizon` seconds."""
    run = _Run(world, pacer, calls, seed)
    run.play(calls, horizon)
    return Played(
        makespan=run.now,
        limit=world.limit(calls, seed),
        departures=run.departures,
        refusals=run.refusals,
        attempts=run.attempts,
        theirs=run.remote.their_refused / max(1, run.remote.theirs),
        lost=run.remote.their_lost / max(1, run.remote.their_wanted),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Means over several runs, of the figures that `Played` names."""

    ratio: float
    refused: float
    theirs: float
    lost: float = 0.0

    @classmethod
    def of(cls, played: Sequence[Played]) -> Mean:
        """The means of these runs."""
        return cls(
            ratio=fmean(p.ratio for p in played),
            refused=fmean(p.refused for p in played),
            theirs=fmean(p.theirs for p in played),
            lost=fmean(p.lost for p in played),
        )
