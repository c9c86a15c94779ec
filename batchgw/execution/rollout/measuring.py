"""Asks a metric gate: what a wave's stages measured, beside those of the waves to come, minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil, floor
from typing import Final

from batchgw.concurrency.pool import pooled, unwrapped
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.operations.cloudwatch import MetricQuery, MetricSeries
from batchgw.control_plane.operations.cloudwatch.get_metric_data import MOST_QUERIES
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError
from batchgw.execution import signals
from batchgw.execution.rollout.answer import Answer, inconclusive
from batchgw.execution.rollout.traces import apis_of, scopes_of
from batchgw.journal import JournalRun
from batchgw.journal.records import TracedChange
from batchgw.journal.rollout_records import GateResult
from batchgw.model import Scope
from batchgw.model.deployment.stage_change import StageChange
from batchgw.model.rollout.gate import MetricCheck, MetricName
from batchgw.planning.rollout.metrics import Counted, Judged, Latency, Verdict, judge_errors, judge_latency
from batchgw.times import duration
from batchgw.wording import amount

MINUTE: Final = 60.0
"""Seconds. API Gateway measures once a minute (developer guide, metrics)."""

LAG: Final = 180.0
"""Seconds that a minute must be over before it is read. AWS names no time after which all of it is there."""

LONGEST: Final = 180 * MINUTE
"""Seconds of a long bake that are compared, its last ones: what they measure fits into memory."""

SCOPES: Final = 16
"""Account-regions that are read side by side."""

_STAGES: Final = MOST_QUERIES // 2
"""Stages of one call: each takes two queries."""

_STATS: Final = ("Sum", "SampleCount")
"""What is asked of a metric. Each request is a sample: an error has the value 1, any other request 0."""

Key = tuple[str, str]
"""The name of an API and of a stage: CloudWatch knows nothing of ids."""


class _Unread(Exception):
    """Something is not known of what was measured, so nothing is compared."""


class _Side(Enum):
    WAVE = auto()  # moved in this wave
    LATER = auto()  # to be moved in a wave to come
    NEITHER = auto()
    MIXED = auto()  # several stages of one name, which are not all on one side


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole minutes, from `start` to before `end`, in seconds since the epoch."""

    start: float
    end: float

    @classmethod
    def within(cls, start: float, end: float) -> Span | None:
        """Give the whole minutes between two times, `LONGEST` at most; None where there is none."""
        last = floor(end / MINUTE) * MINUTE
        first = max(ceil(start / MINUTE) * MINUTE, last - LONGEST)
        return cls(start=first, end=last) if first < last else None

    def up_to(self, end: float) -> Span:
        """Give as many minutes that were over at another time."""
        last = floor(end / MINUTE) * MINUTE
        return Span(start=last - (self.end - self.start), end=last)


@dataclass(slots=True)
class _Measured:
    """What stages measured together: of each minute the sum of the values, and how many there were."""

    sums: dict[float, float] = field(default_factory=dict)
    requests: dict[float, float] = field(default_factory=dict)

    def add(self, sums: MetricSeries, requests: MetricSeries) -> None:
        for into, series in ((self.sums, sums), (self.requests, requests)):
            for minute, value in series.values:
                into[minute] = into.get(minute, 0.0) + value

    @property
    def counted(self) -> Counted:
        """Errors among requests."""
        return Counted(errors=round(sum(self.sums.values())), requests=round(sum(self.requests.values())))

    @property
    def latency(self) -> Latency:
        return Latency(
            minutes=[
                self.sums.get(minute, 0.0) / requests
                for minute, requests in sorted(self.requests.items())
                if requests > 0
            ],
            requests=round(sum(self.requests.values())),
        )


@dataclass(slots=True)
class _Stages:
    """The stages of one side: how many, and what they measured before the wave and after it."""

    number: int = 0
    before: _Measured = field(default_factory=_Measured)
    after: _Measured = field(default_factory=_Measured)


async def measured(
    run: JournalRun,
    wave: int,
    check: MetricCheck,
    *,
    plane: PacedControlPlane,
    bake: float,
    clock: Callable[[], float],
) -> Answer:
    """Compare the minutes of a wave's bake with as many before its first write. `bake` is seconds.

    It waits until CloudWatch has these minutes. Raises Stopped.
    """
    (record,) = [each for each in await run.waves() if each.number == wave]
    after = Span.within(record.since - bake, record.since)
    if after is None:
        return inconclusive(
            f"a bake of {duration(bake)} has no whole minute to compare: watch each wave for longer, as in "
            "`bake: 10m`"
        )
    await plane.stop.sleep(max(0.0, after.end + LAG - clock()))
    measuring = _Measuring(run, wave, check.metric, plane=plane, spans=(after.up_to(record.began), after))
    try:
        with unwrapped():
            async with aclosing(scopes_of(run)) as scopes:
                await pooled(scopes, measuring.scope, workers=SCOPES)
    except _Unread as error:
        return inconclusive(str(error))
    judged = measuring.judged(check)
    said = judged.why
    if measuring.mixed:
        said += f"; {amount(measuring.mixed, 'stage')} left out, whose API has the name of another one"
    return Answer(result=GateResult(judged.verdict.value), said=said)


