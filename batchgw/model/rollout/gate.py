"""Gates: what is asked after a wave, and must be good before the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from batchgw.model.shape import JSON, count, items, number, record, text

HOLD_FOR = 3600.0
"""Seconds that a hold waits for an answer: an hour. (An afternoon's on-call person has seen it by then.)"""

COMMAND_TIMEOUT = 600.0
"""Seconds that a command may take: ten minutes, as long as a smoke test."""

MIN_REQUESTS = 100
"""Requests that a metric needs on each side: with 100, a rate of 5 % has a standard error of 2 points."""

CONFIDENCE = 95.0
"""Per cent: how certain a metric gate must be that the wave is worse, before it fails."""


class OnInconclusive(StrEnum):
    """What happens where a gate cannot tell."""

    HOLD = "hold"  # a person decides
    PASS = "pass"  # the next wave begins  # noqa: S105 - no password
    FAIL = "fail"  # as if the gate had failed


class MetricName(StrEnum):
    """The metrics of API Gateway (namespace AWS/ApiGateway) that a gate can compare."""

    SERVER_ERRORS = "5XXError"
    CLIENT_ERRORS = "4XXError"
    LATENCY = "Latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCheck:
    """A person is asked."""

    kind = "prompt"

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields: there are none."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCheck:
    """A command is run, without a shell: 0 is pass, 75 inconclusive, all else fail. `timeout` is seconds."""

    kind = "command"
    argv: tuple[str, ...]
    timeout: float = COMMAND_TIMEOUT

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields."""
        return {"argv": list(self.argv), "timeout": self.timeout}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCheck:
    """An alarm of CloudWatch, metric or composite, by its name or ARN, must be OK before and throughout."""

    kind = "alarm"
    alarm: str

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields."""
        return {"alarm": self.alarm}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCheck:
    """The wave's own stages answer as the policy says. `timeout` is seconds for all of them."""

    kind = "probe"
    timeout: float = COMMAND_TIMEOUT

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields."""
        return {"timeout": self.timeout}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCheck:
    """A metric of the wave's stages, against those of later waves over the same minutes.

    Attributes:
        metric: which.
        min_requests: with fewer on either side it is inconclusive.
        confidence: per cent, how certain it must be that the wave is worse.
        tolerance: what counts as no worse: percentage points of an error rate, per cent of a latency.
    """

    kind = "metric"
    metric: MetricName
    min_requests: int = MIN_REQUESTS
    confidence: float = CONFIDENCE
    tolerance: float = 0.0

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields."""
        return {
            "metric": self.metric.value,
            "min_requests": self.min_requests,
            "confidence": self.confidence,
            "tolerance": self.tolerance,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarCheck:
    """An SSM Change Calendar, by its ARN, must be open."""

    kind = "calendar"
    calendar: str

    def to_json(self) -> dict[str, JSON]:
        """Render its own fields."""
        return {"calendar": self.calendar}


Check = PromptCheck | CommandCheck | AlarmCheck | ProbeCheck | MetricCheck | CalendarCheck
"""What a gate asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is asked, and what becomes of an answer that tells nothing.

    Attributes:
        name: unique within a rollout, for `--skip-gate` and reports.
        check: what is asked.
        on_inconclusive: what happens where it cannot tell.
        hold_for: seconds that a hold waits for an answer.
    """

    name: str
    check: Check
    on_inconclusive: OnInconclusive = OnInconclusive.HOLD
    hold_for: float = HOLD_FOR

    def to_json(self) -> dict[str, JSON]:
        """Render with the kind of what is asked."""
        return {
            "name": self.name,
            "kind": self.check.kind,
            **self.check.to_json(),
            "on_inconclusive": self.on_inconclusive.value,
            "hold_for": self.hold_for,
        }

    @classmethod
    def from_json(cls, data: JSON) -> Gate:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        return cls(
            name=text(found["name"]),
            check=_READ[text(found["kind"])](found),
            on_inconclusive=OnInconclusive(text(found["on_inconclusive"])),
            hold_for=number(found["hold_for"]),
        )


_READ: Mapping[str, Callable[[Mapping[str, JSON]], Check]] = {
    PromptCheck.kind: lambda _: PromptCheck(),
    CommandCheck.kind: lambda of: CommandCheck(
        argv=tuple(map(text, items(of["argv"]))), timeout=number(of["timeout"])
    ),
    AlarmCheck.kind: lambda of: AlarmCheck(alarm=text(of["alarm"])),
    ProbeCheck.kind: lambda of: ProbeCheck(timeout=number(of["timeout"])),
    MetricCheck.kind: lambda of: MetricCheck(
        metric=MetricName(text(of["metric"])),
        min_requests=count(of["min_requests"]),
        confidence=number(of["confidence"]),
        tolerance=number(of["tolerance"]),
    ),
    CalendarCheck.kind: lambda of: CalendarCheck(calendar=text(of["calendar"])),
}
