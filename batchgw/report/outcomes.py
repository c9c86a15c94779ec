"""Outcomes for machines: one JSON object each."""

from __future__ import annotations

from typing import assert_never

from batchgw.model import Applied, Effort, Failed, Held, NotAttempted, Outcome, Skipped, Unchanged
from batchgw.model.shape import JSON


def outcome_to_json(outcome: Outcome) -> dict[str, JSON]:
    """Render an outcome: its target, how it ended, and what it cost."""
    out: dict[str, JSON] = {
        "kind": "outcome",
        "account": outcome.api.scope.account,
        "region": outcome.api.scope.region,
        "api": outcome.api.id,
        "name": outcome.api.name,
        **outcome.target.to_json(),
        "action": outcome.action.value,
        "outcome": kind_of(outcome),
    }
    match outcome:
        case Applied():
            return out | {"verified_by_read": outcome.verified_by_read, **_cost(outcome.effort)}
        case Unchanged():
            return out
        case Failed() | Skipped() | Held():
            return out | {"code": outcome.code, "message": outcome.message, **_cost(outcome.effort)}
        case NotAttempted():
            return out | {"code": outcome.code, "message": outcome.message}
        case _:
            assert_never(outcome)


def kind_of(outcome: Outcome) -> str:
    """Name the kind of an outcome, as the journal and the summary do."""
    match outcome:
        case Applied():
            return "applied"
        case Unchanged():
            return "unchanged"
        case Failed():
            return "failed"
        case Skipped():
            return "skipped"
        case Held():
            return "held"
        case NotAttempted():
            return "not_attempted"
        case _:
            assert_never(outcome)


def _cost(effort: Effort) -> dict[str, JSON]:
    return {
        "attempts": effort.attempts,
        "throttles": effort.throttles,
        "waited": round(effort.waited, 3),
        "request_id": effort.request_id,
    }
