"""A noisy neighbour: another client that calls in the same scopes and uses part of the quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Protocol

from batchgw.simulator.traffic.bucket import Hosts

Watch = Callable[[str, float, bool], None]
"""Called for each of the neighbour's calls with its scope, time in seconds, and whether it was accepted."""


class Traffic(Protocol):
    """The calls of another client in one scope."""

    @property
    def next(self) -> float:
        """When the next call arrives, in seconds since the world began; infinity when none comes any more."""
        ...

    @property
    def lost(self) -> int:
        """Calls that the client has given up so far."""
        ...

    def answered(self, *, taken: bool) -> None:
        """Report that the next call was accepted or refused. From then on `next` is the one after it."""
        ...


class Caller(Protocol):
    """Another client, which calls in every scope."""

    def traffic(self, seed: str) -> Traffic:
        """Give the calls of one scope. The seed and the answers alone decide them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another client that calls in every scope, at random times, `rate` calls/second on average.

    With `on` and `off` it calls for `on` seconds, pauses for `off` seconds, and so on. It never retries.
    """

    rate: float
    on: float = 0.0
    off: float = 0.0

    def __post_init__(self) -> None:
        if min(self.rate, self.on, self.off) < 0:
            raise ValueError(f"a neighbour's rate and times must not be negative: {self}")

    def moment(self, active: float) -> float:
        """Give the time at which it has been calling for `active` seconds, pauses not counted."""
        if self.on <= 0 or self.off <= 0:
            return active
        rounds, rest = divmod(active, self.on)
        return rounds * (self.on + self.off) + rest

    def traffic(self, seed: str) -> Traffic:
        """Give its calls in one scope."""
        return _Random(self, seed)


class _Random:
    """Calls at random times, whatever the answers."""

    lost = 0

    def __init__(self, neighbour: Neighbour, seed: str) -> None:
        self._neighbour = neighbour
        self._random = Random(seed)  # noqa: S311 - traffic, not secrets
        self._active = 0.0
        self.next = inf
        self._schedule_next()

    def answered(self, *, taken: bool) -> None:  # noqa: ARG002 - it makes no difference
        self._schedule_next()

    def _schedule_next(self) -> None:
        if self._neighbour.rate > 0:
            self._active += self._random.expovariate(self._neighbour.rate)
            self.next = self._neighbour.moment(self._active)


class Calls:
    """Makes the neighbour's calls in one scope when they are due, and counts them."""

    def __init__(self, neighbour: Caller, *, scope: str, seed: int) -> None:
        self._traffic = neighbour.traffic(f"{seed}/{scope}")
        self._scope = scope
        self.watch: Watch | None = None
        self.accepted = 0
        self.refused = 0

    @property
    def lost(self) -> int:
        """Calls that the neighbour has given up."""
        return self._traffic.lost

    def make_until(self, now: float, hosts: Hosts, *, consuming: bool) -> None:
        """Make the calls that are due."""
        traffic = self._traffic
        while (at := traffic.next) <= now:
            bucket = hosts.pick()
            taken = bucket.has_token(at)
            self.accepted += taken
            self.refused += not taken
            if taken or consuming:
                bucket.take(at)
            if self.watch is not None:
                self.watch(self._scope, at, taken)
            traffic.answered(taken=taken)
