"""How an API-type stands: outcomes as columns and back, and which outcome may replace which.

An undecided row has rank 0. Not attempted may be said again (for another reason) and gives way to everything
else; failed and skipped give way only to applied or unchanged, which stand for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from sqlalchemy import Row

from batchgw.model import (
    Action,
    Applied,
    Effort,
    Failed,
    NotAttempted,
    Outcome,
    ResponseType,
    RestApi,
    Skipped,
    Unchanged,
)

RANKS: Final[Mapping[str, int]] = {
    "not_attempted": 1,
    "failed": 2,
    "skipped": 2,
    "unchanged": 3,
    "applied": 3,
}
"""The strength of each kind of outcome."""

KINDS: Final = frozenset(RANKS)

DECIDED: Final = 2
"""The least rank a resume does not take up again."""

Columns = dict[str, Any]
"""Values by column name, as SQLAlchemy takes them."""


def verdict(kind: str | None, now: float, *, code: str | None = None, message: str | None = None) -> Columns:
    """Give the columns that tell an outcome, or that there is none, but for what it cost."""
    if kind is None:
        return {"rank": 0, "kind": None, "code": None, "message": None, "decided_at": None}
    return {"rank": RANKS[kind], "kind": kind, "code": code, "message": message, "decided_at": now}


def replaces(rank: int) -> int:
    """Give the least rank that an outcome of `rank` does not replace."""
    return max(rank, DECIDED)


def spent(effort: Effort) -> Columns:
    """Give the columns that tell what an outcome cost."""
    return {
        "attempts": effort.attempts,
        "throttles": effort.throttles,
        "waited": effort.waited,
        "request_id": effort.request_id,
    }


def columns(outcome: Outcome, now: float) -> Columns:
    """Write an outcome as columns."""
    match outcome:
        case Applied():
            verified = outcome.verified_by_read
            return {**verdict("applied", now), **spent(outcome.effort), "verified": verified}
        case Unchanged():
            return {**verdict("unchanged", now), **spent(Effort()), "verified": False}
        case Failed():
            why = verdict("failed", now, code=outcome.code, message=outcome.message)
            return {**why, **spent(outcome.effort), "verified": False}
        case Skipped():
            why = verdict("skipped", now, code=outcome.code, message=outcome.message)
            return {**why, **spent(outcome.effort), "verified": False}
        case NotAttempted():
            why = verdict("not_attempted", now, code=outcome.code, message=outcome.message)
            return {**why, **spent(Effort()), "verified": False}
        case _:
            assert_never(outcome)


UNDECIDED: Final[Mapping[str, Any]] = {**verdict(None, 0.0), **spent(Effort()), "verified": False}
"""The columns of a row without an outcome."""


def outcome(api: RestApi, row: Row[Any]) -> Outcome:
    """Read what `columns` wrote, from a row of `changes` that has an outcome."""
    type_, action = ResponseType(row.type), Action(row.action)
    effort = Effort(
        attempts=row.attempts, throttles=row.throttles, waited=row.waited, request_id=row.request_id
    )
    match row.kind:
        case "applied":
            return Applied(api=api, type=type_, action=action, effort=effort, verified_by_read=row.verified)
        case "unchanged":
            return Unchanged(api=api, type=type_, action=action)
        case "failed":
            return Failed(
                api=api, type=type_, action=action, code=row.code, message=row.message, effort=effort
            )
        case "skipped":
            return Skipped(
                api=api, type=type_, action=action, code=row.code, message=row.message, effort=effort
            )
        case "not_attempted":
            return NotAttempted(api=api, type=type_, action=action, code=row.code, message=row.message)
        case unknown:
            raise ValueError(f"change {row.id} has an outcome of unknown kind {unknown!r}")
