"""Makes figures and traces (for the plots) of a server's log.

A trace is one contestant's run as a function of time, in bins (intervals of equal length):

    label      the contestant
    step       seconds of one bin
    quota      [[t, calls/second], ...]: the server's refill from each t on
    t          where each bin begins, in seconds since the first call
    sent       calls/second that arrived in the bin, refused ones included
    refused    calls/second of them that the quota refused
    in_flight  the most calls in flight in the bin       (over HTTP)
    left       puts not yet made at the bin's end        (over HTTP)
    waiting    calls that wait before they are sent     (in virtual time)

A trace need not have all of the last three. A section keeps its traces as `series["traces"]`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.over_http.calls import OK, REFUSED, LoggedCall

PUT = "PutGatewayResponse"

Trace = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the server counted of a contestant.

    Attributes:
        wall: seconds from the arrival of its first call to the answer of its last successful put; None when
            no put succeeded.
        calls: all its calls.
        refused: calls that the quota refused.
        conflicts: calls refused by a scripted conflict.
        cut: calls whose connection was cut by the script.
    """

    wall: float | None
    calls: int
    refused: int
    conflicts: int
    cut: int

    @classmethod
    def of(cls, calls: Sequence[LoggedCall]) -> Figures:
        """Count the calls of a log."""
        ends = [call.answered for call in calls if call.operation == PUT and call.outcome == OK]
        first = min((call.arrived for call in calls), default=0.0)
        outcomes = [call.outcome for call in calls]
        return cls(
            wall=max(ends) - first if ends else None,
            calls=len(calls),
            refused=outcomes.count(REFUSED),
            conflicts=outcomes.count("ConflictException"),
            cut=outcomes.count("cut"),
        )


def trace(
    label: str,
    calls: Sequence[LoggedCall],
    *,
    quota: Iterable[tuple[float, float]],
    puts: int,
    step: float = 1.0,
) -> Trace:
    """One contestant's calls in bins of `step` seconds, from its first call to its last answer."""
    first = min((call.arrived for call in calls), default=0.0)
    last = max((call.answered for call in calls), default=first)
    bins = max(1, math.ceil((last - first) / step))

    def counted(times: Iterable[float]) -> list[int]:
        counts = [0] * bins
        for time in times:
            counts[min(bins - 1, int((time - first) / step))] += 1
        return counts

    made = counted(call.answered for call in calls if call.operation == PUT and call.outcome == OK)
    left, remaining = [], puts
    for count in made:
        remaining -= count
        left.append(max(0, remaining))
    return {
        "label": label,
        "step": step,
        "quota": [list(point) for point in quota],
        "t": [round(number * step, 3) for number in range(bins)],
        "sent": _rates(counted(call.arrived for call in calls), step),
        "refused": _rates(counted(call.arrived for call in calls if call.outcome == REFUSED), step),
        "in_flight": _in_flight(calls, first, step, bins),
        "left": left,
    }


def _rates(counts: Iterable[int], step: float) -> list[float]:
    return [round(count / step, 3) for count in counts]


def _in_flight(calls: Iterable[LoggedCall], first: float, step: float, bins: int) -> list[int]:
    """The most calls at once in each bin."""
    changes = sorted(
        change for call in calls for change in ((call.arrived - first, 1), (call.answered - first, -1))
    )
    most, now, at = [0] * bins, 0, 0
    for when, change in changes:
        index = min(bins - 1, int(when / step))
        while at < index:  # in bins without a change the calls in flight stay the same
            at += 1
            most[at] = now
        now += change
        most[at] = max(most[at], now)
    return most
