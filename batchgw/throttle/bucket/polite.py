"""Probing of a polite run: once a minute. Between probes none of the reserve is spent.

Every probe costs the others about as many refusals as us. So a polite run keeps its reserve between probes,
and probes every few seconds only after something has changed. The price: it may take a minute to notice that
a neighbour has left.
"""

from __future__ import annotations

from batchgw.throttle.bucket.probe import EARLY, Probe

SELDOM = 60.0
"""Seconds between probes, at most."""

RARER = 2.2
"""Factor for the time until the next probe, if the last one confirmed the believed rate."""

NEWS = 0.3
"""Part of the rate: after a probe that changes it by more, the next one comes soon."""

DESCENT = 1.0
"""Factor of the rate: how fast a probe spends the reserve. Fast, so that the bucket is low only briefly."""

LEAST_DESCENT = 0.5
"""Calls/second: the least speed at which a probe spends the reserve."""

SOON = 6.0
"""Seconds until the next probe after something has changed."""


class PoliteProbe(Probe):
    """Keeps the reserve until a probe is due."""

    __slots__ = ("_since",)

    def __init__(self, *, burst: float, scale: float, trusted: bool = True) -> None:
        super().__init__(burst=burst, scale=scale, trusted=trusted)
        self._since = 0.0
        self._interval = SOON * scale

    def advance(self, passed: float, rate: float) -> None:
        """Let `passed` seconds go by: nothing is overspent until a probe is due."""
        self._since += passed
        if self._speeding or self._since >= self._interval:
            super().advance(passed, rate)
        else:
            self.speed = 0.0

    def until(self, needed: float, rate: float) -> float:
        """Seconds until `needed` calls are refilled, or overspent in the next probe."""
        waiting = 0.0 if self._speeding else max(0.0, self._interval - self._since)
        refilled = rate * waiting
        return needed / rate if needed <= refilled else waiting + super().until(needed - refilled, rate)

    def found_more(self) -> None:
        """There was more than believed: go on, and probe again soon."""
        super().found_more()
        self._interval = SOON * self._scale

    def refused(self, *, since: float, before: float, rate: float) -> None:
        """Adapt to a refusal: probe less often, unless it was early or the rate has changed."""
        if since < EARLY * self._interval:
            self._grow()
        else:
            self._shrink()
            self._interval = min(RARER * self._interval, SELDOM * self._scale)
        if abs(rate - before) > NEWS * before:
            self._interval = SOON * self._scale
        self.calm()

    def calm(self) -> None:
        """Stop overspending until the next probe is due."""
        super().calm()
        self._since = 0.0

    def _gentle(self, rate: float) -> float:
        return max(DESCENT * rate, LEAST_DESCENT)