class _Measuring:
    """Reads what both sides measured, in each account-region with the keys of its account."""

    def __init__(
        self,
        run: JournalRun,
        wave: int,
        metric: MetricName,
        *,
        plane: PacedControlPlane,
        spans: tuple[Span, Span],
    ) -> None:
        self._run = run
        self._wave = wave
        self._metric = metric
        self._plane = plane
        self._before, self._after = spans
        self.mixed = 0  # stages that cannot be told apart by their names
        self._sides = {_Side.WAVE: _Stages(), _Side.LATER: _Stages()}

    def judged(self, check: MetricCheck) -> Judged:
        """Judge what was read."""
        wave, others = self._sides[_Side.WAVE], self._sides[_Side.LATER]
        if not wave.number or not others.number:
            where = "the waves to come move" if wave.number else "the wave has moved"
            why = f"{where} no stage that could be compared"
            return Judged(verdict=Verdict.INCONCLUSIVE, why=why)
        if check.metric is MetricName.LATENCY:
            return judge_latency(
                check,
                wave=(wave.before.latency, wave.after.latency),
                others=(others.before.latency, others.after.latency),
            )
        return judge_errors(
            check,
            wave=wave.after.counted,
            others=others.after.counted,
            wave_before=wave.before.counted,
            others_before=others.before.counted,
        )

    async def scope(self, scope: Scope) -> None:
        """Read an account-region. Raises _Unread, and Stopped."""
        for side, keys in (await self._keys(scope)).items():
            self._sides[side].number += len(keys)
            for at in range(0, len(keys), _STAGES):
                await self._read(scope, self._sides[side], keys[at : at + _STAGES])

    async def _keys(self, scope: Scope) -> dict[_Side, list[Key]]:
        """Give the stages of both sides. CloudWatch adds up those that have one name."""
        sides: dict[Key, _Side] = {}
        async with aclosing(apis_of(self._run, scope)) as apis:
            async for traced in apis:
                for each in traced.changes:
                    if isinstance(each.change, StageChange) and traced.api.name:
                        key, side = (traced.api.name, each.change.stage), self._side(traced.wave, each)
                        sides[key] = side if sides.get(key, side) is side else _Side.MIXED
        self.mixed += sum(side is _Side.MIXED for side in sides.values())
        return {wanted: [key for key, side in sides.items() if side is wanted] for wanted in self._sides}

    def _side(self, wave: int | None, change: TracedChange) -> _Side:
        if wave == self._wave and change.touched:
            return _Side.WAVE
        later = wave is not None and wave > self._wave and not change.touched
        moves = isinstance(change.change, StageChange) and change.change.after is not None
        return _Side.LATER if later and moves else _Side.NEITHER

    async def _read(self, scope: Scope, into: _Stages, keys: Sequence[Key]) -> None:
        queries = [
            MetricQuery(
                id=f"{stat.lower()}{number}",
                metric=self._metric.value,
                dimensions={"ApiName": api, "Stage": stage},
                stat=stat,
            )
            for number, (api, stage) in enumerate(keys)
            for stat in _STATS
        ]
        slices = TimeSlices()
        for span, taken in ((self._before, into.before), (self._after, into.after)):
            try:
                found = await signals.metric_data(self._plane, scope, queries, start=span.start, end=span.end)
            except CallError as error:
                raise _Unread(f"the metrics of {scope} cannot be read: {error}") from error
            for number, (api, stage) in enumerate(keys):
                sums, requests = (found.get(f"{stat.lower()}{number}") for stat in _STATS)
                states = {"no answer" if each is None else each.status for each in (sums, requests)}
                if sums is None or requests is None or states != {signals.WHOLE}:
                    raise _Unread(
                        f"CloudWatch does not give all that stage {stage} of {api} in {scope} has measured "
                        f"({', '.join(sorted(states - {signals.WHOLE}))})"
                    )
                taken.add(sums, requests)
                await slices.yield_if_due()
