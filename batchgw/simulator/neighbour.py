"""Somebody else who calls in the same scopes, and takes their part of the quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from batchgw.simulator.bucket import Hosts

Watch = Callable[[str, float, bool], None]
"""Told of each of the neighbour's calls: the quota's scope, the moment in seconds, whether it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Somebody else who calls in every scope, at random moments, `rate` calls/second on average.

    With `on` and `off` it calls for `on` seconds, pauses for `off`, and so on.
    """

    rate: float
    on: float = 0.0
    off: float = 0.0

    def __post_init__(self) -> None:
        if min(self.rate, self.on, self.off) < 0:
            raise ValueError(f"a neighbour's rate and times must not be negative: {self}")

    def moment(self, active: float) -> float:
        """The time at which it has been calling for `active` seconds."""
        if self.on <= 0 or self.off <= 0:
            return active
        rounds, rest = divmod(active, self.on)
        return rounds * (self.on + self.off) + rest


class Calls:
    """The neighbour's calls in one scope: made whenever their time has come, and counted."""

    def __init__(self, neighbour: Neighbour, *, scope: str, seed: int) -> None:
        self._neighbour = neighbour
        self._scope = scope
        self._random = Random(f"{seed}/{scope}")  # noqa: S311 - traffic, not secrets
        self._active = 0.0
        self.watch: Watch | None = None
        self.accepted = 0
        self.refused = 0
        self._schedule_next()

    def _schedule_next(self) -> None:
        self._active += self._random.expovariate(self._neighbour.rate)
        self._next = self._neighbour.moment(self._active)

    def make_until(self, now: float, hosts: Hosts, *, consuming: bool) -> None:
        """Make the calls that are due."""
        while self._next <= now:
            bucket = hosts.pick()
            taken = bucket.has_token(self._next)
            self.accepted += taken
            self.refused += not taken
            if taken or consuming:
                bucket.take(self._next)
            if self.watch is not None:
                self.watch(self._scope, self._next, taken)
            self._schedule_next()
