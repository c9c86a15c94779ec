"""What two refusals measure: the calls accepted between them, over the time, are the refill left to us.

The remote bucket is empty when it refuses. What it takes until it refuses again is therefore exactly what
ran into it, less what others took: no model of anybody's behaviour is needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import islice
from math import sqrt

WINDOW = 60.0
"""Seconds back to which marks count."""

POLITE_WINDOW = 180.0
"""The same where refusals are to be few."""

PRIOR = 1.8
"""Seconds' worth of calls by which the old belief resists a new measurement."""

REFUTED = 0.6
"""What is left of a believed rate when the level it came with has proven wrong: it may be just as wrong."""

AGAIN = 2
"""Lossy intervals in a row, each ended by a refusal, after which the belief is doubted."""

DOUBTED = 0.8
"""What is left of it then."""

SIGNIFICANT = 4.0
"""Standard deviations by which an interval must differ for what came before it to be another regime."""

GRAIN = 0.75
"""Variance, in calls squared, of any count between two marks: a bucket that refuses holds 0 to 1 token."""

LEAST_NOISE = 0.1
"""Variance of the refill per second that is always allowed for: latency jitter moves calls across marks."""

REMEMBERED = 512
"""Departures kept: enough to tell how many left after a call that is answered late."""

SAMPLES = 64
"""Marks kept."""

HAIR = 1e-6
"""Seconds: marks so close are one, for nothing can be measured between them."""


class Sample:
    """An instant at which the remote bucket was empty, and how many calls it had taken until then."""

    __slots__ = ("accepted", "at", "lossy")

    def __init__(self, at: float, accepted: float) -> None:
        self.at = at
        self.accepted = accepted
        self.lossy = False  # tokens may have been lost since: what is measured from here is a lower bound


