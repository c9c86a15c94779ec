"""A run second by second, for the plots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgw.simulator.traffic.neighbour import Caller
from batchgw.simulator.traffic.quota import Neighbour, Rate, Schedule
from benchmarks.virtual.call_log import WaitLog
from benchmarks.virtual.optimum import Supply
from benchmarks.virtual.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Per second since the first call: calls sent, refused, waiting (the mean), and the neighbour's.

    `quota` is the service's rate from each moment on, less the neighbour's average rate: calls/second.
    """

    label: str
    quota: Sequence[tuple[float, float]]
    sent: Sequence[int]
    refused: Sequence[int]
    waiting: Sequence[float]
    theirs: Sequence[int]

    def to_json(self) -> dict[str, object]:
        """Render for plots: `t` is the beginning of each second."""
        return {
            "label": self.label,
            "step": 1.0,
            "quota": [list(step) for step in self.quota],
            "t": list(range(len(self.sent))),
            "sent": list(self.sent),
            "refused": list(self.refused),
            "waiting": list(self.waiting),
            "theirs": list(self.theirs),
        }


def trace(stage: Stage, waiting: WaitLog) -> Trace:
    """The timeline of a run that has ended."""
    log = stage.log
    began = log.began
    seconds = int(log.finished - began) + 1
    scopes = stage.plane.engine.quotas.neighbours()
    return Trace(
        label=_label(stage),
        quota=left_by_neighbour(stage.scenario.quota, stage.rules.schedule, stage.rules.neighbour, seconds),
        sent=count_per_second(log.sent, began, seconds),
        refused=count_per_second(log.refused, began, seconds),
        waiting=[round(each, 2) for each in mean_per_second(waiting.waits, began, seconds)],
        theirs=_sums(
            (count_per_second(_until(stage.arrivals(scope), seconds), 0.0, seconds) for scope in scopes),
            seconds,
        ),
    )


def _label(stage: Stage) -> str:
    """What the neighbour leaves is known, and drawn, only if it does not react to refusals."""
    title = stage.scenario.title
    return f"{title} (dashed: what it leaves)" if isinstance(stage.rules.neighbour, Neighbour) else title


def left_by_neighbour(
    quota: Rate, schedule: Schedule, neighbour: Caller | None, seconds: float
) -> list[tuple[float, float]]:
    """The refill less the neighbour's average rate, from each moment on, for so many seconds."""
    steps = {at: speed for at, _, speed in Supply(quota, schedule).pieces() if at <= seconds}
    taken = dict(_taking(neighbour, seconds)) if isinstance(neighbour, Neighbour) else {0.0: 0.0}
    return [(at, _value_at(steps, at) - _value_at(taken, at)) for at in sorted({*steps, *taken})]


def _taking(neighbour: Neighbour, seconds: float) -> Iterator[tuple[float, float]]:
    """The neighbour's calls/second from each moment on."""
    yield 0.0, neighbour.rate
    at, round_ = 0.0, neighbour.on + neighbour.off
    while neighbour.on and neighbour.off and at <= seconds:
        yield at, neighbour.rate
        yield at + neighbour.on, 0.0
        at += round_


def _value_at(steps: Mapping[float, float], at: float) -> float:
    return steps[max(moment for moment in steps if moment <= at)]


def count_per_second(moments: Iterable[float], began: float, seconds: int) -> list[int]:
    """How many of the moments are in each second."""
    counts = [0] * seconds
    for moment in moments:
        second = int(moment - began)
        if 0 <= second < seconds:
            counts[second] += 1
    return counts


def mean_per_second(intervals: Iterable[tuple[float, float]], began: float, seconds: int) -> list[float]:
    """How many of the intervals are open in each second, on average over it."""
    means = [0.0] * seconds
    for start, end in intervals:
        since, until = max(0.0, start - began), min(float(seconds), end - began)
        for second in range(int(since), seconds):
            if second >= until:
                break
            means[second] += min(until, second + 1.0) - max(since, float(second))
    return means


def _until(moments: Iterable[float], end: float) -> Iterable[float]:
    for moment in moments:
        if moment >= end:
            return
        yield moment


def _sums(rows: Iterable[Sequence[int]], seconds: int) -> list[int]:
    total = [0] * seconds
    for row in rows:
        total = [a + b for a, b in zip(total, row, strict=True)]
    return total
