"""From the engine's events to log entries: a severity, a dotted name, fields. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple, assert_never

from batchgw.control_plane.interface import API_GATEWAY
from batchgw.events import (
    ApiRechecked,
    ApisListed,
    CallAnswered,
    CallGaveUp,
    CallRetried,
    CallSent,
    CallThrottled,
    CredentialsRefreshed,
    Decided,
    Event,
    GateAnswered,
    GateAsked,
    ItemPlanned,
    PhaseEnded,
    PhaseStarted,
    QuotaShared,
    ReachedDirectly,
    ScopeFound,
    ScopeGivenUp,
    ScopesFound,
    StageLive,
    TypeUnknown,
    WaveEntered,
    WavesEnded,
)
from batchgw.model import (
    Applied,
    Failed,
    Held,
    NotAttempted,
    Outcome,
    PlanItem,
    PlannedApi,
    Skipped,
    SkippedScope,
    Unchanged,
    UnreadApi,
    UnreadScope,
)
from batchgw.times import timestamp

CallEvent = CallSent | CallAnswered | CallThrottled | CallRetried | CallGaveUp

UNKNOWN_TYPE = (
    "AWS has a type of gateway response that this version of batchgw does not know. It is not changed"
)

DEBUG, INFO, WARNING = logging.DEBUG, logging.INFO, logging.WARNING
"""A warning is what people should know before the summary. Everything else is for investigations."""

_CALLS: dict[type[CallEvent], tuple[int, str, tuple[str, ...]]] = {
    CallSent: (DEBUG, "batchgw.call.sent", ("attempt", "waited", "rate")),
    CallAnswered: (DEBUG, "batchgw.call.answered", ("attempt", "latency", "request_id")),
    CallThrottled: (INFO, "batchgw.call.throttled", ("attempt", "rate", "retry_after", "request_id")),
    CallRetried: (INFO, "batchgw.call.retried", ("attempt", "delay", "code", "message", "request_id")),
    CallGaveUp: (INFO, "batchgw.call.gave_up", ("attempts", "code", "message", "request_id")),
}
"""Severity, name and own fields of the events about one call."""

_DECIDED: dict[type[Outcome], int] = {
    Applied: INFO,
    Unchanged: DEBUG,
    Failed: WARNING,
    Skipped: INFO,
    Held: WARNING,
    NotAttempted: INFO,
}
"""Severity of each kind of outcome."""

_OF_A_RUN = (PhaseStarted, PhaseEnded, WaveEntered, WavesEnded)
"""Events that name their run."""

_FIRST_ASKED = frozenset({"sts", "organizations"})
"""Services that everything else waits for. When a call to one fails, nothing else seems to happen."""

_RENAMED = {"waited": "wait", "delay": "wait"}
"""One key for seconds of waiting, whatever for."""


class Entry(NamedTuple):
    """A log entry without its time and run. Seconds in `wait` and `latency` have three decimals."""

    level: int
    name: str
    fields: Mapping[str, object]


def level_of(event: Event) -> int:
    """Give the severity alone. It is cheap, for the many events below every level."""
    if isinstance(event, Decided):
        return _DECIDED[type(event.outcome)]
    if isinstance(event, CallRetried) and event.attempt == 1 and event.service in _FIRST_ASKED:
        return WARNING
    call = _CALLS.get(type(event))  # type: ignore[arg-type]  # the others are not in the table
    return call[0] if call else entry(event).level


def entry(event: Event) -> Entry:  # noqa: C901, PLR0911, PLR0912 - a closed match, one arm an event
    """Translate an event."""
    match event:  # the most frequent first
        case Decided():
            return _outcome(event.outcome)
        case CallSent() | CallAnswered() | CallThrottled() | CallRetried() | CallGaveUp():
            return _call(event)
        case PhaseStarted():
            expected = sum(event.expected.values())
            return Entry(
                INFO,
                "batchgw.phase.started",
                {"phase": event.phase, "scopes": len(event.scopes), "expected": expected},
            )
        case PhaseEnded():
            return Entry(
                INFO, "batchgw.phase.ended", {"phase": event.phase, "elapsed": round(event.elapsed, 3)}
            )
        case ScopeFound():
            return Entry(DEBUG, "batchgw.scope.found", {"scope": str(event.scope)})
        case ScopesFound():
            return Entry(INFO, "batchgw.scopes.found", {"scopes": event.scopes})
        case ApisListed():
            fields = {"scope": str(event.scope), "seen": event.seen, "selected": event.selected}
            return Entry(INFO, "batchgw.apis.listed", {**fields, "last_page": event.last_page})
        case ItemPlanned():
            return _item(event.item)
        case ApiRechecked():
            fields = {"scope": str(event.api.scope), "api": event.api.id}
            return Entry(DEBUG, "batchgw.api.rechecked", fields)
        case StageLive():
            fields = {"scope": str(event.api.scope), "api": event.api.id, "stage": event.stage}
            seconds = None if event.seconds is None else round(event.seconds, 3)
            fields |= {"by": event.by.value, "not_probeable": event.not_probeable}
            return Entry(INFO, "batchgw.stage.live", {**fields, "seconds": seconds})
        case WaveEntered() | GateAsked() | GateAnswered() | WavesEnded():
            return _wave(event)
        case ScopeGivenUp():
            fields = {"scope": str(event.scope), "code": event.code, "message": event.message}
            return Entry(INFO if event.rightly else WARNING, "batchgw.scope.given_up", fields)
        case QuotaShared():
            fields = {"account": event.account, "regions": list(event.regions)}
            return Entry(WARNING, "batchgw.quota.shared", fields)
        case TypeUnknown():
            fields = {"scope": str(event.scope), "type": event.type, "message": UNKNOWN_TYPE}
            return Entry(WARNING, "batchgw.type.unknown", fields)
        case CredentialsRefreshed():
            fields = {"account": event.account, "role": event.role, "expires": timestamp(event.expires)}
            return Entry(INFO, "batchgw.credentials.refreshed", fields)
        case ReachedDirectly():
            fields = {"account": event.account, "role": event.role}
            return Entry(INFO, "batchgw.credentials.direct", fields)
        case _:
            assert_never(event)


def run_of(event: Event) -> str | None:
    """The run of an event, if the event names it."""
    return event.run or None if isinstance(event, _OF_A_RUN) else None


def _call(event: CallEvent) -> Entry:
    _, name, own = _CALLS[type(event)]
    fields: dict[str, object] = {"scope": str(event.scope), "operation": event.operation}
    if event.service != API_GATEWAY:
        fields["service"] = event.service
    if event.api is not None:
        fields["api"] = event.api
    if event.target is not None:
        fields["target"] = event.target
    for field in own:
        value = getattr(event, field)
        if value is not None:
            fields[_RENAMED.get(field, field)] = round(value, 3) if isinstance(value, float) else value
    return Entry(level_of(event), name, fields)


def _wave(event: WaveEntered | GateAsked | GateAnswered | WavesEnded) -> Entry:
    match event:
        case WaveEntered():
            fields = {"wave": event.number, "of": event.of, "state": event.state, "said": event.said}
            fields |= {"unit": event.unit} if event.unit else {}
            fields |= {} if event.lasts is None else {"lasts": round(event.lasts, 3)}
            return Entry(WARNING if event.state in ("held", "failed") else INFO, "batchgw.wave", fields)
        case GateAsked():
            fields = {"wave": event.number, "of": event.of, "gate": event.gate}
            return Entry(INFO, "batchgw.gate.asked", fields)
        case GateAnswered():
            fields = {"wave": event.number, "of": event.of, "gate": event.gate, "result": event.result}
            return Entry(INFO, "batchgw.gate.answered", {**fields, "said": event.said})
        case WavesEnded():
            return Entry(INFO, "batchgw.waves.ended", {"why": event.why} if event.why else {})
        case _:
            assert_never(event)


def _item(item: PlanItem) -> Entry:
    match item:
        case PlannedApi():
            planned = {"scope": str(item.api.scope), "api": item.api.id, "pending": len(item.pending)}
            return Entry(DEBUG, "batchgw.api.planned", planned)
        case UnreadApi():
            fields = {"scope": str(item.api.scope), "api": item.api.id}
            fields |= {"code": item.code, "message": item.message}
            return Entry(INFO, f"batchgw.api.{'managed' if item.managed else 'unread'}", fields)
        case UnreadScope() | SkippedScope():
            name = "unread" if isinstance(item, UnreadScope) else "skipped"
            fields = {"scope": str(item.scope), "code": item.code, "message": item.message}
            return Entry(INFO, f"batchgw.scope.{name}", fields)
        case _:
            assert_never(item)


def _outcome(outcome: Outcome) -> Entry:
    level = _DECIDED[type(outcome)]
    fields: dict[str, object] = {
        "scope": str(outcome.api.scope),
        "api": outcome.api.id,
        **outcome.target.to_json(),
        "action": str(outcome.action),
    }
    match outcome:
        case Applied():
            effort = outcome.effort
            fields["attempts"] = effort.attempts
            fields["throttles"] = effort.throttles
            fields["wait"] = round(effort.waited, 3)
            if effort.request_id:
                fields["request_id"] = effort.request_id
            return Entry(level, "batchgw.outcome.applied", fields)
        case Unchanged():
            return Entry(level, "batchgw.outcome.unchanged", fields)
        case Failed():
            return Entry(level, "batchgw.outcome.failed", fields | _why(outcome))
        case Skipped():
            return Entry(level, "batchgw.outcome.skipped", fields | _why(outcome))
        case Held():
            return Entry(level, "batchgw.outcome.held", fields | _why(outcome))
        case NotAttempted():
            return Entry(level, "batchgw.outcome.not_attempted", fields | _why(outcome))
        case _:
            assert_never(outcome)


def _why(outcome: Failed | Skipped | Held | NotAttempted) -> dict[str, str]:
    return {"code": outcome.code, "message": outcome.message}
