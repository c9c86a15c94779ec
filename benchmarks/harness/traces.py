"""A server's log turned into figures, and into the traces that plots are drawn from.

A trace is one contestant's run as a function of time:

    label      whose it is
    step       seconds of one bin
    quota      [[t, calls/second], ...]: the server's refill from each t on
    t          where each bin begins, in seconds since the first call
    sent       calls/second that arrived in the bin, refused ones included
    refused    calls/second of them that the quota refused
    in_flight  calls in flight at most in the bin        (over HTTP)
    left       puts not yet made at the bin's end        (over HTTP)
    waiting    calls waiting for their turn              (in virtual time)

Of the last three a trace has what was seen. A section keeps its traces as `series["traces"]`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.harness.calls import OK, REFUSED, LoggedCall

PUT = "PutGatewayResponse"

Trace = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the server counted of a contestant.

    `wall` is seconds from the arrival of its first call to the answer of its last successful put; None when
    none succeeded. `refused` by quota; `conflicts` and `cut` are faults that were scripted.
    """

    wall: float | None
    calls: int
    refused: int
    conflicts: int
    cut: int

    @classmethod
    def of(cls, calls: Sequence[LoggedCall]) -> Figures:
        """Fold a log."""
        ends = [call.left for call in calls if call.operation == PUT and call.outcome == OK]
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
    last = max((call.left for call in calls), default=first)
    bins = max(1, math.ceil((last - first) / step))

    def counted(times: Iterable[float]) -> list[int]:
        counts = [0] * bins
        for time in times:
            counts[min(bins - 1, int((time - first) / step))] += 1
        return counts

    made = counted(call.left for call in calls if call.operation == PUT and call.outcome == OK)
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
    moves = sorted(move for call in calls for move in ((call.arrived - first, 1), (call.left - first, -1)))
    most, now, at = [0] * bins, 0, 0
    for when, change in moves:
        place = min(bins - 1, int(when / step))
        while at < place:  # who was in flight stays so in the bins nothing happened in
            at += 1
            most[at] = now
        now += change
        most[at] = max(most[at], now)
    return most
