"""What a limiter needs of a bucket's model: told what happens and when, it says how long to wait.

A pacer has no clock and never waits. Times are seconds on any monotonic scale the caller keeps to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerStatistics:
    """What a pacer believes and has seen. Rates are calls/second, levels are calls.

    `stated` is the rate that was given, times our share of it; None for an unknown quota. `ceiling` is what
    `rate` cannot exceed now. `episodes` are the refusals it has reacted to.
    """

    rate: float
    ceiling: float
    stated: float | None
    burst: float
    level: float
    sent: int
    refused: int
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What was learned of a bucket, worth remembering until the next run.

    `rate` in calls/second is the refill left to us, None where nothing has measured it; `burst` and `level`
    are calls; `age` is how many seconds ago all that was so.
    """

    rate: float | None
    burst: float
    level: float
    age: float = 0.0


class Pacer(Protocol):
    """The model of one remote bucket."""

    @property
    def rate(self) -> float:
        """Calls/second believed to be ours, as of the last time anything was asked or told."""
        ...

    def delay(self, now: float, calls_left: float = inf) -> float:
        """Seconds until the next call may leave: finite, 0 when it may leave now.

        `calls_left` are the calls still to be made, this one included: the last ones may spend a reserve.
        """
        ...

    def sent(self, now: float) -> None:
        """A call leaves at `now`."""
        ...

    def accepted(self, sent_at: float, now: float) -> None:
        """The call sent at `sent_at` was let through by the quota, whatever else became of it."""
        ...

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """The call sent at `sent_at` was refused; `retry_after` is what the service asked for, in seconds."""
        ...

    def refund(self, sent_at: float, now: float) -> None:
        """The call sent at `sent_at` was refused by another bucket: this one was not asked."""
        ...

    def unanswered(self, sent_at: float, now: float) -> None:
        """The call sent at `sent_at` was not answered: it counts as consumed."""
        ...

    def statistics(self, now: float) -> PacerStatistics:
        """What is believed now."""
        ...

    def belief(self, now: float) -> Belief:
        """What is worth remembering."""
        ...
