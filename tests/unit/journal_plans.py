"""Small plans for the journal's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TypeVar

from batchgw.journal import Journal, JournalRun, NewRun, PendingChange, Tally
from batchgw.model import (
    AccountId,
    Action,
    Applied,
    Desired,
    Effort,
    GatewayResponse,
    Mode,
    NotAttempted,
    PlanItem,
    PlannedApi,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    Settings,
)
from batchgw.model.response_change import NAME, TARGETS

T = TypeVar("T")

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
THERE = Scope(account=AccountId("222222222222"), region=Region("us-east-1"))

WANTED = Settings(
    parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    templates={"application/json": '{"message":$context.error.messageString}'},
)

DESIRED = Desired(
    rules={
        ResponseType.DEFAULT_4XX: Rule(settings=WANTED, mode=Mode.MERGE),
        ResponseType.THROTTLED: Rule(settings=None),
    }
)

RESPONSE = NAME
"""The one kind of change of most plans here."""

NEW_RUN = NewRun(
    verb="apply",
    policy_source="policy.yaml",
    policy_digest="0a" * 32,
    desired=DESIRED,
    options={"profile": "audit", "rate": 10.0, "regions": ["eu-west-1"]},
)


def api(number: int, scope: Scope = HERE) -> RestApi:
    return RestApi(
        scope=scope,
        id=RestApiId(f"api{number:07d}"),
        name=f"orders-{number}",
        tags={"tier": "public"},
        endpoint_types=("REGIONAL",),
        created=1_700_000_000.0,
    )


def create(type_: ResponseType = ResponseType.DEFAULT_4XX) -> ResponseChange:
    before = GatewayResponse(type=type_, settings=Settings(), default_response=True)
    return ResponseChange(type=type_, action=Action.CREATE, before=before, after=WANTED)


def update(type_: ResponseType = ResponseType.DEFAULT_5XX) -> ResponseChange:
    settings = Settings(status_code="599", templates={"text/plain": "gone"})
    before = GatewayResponse(type=type_, settings=settings, default_response=False)
    return ResponseChange(type=type_, action=Action.UPDATE, before=before, after=WANTED)


def reset(type_: ResponseType = ResponseType.THROTTLED) -> ResponseChange:
    before = GatewayResponse(type=type_, settings=WANTED, default_response=False)
    return ResponseChange(type=type_, action=Action.RESET, before=before, after=None)


def no_op(type_: ResponseType = ResponseType.UNAUTHORIZED) -> ResponseChange:
    before = GatewayResponse(type=type_, settings=WANTED, default_response=False)
    return ResponseChange(type=type_, action=Action.NO_OP, before=before, after=WANTED)


def planned(number: int, *changes: ResponseChange, scope: Scope = HERE) -> PlannedApi:
    return PlannedApi(api=api(number, scope), changes=changes or (create(), reset()))


def applied(number: int, change: PendingChange, *, attempts: int = 1, scope: Scope = HERE) -> Applied:
    return Applied(
        api=api(number, scope),
        target=change.change.target,
        action=change.change.action,
        effort=Effort(attempts=attempts, waited=0.25, request_id=f"request-{number}"),
    )


def not_attempted(code: str) -> NotAttempted:
    return NotAttempted(
        api=api(1), target=TARGETS[ResponseType.DEFAULT_4XX], action=Action.CREATE, code=code, message="why"
    )


async def begun(journal: Journal, *items: PlanItem) -> JournalRun:
    """A run with these items, ready to be worked on."""
    run = await journal.begin(NEW_RUN)
    await import_plan(run, items)
    return run


async def open_changes(run: JournalRun, scope: Scope = HERE) -> list[PendingChange]:
    return [change for each in await run.pending(scope, limit=10_000) for change in each.changes]


async def listed(found: AsyncIterator[T]) -> list[T]:
    return [each async for each in found]


async def tallies(run: JournalRun) -> dict[Scope, Tally]:
    """How the changes of each account-region stand."""
    return {counts.scope: counts.tally async for counts in run.scope_counts()}


def place(folder: Path) -> str:
    return str(folder / "journal.db")


async def import_plan(run: JournalRun, items: Iterable[PlanItem]) -> None:
    """Import a whole plan. Raises as `JournalRun.importing` does, and what `items` raises."""
    async with run.importing() as plan:
        for item in items:
            await plan.add(item)
