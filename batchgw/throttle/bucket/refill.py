"""Measures the refill that is left to us: the calls accepted between two refusals, over the time between.

The remote bucket is empty when it refuses. What it accepts until it refuses again is exactly what ran into
it, less what others took. So no model of the others' behaviour is needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import islice
from math import sqrt

WINDOW = 60.0
"""Seconds for which a sample counts."""

POLITE_WINDOW = 180.0
"""The same in a polite run, which is refused seldom."""

PRIOR = 1.8
"""Seconds of measurement that the old belief weighs as much as, when the two are blended."""

REFUTED = 0.6
"""Factor for the believed rate when the level at the beginning was wrong: the rate may be wrong, too."""

AGAIN = 2
"""Lossy intervals in a row, each ended by a refusal, after which the believed rate is lowered."""

LOWERED = 0.8
"""Factor by which it is lowered then, at most."""

SIGNIFICANT = 4.0
"""Standard deviations by which an interval must differ from those before it to begin a new regime."""

HALF_TOKEN = 0.5
"""Tokens that a bucket holds on average when it refuses: it holds between none and one."""

GRAIN = 0.75
"""Variance of every count between two samples, in calls squared: a bucket that refuses holds 0 to 1 token."""

LEAST_NOISE = 0.1
"""Variance of the refill per second that is always allowed for: latencies shift calls across samples."""

REMEMBERED = 512
"""Departures kept, to tell how many calls left after one that is answered late."""

MOST_SAMPLES = 64
"""Samples kept."""

INSTANT = 1e-6
"""Seconds: two samples so close count as one, because nothing can be measured between them."""


class Sample:
    """An instant at which the remote bucket was empty, and how many calls it had taken until then."""

    __slots__ = ("accepted", "at", "lossy")

    def __init__(self, at: float, accepted: float) -> None:
        self.at = at
        self.accepted = accepted
        self.lossy = (
            False  # whether the bucket may have overflowed since: then a measurement is a lower bound
        )


class Refill:
    """Counts departures and refusals, and measures the refill. Answers may come in any order.

    Attributes:
        noise: variance of the refill per second, which says how irregularly others call.

    Args:
        scale: factor for all seconds here, for slow buckets.
        window: seconds for which a sample counts.
    """

    __slots__ = ("_departures", "_forgotten", "_lossy", "_prior", "_refused", "_samples", "_window", "noise")

    def __init__(self, *, scale: float = 1.0, window: float = WINDOW) -> None:
        self._window = window * scale
        self._prior = PRIOR * scale
        self._departures: deque[float] = deque(maxlen=REMEMBERED)
        self._refused: deque[float] = deque(maxlen=REMEMBERED)
        self._forgotten = 0  # departures less refusals that the deques no longer hold
        self._samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)
        self._lossy = 0  # lossy intervals in a row, up to the last one, that showed less than was believed
        self.noise = 0.0

    def begin(self, at: float, level: float) -> None:
        """The bucket held `level` calls at `at`, the first sample: those calls count as taken before."""
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
        for sample in reversed(self._samples):
            if sample.at < at:
                break
            sample.accepted -= 1

    def taken_after(self, at: float) -> int:
        """Calls that left after `at` and, as far as is known, were taken."""
        return _later(self._departures, at) - _later(self._refused, at)

    def overflow(self) -> None:
        """The bucket may be full: tokens may have been lost since the last sample."""
        if self._samples:
            self._samples[-1].lossy = True

    def restart(self) -> None:
        """Forget the samples: they are of another regime."""
        self._samples.clear()

    def sample(self, at: float) -> None:
        """The bucket was empty at `at`."""
        samples = self._samples
        if samples and at - samples[-1].at <= INSTANT:
            return
        taken = self._forgotten + len(self._departures) - len(self._refused) - self.taken_after(at)
        samples.append(Sample(at, taken))
        while len(samples) > 2 and at - samples[0].at > self._window:  # noqa: PLR2004 - the last interval stays
            samples.popleft()

    def latest(self, *, fewer: float = 0.0) -> float | None:
        """Calls/second between the last two samples; None before there are two.

        `fewer` is by how many calls the bucket held less at the first of them than was recorded.
        """
        if len(self._samples) < 2:  # noqa: PLR2004 - an interval has two ends
            return None
        span, taken = self._last_interval()
        return max(0.0, taken + fewer) / span

    def first(self, believed: float, *, burst: float) -> float:
        """The first measurement of an unknown quota. `believed` is the rate until now.

        The bucket was assumed to hold `burst` calls at first. If it took fewer, the refill is counted as if
        it had held none, and halved.
        """
        latest = self.latest()
        if latest == 0.0:
            latest = (self.latest(fewer=burst) or 0.0) / 2
        return believed if latest is None else latest

    def measure(self, believed: float, others: float) -> float:
        """The refill in calls/second. `believed` is the rate until now, `others` the rate of others at most.

        Callers at random moments (a Poisson process) have a variance equal to their rate. So no more than
        `others` counts as noise, and half of it is allowed for before anything is known.

        An interval that differs significantly from those before it begins a new regime. The result is blended
        with the believed rate, so that a short interval does not decide much.
        """
        if len(self._samples) < 2:  # noqa: PLR2004
            return believed
        span, taken = self._last_interval()
        if taken < 0:  # fewer calls were taken than the bucket held by the first sample, so that was wrong
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

        If the bucket was full, as the model believes, it does not refuse soon after. If it does so twice in a
        row, less runs in than is believed. While Retry-After holds calls back, nothing else shows that.
        """
        bound = self._blend(believed, taken, span)
        if bound >= believed:
            self._lossy = 0
            return bound
        self._lossy += 1
        return believed if self._lossy < AGAIN else max(bound, LOWERED * believed)

    def _last_interval(self) -> tuple[float, float]:
        previous, last = self._samples[-2], self._samples[-1]
        return last.at - previous.at, last.accepted - previous.accepted

    def _is_news(self, span: float, taken: float, others: float) -> bool:
        """Whether the last interval begins a new regime. Learns the noise as well."""
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
        """The oldest sample since which no token can have been lost."""
        oldest = self._samples[-1]
        for sample in islice(reversed(self._samples), 1, None):
            if sample.lossy:
                break
            oldest = sample
        return oldest

    def _blend(self, believed: float, taken: float, span: float) -> float:
        return max(0.0, believed * self._prior + taken) / (self._prior + span)


def _later(times: deque[float], at: float) -> int:
    """How many of the sorted times are after `at`. They are few, so they are counted from the end."""
    count = 0
    for time in reversed(times):
        if time <= at:
            break
        count += 1
    return count