class Refill:
    """Counts departures and refusals, in whatever order answers come, and measures the refill.

    Attributes:
        noise: variance of the refill per second: how irregular the others are.

    Args:
        scale: by which all seconds here are stretched, for slow buckets.
        window: seconds back to which marks count.
    """

    __slots__ = ("_departures", "_forgotten", "_lossy", "_prior", "_refused", "_samples", "_window", "noise")

    def __init__(self, *, scale: float = 1.0, window: float = WINDOW) -> None:
        self._window = window * scale
        self._prior = PRIOR * scale
        self._departures: deque[float] = deque(maxlen=REMEMBERED)
        self._refused: deque[float] = deque(maxlen=REMEMBERED)
        self._forgotten = 0  # departures less refusals that the deques hold no more
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._lossy = 0  # intervals in a row, the last included, that were lossy and showed no more
        self.noise = 0.0

    def begin(self, at: float, level: float) -> None:
        """The bucket held `level` calls at `at`: as if it had been empty, and had taken so many fewer."""
        self._samples.append(Sample(at, level))

    def sent(self, at: float) -> None:
        """A call left."""
        if len(self._departures) == REMEMBERED:
            self._forgotten += 1
        self._departures.append(at)

    def refused(self, at: float) -> None:
        """The call that left at `at` was not taken."""
        if len(self._refused) == REMEMBERED:
            self._forgotten -= 1
            self._refused.popleft()
        if self._refused and at < self._refused[-1]:
            self._refused.insert(bisect_right(self._refused, at), at)
        else:
            self._refused.append(at)
        for mark in reversed(self._samples):
            if mark.at < at:
                break
            mark.accepted -= 1

    def taken_after(self, at: float) -> int:
        """Calls that left after `at` and, as far as is known, were taken."""
        return _later(self._departures, at) - _later(self._refused, at)

    def overflow(self) -> None:
        """The bucket may be full: from the last mark on, tokens may be lost."""
        if self._samples:
            self._samples[-1].lossy = True

    def restart(self) -> None:
        """Forget the marks: what was measured before is another regime."""
        self._samples.clear()

    def sample(self, at: float) -> None:
        """The bucket was empty at `at`."""
        marks = self._samples
        if marks and at - marks[-1].at <= HAIR:
            return
        taken = self._forgotten + len(self._departures) - len(self._refused) - self.taken_after(at)
        marks.append(Sample(at, taken))
        while len(marks) > 2 and at - marks[0].at > self._window:  # noqa: PLR2004 - the last interval stays
            marks.popleft()

    def latest(self, *, fewer: float = 0.0) -> float | None:
        """Calls/second between the last two marks alone; None before there are two.

        `fewer` calls were in the bucket at the first of them than was said.
        """
        if len(self._samples) < 2:  # noqa: PLR2004 - an interval has two ends
            return None
        span, taken = self._last_interval()
        return max(0.0, taken + fewer) / span

    def first(self, believed: float, *, burst: float) -> float:
        """The refill since the beginning, `believed` until now. Nobody has said what the bucket held then.

        When it took fewer calls than were assumed to be in it, half of them, at a guess, were.
        """
        latest = self.latest()
        if latest == 0.0:
            latest = (self.latest(fewer=burst) or 0.0) / 2
        return believed if latest is None else latest

    def measure(self, believed: float, others: float) -> float:
        """Answer the refill in calls/second, `believed` until now; `others` may call so often (calls/second).

        A crowd that calls at random moments has a variance of its rate: no more is counted as noise, and half
        of it is allowed for before anything is known.

        An interval that differs significantly from those before it begins a new regime. A blend with the
        belief keeps short intervals from deciding much.
        """
        if len(self._samples) < 2:  # noqa: PLR2004
            return believed
        span, taken = self._last_interval()
        if taken < 0:  # less was taken than the first mark said was there: it was wrong
            self._samples.popleft()
            return believed * REFUTED
        if self._samples[-2].lossy:
            return self._lower_bound(believed, taken, span)
        self._lossy = 0
        if self._is_news(span, taken, others):
            while len(self._samples) > 2:  # noqa: PLR2004
                self._samples.popleft()
        first, last = self._oldest_sound(), self._samples[-1]
        return self._blend(believed, last.accepted - first.accepted, last.at - first.at)

    def _lower_bound(self, believed: float, taken: float, span: float) -> float:
        """The refill by an interval in which tokens may have been lost: at least what was taken.

        A bucket that was full for a while, as is believed, would not refuse soon. If it does so again, less
        runs in than is believed: a model that is held up by Retry-After would never find out otherwise.
        """
        bound = self._blend(believed, taken, span)
        if bound >= believed:
            self._lossy = 0
            return bound
        self._lossy += 1
        return believed if self._lossy < AGAIN else max(bound, DOUBTED * believed)

    def _last_interval(self) -> tuple[float, float]:
        previous, last = self._samples[-2], self._samples[-1]
        return last.at - previous.at, last.accepted - previous.accepted

    def _is_news(self, span: float, taken: float, others: float) -> bool:
        """Tell whether the last interval belongs to another regime than those before; learn the noise."""
        first, previous = self._samples[0], self._samples[-2]
        before = previous.at - first.at
        if before <= 0:
            return False
        expected = (previous.accepted - first.accepted) / before * span
        weight = span / (span + self._window / 4)
        self.noise += weight * (min((taken - expected) ** 2 / span, others) - self.noise)
        variance = max(self.noise, others / 2, LEAST_NOISE) * span * (1 + span / before) + GRAIN
        return abs(taken - expected) > SIGNIFICANT * sqrt(variance)

    def _oldest_sound(self) -> Sample:
        """The oldest mark since which nothing can have been lost."""
        oldest = self._samples[-1]
        for mark in islice(reversed(self._samples), 1, None):
            if mark.lossy:
                break
            oldest = mark
        return oldest

    def _blend(self, believed: float, taken: float, span: float) -> float:
        return max(0.0, believed * self._prior + taken) / (self._prior + span)


def _later(times: deque[float], at: float) -> int:
    """How many of the sorted times are after `at`. Mostly few: counted from the end."""
    count = 0
    for time in reversed(times):
        if time <= at:
            break
        count += 1
    return count
