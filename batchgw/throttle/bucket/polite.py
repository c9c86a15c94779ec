"""Overspending for those who let others go first: once a minute, and none of the reserve before.

Every touch of the floor costs the others about as many refusals as us. So a polite run stays at its reserve
between touches, and looks every few seconds only after something has changed. What it pays: a neighbour who
leaves is noticed up to a minute later.
"""

from __future__ import annotations

from batchgw.throttle.bucket.probe import EARLY, Probe

SELDOM = 60.0
"""Seconds between touches of the floor, at most."""

RARER = 2.2
"""Times longer until the next touch, if the last one found what was believed."""

NEWS = 0.3
"""Part of the rate by which a touch must change it for the next one to come soon."""

DESCENT = 1.0
"""Speed of a touch in times of the rate, until the reserve is spent: the floor is near but for a moment."""

LEAST_DESCENT = 0.5
"""The same in calls/second, at least."""

SOON = 6.0
"""Seconds until the next touch where something has changed."""


class PoliteProbe(Probe):
    """A probe that waits at the reserve until a touch is due."""

    __slots__ = ("_since",)

    def __init__(self, *, burst: float, scale: float, trusted: bool = True) -> None:
        super().__init__(burst=burst, scale=scale, trusted=trusted)
        self._since = 0.0
        self._interval = SOON * scale

    def advance(self, passed: float, rate: float) -> None:
        """Let `passed` seconds go by: nothing is overspent until a touch is due."""
        self._since += passed
        if self._touching or self._since >= self._interval:
            super().advance(passed, rate)
        else:
            self.speed = 0.0

    def until(self, needed: float, rate: float) -> float:
        """Seconds until so many calls are refilled, or overspent in the next touch."""
        waiting = 0.0 if self._touching else max(0.0, self._interval - self._since)
        refilled = rate * waiting
        return needed / rate if needed <= refilled else waiting + super().until(needed - refilled, rate)

    def found_more(self) -> None:
        """More was there than believed: go on, and look again soon."""
        super().found_more()
        self._interval = SOON * self._scale

    def refused(self, *, since: float, before: float, rate: float) -> None:
        """Adapt to a refusal: touch more seldom, unless it was early or brought news."""
        if since < EARLY * self._interval:
            self._grow()
        else:
            self._shrink()
            self._interval = min(RARER * self._interval, SELDOM * self._scale)
        if abs(rate - before) > NEWS * before:
            self._interval = SOON * self._scale
        self.calm()

    def calm(self) -> None:
        """Stop overspending until the next touch is due."""
        super().calm()
        self._since = 0.0

    def _gentle(self, rate: float) -> float:
        return max(DESCENT * rate, LEAST_DESCENT)
