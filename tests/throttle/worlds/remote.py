"""The service as a client sees it: token buckets, and others who draw on them.

The bucket is written for these tests alone, so that it shares no mistake with the limiter or the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from math import inf
from random import Random

from batchgw.simulator.traffic.neighbour import Caller, Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Other callers: groups of `batch` calls at random moments, `rate` calls/second on average.

    With `on` and `off` they call for `on` seconds, pause for `off`, and so on.
    """

    rate: float
    batch: int = 1
    on: float = 0.0
    off: float = 0.0

    @property
    def mean(self) -> float:
        """Calls/second, pauses included."""
        return self.rate * (self.on / (self.on + self.off) if self.off else 1.0)

    def moments(self, seed: int) -> Iterator[float]:
        """When they call, in seconds: without end, or nothing at all if their rate is 0."""
        if self.rate <= 0:
            return
        random, active = Random(f"others/{seed}"), 0.0
        while True:
            active += random.expovariate(self.rate / self.batch)
            rounds, rest = divmod(active, self.on) if self.off else (0.0, active)
            yield from repeat(rounds * (self.on + self.off) + rest, self.batch)

    def traffic(self, seed: str) -> Traffic:
        """Their calls, for a world that reports each answer to them."""
        return _Regardless(self.moments(int(seed)))


class _Regardless:
    """Calls at given moments, whatever the answers."""

    lost = 0

    def __init__(self, moments: Iterator[float]) -> None:
        self._moments = moments
        self.next = next(moments, inf)

    def answered(self, *, taken: bool) -> None:  # noqa: ARG002 - it makes no difference
        self.next = next(self._moments, inf)


class TokenBucket:
    """Starts full. From each `at` of `steps` on, its rate is multiplied by `factor`."""

    __slots__ = ("_at", "_full", "_rate", "_steps", "burst", "level")

    def __init__(self, rate: float, burst: float, steps: tuple[tuple[float, float], ...] = ()) -> None:
        self._full = self._rate = rate
        self.burst = self.level = burst
        self._steps = list(reversed(steps))
        self._at = 0.0

    def take(self, now: float, *, consuming: bool = False) -> bool:
        """Take a token at `now`, and say whether there was one. A `consuming` refusal takes what is left."""
        while self._steps and self._steps[-1][0] <= now:
            at, factor = self._steps.pop()
            self._refill(at)
            self._rate = self._full * factor
        self._refill(now)
        taken = self.level >= 1 - 1e-9
        if taken or consuming:
            self.level = max(0.0, self.level - 1)
        return taken

    def _refill(self, now: float) -> None:
        self.level = min(self.burst, self.level + (now - self._at) * self._rate)
        self._at = now


class Remote:
    """One quota. It must be asked in the order of time.

    Attributes:
        theirs: how many calls the others have made.
        their_refused: how many of them were refused.

    Args:
        rate: calls/second.
        burst: calls.
        steps: pairs of `at` and `factor`. From `at` (seconds) on, the rate is `rate` times `factor`.
        hosts: number of hosts that the bucket is spread over; each call goes to one by chance.
        level: tokens at first; a full bucket if None.
        consuming: whether refused calls take tokens, too.
        odds: part of all calls that is refused by chance, whatever the bucket holds.
        others: who else draws on the bucket.
        seed: of everything that is decided by chance.
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: float,
        steps: tuple[tuple[float, float], ...] = (),
        hosts: int = 1,
        level: float | None = None,
        consuming: bool = False,
        odds: float = 0.0,
        others: Caller | None = None,
        seed: int = 0,
    ) -> None:
        self._hosts = [TokenBucket(rate / hosts, burst / hosts, steps) for _ in range(hosts)]
        for host in self._hosts:
            host.level = host.level if level is None else level / hosts
        self._consuming = consuming
        self._random = Random(f"hosts/{seed}")
        self._odds = odds
        self._traffic = (others or Others(rate=0)).traffic(str(seed))
        self.theirs = 0
        self.their_refused = 0

    def take(self, now: float) -> bool:
        """Whether our call at `now` is accepted. The others' calls until then take their tokens first."""
        traffic = self._traffic
        while (at := traffic.next) <= now:
            taken = self._take(at)
            self.theirs += 1
            self.their_refused += not taken
            traffic.answered(taken=taken)
        return self._take(now)

    @property
    def their_lost(self) -> int:
        """How many calls the others have given up."""
        return self._traffic.lost

    @property
    def their_wanted(self) -> int:
        """How many calls the others have finished or given up. Each counts once, with all its attempts."""
        return self.theirs - self.their_refused + self.their_lost

    @property
    def level(self) -> float:
        """Tokens at the time of the last call."""
        return sum(host.level for host in self._hosts)

    def _take(self, now: float) -> bool:
        if self._odds and self._random.random() < self._odds:
            return False
        host = self._hosts[0] if len(self._hosts) == 1 else self._random.choice(self._hosts)
        return host.take(now, consuming=self._consuming)
