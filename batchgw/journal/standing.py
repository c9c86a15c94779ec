"""How an API-type stands: outcomes as columns and back, and which outcome may replace which.

An undecided row has rank 0. Not attempted may be said again (for another reason) and gives way to everything
else; failed and skipped give way only to applied or unchanged, which stand for ever. What was never read is
never taken up: its rank is `DECIDED`, whatever it is called.
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

NOTHING: Final = Effort()
"""What costs nothing."""

_BECAUSE: Final[Mapping[type[Outcome], str]] = {
    Failed: "failed",
    Skipped: "skipped",
    NotAttempted: "not_attempted",
}

Columns = dict[str, Any]
"""Values by column name, as SQLAlchemy takes them."""


def verdict(kind: str | None, now: float, *, code: str | None = None, message: str | None = None) -> Columns:
    """Give the columns that tell an outcome, or that there is none, but for what it cost."""
    if kind is None:
        return {"rank": 0, "kind": None, "code": None, "message": None, "decided_at": None}
    return {"rank": RANKS[kind], "kind": kind, "code": code, "message": message, "decided_at": now}


def never_read(kind: str, now: float, *, code: str, message: str) -> Columns:
    """Give the columns of an API-type whose API could not be read: no resume can know what to write there."""
    return {**verdict(kind, now, code=code, message=message), "rank": DECIDED}


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


def columns(outcome: Outcome, now: float, *, before: Effort) -> Columns:
    """Write an outcome as columns. `before` is what the change had cost when it was taken up."""
    match outcome:
        case Applied():
            told, cost, verified = verdict("applied", now), outcome.effort, outcome.verified_by_read
        case Unchanged():
            told, cost, verified = verdict("unchanged", now), NOTHING, False
        case Failed() | Skipped() | NotAttempted():
            told = verdict(_BECAUSE[type(outcome)], now, code=outcome.code, message=outcome.message)
            cost, verified = outcome.effort, False
        case _:
            assert_never(outcome)
    return {**told, **spent(before + cost), "verified": verified}


OPEN: Final[Mapping[str, Any]] = verdict(None, 0.0)
"""The columns that tell that there is no outcome; what was spent stays spent."""

COLUMNS: Final = (*OPEN, *spent(NOTHING), "verified")
"""The names of the columns that tell an outcome."""


def effort(row: Row[Any]) -> Effort:
    """Read what a row of `changes` has cost."""
    return Effort(
        attempts=row.attempts, throttles=row.throttles, waited=row.waited, request_id=row.request_id
    )


def outcome(api: RestApi, row: Row[Any]) -> Outcome:
    """Read what `columns` wrote, from a row of `changes` that has an outcome."""
    type_, action, cost = ResponseType(row.type), Action(row.action), effort(row)
    because: type[Failed | Skipped | NotAttempted]
    match row.kind:
        case "applied":
            return Applied(api=api, type=type_, action=action, effort=cost, verified_by_read=row.verified)
        case "unchanged":
            return Unchanged(api=api, type=type_, action=action)
        case "failed":
            because = Failed
        case "skipped":
            because = Skipped
        case "not_attempted":
            because = NotAttempted
        case unknown:
            raise ValueError(f"change {row.id} has an outcome of unknown kind {unknown!r}")
    return because(api=api, type=type_, action=action, code=row.code, message=row.message, effort=cost)
