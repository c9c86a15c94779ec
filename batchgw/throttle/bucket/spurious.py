"""Detects spurious refusals: those that do not come from an empty bucket. A volley of calls tests for them.

If a throttle is spread over hosts, or refuses by chance, its refusals say nothing about the bucket. A client
that believes each of them sends less and less. But an empty bucket refuses one of two calls that come
together. So a refusal that the level does not explain is tested by a volley before it is believed.
"""

from __future__ import annotations

from math import inf

from batchgw.throttle.bucket.refill import HALF_TOKEN

LARGEST = 9
"""Calls of a volley, at most. If more tokens would run in before it arrives, no volley is sent."""

LEAVING = 0.5
"""Seconds within which all calls of a volley must have left."""

PATIENCE = 2.0
"""Seconds after which a volley that is not answered has failed."""

COLLAPSED = 0.25
"""Part of the best rate: while a lower rate is believed, every refusal is odd, whatever the level."""

PAUSE = 300.0
"""Seconds without a volley after a failed one. So a neighbour that comes and goes costs only one volley."""

SOONER = 5.0
"""Divisor of that pause for each accepted volley that is remembered."""

SHORT_PAUSE = 5.0
"""Seconds: the shortest such pause."""

RARER = 3.0
"""Factor of the pause for each further failed volley in a row."""

PROOF = 3
"""Accepted volleys that prove refusals to be spurious. From then on, every refusal is tested."""

SEVERAL = 2
"""Refused calls with which a volley fails once refusals are proven to be spurious."""

BACKING = 8
"""Accepted volleys that are remembered, at most. A failed volley cancels `PROOF` of them."""


class SpuriousRefusals:
    """Sends volleys, and keeps their record.

    A volley fails with its first refusal, so that an empty bucket is not called much. Once refusals are
    proven to be spurious, it fails with the second.

    Attributes:
        left: calls of the volley that are still to leave.

    Args:
        scale: factor for all seconds here, for slow buckets.
    """

    __slots__ = (
        "_accepting",
        "_asked_at",
        "_bar",
        "_began",
        "_failed",
        "_not_before",
        "_refused",
        "_scale",
        "_taken",
        "_to_take",
        "left",
    )

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale
        self._accepting = False  # whether anything was accepted since the last refusal that was believed
        self._taken = 0  # accepted volleys, up to BACKING, less PROOF for each that failed
        self._failed = 0  # failed volleys in a row
        self._not_before = -inf  # when the next volley may begin
        self._began: float | None = None  # when the volley began; None without one
        self._asked_at = -inf  # departure of the call whose refusal is tested
        self._bar = 0  # refused calls with which the volley fails
        self._refused = 0  # refused calls since the tested one
        self._to_take = 0  # accepted calls that are missing until the volley counts as accepted
        self.left = 0

    @property
    def proven(self) -> bool:
        """Whether refusals are proven to be spurious."""
        return self._taken >= PROOF

    @property
    def tried(self) -> bool:
        """Whether a volley is testing a refusal."""
        return self._began is not None

    def dismiss(self, sent_at: float, now: float, *, rate: float, odd: bool) -> bool:
        """Whether not to believe, for now, that the call sent at `sent_at` met an empty bucket.

        `rate` is the refill in calls/second. An `odd` refusal is one that the level does not explain.
        """
        if self._began is not None:
            self._refused += sent_at > self._asked_at
            if now - self._began <= PATIENCE * self._scale and self._refused < self._bar:
                return True
            self._fail(now)
        elif self._accepting and now >= self._not_before and (odd or self.proven):
            return self._begin(sent_at, now, rate)
        return False

    def believed(self, now: float, *, quiet: bool = False) -> None:
        """A refusal was believed, which ends a volley. While it is `quiet`, volleys pause."""
        self._accepting = False
        self._end()
        if quiet:
            self._not_before = max(self._not_before, now + PAUSE * self._scale)

    def wants(self, now: float) -> bool:
        """Whether a call of the volley is to leave now."""
        if self.left and self._began is not None and now - self._began > LEAVING * self._scale:
            self.left = 0
        return self.left > 0

    def sent(self) -> None:
        """A call leaves."""
        if self.left:
            self.left -= 1

    def accepted(self, sent_at: float) -> None:
        """The call sent at `sent_at` was accepted."""
        self._accepting = True
        if self._began is None or sent_at < self._began:
            return
        self._to_take -= 1
        if self._to_take <= 0:
            self._failed = 0
            self._taken = min(self._taken + 1, BACKING)
            self._end()

    def _begin(self, sent_at: float, now: float, rate: float) -> bool:
        """Begin a volley: one call for each token that may run in meanwhile, and those with which it fails.

        Returns False, and sends none, if those are too many.
        """
        running_in = max(1, int(HALF_TOKEN + rate * (now - sent_at)))
        self._bar = SEVERAL if self.proven else 1
        if running_in + self._bar > LARGEST:
            return False
        self.left = running_in + self._bar
        self._to_take = running_in + 1
        self._refused = 0
        self._began, self._asked_at = now, sent_at
        return True

    def _fail(self, now: float) -> None:
        pause = max(SHORT_PAUSE, PAUSE / SOONER**self._taken)
        self._not_before = now + pause * self._scale * RARER**self._failed
        self._failed = min(self._failed + 1, 30)
        self._taken = max(0, self._taken - PROOF)
        self._end()

    def _end(self) -> None:
        self._began = None
        self.left = 0
