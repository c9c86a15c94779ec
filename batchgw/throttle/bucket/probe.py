"""Deliberate overspending: the only way to learn that more is there than was believed.

The model spends a little more than it believes is refilled, on a schedule: it touches the remote bucket's
floor, on purpose and seldom. A refusal there confirms the belief and says where the floor is. No refusal,
where there should have been one, says that the belief was too low.
"""

from __future__ import annotations

from math import exp, sqrt

from batchgw.throttle.bucket.reserve import Reserve, small

TOUCH = 4.0
"""Seconds between the first touches of the floor."""

CALLS_PER_TOUCH = 95.0
"""Calls between touches: about one refusal in so many calls."""

STEADY = 3
"""Touches in a row that changed nothing, after which all is steady."""

STEADIER = 2.1
"""Times more seldom touches come when all is steady."""

STEP = 0.05
"""Part of the rate by which a touch must change it to count as news."""

EARLY = 0.57
"""Part of the time between touches before which a refusal says that the reserve was too small."""

OVERFLOW = 1.25
"""Touches are so close that, should the best rate return at once, the bucket overflows so little before it
is seen: in times a bucket needs to fill at the difference."""

FORGETTING = 150.0
"""Seconds in which the memory of a better rate fades to 1/e."""

HOPING = 8.0
"""Times longer it is remembered, where it is no guess, to touch as often as is needed should it return."""

HURRIED = 1 / 3
"""Part of the rate that is hoped for at which is overspent after a time in which nothing was accepted."""

SLACK = 4.5
"""Calls accepted in excess that may be chance in a quiet world."""

CONFIDENCE = 2.6
"""Standard deviations of the others' noise that are chance, too."""


class Probe:
    """How much is kept in reserve, how often the floor is touched, and how hard.

    Attributes:
        extra: calls spent beyond belief since the last refusal.
        speed: calls/second spent beyond belief now.
        reserve: calls kept.

    Args:
        burst: what the bucket holds.
        scale: by which all seconds here are stretched, for slow buckets.
        trusted: somebody has said what the quota is.
    """

    __slots__ = (
        "_burst",
        "_hoped_for",
        "_hoping",
        "_hurrying",
        "_interval",
        "_kept",
        "_proven",
        "_scale",
        "_steady",
        "_touching",
        "extra",
        "reserve",
        "speed",
    )

    def __init__(self, *, burst: float, scale: float, trusted: bool = True) -> None:
        self._burst = burst
        self._scale = scale
        self._kept = small(burst)
        self._interval = TOUCH * scale
        self._proven = 0.0  # the best rate that lasted, fading
        self._hoped_for = 0.0  # the same, fading more slowly
        self._hoping = HOPING if trusted else 1.0
        self._steady = 0
        self._touching = False
        self._hurrying = False
        self.reserve = self._kept.least
        self.extra = 0.0
        self.speed = 0.0

    def advance(self, passed: float, rate: float) -> None:
        """Let `passed` seconds go by in which `rate` calls/second are believed to be refilled.

        Once the reserve is spent the speed doubles every second, so that whatever there is is found soon.
        """
        if self.extra < self.reserve + 1 and not self._touching:
            self.speed = self._gentle(rate)
        else:
            self._touching = True
            hoped = HURRIED * self._hoped_for if self._hurrying else self._proven / 2
            fastest = max(2 * rate, hoped)
            self.speed = min(
                fastest, max(self.speed, self._gentle(rate)) * 2.0 ** min(passed / self._scale, 30)
            )
        self.extra += self.speed * passed

    def until(self, needed: float, rate: float) -> float:
        """Seconds until so many calls are refilled, or overspent: at least, for it may go faster yet."""
        return needed / (rate + (self.speed or self._gentle(rate)))

    def fade(self, passed: float, rate: float) -> None:
        """Let the memory of a better rate than `rate` fade."""
        if self._proven <= rate >= self._hoped_for:
            return
        passed /= FORGETTING * self._scale
        if self._proven > rate:
            self._proven = rate + (self._proven - rate) * exp(-passed)
        if self._hoped_for > rate:
            self._hoped_for = rate + (self._hoped_for - rate) * exp(-passed / self._hoping)

    def lasted(self, rate: float) -> None:
        """A rate has proven itself."""
        self._proven = max(self._proven, rate)
        self._hoped_for = max(self._hoped_for, rate)

    @property
    def proven(self) -> float:
        """The best rate that lasted not long ago, in calls/second."""
        return self._proven

    def chance(self, noise: float, seconds: float) -> float:
        """Calls in excess of belief that may be chance, `seconds` after the bucket was known empty."""
        return min(SLACK + CONFIDENCE * sqrt(noise * seconds), self._burst / 2)

    def found_more(self) -> None:
        """More was there than believed: go on until a refusal tells how much."""
        self.extra = self.reserve

    def hurry(self) -> None:
        """Something is accepted again after nothing was for long: find out at once how much there is."""
        self._touching = self._hurrying = True

    def keep(self, bounds: Reserve) -> None:
        """Keep as much as that from now on."""
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
        self._touching = self._hurrying = False

    def _grow(self) -> None:
        self.reserve = min(1.5 * self.reserve + 1, self._kept.most)

    def _shrink(self) -> None:
        self.reserve = max(0.9 * self.reserve, self._kept.least)

    def _gentle(self, rate: float) -> float:  # noqa: ARG002 - a polite probe's depends on it
        """Calls/second overspent until the reserve is spent."""
        return max(self.reserve, 1.0) / self._interval

    def _longest(self, rate: float) -> float:
        shortest = TOUCH * self._scale
        longest = max(shortest, CALLS_PER_TOUCH / rate) * (STEADIER if self._steady >= STEADY else 1)
        if self._hoped_for > 1.1 * rate:
            return min(longest, max(shortest, OVERFLOW * self._burst / (self._hoped_for - rate)))
        return longest
