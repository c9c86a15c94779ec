"""Outcomes as columns of the `changes` table, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, assert_never

from batchgw.journal.ranking import DECIDED, KIND_OF, RANKS
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import changes
from batchgw.model import (
    Action,
    Applied,
    Effort,
    Failed,
    Held,
    NotAttempted,
    Outcome,
    RestApi,
    Skipped,
    Unchanged,
)
from batchgw.model.kinds import target_of

NO_EFFORT: Final = Effort()
"""What costs nothing."""

PlannedOutcome = tuple[int, str | None, str | None, str | None, float | None]
"""The columns of an outcome that a plan brings along: rank, kind, code, message, and when it was decided."""

UNDECIDED: Final[PlannedOutcome] = (0, None, None, None, None)
"""There is no outcome."""


def unchanged(now: float) -> PlannedOutcome:
    """Give the columns of a change with nothing to do."""
    return RANKS["unchanged"], "unchanged", None, None, now


def never_read(kind: str, now: float, *, code: str, message: str) -> PlannedOutcome:
    """Give those of a target that the plan decides: its API could not be read, or it is set aside.

    No resume can know what to write there.
    """
    return DECIDED, kind, escaped(code), escaped(message), now


class OutcomeColumns(NamedTuple):
    """The columns of an outcome and its cost."""

    rank: int
    kind: str
    code: str | None
    message: str | None
    attempts: int
    throttles: int
    waited: float
    request_id: str | None
    verified: bool
    decided_at: float


OUTCOME_COLUMNS: Final = OutcomeColumns._fields
"""Their names, in this order."""

READ_COLUMNS: Final = (
    changes.c.id,
    changes.c.change,
    changes.c.target,
    changes.c.action,
    *(changes.c[n] for n in OUTCOME_COLUMNS),
)
"""What `outcome_of` reads."""

EMPTIED: Final = ("kind", "code", "message", "decided_at")
"""Those that are NULL while there is no outcome. What was spent stays."""


def columns_of(outcome: Outcome, now: float, *, before: Effort) -> OutcomeColumns:
    """Write an outcome as columns. `before` is what the change had cost when it was taken up."""
    verified = False
    code = message = None
    match outcome:
        case Applied():
            cost, verified = outcome.effort, outcome.verified_by_read
        case Unchanged():
            cost = NO_EFFORT
        case Failed() | Skipped() | Held() | NotAttempted():
            cost, code, message = outcome.effort, escaped(outcome.code), escaped(outcome.message)
        case _:
            assert_never(outcome)
    if before is not NO_EFFORT:
        cost = before + cost
    kind = KIND_OF[type(outcome)]
    return OutcomeColumns(
        RANKS[kind],
        kind,
        code,
        message,
        cost.attempts,
        cost.throttles,
        cost.waited,
        None if cost.request_id is None else escaped(cost.request_id),
        verified,
        now,
    )


def effort_of(attempts: int, throttles: int, waited: float, request_id: str | None) -> Effort:
    """Read what a change has cost."""
    if not (attempts or throttles or waited or request_id):
        return NO_EFFORT
    return Effort(attempts=attempts, throttles=throttles, waited=waited, request_id=request_id)


def outcome_of(api: RestApi, row: Sequence[Any]) -> Outcome:
    """Read an outcome from the columns `READ_COLUMNS` of a change that has one."""
    id_, change, name, action_name, *columns = row
    target, action, read = target_of(change, name), Action(action_name), OutcomeColumns(*columns)
    cost = effort_of(read.attempts, read.throttles, read.waited, read.request_id)
    ended: type[Failed | Skipped | Held | NotAttempted]
    match read.kind:
        case "applied":
            return Applied(api=api, target=target, action=action, effort=cost, verified_by_read=read.verified)
        case "unchanged":
            return Unchanged(api=api, target=target, action=action)
        case "failed":
            ended = Failed
        case "skipped":
            ended = Skipped
        case "held":
            ended = Held
        case "not_attempted":
            ended = NotAttempted
        case unknown:
            raise ValueError(f"change {id_} has an outcome of unknown kind {unknown!r}")
    return ended(
        api=api, target=target, action=action, code=read.code or "", message=read.message or "", effort=cost
    )
