"""The mirror of one remote token bucket: clockless, deterministic, told what happens and when.

A rate alone never says how much is in the bucket, so a controller of the rate rides the floor and is refused
all the time. The mirror keeps the level. A refusal is a measurement of it, and two refusals are one of the
refill (`refill`); what is learned upward is learned from calls accepted in excess of belief (`probe`).
docs/throttle.md explains it with pictures.
"""

from __future__ import annotations

from collections import deque
from math import inf

from batchgw.throttle.pacer import Belief, PacerStatistics
from batchgw.throttle.probe import Probe
from batchgw.throttle.quota import TOTAL, Quota, Trust
from batchgw.throttle.refill import REMEMBERED, Refill

INSTANT = 1e-6
"""Seconds: a shorter delay is none. Sums of floats end a hair short, and no clock waits for a hair."""

LONGEST_HOLD = 60.0
"""Seconds: a Retry-After is honoured up to this."""

MOST = 10_000.0
"""Calls/second no belief exceeds."""

FLOOR = 0.02
"""Part of the first belief below which the rate never falls: the run stays alive and quiet."""

NEAR = 0.98
"""Part of the stated rate that counts as all of it: measurements are not exact."""

HALF_TOKEN = 0.5
"""What a bucket that refuses holds on average: somewhere between none and one."""

DOUBLING = 3.5
"""Seconds in which the rate doubles while nothing is known of the quota."""

RISE = 0.4
"""Part of the overspending that is believed when it was accepted: it had been growing to its height."""

PROVING = 20.0
"""Seconds without a refusal after which a rate has proven itself."""

AUDIT = 300.0
"""Seconds without a refusal until a trusted quota is tried for more; twice as long every time."""

BARREN = 5
"""Reactions without a single accepted call between them, after which it is quiet."""

QUIET = 12.0
"""Seconds between calls while nothing is accepted: five a minute."""

UNEASY = 0.5
"""Deviations of the latency allowed for where there is no reserve: in a small bucket, and at the end."""

ON_THE_WAY = 0.6
"""Part of what a call took beyond the shortest that it may have spent before it took its token."""

SMOOTHING = 1 / 8
"""Weight of a new latency in its mean and deviation, as in TCP's estimate of the round trip (RFC 6298)."""

SMALL = 2.0
"""Calls: a bucket that holds fewer can keep no reserve, so its calls are spaced out instead."""

VOLLEY = 2
"""Calls that leave at once to begin with: the first answer of them tells when the bucket was first asked."""

SETTLED = 5
"""Answers after which the shortest latency stands for what a call takes that neither connects nor logs in."""

FORGOTTEN = 600.0
"""Seconds after which a remembered rate below a trusted quota is no longer believed: others come and go."""


