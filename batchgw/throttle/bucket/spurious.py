"""Doubts a refusal that should not have come: a few calls at once tell whether the bucket is empty.

A throttle that is spread over hosts, or that refuses by chance, says nothing of the bucket, and who takes
each refusal for an empty one asks for less and less. An empty bucket refuses one of two calls that come
together. So a refusal that the level does not explain is tried by a volley before it is believed.
"""

from __future__ import annotations

from math import inf

HELD = 0.5
"""Calls that a bucket which refuses may hold all the same."""

LARGEST = 9
"""Calls of a volley, at most: where more would run in before it arrives, nothing is tried."""

LEAVING = 0.5
"""Seconds in which a volley must have left."""

PATIENCE = 2.0
"""Seconds after which a volley that is not answered has failed."""

SUNK = 0.25
"""Part of the rate that is hoped for below which a refusal is odd, whatever the level."""

PAUSE = 300.0
"""Seconds without a volley after one that was refused: a neighbour that comes and goes is doubted once."""

SOONER = 5.0
"""Times shorter the pause is for each volley that was taken before."""

SHORT_PAUSE = 5.0
"""Seconds: the shortest pause."""

RARER = 3.0
"""Times longer the pause is after each further volley that was refused."""

PROOF = 3
"""Volleys taken, less those refused, that prove that refusals say nothing. Then each is tried."""

SEVERAL = 2
"""Calls of a volley that must be refused then."""

BACKING = 8
"""Volleys taken that are remembered, at most. One that is refused outweighs as many as are a proof."""


class SpuriousRefusals:
    """Keeps the record of the volleys.

    A first volley ends with its first refusal: a bucket that is empty shall not be asked much. Where volleys
    have been taken before, one more of its calls may be refused by chance.

    Attributes:
        left: calls of the volley that are still to leave.

    Args:
        scale: by which all seconds here are stretched, for slow buckets.
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
        self._taken = 0  # volleys, up to BACKING; less for each that was refused
        self._failed = 0  # volleys in a row
        self._not_before = -inf
        self._began: float | None = None  # when the volley was asked for; None when there is none
        self._asked_at = -inf  # departure of the call that it is to tell about
        self._bar = self._refused = self._to_take = 0
        self.left = 0

    @property
    def proven(self) -> bool:
        """Whether refusals have been shown to say nothing."""
        return self._taken >= PROOF

    @property
    def tried(self) -> bool:
        """Whether a volley is to tell what a refusal was worth."""
        return self._began is not None

    def dismisses(self, sent_at: float, now: float, *, rate: float, odd: bool) -> bool:
        """Judge the refusal of the call sent at `sent_at`: whether not to believe it, at least for now.

        `rate` is what runs in, in calls/second, and `odd` a refusal that the level does not explain.
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
        """A refusal was believed. Where it is quiet, the believed level is no ground for a doubt for long."""
        self._accepting = False
        self._end()
        if quiet:
            self._not_before = max(self._not_before, now + PAUSE * self._scale)

    def wants(self, now: float) -> bool:
        """Whether a call of the volley is to leave at once."""
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
        """Ask for a volley: as many calls as may have run in meanwhile, and those to be refused."""
        running_in = max(1, int(HELD + rate * (now - sent_at)))
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
