"""The service as a client sees it: token buckets, and somebody else who draws on them.

Written for these tests alone, so that neither the limiter's mistakes nor the simulator's are shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from math import inf
from random import Random


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
        """When they call, in seconds, without end, unless they never do."""
        if self.rate <= 0:
            return
        random, active = Random(f"others/{seed}"), 0.0
        while True:
            active += random.expovariate(self.rate / self.batch)
            rounds, rest = divmod(active, self.on) if self.off else (0.0, active)
            yield from repeat(rounds * (self.on + self.off) + rest, self.batch)


class TokenBucket:
    """Starts full. From each `at` of `steps` on, its rate is multiplied by `factor`."""

    __slots__ = ("_at", "_full", "_rate", "_steps", "burst", "level")

    def __init__(self, rate: float, burst: float, steps: tuple[tuple[float, float], ...] = ()) -> None:
        self._full = self._rate = rate
        self.burst = self.level = burst
        self._steps = list(reversed(steps))
        self._at = 0.0

    def take(self, now: float, *, consuming: bool = False) -> bool:
        """Whether there was a token for a call at `now`; `consuming` refusals take what there is."""
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
    """One quota, asked in the order of time.

    Attributes:
        theirs: the others' calls so far.
        their_refused: those of them that were refused.
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
        others: Others | None = None,
        seed: int = 0,
    ) -> None:
        self._hosts = [TokenBucket(rate / hosts, burst / hosts, steps) for _ in range(hosts)]
        for host in self._hosts:
            host.level = host.level if level is None else level / hosts
        self._consuming = consuming
        self._random = Random(f"hosts/{seed}")
        self._moments = iter(()) if others is None else others.moments(seed)
        self._next = next(self._moments, inf)
        self.theirs = 0
        self.their_refused = 0

    def take(self, now: float) -> bool:
        """Whether our call at `now` is taken; all of the others' that came before it have had their turn."""
        while self._next <= now:
            self.theirs += 1
            self.their_refused += not self._take(self._next)
            self._next = next(self._moments, inf)
        return self._take(now)

    @property
    def level(self) -> float:
        """Tokens when it was last asked."""
        return sum(host.level for host in self._hosts)

    def _take(self, now: float) -> bool:
        host = self._hosts[0] if len(self._hosts) == 1 else self._random.choice(self._hosts)
        return host.take(now, consuming=self._consuming)
