"""The model of one remote token bucket. It has no clock: it is told what happens, and when.

A rate alone does not say how much is in the bucket. A client that controls only its rate keeps the bucket
empty and is refused all the time, so the model keeps the level, too. One refusal measures the level. Two
refusals measure the refill (`refill`). Spending more shows whether there is more than believed (`probe`).
docs/throttle.md explains it.
"""

from __future__ import annotations

from collections import deque
from math import inf

from batchgw.throttle.bucket import reserve
from batchgw.throttle.bucket.beginning import MOST, NEAR, begin
from batchgw.throttle.bucket.hold import Hold
from batchgw.throttle.bucket.latency import Latency, LateStart
from batchgw.throttle.bucket.polite import PoliteProbe
from batchgw.throttle.bucket.probe import Probe
from batchgw.throttle.bucket.refill import HALF_TOKEN, POLITE_WINDOW, REMEMBERED, WINDOW, Refill
from batchgw.throttle.bucket.spurious import COLLAPSED, SpuriousRefusals
from batchgw.throttle.pacer import Belief, PacerStatistics
from batchgw.throttle.quota import Quota, Trust

INSTANT = 1e-6
"""Seconds: a shorter delay counts as none, because sums of floats are not exact."""

DOUBLING = 3.5
"""Seconds in which the rate doubles while nothing is known of the quota."""

RISE = 0.4
"""Part of the overspending's speed that is added to the believed rate when more was accepted. Not all of it,
because the speed was lower before."""

PROVING = 20.0
"""Seconds without a refusal after which a rate counts as proven."""

AUDIT = 300.0
"""Seconds without a refusal after which more than a trusted quota is tried. Each try doubles them."""

AT_ONCE = 2
"""Calls that leave at once at the beginning. Their first answer tells when the bucket was first reached."""

PAIRED = 16.0
"""Calls: with so large a reserve, calls leave in pairs. If others have emptied the bucket, each single call
would get the token that has just run in, and nobody would notice. The second call of a pair is refused."""