class MirrorBucket:
    """Lets through what the remote bucket would, and finds out what that is.

    Args:
        quota: calls/second and burst; None when nothing is known.
        share: the part of the rate that is ours, 0 < share <= 1; below 1 a hard ceiling.
        trust: how far the quota is believed.
        belief: what an earlier run has learned.
    """

    def __init__(
        self,
        quota: Quota | None,
        *,
        share: float = 1.0,
        trust: Trust = Trust.TRUSTED,
        belief: Belief | None = None,
    ) -> None:
        self._stated = None if quota is None else quota.rate * share
        self._hard = quota is not None and (trust is Trust.STRICT or share < 1)
        trusted = quota is not None and trust is not Trust.GUESS
        self._top = self._stated if self._stated and (trusted or self._hard) else MOST
        self._burst = quota.burst if quota is not None else TOTAL.burst
        first = self._stated or TOTAL.rate
        self._floor = FLOOR * first
        self._rate = min(first, self._top)
        self._level = self._burst - (HALF_TOKEN if self._burst >= SMALL else 0.0) if quota else 0.0
        self._learning = quota is None
        self._scale = max(1.0, TOTAL.rate / first)
        if belief is not None:
            self._recall(belief, trusted=trusted)
        self._probe = Probe(burst=self._burst, scale=self._scale, trusted=trusted)
        self._refill = Refill(scale=self._scale)
        self._probing = not trusted and not self._learning
        if self._rate < NEAR * self._top and trusted:
            self._probing = True
        self._audit = AUDIT * self._scale
        self._allowance = self._burst  # the hard ceiling: a bucket that only we draw on
        self._at: float | None = None
        self._last = -inf  # departure
        self._hold = -inf
        self._asked_for = -inf  # until when Retry-After holds us
        self._reacted = -inf
        self._empty = -inf  # when the remote bucket was last known to be empty
        self._flight = 0
        self._doubtful: deque[float] = deque(maxlen=REMEMBERED)  # sent since then, and never answered
        self._barren = 0
        self._latency: tuple[float, float] | None = None  # mean and mean deviation, seconds
        self._shortest = inf  # latency, seconds
        self._answers = 0
        self._full = self._level >= self._burst - 1
        self._first = inf  # departure of the call that found the bucket full, until latencies are judged
        self._first_took = 0.0  # seconds until the first answer
        self._withheld = 0.0  # calls that the level was lower than a full bucket then, to be safe
        self._late = 0.0  # seconds by which the level is corrected for that
        self._settled = False  # whether the level is reckoned from that call's arrival on
        self._last_took: float | None = None  # seconds until the last departure's answer
        self._sent = 0
        self._refused = 0
        self._episodes = 0

    @property
    def rate(self) -> float:
        """Calls/second believed to be ours."""
        return self._rate

    def delay(self, now: float, calls_left: float = inf) -> float:
        """Seconds until a call may leave: never more calls than tokens, never faster than twice the rate.

        The spacing makes a wrong belief about the level cost a few refusals and not a burst of them. The last
        calls may spend the reserve: half a token for each is refilled while they leave one by one.
        """
        self._advance(now)
        reserve, refilled_meanwhile = self._reserve(), (calls_left - 1) / 2
        if refilled_meanwhile < reserve:
            least = min(self._rate * self._jitter(), 1.0) if self._burst >= SMALL else 0.0
            reserve = min(reserve, max(least, refilled_meanwhile))
        delay = max(
            self._hold - now,
            (1 + reserve - self._level - self._probe.extra) / (self._rate + self._probe.speed),
            self._last + self._spacing() - now,
            (1 - self._allowance) / self._top if self._hard else 0.0,
        )
        return delay if delay > INSTANT else 0.0

    def sent(self, now: float) -> None:
        """Spend a token."""
        self._advance(now)
        if self._full:
            self._full, self._settled, self._first, self._answers = False, False, now, 0
            self._withheld = max(0.0, min(HALF_TOKEN, self._burst - self._level - self._probe.extra))
        self._level -= 1
        self._allowance -= 1
        self._last = max(self._last, now)
        self._last_took = None
        self._flight += 1
        self._sent += 1
        self._refill.sent(self._last)
        if self._barren >= BARREN:
            self._hold = max(self._hold, now + QUIET * self._scale)

    def ok(self, sent_at: float, now: float) -> None:
        """Something is accepted: it is quiet no more; and while nothing is known, the rate may grow."""
        self._answered(now)
        self._time(sent_at, now)
        if self._barren >= BARREN:
            self._hold = self._asked_for
            self._probe.hurry()
        self._barren = 0
        if self._learning:
            self._rate = min(self._top, self._rate * 2 ** (1 / (DOUBLING * max(self._rate, 1.0))))

    def unknown(self, sent_at: float, now: float) -> None:
        """Count it as consumed, and as no proof of anything."""
        self._answered(now)
        self._first = inf  # it may have arrived before any other
        if sent_at > self._empty:
            self._doubtful.append(sent_at)

    def void(self, sent_at: float, now: float) -> None:
        """Give the token back."""
        self._answered(now)
        self._refill.refused(sent_at)
        self._level = min(self._burst, self._level + 1)

    def throttled(self, sent_at: float, now: float, retry_after: float | None = None) -> None:
        """Reset the level to what a bucket that refused at `sent_at` can hold; once an episode, the rate."""
        self._answered(now)
        self._first = inf  # the level is measured now
        self._settled = False
        self._refused += 1
        self._refill.refused(sent_at)
        believed = self._level + self._probe.extra
        if sent_at > self._reacted:
            self._react(sent_at, now)
        self._probe.extra = 0.0
        self._level = self._level_after(sent_at, now, believed)
        if retry_after is not None:
            self._asked_for = max(self._asked_for, now + min(max(retry_after, 0.0), LONGEST_HOLD))
            self._hold = max(self._hold, self._asked_for)

    def statistics(self, now: float) -> PacerStatistics:
        """What is believed now."""
        self._advance(now)
        return PacerStatistics(
            rate=self._rate,
            ceiling=self._top,
            stated=self._stated,
            burst=self._burst,
            level=self._level,
            sent=self._sent,
            refused=self._refused,
            episodes=self._episodes,
        )

    def belief(self, now: float) -> Belief:
        """What is worth remembering."""
        self._advance(now)
        return Belief(rate=self._rate, burst=self._burst, level=self._level)

    def _recall(self, belief: Belief, *, trusted: bool) -> None:
        """Take over what was learned: the level as it has been refilled since, and the rate if it holds."""
        rate = min(self._top, max(self._floor, belief.rate))
        if trusted and belief.age > FORGOTTEN:
            rate = self._rate
        self._rate = rate
        self._learning = False
        self._level = min(self._level if self._stated else self._burst, belief.level + rate * belief.age)

    def _reserve(self) -> float:
        """Calls to keep: none while nothing is accepted, for then there is nothing to keep them in."""
        return 0.0 if self._barren >= BARREN else self._probe.reserve

    def _level_after(self, sent_at: float, now: float, believed: float) -> float:
        refilled = self._rate * (now - sent_at)
        return min(believed, HALF_TOKEN + refilled - self._refill.taken_after(sent_at))

    def _measured(self, sent_at: float) -> float:
        """The refill by the marks; while nothing is known, by the last of them alone."""
        self._refill.mark(sent_at)
        if self._learning:
            return self._first_measured()
        others = min(self._top, self._probe.proven) - self._rate
        return self._refill.measure(self._rate, max(0.1 * self._rate, others))

    def _first_measured(self) -> float:
        """The refill since the beginning. Nobody has said how much the bucket held then.

        When it took fewer calls than were assumed to be in it, half of them, at a guess, were.
        """
        latest = self._refill.latest()
        if latest == 0.0:
            latest = (self._refill.latest(fewer=self._burst) or 0.0) / 2
        return self._rate if latest is None else latest

    def _react(self, sent_at: float, now: float) -> None:
        """Begin an episode: measure the rate, and adapt how it is probed."""
        since, self._reacted = now - self._reacted, now
        self._episodes += 1
        self._barren += 1
        if self._barren >= BARREN:
            self._hold = max(self._hold, now + QUIET * self._scale)
        before, learning = self._rate, self._learning
        self._rate = min(self._top, max(self._floor, self._measured(sent_at)))
        self._learning = False
        self._probe.lasted(self._rate)
        if learning:
            self._probe.calm()
        else:
            self._probe.refused(since=since, before=before, rate=self._rate)
        if self._rate >= NEAR * self._top:
            self._rate = self._top
            self._audit *= 2
        self._probing = self._rate < self._top
        self._empty = sent_at
        self._doubtful = deque((at for at in self._doubtful if at > sent_at), maxlen=REMEMBERED)

    def _advance(self, now: float) -> None:
        if self._at is None:
            self._at = self._empty = now
            self._refill.begin(now, self._level if not self._learning else self._burst)
            return
        passed = now - self._at
        if passed <= 0:
            return
        self._at = now
        if self._hard:
            self._allowance = min(self._burst, self._allowance + self._top * passed)
        self._probe.fade(passed, self._rate)
        if self._probing and now >= self._hold:
            self._probe.advance(passed, self._rate)
            self._believe_excess(now)
        elif self._rate >= self._top:
            self._prove(now)
        self._level += self._rate * passed
        if self._level + self._probe.extra >= self._burst:
            self._level = min(self._level, self._burst)
            self._probe.extra = self._burst - self._level
            self._refill.overflow()
            self._full = True

    def _believe_excess(self, now: float) -> None:
        """More was accepted than belief allows for: so the belief was too low."""
        excess = -(self._level + self._flight + len(self._doubtful))
        chance = self._probe.chance(self._refill.noise, now - self._empty)
        if self._rate >= self._top:
            if self._hard or excess <= self._burst + chance:  # a full bucket would explain it
                return
            self._top = MOST  # an audit has found the stated quota too low
        elif excess <= chance:
            return
        self._rate = min(self._rate + RISE * self._probe.speed, self._top)
        self._level = 0.0
        self._doubtful.clear()
        self._probe.found_more()
        self._refill.restart()

    def _prove(self, now: float) -> None:
        """At the top: it proves itself by lasting, and is audited in the end, unless it is a hard ceiling."""
        quiet = now - max(self._reacted, self._empty)
        if quiet > PROVING * self._scale:
            self._probe.lasted(self._rate)
        if quiet > self._audit and not self._hard:
            self._audit *= 2
            self._probing = True

    def _settle(self, now: float) -> None:
        """Correct the level for a late start: a full bucket is refilled from the first arrival on.

        The first calls may have had to connect, and to ask for credentials, before one of them arrived. No
        call spends less than the shortest did on its way and on the way back, so the rest of what the first
        answer took bounds that, the more tightly the shorter calls turn out to be. What was withheld from the
        full bucket before that was known is given back.
        """
        self._answers += 1
        if self._answers == 1:
            self._first_took = now - self._first
        if self._answers >= SETTLED:
            self._level += self._withheld
            self._first, self._settled, self._late = inf, True, 0.0
            self._correct()

    def _correct(self) -> None:
        """Take off the level what was not refilled while the first call was on its way.

        Up to as much again as the shortest takes, calls differ anyway, and part of that is after the token.
        """
        beyond = max(0.0, self._first_took - self._shortest)
        late = beyond - (1 - ON_THE_WAY) * min(beyond, self._shortest)
        self._level -= self._rate * (late - self._late)
        self._late = late

    def _spacing(self) -> float:
        if self._burst >= SMALL:
            if self._sent < VOLLEY:
                return 0.0
            return 1 / max(2 * self._rate, self._rate + self._probe.hurried)
        return 1 / self._rate + min(self._unease(), 1 / self._rate)

    def _unease(self) -> float:
        """Seconds by which the next call may come closer to the last one on their ways.

        A last call that took long may have arrived late, and the next one may arrive at once.
        """
        if self._latency is None:
            return 0.0
        if self._last_took is None:  # it is not answered: nothing is known of it
            return self._jitter() + self._latency[1]
        return self._jitter() + ON_THE_WAY * (self._last_took - self._shortest)

    def _jitter(self) -> float:
        """Seconds by which calls may differ on their way, whatever they took."""
        return 0.0 if self._latency is None else UNEASY * self._latency[1]

    def _answered(self, now: float) -> None:
        self._advance(now)
        if self._flight:
            self._flight -= 1

    def _time(self, sent_at: float, now: float) -> None:
        latency = now - sent_at
        if sent_at == self._last:
            self._last_took = latency
        if latency < self._shortest:
            self._shortest = latency
            if self._settled:
                self._correct()
        if sent_at >= self._first:
            self._settle(now)
        if self._latency is None:
            self._latency = (latency, latency / 2)
            return
        mean, deviation = self._latency
        deviation += SMOOTHING * (abs(latency - mean) - deviation)
        self._latency = (mean + SMOOTHING * (latency - mean), deviation)
