"""What `rollout` means: its record, with all that is left out filled in."""

from __future__ import annotations

from pathlib import PurePath

from batchgw.model import OuPattern, Region
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import (
    COMMAND_TIMEOUT,
    CONFIDENCE,
    HOLD_FOR,
    MIN_REQUESTS,
    AlarmCheck,
    CalendarCheck,
    Check,
    CommandCheck,
    Gate,
    MetricCheck,
    ProbeCheck,
    PromptCheck,
)
from batchgw.model.rollout.limits import Limits, MaxFailures
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import ALL, Wave
from batchgw.model.rollout.window import MINUTES, CalendarWindow, FileWindow, WeekWindow, Window
from batchgw.policy.grammar.amounts import duration_of, percent_of
from batchgw.policy.schema.gates import GateSpec
from batchgw.policy.schema.rollout import LimitsSpec, MaxFailuresSpec, RolloutSpec, WaveSpec
from batchgw.policy.schema.windows import WindowSpec, days_of, minutes_of


def rollout_of(spec: RolloutSpec, *, file: str) -> Rollout:
    """Give what a rollout means. `file` is the policy file's name: calendars are looked for beside it."""
    windows = spec.window if isinstance(spec.window, list) else [spec.window] if spec.window else []
    regions = () if spec.regions is None else spec.regions.order
    return Rollout(
        waves=tuple(map(_wave, spec.waves)) if spec.waves else (ALL,),
        order=spec.order,
        seed=spec.seed,
        bake=_seconds(spec.bake, 0.0),
        gates=tuple(_gate(each, name, spec) for each, name in zip(spec.gates, gate_names(spec), strict=True)),
        max_failures=_max_failures(spec.max_failures),
        limits=_limits(spec.limits),
        on_failure=spec.on_failure,
        windows=tuple(_window(each, file) for each in windows),
        max_parallel_scopes=_count(spec.max_parallel_scopes),
        regions=tuple(map(Region, dict.fromkeys(regions))),
    )


def gate_names(spec: RolloutSpec) -> tuple[str, ...]:
    """Give the names of gates, as they are written or as they are made of what each asks."""
    return tuple(each if isinstance(each, str) else each.name or _made_name(each) for each in spec.gates)


def _made_name(spec: GateSpec) -> str:
    if spec.command is not None:
        return PurePath(spec.command[0]).stem
    said = spec.alarm or spec.calendar
    if said is not None:
        return said.rpartition("/")[2].rpartition(":")[2]
    return spec.metric.value if spec.metric is not None else "probe" if spec.probe else "prompt"


def _wave(spec: WaveSpec) -> Wave:
    return Wave(
        size=_amount(spec.size),
        accounts=tuple(spec.accounts or ()),
        ou=None if spec.ou is None else OuPattern.parse(spec.ou),
        tags=spec.tags or {},
        stages=tuple(spec.stages or ()),
        rest=bool(spec.rest),
        allow_empty=spec.allow_empty,
    )


def _gate(spec: GateSpec | str, name: str, rollout: RolloutSpec) -> Gate:
    own = GateSpec.model_validate({spec: True}) if isinstance(spec, str) else spec
    return Gate(
        name=name,
        check=_check(own),
        on_inconclusive=own.on_inconclusive or rollout.on_inconclusive,
        hold_for=_seconds(own.hold_for or rollout.hold_for, HOLD_FOR),
    )


def _check(spec: GateSpec) -> Check:
    timeout = _seconds(spec.timeout, COMMAND_TIMEOUT)
    if spec.command is not None:
        return CommandCheck(argv=tuple(spec.command), timeout=timeout)
    if spec.alarm is not None:
        return AlarmCheck(alarm=spec.alarm)
    if spec.calendar is not None:
        return CalendarCheck(calendar=spec.calendar)
    if spec.metric is not None:
        return MetricCheck(
            metric=spec.metric,
            min_requests=MIN_REQUESTS if spec.min_requests is None else int(spec.min_requests),
            confidence=CONFIDENCE if spec.confidence is None else percent_of(spec.confidence),
            tolerance=0.0 if spec.tolerance is None else percent_of(spec.tolerance),
        )
    return ProbeCheck(timeout=timeout) if spec.probe else PromptCheck()


def _window(spec: WindowSpec, file: str) -> Window:
    if spec.file is not None:
        return FileWindow(path=str(PurePath(file).parent / spec.file))
    if spec.calendar is not None:
        return CalendarWindow(arn=spec.calendar)
    days = spec.days or ["mon-sun"]
    return WeekWindow(
        days=tuple(sorted({day for each in days for day in days_of(each)})),
        opens=minutes_of(spec.opens or "00:00"),
        closes=MINUTES if spec.closes is None else minutes_of(spec.closes),
        zone=spec.zone or "UTC",
    )


def _max_failures(spec: MaxFailuresSpec) -> MaxFailures:
    return MaxFailures(
        per_scope=_amount(spec.per_scope),
        per_wave=_amount(spec.per_wave),
        run=_amount(spec.run),
        scopes=_amount(spec.scopes),
    )


def _limits(spec: LimitsSpec) -> Limits:
    return Limits(
        apis=_count(spec.apis),
        percent=None if spec.percent is None else float(spec.percent.removesuffix("%")),
        resets=_count(spec.resets),
        status_changes=_count(spec.status_changes),
        stages=_count(spec.stages),
    )


def _amount(text: str | None) -> Amount | None:
    if text is None:
        return None
    return Amount(percent=percent_of(text)) if text.endswith("%") else Amount(count=int(text))


def _count(text: str | None) -> int | None:
    return None if text is None else int(text)


def _seconds(text: str | None, default: float) -> float:
    return default if text is None else duration_of(text)
