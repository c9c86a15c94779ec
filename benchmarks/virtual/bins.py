"""A run second by second, for plots and for tuning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgw.simulator.traffic.neighbour import Caller
from batchgw.simulator.traffic.quota import Neighbour, Rate, Schedule
from benchmarks.virtual.clairvoyant import Supply
from benchmarks.virtual.stage import Stage
from benchmarks.virtual.watched import Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Per second since the first departure: calls sent, refused, waiting on average, and the neighbour's.

    `quota` is the service's rate from each moment on, less what the neighbour takes of it on average then:
    calls/second.
    """

    label: str
    quota: Sequence[tuple[float, float]]
    sent: Sequence[int]
    refused: Sequence[int]
    waiting: Sequence[float]
    theirs: Sequence[int]

    def to_json(self) -> dict[str, object]:
        """Render for plots: `t` is each second's beginning."""
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


def trace(stage: Stage, queue: Queue) -> Trace:
    """What was seen in a run, which is over."""
    watched = stage.watched
    began = watched.began
    seconds = int(watched.finished - began) + 1
    scopes = stage.plane.engine.quotas.neighbours()
    return Trace(
        label=_label(stage),
        quota=left_over(stage.scenario.quota, stage.rules.schedule, stage.rules.neighbour, seconds),
        sent=counted(watched.left, began, seconds),
        refused=counted(watched.refused, began, seconds),
        waiting=[round(each, 2) for each in lasting(queue.waits, began, seconds)],
        theirs=_added(
            (counted(_until(stage.arrivals(scope), seconds), 0.0, seconds) for scope in scopes), seconds
        ),
    )


def _label(stage: Stage) -> str:
    """What a neighbour leaves is drawn where it is known beforehand, not of one that answers to refusals."""
    title = stage.scenario.title
    return f"{title} (dashed: what it leaves)" if isinstance(stage.rules.neighbour, Neighbour) else title


def left_over(
    quota: Rate, schedule: Schedule, neighbour: Caller | None, seconds: float
) -> list[tuple[float, float]]:
    """What is refilled less what the neighbour takes on average, from each moment on, for so many seconds."""
    steps = {at: speed for at, _, speed in Supply(quota, schedule).pieces() if at <= seconds}
    taken = dict(_taking(neighbour, seconds)) if isinstance(neighbour, Neighbour) else {0.0: 0.0}
    return [(at, _latest(steps, at) - _latest(taken, at)) for at in sorted({*steps, *taken})]


def _taking(neighbour: Neighbour, seconds: float) -> Iterator[tuple[float, float]]:
    """The neighbour's calls/second from each moment on."""
    yield 0.0, neighbour.rate
    at, round_ = 0.0, neighbour.on + neighbour.off
    while neighbour.on and neighbour.off and at <= seconds:
        yield at, neighbour.rate
        yield at + neighbour.on, 0.0
        at += round_


def _latest(steps: Mapping[float, float], at: float) -> float:
    return steps[max(moment for moment in steps if moment <= at)]


def counted(moments: Iterable[float], began: float, seconds: int) -> list[int]:
    """How many fall into each second."""
    bins = [0] * seconds
    for moment in moments:
        place = int(moment - began)
        if 0 <= place < seconds:
            bins[place] += 1
    return bins


def lasting(stretches: Iterable[tuple[float, float]], began: float, seconds: int) -> list[float]:
    """How many stretches of time cover each second, on average over it."""
    bins = [0.0] * seconds
    for start, end in stretches:
        since, until = max(0.0, start - began), min(float(seconds), end - began)
        for place in range(int(since), seconds):
            if place >= until:
                break
            bins[place] += min(until, place + 1.0) - max(since, float(place))
    return bins


def _until(moments: Iterable[float], end: float) -> Iterable[float]:
    for moment in moments:
        if moment >= end:
            return
        yield moment


def _added(rows: Iterable[Sequence[int]], seconds: int) -> list[int]:
    total = [0] * seconds
    for row in rows:
        total = [a + b for a, b in zip(total, row, strict=True)]
    return total
