"""A token bucket that mirrors the service's own. It has no clock: the caller says what time it is."""

from __future__ import annotations

from batchgw.throttle.pacer import PacerStatistics

RATE = 10.0
"""Calls/second for all management operations together (developer guide, API Gateway quotas)."""

BURST = 40.0
"""Calls the service's bucket holds when full (same source)."""

RESERVE = 2.0
"""Calls never spent: they absorb what network jitter squeezes together. Costs RESERVE/rate seconds a run."""

DECREASE = 0.7
"""What a refusal leaves of the rate, when the mirror believed itself calibrated."""

RECOVERY = 0.02
"""Share of the ceiling the rate regains per second without a refusal."""

FLOOR = 0.05
"""Share of the ceiling below which the rate never falls: the run stays alive and quiet."""

INSTANT = 1e-6
"""Seconds: a shorter delay is none. Sums of floats end a hair short, and no clock waits for a hair."""

LONGEST_HOLD = 60.0
"""Seconds: a Retry-After is honoured up to this."""


class TokenBucket:
    """Lets through what the remote bucket should, given its rate and burst.

    A refusal is a measurement: at its sending the remote bucket was empty, so the mirror is emptied too. If
    the mirror still held more than its reserve, only the level had been wrong (others had drawn on it). If it
    did not, the rate is wrong, and is decreased: once per episode, that is, not again for calls that were
    already under way when it was.

    Args:
        rate: calls/second the service grants.
        burst: calls the remote bucket holds when full.
        share: the part of `rate` that is ours, 0 < share <= 1; a hard ceiling.
    """

    def __init__(self, *, rate: float = RATE, burst: float = BURST, share: float = 1.0) -> None:
        if rate <= 0 or burst < 1 or not 0 < share <= 1:
            raise ValueError(
                f"a rate above 0, a burst of at least 1, a share in (0, 1]: not {rate}, {burst}, {share}"
            )
        self._ceiling = rate * share
        self._rate = self._ceiling
        self._burst = burst
        self._reserve = min(RESERVE, (burst - 1) / 2)
        self._level = burst
        self._at: float | None = None  # when level and rate were last brought up to date
        self._last_sent = float("-inf")
        self._last_decrease = float("-inf")
        self._hold_until = float("-inf")
        self._sent = 0
        self._refused = 0

    def delay(self, now: float) -> float:
        """Seconds until a call may leave.

        The burst leaves at twice the rate, so that a wrong belief about the level costs a few refusals and
        not forty.
        """
        self._advance(now)
        for_token = (1 + self._reserve - self._level) / self._rate
        for_spacing = self._last_sent + 1 / (2 * self._rate) - now
        delay = max(for_token, for_spacing, self._hold_until - now)
        return delay if delay > INSTANT else 0.0

    def sent(self, now: float) -> None:
        """Spend a token."""
        self._advance(now)
        self._level -= 1
        self._last_sent = now
        self._sent += 1

    def ok(self, sent_at: float, now: float) -> None:
        """Nothing to learn: the mirror expected it."""

    def unknown(self, sent_at: float, now: float) -> None:
        """Nothing to give back: it may have been counted."""

    def throttled(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """Empty the mirror; decrease the rate once per episode, if the level was not to blame."""
        self._advance(now)
        self._refused += 1
        calibrated = self._level <= self._reserve + 1
        if calibrated and sent_at > self._last_decrease:
            self._rate = max(self._rate * DECREASE, self._ceiling * FLOOR)
            self._last_decrease = now
        self._level = min(self._level, 0.0)
        if retry_after is not None:
            self._hold_until = max(self._hold_until, now + min(retry_after, LONGEST_HOLD))

    def statistics(self, now: float) -> PacerStatistics:
        """What is believed now."""
        self._advance(now)
        return PacerStatistics(
            rate=self._rate,
            ceiling=self._ceiling,
            burst=self._burst,
            level=self._level,
            sent=self._sent,
            refused=self._refused,
        )

    def _advance(self, now: float) -> None:
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now if self._at is None else max(now, self._at)
        self._level = min(self._burst, self._level + self._rate * elapsed)
        self._rate = min(self._ceiling, self._rate + RECOVERY * self._ceiling * elapsed)
