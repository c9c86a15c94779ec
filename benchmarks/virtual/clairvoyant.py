"""The clairvoyant limit: the earliest finish that serves the neighbour in full.

Someone who knows the bucket, how its rate will change, and when each of the neighbour's calls will come, has
`calls` calls of their own to make and may make any number of them at any moment. Their last one leaves, at
the earliest, at the smallest T >= 0 for which there are moments in 0..T for all of them so that

- each finds a whole token in the bucket, which is full at 0,
- and so does each of the neighbour's calls that comes by T. Those that the neighbour would be refused even
  if nobody else called are not counted; those that come after T are not ours to serve.

Without a neighbour that is (calls - burst) / rate. In general, counted in tokens: what was there and was
refilled, less what the neighbour took, less what overflowed, must reach `calls`. Taking a call's token at the
moment at which the bucket would overflow loses nothing, unless the neighbour is about to need a bucket as
full as that: only then something has to be lost (`_overflow`). Latency, and that an API takes one write at a
time, are left out: no run reaches T quite. A run that ends before T took tokens from the neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from random import Random

from batchgw.simulator.traffic.quota import Neighbour, Rate, Schedule

HAIR = 1e-9
"""Tokens, or seconds: sums of floats end a hair off what they should be."""


def arrivals(neighbour: Neighbour, *, seed: int, scope: str) -> Iterator[float]:
    """When the simulated neighbour calls, in seconds since the world began: without end, the same each time.

    `scope` is what has the bucket: `ACCOUNT/REGION`, or `ACCOUNT` when the quota is the account's.
    """
    random = Random(f"{seed}/{scope}")  # noqa: S311 - traffic, not secrets
    active = 0.0
    while True:
        active += random.expovariate(neighbour.rate)
        yield neighbour.moment(active)


def limit(calls: int, *, rate: Rate, schedule: Schedule | None = None, others: Iterable[float] = ()) -> float:
    """The earliest finish of `calls` calls, in seconds, with `others` arriving at those moments, in order.

    Raises ValueError when there is none, because the refill ends for good.
    """
    supply = Supply(rate, schedule or Schedule())
    served = _Served(supply, others)
    lost = 0.0
    while True:
        finish = _reached(supply, served, calls + lost)
        overflow = _overflow(supply, served.until(finish), finish)
        if overflow <= lost + HAIR:
            return finish
        lost = overflow  # it never falls as T grows: so the first T that pays for its own losses is the least


@dataclass(frozen=True, slots=True)
class Supply:
    """A bucket's size, and what flows into it over time were it never full."""

    rate: Rate
    schedule: Schedule

    @property
    def burst(self) -> float:
        """Tokens when full."""
        return self.rate.burst

    def pieces(self) -> Iterator[tuple[float, float, float]]:
        """The stretches of constant refill: from when, until when, tokens/second."""
        steps = [(0.0, 1.0), *((max(0.0, at), factor) for at, factor in self.schedule.steps)]
        for (at, factor), (until, _) in pairwise([*steps, (math.inf, 0.0)]):
            if until > at:
                yield at, until, factor * self.rate.rate

    def refilled(self, time: float) -> float:
        """Tokens that have flowed in by a time."""
        return sum((min(time, until) - at) * speed for at, until, speed in self.pieces() if at < time)

    def between(self, start: float, end: float) -> float:
        """Tokens that flow in from one time to another."""
        if not self.schedule.steps:
            return (end - start) * self.rate.rate
        return self.refilled(end) - self.refilled(start)

    def when(self, tokens: float) -> float:
        """The first time by which so many tokens have flowed in. Raises ValueError when that never comes."""
        had = 0.0
        if tokens <= 0:
            return 0.0
        for at, until, speed in self.pieces():
            flows = (until - at) * speed if speed > 0 else 0.0
            if speed > 0 and had + flows >= tokens - HAIR:
                return min(until, at + (tokens - had) / speed)
            had += flows
        raise ValueError(f"the bucket is never refilled by {tokens} tokens: {self}")


class _Served:
    """The neighbour's calls that would find a token if nobody else called, read as far as is asked for."""

    def __init__(self, supply: Supply, others: Iterable[float]) -> None:
        self._supply = supply
        self._others = iter(others)
        self._known: list[float] = []
        self._ended = False
        self._level = supply.burst
        self._at = 0.0

    def at(self, place: int) -> float:
        """The moment of the call of that place, from 0; infinity when there are not so many."""
        while len(self._known) <= place and not self._ended:
            self._read()
        return self._known[place] if place < len(self._known) else math.inf

    def until(self, time: float) -> list[float]:
        """Those that come by a time."""
        while not self._ended and self._at <= time + HAIR:
            self._read()
        return list(takewhile(lambda moment: moment <= time + HAIR, self._known))

    def _read(self) -> None:
        moment = next(self._others, None)
        if moment is None:
            self._ended = True
            return
        refilled = self._level + self._supply.between(self._at, moment)
        self._level, self._at = min(self._supply.burst, refilled), moment
        if self._level >= 1 - HAIR:
            self._level -= 1
            self._known.append(moment)


def _reached(supply: Supply, served: _Served, tokens: float) -> float:
    """The first time by which the bucket has had so many tokens for us, besides those of the neighbour."""
    place = 0
    while True:
        time = supply.when(tokens + place - supply.burst)
        if time < served.at(place) - HAIR:
            return time
        place += 1


def _overflow(supply: Supply, served: Sequence[float], end: float) -> float:
    """Tokens that must overflow from 0 to `end`, however our calls are placed, for all `served` to be served.

    From one of the neighbour's calls to the next the bucket is refilled, and our calls keep it from
    overflowing: each takes a whole token, so the last of them leaves it short of full. If the neighbour will
    need more than that, the last one must not be made, and what it would have made room for is lost.
    """
    needed = _needed(supply, served)
    level, at, lost = supply.burst, 0.0, 0.0
    for moment, need in zip([*served, end], [*needed, 0.0], strict=True):
        level += supply.between(at, moment)
        excess = level - supply.burst
        if excess > HAIR:
            short = level - math.ceil(excess - HAIR)
            if short >= need - HAIR:
                level = short
            else:
                lost += excess - math.floor(excess + HAIR)
                level = supply.burst
        level, at = level - 1, moment
    return lost


def _needed(supply: Supply, served: Sequence[float]) -> list[float]:
    """Tokens there must be when each of the neighbour's calls comes, for it and all that follow."""
    needed: list[float] = []
    after, following = 0.0, 0.0
    for moment in reversed(served):
        if needed:
            after = max(0.0, needed[-1] - supply.between(moment, following))
        needed.append(1 + after)
        following = moment
    return needed[::-1]
