"""How an API-type stands: outcomes as columns and back, and which outcome may replace which.

An undecided row has rank 0. Not attempted may be said again (for another reason) and gives way to everything
else; failed and skipped give way only to applied or unchanged, which stand for ever. What was never read is
never taken up: its rank is `DECIDED`, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, assert_never

from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import KINDS as NAMES
from batchgw.journal.sql.tables.schema import changes
from batchgw.model import (
    Action,
    Applied,
    Effort,
    Failed,
    NotAttempted,
    Outcome,
    RestApi,
    Skipped,
    Unchanged,
)
from batchgw.model.response_change import TARGETS
from batchgw.model.target import Target

RANKS: Final[Mapping[str, int]] = {
    "not_attempted": 1,
    "failed": 2,
    "skipped": 2,
    "unchanged": 3,
    "applied": 3,
}
"""The strength of each kind of outcome."""

KINDS: Final = frozenset(NAMES)

DECIDED: Final = 2
"""The least rank a resume does not take up again."""

_TARGETS: Final[Mapping[str, Target]] = {target.name: target for target in TARGETS.values()}
"""By the text in the column `type`: the journal has only changes of gateway responses yet."""

NOTHING: Final = Effort()
"""What costs nothing."""

_BECAUSE: Final[Mapping[type[Outcome], str]] = {
    Failed: "failed",
    Skipped: "skipped",
    NotAttempted: "not_attempted",
}

Verdict = tuple[int, str | None, str | None, str | None, float | None]
"""The columns that tell an outcome, but for what it cost: rank, kind, code, message, and when."""

UNDECIDED: Final[Verdict] = (0, None, None, None, None)
"""There is no outcome."""


def unchanged(now: float) -> Verdict:
    """Tell that all is as desired."""
    return RANKS["unchanged"], "unchanged", None, None, now


def never_read(kind: str, now: float, *, code: str, message: str) -> Verdict:
    """Tell of an API-type whose API could not be read: no resume can know what to write there."""
    return DECIDED, kind, escaped(code), escaped(message), now


def check_rank(kind: str | None, rank: int) -> None:
    """Raise ValueError for a rank that its kind cannot have: one that is too high is never taken up."""
    never_read = kind == "not_attempted" and rank == DECIDED
    if rank != (RANKS[kind] if kind else 0) and not never_read:
        raise ValueError(f"kind {kind} with rank {rank}, which batchgw never wrote")


def replaces(rank: int) -> int:
    """Give the least rank that an outcome of `rank` does not replace."""
    return max(rank, DECIDED)


class Told(NamedTuple):
    """The columns that tell an outcome and what it cost, in the order of `COLUMNS`."""

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


def told(outcome: Outcome, now: float, *, before: Effort) -> Told:
    """Write an outcome as columns. `before` is what the change had cost when it was taken up."""
    verified = False
    code = message = None
    match outcome:
        case Applied():
            kind, cost, verified = "applied", outcome.effort, outcome.verified_by_read
        case Unchanged():
            kind, cost = "unchanged", NOTHING
        case Failed() | Skipped() | NotAttempted():
            kind, cost = _BECAUSE[type(outcome)], outcome.effort
            code, message = escaped(outcome.code), escaped(outcome.message)
        case _:
            assert_never(outcome)
    if before is not NOTHING:
        cost = before + cost
    return Told(
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


COLUMNS: Final = Told._fields
"""The names of the columns that tell an outcome."""

TELLING: Final = (changes.c.id, changes.c.type, changes.c.action, *(changes.c[name] for name in COLUMNS))
"""What `outcome` reads."""

UNSAID: Final = ("kind", "code", "message", "decided_at")
"""Those that are NULL while there is none; what was spent stays spent."""


def effort(attempts: int, throttles: int, waited: float, request_id: str | None) -> Effort:
    """Read what a change has cost."""
    if not (attempts or throttles or waited or request_id):
        return NOTHING
    return Effort(attempts=attempts, throttles=throttles, waited=waited, request_id=request_id)


def outcome(api: RestApi, row: Sequence[Any]) -> Outcome:
    """Read what `told` wrote, from the columns `TELLING` of a change that has an outcome."""
    id_, type_name, action_name, *columns = row
    target, action, told = _TARGETS[type_name], Action(action_name), Told(*columns)
    cost = effort(told.attempts, told.throttles, told.waited, told.request_id)
    because: type[Failed | Skipped | NotAttempted]
    match told.kind:
        case "applied":
            return Applied(api=api, target=target, action=action, effort=cost, verified_by_read=told.verified)
        case "unchanged":
            return Unchanged(api=api, target=target, action=action)
        case "failed":
            because = Failed
        case "skipped":
            because = Skipped
        case "not_attempted":
            because = NotAttempted
        case unknown:
            raise ValueError(f"change {id_} has an outcome of unknown kind {unknown!r}")
    return because(
        api=api, target=target, action=action, code=told.code or "", message=told.message or "", effort=cost
    )