class BucketModel:
    """Lets a call leave when the remote bucket should have a token, and learns how much that bucket gives.

    Args:
        quota: calls/second and burst; None when nothing is known.
        share: the part of the rate that is ours, 0 < share <= 1; below 1 a hard ceiling.
        trust: how far the quota is believed.
        polite: whether others come first. They are hardly ever refused; that one has left is noticed later.
        belief: what an earlier run has learned.
    """

    def __init__(
        self,
        quota: Quota | None,
        *,
        share: float = 1.0,
        trust: Trust = Trust.TRUSTED,
        polite: bool = False,
        belief: Belief | None = None,
    ) -> None:
        start = begin(quota, share=share, trust=trust, belief=belief)
        self._stated, self._hard, self._trusted = start.stated, start.hard, start.trusted
        self._burst, self._tiny, self._level = start.burst, start.tiny, start.level
        self._rate, self._top, self._floor = start.rate, start.top, start.floor
        self._learning = start.learning
        self._scale = start.scale
        self._polite = polite
        self._probe = (PoliteProbe if polite else Probe)(
            burst=self._burst, scale=self._scale, trusted=self._trusted
        )
        self._refill = Refill(scale=self._scale, window=POLITE_WINDOW if polite else WINDOW)
        self._unproven = quota is not None  # whether the bucket has not shown yet that it holds its burst
        self._small = reserve.small(self._burst)
        if self._unproven and belief is not None:
            self._enlarge_reserve()
        self._probing = not self._learning and (not self._trusted or self._rate < self._top)
        self._audit = AUDIT * self._scale
        self._allowance = self._burst  # under a hard ceiling: calls that it allows now
        self._at: float | None = None
        self._began = 0.0
        self._last = self._before_last = -inf  # departures
        self._hold = Hold(scale=self._scale)
        self._spurious = SpuriousRefusals(scale=self._scale)
        self._reacted = -inf  # when the last episode of refusals began
        self._empty = -inf  # when the remote bucket was last known to be empty
        self._flight = 0  # calls without an answer yet
        self._unanswered: deque[float] = deque(maxlen=REMEMBERED)  # sent since `_empty`; no answer will come
        self._latency = Latency()
        self._start = LateStart(full=self._level >= self._burst - 1)
        self._sent = 0
        self._refused = 0
        self._early = False  # whether the last answer was a refusal, which a tiny bucket gives to early calls
        self._episodes = 0

    @property
    def rate(self) -> float:
        """Calls/second believed to be ours."""
        return self._rate

    def delay(self, now: float, calls_left: float = inf) -> float:
        """Seconds until a call may leave. A call needs a token, and calls leave at twice the rate at most.

        That spacing limits what a wrong belief about the level can cost: a few refusals, not a burst of them.

        The last calls may spend the reserve. They leave at twice the rate, so half a token is refilled for
        each. If nobody knows which calls are the last, the reserve stays small, because what is left of it at
        the end has cost time.
        """
        self._advance(now)
        kept, refilled_meanwhile = self._reserve(), (calls_left - 1) / 2
        if calls_left == inf and not self._polite:
            kept = min(kept, self._small.most if self._refused else self._small.least)
        if refilled_meanwhile < kept:  # one of the last calls
            least = 0.0 if self._tiny else min(self._rate * self._latency.jitter, 1.0)
            kept = min(kept, max(least, refilled_meanwhile))
        spacing = self._spacing()
        if self._sent % 2 and kept <= refilled_meanwhile and self._goes_unnoticed(kept):
            kept, spacing = kept - 1, 0.0  # the second call of a pair
        needed = 1 + kept - self._level - self._probe.extra
        if self._spurious.left and self._spurious.wants(now):
            needed = spacing = 0.0  # a call of a volley
        delay = max(
            self._hold.until - now,
            0.0 if needed <= 0 else self._until(needed),
            self._last + spacing - now,
            (1 - self._allowance) / self._top if self._hard else 0.0,
        )
        return delay if delay > INSTANT else 0.0

    def sent(self, now: float) -> None:
        """Spend a token."""
        self._advance(now)
        left = self._level + self._probe.extra
        if self._start.full:
            self._start.departed(now, withheld=max(0.0, min(HALF_TOKEN, self._burst - left)))
        elif self._unproven and left <= self._probe.reserve + 1 + reserve.ALL_THERE and not self._refused:
            self._enlarge_reserve()
        self._level -= 1
        self._allowance -= 1
        self._before_last, self._last = self._last, max(self._last, now)
        self._latency.last = None
        self._flight += 1
        self._sent += 1
        self._refill.sent(self._last)
        self._hold.sent(now)
        self._spurious.sent()

    def accepted(self, sent_at: float, now: float) -> None:
        """End the quiet, and learn the latency. While nothing is known of the quota, let the rate grow."""
        self._answered(now)
        self._early = False
        self._learn_latency(sent_at, now)
        if self._hold.accepted():
            self._probe.hurry()
        self._spurious.accepted(sent_at)
        if self._learning:
            self._rate = min(self._top, self._rate * 2 ** (1 / (DOUBLING * max(self._rate, 1.0))))

    def unanswered(self, sent_at: float, now: float) -> None:
        """Count the token as spent. Nothing is learned from the call."""
        self._answered(now)
        self._start.unanswered()
        if sent_at > self._empty:
            self._unanswered.append(sent_at)

    def refund(self, sent_at: float, now: float) -> None:
        """Give the token back. In a tiny bucket, forget the departure, too: it would delay the next call."""
        self._answered(now)
        self._refill.refused(sent_at)
        if self._tiny and sent_at == self._last:
            self._last = self._before_last
        self._level = min(self._burst, self._level + 1)

    def refused(self, sent_at: float, now: float, retry_after: float | None = None) -> None:
        """Reset the level to what a bucket that refused then can hold. Once an episode, measure the rate.

        If the level does not explain the refusal, a volley tests it first (`spurious`). A call to a tiny
        bucket is never far from its token. So the first refusal there says that the call came a moment early:
        it leaves again at once. Only if it is refused again is the refusal believed.
        """
        self._refused += 1
        early, self._early = self._tiny and self._trusted and not (self._early or retry_after), True
        if early or (not retry_after and sent_at > self._reacted and self._may_be_spurious(sent_at, now)):
            self.refund(sent_at, now)
            return
        self._answered(now)
        self._start.measured()
        self._refill.refused(sent_at)
        believed = self._level + self._probe.extra
        if sent_at > self._reacted:
            self._react(sent_at, now)
        self._probe.extra = 0.0
        self._level = self._level_after(sent_at, now, believed)
        if retry_after is not None:
            self._hold.ask(retry_after, now)

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
        """What the next run should know. The rate is None if it only grew, and no refusal has measured it."""
        self._advance(now)
        return Belief(rate=None if self._learning else self._rate, burst=self._burst, level=self._level)

    def _until(self, needed: float) -> float:
        """Seconds until `needed` more calls are refilled or may be overspent."""
        return self._probe.until(needed, self._rate) if self._probing else needed / self._rate

    def _reserve(self) -> float:
        """Calls to keep: none while nothing is accepted, or while nothing is known of the quota."""
        return 0.0 if self._hold.quiet or self._learning else self._probe.reserve

    def _goes_unnoticed(self, kept: float) -> bool:
        """Whether the bucket could be empty and single calls of ours would not notice (see `PAIRED`)."""
        steady = self._level <= kept + 1  # while a burst is spent, calls leave fast enough to notice it
        return steady and kept >= PAIRED and self._rate >= self._top and not self._probing

    def _enlarge_reserve(self) -> None:
        """Keep the reserve of a bucket that has shown that it holds its burst."""
        self._unproven = False
        self._probe.keep(reserve.large(self._burst, polite=self._polite))

    def _prove_burst(self, sent_at: float) -> None:
        """At the first refusal, judge whether the bucket held its burst. If it did, keep a larger reserve."""
        taken = self._sent - self._refused - self._refill.taken_after(sent_at)
        refilled = (self._stated or 0.0) * (sent_at - self._began)
        if reserve.held_burst(taken=taken, refilled=refilled, burst=self._burst):
            self._enlarge_reserve()
        self._unproven = False

    def _level_after(self, sent_at: float, now: float, believed: float) -> float:
        """The level now, after the call of `sent_at` was refused. No more than was `believed`."""
        refilled = self._rate * (now - sent_at)
        return min(self._burst, believed, HALF_TOKEN + refilled - self._refill.taken_after(sent_at))

    def _measured(self, sent_at: float) -> float:
        """Measure the refill by all samples. While nothing is known of the quota, use only the last two."""
        self._refill.sample(sent_at)
        if self._learning:
            return self._refill.first(self._rate, burst=self._burst)
        return self._refill.measure(self._rate, max(0.1 * self._rate, self._best_rate - self._rate))

    @property
    def _best_rate(self) -> float:
        """Calls/second that run into the bucket for all callers, as far as is known."""
        return self._top if self._trusted and self._top < MOST else self._probe.proven

    def _may_be_spurious(self, sent_at: float, now: float) -> bool:
        """Whether not to believe a refusal yet. The first one of a run is always believed."""
        if not (self._episodes and self._trusted) or self._burst < reserve.ROOMY:
            return False
        self._advance(now)
        noise = max(self._refill.noise, (self._best_rate - self._rate) / 2)
        explained = self._probe.chance(noise, now - self._empty)
        odd = self._level > explained or self._rate < COLLAPSED * self._best_rate
        return self._spurious.dismiss(sent_at, now, rate=self._rate, odd=odd)

    def _react(self, sent_at: float, now: float) -> None:
        """Begin an episode of refusals: measure the rate, and adapt reserve and probing."""
        since, self._reacted = now - self._reacted, now
        self._episodes += 1
        self._hold.reacted(now)
        self._spurious.believed(now, quiet=self._hold.quiet)
        if self._unproven:
            self._prove_burst(sent_at)
        before, learning = self._rate, self._learning
        self._rate = min(self._top, max(self._floor, self._measured(sent_at)))
        self._learning = False
        self._probe.proved(self._rate)
        if learning:
            self._probe.calm()
        else:
            self._probe.refused(since=since, before=before, rate=self._rate)
        if self._rate >= NEAR * self._top:
            self._rate = self._top
            self._audit *= 2
        self._probing = self._rate < self._top
        self._empty = sent_at
        self._unanswered = deque((at for at in self._unanswered if at > sent_at), maxlen=REMEMBERED)

    def _advance(self, now: float) -> None:
        """Let time go by until `now`: refill the bucket, overspend, and see what that proves."""
        if self._at is None:
            self._at = self._empty = self._began = now
            self._refill.begin(now, self._level if not self._learning else self._burst)
            return
        passed = now - self._at
        if passed <= 0:
            return
        self._at = now
        if self._hard:
            self._allowance = min(self._burst, self._allowance + self._top * passed)
        self._probe.fade(passed, self._rate)
        if self._probing and now >= self._hold.until:
            self._probe.advance(passed, self._rate)
            self._believe_excess(now)
        elif self._rate >= self._top:
            self._prove(now)
        self._level += self._rate * passed
        if self._level + self._probe.extra >= self._burst:
            self._level = min(self._level, self._burst)
            self._probe.extra = self._burst - self._level
            self._refill.overflow()
            self._start.full = True

    def _believe_excess(self, now: float) -> None:
        """If more was accepted than the believed rate allows for, raise it."""
        if len(self._unanswered) == REMEMBERED:  # there may be more of them, so nothing can be concluded
            return
        excess = -(self._level + self._flight + len(self._unanswered))
        chance = self._probe.chance(self._refill.noise, now - self._empty)
        if self._rate >= self._top:
            if self._hard or excess <= self._burst + chance:  # a bucket that was full would explain it
                return
            self._top = MOST  # an audit has found the stated quota too low
        elif excess <= chance:
            return
        self._rate = min(self._rate + RISE * self._probe.speed, self._top)
        self._level = 0.0
        self._unanswered.clear()
        self._probe.found_more()
        self._refill.restart()

    def _prove(self, now: float) -> None:
        """Count the highest rate as proven once it has lasted. Later, audit it, unless it is hard."""
        quiet = now - max(self._reacted, self._empty)
        if quiet > PROVING * self._scale:
            self._probe.proved(self._rate)
        if quiet > self._audit and not self._hard:
            self._audit *= 2
            self._probing = True

    def _spacing(self) -> float:
        """Seconds between departures. Overspent calls count, too, however low the believed rate is."""
        if self._tiny:
            return 1 / self._rate + min(self._latency.margin, 1 / self._rate)
        if self._sent < AT_ONCE:
            return 0.0
        overspent = self._rate + self._probe.speed
        if self._polite:
            overspent = min(overspent, (self._stated or MOST) / 2)
        return 1 / max(2 * self._rate, overspent)

    def _answered(self, now: float) -> None:
        self._advance(now)
        if self._flight:
            self._flight -= 1

    def _learn_latency(self, sent_at: float, now: float) -> None:
        """Learn from how long the call took, and correct the level if the bucket was reached late."""
        latency, took = self._latency, now - sent_at
        if sent_at == self._last:
            latency.last = took
        shorter = took < latency.shortest
        latency.took(took)
        if shorter:
            self._level += self._start.shorter(took, self._rate)
        self._level += self._start.answered(sent_at, now, shortest=latency.shortest, rate=self._rate)
