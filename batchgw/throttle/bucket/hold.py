"""What holds calls up, whatever is in the bucket: what refusals ask for, and that nothing is accepted."""

from __future__ import annotations

from math import inf

LONGEST_HOLD = 60.0
"""Seconds: a Retry-After is honoured up to this."""

BARREN = 5
"""Reactions without a single accepted call between them, after which it is quiet."""

QUIET = 12.0
"""Seconds between calls while nothing is accepted: five a minute."""


class Hold:
    """Says until when no call may leave.

    Attributes:
        until: the moment.

    Args:
        scale: by which all seconds here are stretched, for slow buckets.
    """

    __slots__ = ("_asked_for", "_barren", "_scale", "until")

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale
        self._barren = 0
        self._asked_for = -inf  # until when Retry-After holds us
        self.until = -inf

    @property
    def quiet(self) -> bool:
        """Whether nothing has been accepted for long."""
        return self._barren >= BARREN

    def sent(self, now: float) -> None:
        """A call leaves: while it is quiet, they leave one by one."""
        if self._barren >= BARREN:
            self.until = max(self.until, now + QUIET * self._scale)

    def reacted(self, now: float) -> None:
        """Another episode of refusals has begun."""
        self._barren += 1
        self.sent(now)

    def accepted(self) -> bool:
        """Something is accepted: it is quiet no more. Answers whether it was until now."""
        was_quiet, self._barren = self._barren >= BARREN, 0
        if was_quiet:
            self.until = self._asked_for
        return was_quiet

    def asked(self, retry_after: float, now: float) -> None:
        """A refusal asked for so many seconds."""
        self._asked_for = max(self._asked_for, now + min(max(retry_after, 0.0), LONGEST_HOLD))
        self.until = max(self.until, self._asked_for)
