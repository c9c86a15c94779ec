"""Holds calls back, whatever is in the bucket: for a Retry-After, and while nothing is accepted (quiet)."""

from __future__ import annotations

from math import inf

LONGEST_HOLD = 60.0
"""Seconds: a longer Retry-After counts as this."""

FRUITLESS = 5
"""Episodes of refusals in a row, without an accepted call between them, after which it is quiet."""

QUIET = 12.0
"""Seconds between calls while it is quiet: five calls a minute."""


class Hold:
    """Says until when no call may leave.

    Attributes:
        until: when calls may leave again, in seconds on the caller's clock.

    Args:
        scale: factor for all seconds here, for slow buckets.
    """

    __slots__ = ("_asked_for", "_fruitless", "_scale", "until")

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale
        self._fruitless = 0
        self._asked_for = -inf  # until when Retry-After holds calls back
        self.until = -inf

    @property
    def quiet(self) -> bool:
        """Whether nothing has been accepted for several episodes."""
        return self._fruitless >= FRUITLESS

    def sent(self, now: float) -> None:
        """A call leaves. While it is quiet, hold the next one back."""
        if self._fruitless >= FRUITLESS:
            self.until = max(self.until, now + QUIET * self._scale)

    def reacted(self, now: float) -> None:
        """An episode of refusals has begun."""
        self._fruitless += 1
        self.sent(now)

    def accepted(self) -> bool:
        """A call was accepted, which ends the quiet. Returns whether it was quiet."""
        was_quiet, self._fruitless = self._fruitless >= FRUITLESS, 0
        if was_quiet:
            self.until = self._asked_for
        return was_quiet

    def ask(self, retry_after: float, now: float) -> None:
        """A refusal asked to wait `retry_after` seconds."""
        self._asked_for = max(self._asked_for, now + min(max(retry_after, 0.0), LONGEST_HOLD))
        self.until = max(self.until, self._asked_for)
