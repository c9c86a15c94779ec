"""The shortest possible time of a run: the earliest finish that takes no token from the neighbour.

The theory of online algorithms calls it the offline optimum: the best result of a client that knows the
future. It knows the bucket, how its rate will change, and when each of the neighbour's calls will come. It
has `calls` calls of its own and may send any number of them at any moment. The result is the smallest T >= 0
for which all of them can be sent within 0..T so that

- each of our calls finds a whole token in the bucket, which is full at 0,
- and so does each of the neighbour's calls that comes by T. Calls of the neighbour that would be refused even
  if nobody else called do not count. Calls that come after T do not count either.

Without a neighbour T is (calls - burst) / rate. In general, in tokens: the burst and the refill, less what
the neighbour took and what overflowed, must reach `calls`. A call sent at the moment at which the bucket
would overflow loses no token, unless the neighbour is about to need the bucket that full: only then some
tokens must be lost (`_overflow`). Latency is left out, and so is that an API takes one write at a time.
Therefore no run quite reaches T. A run that ends before T took tokens from the neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from random import Random

from batchgw.simulator.traffic.quota import Neighbour, Rate, Schedule

ROUNDING = 1e-9
"""Tokens, or seconds: by so much a sum of floats may be wrong."""


def arrivals(neighbour: Neighbour, *, seed: int, scope: str) -> Iterator[float]:
    """When the simulated neighbour calls, in seconds since the world began: endless, and the same each time.

    `scope` is what has the bucket: `ACCOUNT/REGION`, or `ACCOUNT` when the quota is the account's.
    """
    random = Random(f"{seed}/{scope}")  # noqa: S311 - traffic, not secrets
    active = 0.0
    while True:
        active += random.expovariate(neighbour.rate)
        yield neighbour.moment(active)


def limit(calls: int, *, rate: Rate, schedule: Schedule | None = None, others: Iterable[float] = ()) -> float:
    """The earliest finish of `calls` calls, in seconds. `others` are the neighbour's arrivals, in order.

    Raises ValueError when there is none, because the refill ends for good.
    """
    supply = Supply(rate, schedule or Schedule())
    served = _Served(supply, others)
    lost = 0.0
    while True:
        finish = _reached(supply, served, calls + lost)
        overflow = _overflow(supply, served.until(finish), finish)
        if overflow <= lost + ROUNDING:
            return finish
        lost = (
            overflow  # it never falls as T grows, so the first T that covers its own losses is the smallest
        )


@dataclass(frozen=True, slots=True)
class Supply:
    """A bucket's size, and its refill over time as if it were never full."""

    rate: Rate
    schedule: Schedule

    @property
    def burst(self) -> float:
        """Tokens when full."""
        return self.rate.burst

    def pieces(self) -> Iterator[tuple[float, float, float]]:
        """The intervals of constant refill: from when, until when, tokens/second."""
        steps = [(0.0, 1.0), *((max(0.0, at), factor) for at, factor in self.schedule.steps)]
        for (at, factor), (until, _) in pairwise([*steps, (math.inf, 0.0)]):
            if until > at:
                yield at, until, factor * self.rate.rate

    def refilled(self, time: float) -> float:
        """Tokens refilled by a time."""
        return sum((min(time, until) - at) * speed for at, until, speed in self.pieces() if at < time)

    def between(self, start: float, end: float) -> float:
        """Tokens refilled from one time to another."""
        if not self.schedule.steps:
            return (end - start) * self.rate.rate
        return self.refilled(end) - self.refilled(start)

    def when(self, tokens: float) -> float:
        """The first time by which so many tokens are refilled. Raises ValueError when that never happens."""
        had = 0.0
        if tokens <= 0:
            return 0.0
        for at, until, speed in self.pieces():
            gained = (until - at) * speed if speed > 0 else 0.0
            if speed > 0 and had + gained >= tokens - ROUNDING:
                return min(until, at + (tokens - had) / speed)
            had += gained
        raise ValueError(f"the bucket is never refilled by {tokens} tokens: {self}")


class _Served:
    """The neighbour's calls that would find a token if nobody else called. They are read as needed."""

    def __init__(self, supply: Supply, others: Iterable[float]) -> None:
        self._supply = supply
        self._others = iter(others)
        self._known: list[float] = []
        self._ended = False
        self._level = supply.burst
        self._at = 0.0

    def at(self, index: int) -> float:
        """The moment of the call of that index, from 0; infinity when there are fewer calls."""
        while len(self._known) <= index and not self._ended:
            self._read()
        return self._known[index] if index < len(self._known) else math.inf

    def until(self, time: float) -> list[float]:
        """The calls that come by a time."""
        while not self._ended and self._at <= time + ROUNDING:
            self._read()
        return list(takewhile(lambda moment: moment <= time + ROUNDING, self._known))

    def _read(self) -> None:
        moment = next(self._others, None)
        if moment is None:
            self._ended = True
            return
        refilled = self._level + self._supply.between(self._at, moment)
        self._level, self._at = min(self._supply.burst, refilled), moment
        if self._level >= 1 - ROUNDING:
            self._level -= 1
            self._known.append(moment)


def _reached(supply: Supply, served: _Served, tokens: float) -> float:
    """The first time by which the bucket has had so many tokens for us, besides the neighbour's."""
    theirs = 0
    while True:
        time = supply.when(tokens + theirs - supply.burst)
        if time < served.at(theirs) - ROUNDING:
            return time
        theirs += 1


def _overflow(supply: Supply, served: Sequence[float], end: float) -> float:
    """Tokens that must overflow from 0 to `end`, whenever our calls are sent, for all `served` to be served.

    Between two of the neighbour's calls the bucket is refilled, and our calls keep it from overflowing. Each
    of them takes a whole token, so after the last of them the bucket is not full. If the neighbour will need
    more than what is left, that call must not be sent, and the refill it would have made room for is lost.
    """
    needed = _needed(supply, served)
    level, at, lost = supply.burst, 0.0, 0.0
    for moment, need in zip([*served, end], [*needed, 0.0], strict=True):
        level += supply.between(at, moment)
        excess = level - supply.burst
        if excess > ROUNDING:
            lower = level - math.ceil(excess - ROUNDING)
            if lower >= need - ROUNDING:
                level = lower
            else:
                lost += excess - math.floor(excess + ROUNDING)
                level = supply.burst
        level, at = level - 1, moment
    return lost


def _needed(supply: Supply, served: Sequence[float]) -> list[float]:
    """Tokens needed when each of the neighbour's calls comes, for this call and all that follow."""
    needed: list[float] = []
    after, following = 0.0, 0.0
    for moment in reversed(served):
        if needed:
            after = max(0.0, needed[-1] - supply.between(moment, following))
        needed.append(1 + after)
        following = moment
    return needed[::-1]
