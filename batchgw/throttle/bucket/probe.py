"""Probes: deliberate overspending, the only way to learn that more is there than is believed.

On a schedule, the model spends a little more than it believes is refilled, until the remote bucket is empty.
That is one probe. If a refusal comes when the bucket should be empty, the believed rate was right. If none
comes, it was too low.
"""

from __future__ import annotations

from math import exp, sqrt

from batchgw.throttle.bucket.reserve import Reserve, small

FIRST_INTERVAL = 4.0
"""Seconds between the first probes."""

CALLS_PER_PROBE = 95.0
"""Calls between probes: about one refusal in so many calls."""

STEADY = 3
"""Probes in a row that changed nothing, after which the rate counts as steady."""

STEADIER = 2.1
"""Factor for the time between probes while the rate is steady."""

STEP = 0.05
"""Part of the rate: a probe that changes it by less changed nothing."""

EARLY = 0.57
"""Part of the time between probes: a refusal that comes earlier means that the reserve was too small."""

OVERFLOW = 1.25
"""Factor of the time in which the bucket would fill if the best rate returned now. The next probe comes no
later, so that little overflows unseen."""

FORGETTING = 150.0
"""Seconds in which the proven rate's excess over the believed rate fades to 1/e."""

BEST_FADES = 8.0
"""Factor for that time if a quota is trusted, in deciding how often to probe: its rate may return."""

HURRIED = 1 / 3
"""Part of the best rate that may be overspent after a quiet time."""

SLACK = 4.5
"""Calls: so many more than believed may be accepted by chance, even if others call regularly."""

CONFIDENCE = 2.6
"""Standard deviations of the others' noise: so many more calls may be accepted by chance, too."""


class Probe:
    """Decides how much is kept in reserve, how often to probe, and how fast.

    Attributes:
        extra: calls spent beyond belief since the last refusal.
        speed: calls/second spent beyond belief now.
        reserve: calls kept.

    Args:
        burst: what the bucket holds.
        scale: factor for all seconds here, for slow buckets.
        trusted: whether a stated quota is believed.
    """

    __slots__ = (
        "_best_fades",
        "_best_rate",
        "_burst",
        "_hurrying",
        "_interval",
        "_kept",
        "_proven",
        "_scale",
        "_speeding",
        "_steady",
        "extra",
        "reserve",
        "speed",
    )

    def __init__(self, *, burst: float, scale: float, trusted: bool = True) -> None:
        self._burst = burst
        self._scale = scale
        self._kept = small(burst)
        self._interval = FIRST_INTERVAL * scale
        self._proven = 0.0  # the best rate of late; it fades to the believed one
        self._best_rate = 0.0  # the same, but it fades more slowly
        self._best_fades = BEST_FADES if trusted else 1.0
        self._steady = 0
        self._speeding = False
        self._hurrying = False
        self.reserve = self._kept.least
        self.extra = 0.0
        self.speed = 0.0

    def advance(self, passed: float, rate: float) -> None:
        """Let `passed` seconds go by in which `rate` calls/second are believed to be refilled.

        Once the reserve is spent, the speed doubles every second, so that it is found soon how much is there.
        """
        if self.extra < self.reserve + 1 and not self._speeding:
            self.speed = self._gentle(rate)
        else:
            self._speeding = True
            hoped = HURRIED * self._best_rate if self._hurrying else self._proven / 2
            fastest = max(2 * rate, hoped)
            self.speed = min(
                fastest, max(self.speed, self._gentle(rate)) * 2.0 ** min(passed / self._scale, 30)
            )
        self.extra += self.speed * passed

    def until(self, needed: float, rate: float) -> float:
        """Seconds until `needed` calls are refilled or overspent at this speed. It may grow meanwhile."""
        return needed / (rate + (self.speed or self._gentle(rate)))

    def fade(self, passed: float, rate: float) -> None:
        """Let the memory of a better rate than `rate` fade."""
        if self._proven <= rate >= self._best_rate:
            return
        passed /= FORGETTING * self._scale
        if self._proven > rate:
            self._proven = rate + (self._proven - rate) * exp(-passed)
        if self._best_rate > rate:
            self._best_rate = rate + (self._best_rate - rate) * exp(-passed / self._best_fades)

    def proved(self, rate: float) -> None:
        """A rate has been measured, or has lasted."""
        self._proven = max(self._proven, rate)
        self._best_rate = max(self._best_rate, rate)

    @property
    def proven(self) -> float:
        """The best rate of late, in calls/second."""
        return self._proven

    def chance(self, noise: float, seconds: float) -> float:
        """How many more calls than believed may be accepted by chance, `seconds` after an empty bucket."""
        return min(SLACK + CONFIDENCE * sqrt(noise * seconds), self._burst / 2)

    def found_more(self) -> None:
        """There was more than believed. Go on until a refusal tells how much."""
        self.extra = self.reserve

    def hurry(self) -> None:
        """The quiet has ended. Find out at once how many calls are accepted."""
        self._speeding = self._hurrying = True

    def keep(self, bounds: Reserve) -> None:
        """Keep a reserve within other bounds from now on."""
        self._kept = bounds
        self.reserve = max(self.reserve, bounds.least)

    def refused(self, *, since: float, before: float, rate: float) -> None:
        """Adapt to a refusal `since` seconds after the last, that moved the rate from `before` to `rate`."""
        if since < EARLY * self._interval:
            self._grow()
        else:
            self._steady = self._steady + 1 if abs(rate - before) < STEP * before else 0
            self._shrink()
            self._interval = min(1.5 * self._interval, self._longest(rate))
        self.calm()

    def calm(self) -> None:
        """Stop overspending for now."""
        self.extra = self.speed = 0.0
        self._speeding = self._hurrying = False

    def _grow(self) -> None:
        self.reserve = min(1.5 * self.reserve + 1, self._kept.most)

    def _shrink(self) -> None:
        self.reserve = max(0.9 * self.reserve, self._kept.least)

    def _gentle(self, rate: float) -> float:  # noqa: ARG002 - a polite probe's depends on it
        """Calls/second that are overspent until the reserve is spent."""
        return max(self.reserve, 1.0) / self._interval

    def _longest(self, rate: float) -> float:
        """Seconds between two probes, at most."""
        shortest = FIRST_INTERVAL * self._scale
        longest = max(shortest, CALLS_PER_PROBE / rate) * (STEADIER if self._steady >= STEADY else 1)
        if self._best_rate > 1.1 * rate:
            return min(longest, max(shortest, OVERFLOW * self._burst / (self._best_rate - rate)))
        return longest
