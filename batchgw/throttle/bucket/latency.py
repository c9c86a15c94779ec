"""How long calls take, and what that says about when they reach the bucket.

Nobody knows when a call reaches the bucket, only when its answer is back. It may have arrived late, but by no
more than what it took beyond the shortest call.
"""

from __future__ import annotations

from math import inf

ON_THE_WAY = 0.6
"""Part of what a call took beyond the shortest one that counts as its way to the bucket."""

SMOOTHING = 1 / 8
"""Weight of a new latency in its mean and deviation, as in TCP's estimate of the round trip (RFC 6298)."""

MARGIN = 0.5
"""Mean deviations of the latency that are allowed for without a reserve: in a tiny bucket, and at the end."""

FAST = 2.0
"""Mean deviations below the mean: the latency of a fast call. Of twenty calls, one is faster."""

ENOUGH_ANSWERS = 5
"""Answers after which the shortest latency is that of a call that needed no new connection or credentials."""


class Latency:
    """How long calls took.

    Attributes:
        shortest: seconds; infinite before the first answer.
        last: seconds that the last call to leave took; None until it is answered.
        jitter: seconds by which the way to the bucket may differ between calls.
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
        self.jitter = MARGIN * self._deviation

    @property
    def margin(self) -> float:
        """Seconds to add to the spacing of two calls, because the time between them may shrink on the way.

        If the last call took long, it may have arrived late, and the next one may arrive early. Calls much
        faster than the mean are rare. To wait for one of them each time would cost more than a refusal does.
        """
        if self._deviation < 0:
            return 0.0
        if self.last is None:  # not answered yet: nothing is known of it
            return self.jitter + self._deviation
        fast = max(self.shortest, self._mean - FAST * self._deviation)
        return self.jitter + max(0.0, ON_THE_WAY * (self.last - fast))


class LateStart:
    """Corrects the level for a late start: a full bucket is refilled only from the first call's arrival on.

    The first calls may need to connect and to get credentials before one of them arrives. The first call was
    late by no more than what it took beyond the shortest call. When a shorter call is seen, this bound
    changes, and the level is corrected again.

    Attributes:
        full: whether the next call will find a full bucket.
    """

    __slots__ = ("_answers", "_corrected", "_first", "_late", "_took", "_withheld", "full")

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self._first = inf  # departure of the first call to a full bucket, until the level is corrected
        self._took = 0.0  # seconds from that departure to the first answer
        self._answers = 0  # to calls that left since then
        self._withheld = 0.0  # calls by which the level is below that of a full bucket, to be safe
        self._late = 0.0  # seconds by which the level is corrected
        self._corrected = False  # whether the level has been corrected for that call

    def departed(self, now: float, *, withheld: float) -> None:
        """A call leaves for a full bucket. The level is lower by `withheld` calls until more is known."""
        self.full, self._corrected, self._first, self._answers = False, False, now, 0
        self._withheld = withheld

    def unanswered(self) -> None:
        """A call was not answered. It may have arrived first, so nothing can be corrected."""
        self._first = inf

    def measured(self) -> None:
        """The level was measured: it needs no correction."""
        self._first = inf
        self._corrected = False

    def shorter(self, shortest: float, rate: float) -> float:
        """A shorter call was seen. Returns what to add to the level, in calls."""
        return self._correction(shortest, rate) if self._corrected else 0.0

    def answered(self, sent_at: float, now: float, *, shortest: float, rate: float) -> float:
        """A call was accepted. Returns what to add to the level, in calls.

        After enough answers it is known when the bucket began to be refilled. Then the withheld part is given
        back.
        """
        if sent_at < self._first:
            return 0.0
        self._answers += 1
        if self._answers == 1:
            self._took = now - self._first
        if self._answers < ENOUGH_ANSWERS:
            return 0.0
        self._first, self._corrected, self._late = inf, True, 0.0
        return self._withheld + self._correction(shortest, rate)

    def _correction(self, shortest: float, rate: float) -> float:
        """Calls to add to the level, because none were refilled while the first call was on its way.

        Latencies usually differ by as much as the shortest call takes. So that much of the difference counts
        only in part (`ON_THE_WAY`). What was corrected before is subtracted.
        """
        beyond = max(0.0, self._took - shortest)
        late = beyond - (1 - ON_THE_WAY) * min(beyond, shortest)
        before, self._late = self._late, late
        return rate * (before - late)
