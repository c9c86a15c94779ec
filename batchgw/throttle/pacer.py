"""The interface of a bucket's model. The limiter tells it what happens, and it says how long to wait.

A pacer has no clock and never waits. Times are seconds on one monotonic scale, which the caller chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerStatistics:
    """What a pacer believes and has seen. Rates are calls/second, levels are calls.

    `stated` is the given rate times our share of it; None for an unknown quota. `ceiling` is the highest that
    `rate` can be now. `episodes` counts the refusals to which it has reacted.
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
    """What was learned about a bucket, for the next run.

    `rate` is the refill that other callers leave to us, in calls/second; None where it was not measured.
    `burst` and `level` are calls. `age` is how many seconds ago this was learned.
    """

    rate: float | None
    burst: float
    level: float
    age: float = 0.0


class Pacer(Protocol):
    """The model of one remote bucket."""

    @property
    def rate(self) -> float:
        """Calls/second believed to be ours, as of the last call of a method."""
        ...

    def delay(self, now: float, calls_left: float = inf) -> float:
        """Seconds until the next call may leave: finite, 0 when it may leave now.

        `calls_left` are the calls still to be made, this one included. The last ones may spend the reserve.
        """
        ...

    def sent(self, now: float) -> None:
        """Tell it that a call leaves at `now`."""
        ...

    def accepted(self, sent_at: float, now: float) -> None:
        """Tell it that the quota let the call of `sent_at` through, whatever its result was."""
        ...

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """Tell it that the call of `sent_at` was refused. The service asked for `retry_after` seconds."""
        ...

    def refund(self, sent_at: float, now: float) -> None:
        """Tell it that another bucket refused the call of `sent_at`: it took no token from this one."""
        ...

    def unanswered(self, sent_at: float, now: float) -> None:
        """Tell it that the call of `sent_at` was not answered. Its token counts as consumed."""
        ...

    def statistics(self, now: float) -> PacerStatistics:
        """Give what is believed now."""
        ...

    def belief(self, now: float) -> Belief:
        """Give what the next run should know."""
        ...
