"""What a limiter needs of a bucket's model: told what happens and when, it says how long to wait.

A pacer has no clock and never waits. Times are seconds on any monotonic scale the caller keeps to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerStatistics:
    """What a pacer believes and has seen. Rates are calls/second, levels are calls."""

    rate: float
    ceiling: float
    burst: float
    level: float
    sent: int
    refused: int


class Pacer(Protocol):
    """The model of one remote bucket."""

    def delay(self, now: float) -> float:
        """Seconds until the next call may leave: finite, 0 when it may leave now."""
        ...

    def sent(self, now: float) -> None:
        """A call leaves at `now`."""
        ...

    def ok(self, sent_at: float, now: float) -> None:
        """The call sent at `sent_at` was let through by the quota, whatever else became of it."""
        ...

    def throttled(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """The call sent at `sent_at` was refused; `retry_after` is what the service asked for, in seconds."""
        ...

    def unknown(self, sent_at: float, now: float) -> None:
        """The call sent at `sent_at` was not answered: it counts as consumed."""
        ...

    def statistics(self, now: float) -> PacerStatistics:
        """What is believed now."""
        ...
