"""How long calls take, and what that says of when they reach the bucket: earlier or later than expected.

Only the way back ends where a clock is. So the difference between a call and the shortest one bounds by how
much it may have arrived late.
"""

from __future__ import annotations

from math import inf

ON_THE_WAY = 0.6
"""Part of what a call took beyond the shortest that it may have spent before it took its token."""

SMOOTHING = 1 / 8
"""Weight of a new latency in its mean and deviation, as in TCP's estimate of the round trip (RFC 6298)."""

UNEASY = 0.5
"""Deviations of the latency allowed for where there is no reserve: in a small bucket, and at the end."""

SETTLED = 5
"""Answers after which the shortest latency stands for what a call takes that neither connects nor logs in."""


class Latency:
    """What calls took.

    Attributes:
        shortest: seconds; infinite before the first answer.
        last: seconds that the call took that departed last; None while it is not answered.
        jitter: seconds by which calls may differ on their way, whatever they took.
    """

    __slots__ = ("_deviation", "_mean", "jitter", "last", "shortest")

    def __init__(self) -> None:
        self._mean = 0.0
        self._deviation = -1.0
        self.jitter = 0.0
        self.shortest = inf
        self.last: float | None = None

    def took(self, latency: float) -> None:
        """A call was answered after so many seconds."""
        self.shortest = min(self.shortest, latency)
        if self._deviation < 0:
            self._mean, self._deviation = latency, latency / 2
        else:
            self._deviation += SMOOTHING * (abs(latency - self._mean) - self._deviation)
            self._mean += SMOOTHING * (latency - self._mean)
        self.jitter = UNEASY * self._deviation

    @property
    def unease(self) -> float:
        """Seconds by which the next call may come closer to the last one on their ways.

        A last call that took long may have arrived late, and the next one may arrive at once.
        """
        if self._deviation < 0:
            return 0.0
        if self.last is None:  # it is not answered: nothing is known of it
            return self.jitter + self._deviation
        return self.jitter + ON_THE_WAY * (self.last - self.shortest)


class LateStart:
    """Corrects the level for a late start: a full bucket is refilled from the first arrival on.

    The first calls may have had to connect, and to ask for credentials, before one of them arrived. No call
    spends less than the shortest did on its way and on the way back, so the rest of what the first answer
    took bounds that, the more tightly the shorter calls turn out to be.

    Attributes:
        full: whether the next call will find a full bucket.
    """

    __slots__ = ("_answers", "_first", "_late", "_settled", "_took", "_withheld", "full")

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self._first = inf  # departure of the call that found the bucket full, until latencies are judged
        self._took = 0.0  # seconds until the first answer
        self._answers = 0
        self._withheld = 0.0  # calls that the level was lower than a full bucket then, to be safe
        self._late = 0.0  # seconds by which the level is corrected
        self._settled = False  # whether the level is reckoned from that call's arrival on

    def departed(self, now: float, *, withheld: float) -> None:
        """A call leaves for a full bucket, of which so many calls are withheld until more is known."""
        self.full, self._settled, self._first, self._answers = False, False, now, 0
        self._withheld = withheld

    def unanswered(self) -> None:
        """A call is not answered: it may have arrived before any other."""
        self._first = inf

    def measured(self) -> None:
        """The level was measured, so it needs no correction any more."""
        self._first = inf
        self._settled = False

    def shorter(self, shortest: float, rate: float) -> float:
        """The shortest latency is this now. Answers what to add to the level, in calls."""
        return self._correction(shortest, rate) if self._settled else 0.0

    def answered(self, sent_at: float, now: float, *, shortest: float, rate: float) -> float:
        """A call was taken. Answers what to add to the level, in calls.

        What was withheld of the full bucket is given back when it is settled when that began to be refilled.
        """
        if sent_at < self._first:
            return 0.0
        self._answers += 1
        if self._answers == 1:
            self._took = now - self._first
        if self._answers < SETTLED:
            return 0.0
        self._first, self._settled, self._late = inf, True, 0.0
        return self._withheld + self._correction(shortest, rate)

    def _correction(self, shortest: float, rate: float) -> float:
        """Calls that were not refilled while the first one was on its way, less those known before.

        Up to as much again as the shortest takes, calls differ anyway, and part of that is after the token.
        """
        beyond = max(0.0, self._took - shortest)
        late = beyond - (1 - ON_THE_WAY) * min(beyond, shortest)
        before, self._late = self._late, late
        return rate * (before - late)
