"""Are the APIs still as they were when the plan was made? Each is read once more before any is written."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing

import anyio
import anyio.lowlevel

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.pool import pooled
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import ApiNotFound, CallError, PlanStale
from batchgw.events import ApiRechecked
from batchgw.execution.kinds import MAKERS
from batchgw.execution.session import phase
from batchgw.model import OnStale, PlanItem, PlannedApi, RestApiId, Scope, UnreadApi
from batchgw.model.change import ALL_GONE, MOVED, all_gone
from batchgw.planning.plan_file.plan import Plan

FRESH = 300.0
"""Seconds for which a plan counts as the present state: about what a person takes to read it and agree."""

SHOWN = 10
"""APIs named in the refusal; the rest are counted."""


_SKIP = (
    "So the plan may be stale, and nothing was written. --on-stale skip leaves alone what cannot be read, "
    "and applies the rest."
)
"""What to do about an API of a saved plan that cannot be read any more."""


class Recheck:
    """Reads planned APIs and collects what differs from their before-images.

    With `OnStale.SKIP` an API that differs, or cannot be read, is set apart: `left_alone` says why, and the
    rest of the plan stands.
    """

    def __init__(self, plane: PacedControlPlane, on_stale: OnStale = OnStale.REFUSE) -> None:
        self._plane = plane
        self._on_stale = on_stale
        self._left_alone: dict[tuple[Scope, RestApiId], UnreadApi] = {}
        self._stale: list[str] = []
        self._count = 0
        self._unreadable: CallError | None = None
        self._there: set[Scope] = set()  # where an API was found
        self._gone: dict[Scope, list[PlannedApi]] = {}

    async def run(self, plan: Plan) -> None:
        """Read every planned API, scopes side by side.

        Unless such APIs are set apart, raises PlanStale when any is not as planned, or a `CallError` when one
        could not be read: nothing was written then.
        """
        async with anyio.create_task_group() as tasks:
            for scope in plan.totals.looked_into:
                tasks.start_soon(self._scope, plan, scope)
                await anyio.lowlevel.checkpoint()  # thousands begin one after the other
        if self._unreadable is not None:
            raise self._unreadable
        if self._count:
            raise PlanStale(self._refusal())

    def left_alone(self, item: PlanItem) -> PlanItem:
        """Give a plan's item as it is to be carried out: an API that was set apart is not written to."""
        if not isinstance(item, PlannedApi):
            return item
        return self._left_alone.get((item.api.scope, item.api.id), item)

    async def _scope(self, plan: Plan, scope: Scope) -> None:
        self._plane.expect(scope, plan.totals.scopes[scope].apis)
        async with aclosing(_planned(plan.items(scope))) as apis:
            await pooled(apis, lambda api: self._read(api, plan), workers=self._plane.workers(scope))
        self._set_apart_if_all_gone(scope)

    def _set_apart_if_all_gone(self, scope: Scope) -> None:
        """Set the APIs of a scope apart in which none was found: the calls may go to another account."""
        gone = self._gone.pop(scope, [])
        why = "" if scope in self._there else all_gone(len(gone))
        if why and self._on_stale is OnStale.SKIP:
            for planned in gone:
                self._set_apart(planned, ALL_GONE, why)

    async def _read(self, planned: PlannedApi, plan: Plan) -> None:
        api = planned.api
        self._plane.decided(api.scope)
        if self._unreadable is not None:
            return
        try:
            differences = await self._differences(planned, plan)
        except CallError as error:
            if isinstance(error, ApiNotFound):
                self._gone.setdefault(api.scope, []).append(planned)
            self._not_read(planned, error)
        else:
            self._there.add(api.scope)
            self._plane.observer.notify(ApiRechecked(api=api))
            if differences:
                self._moved(planned, differences)

    async def _differences(self, planned: PlannedApi, plan: Plan) -> list[str]:
        """Read an API, once for each kind of its changes, and say in what it is not as it was planned."""
        found: list[str] = []
        desired = plan.variants[planned.variant].desired
        for kind in dict.fromkeys(change.target.kind for change in planned.changes):
            maker = MAKERS[kind]
            answer = await self._plane.send(maker.read_all(planned.api))
            found += maker.moved(answer, planned.changes, desired)
        return found

    def _not_read(self, planned: PlannedApi, error: CallError) -> None:
        if self._on_stale is OnStale.SKIP:
            self._set_apart(planned, type(error).__name__, error.message)
        elif isinstance(error, ApiNotFound):
            self._note(f"{planned.api}: it was deleted")
        else:
            self._unreadable = error.again(message=f"{error.message} {_SKIP}")

    def _moved(self, planned: PlannedApi, differences: Sequence[str]) -> None:
        if self._on_stale is OnStale.SKIP:
            self._set_apart(planned, MOVED, f"moved since the plan, so it was left alone: {differences[0]}")
            return
        for difference in differences:
            self._note(f"{planned.api}: {difference}")

    def _set_apart(self, planned: PlannedApi, code: str, message: str) -> None:
        apart = UnreadApi(
            api=planned.api,
            targets=tuple(change.target for change in planned.changes),
            set_aside=planned.set_aside,
            code=code,
            message=message,
        )
        self._left_alone[planned.api.scope, planned.api.id] = apart

    def _note(self, difference: str) -> None:
        self._count += 1
        if len(self._stale) < SHOWN:
            self._stale.append(difference)

    def _refusal(self) -> str:
        more = self._count - len(self._stale)
        lines = [f"  {line}" for line in self._stale] + ([f"  and {more:,} more"] if more else [])
        return (
            "the plan is stale, so nothing was written: since it was made, these changed\n"
            + "\n".join(lines)
            + "\nPlan again; or pass --on-stale skip to leave these alone and apply the rest, or "
            "--no-recheck to apply all of it nevertheless."
        )


async def recheck_if_due(
    plan: Plan, run: str, paced: PacedControlPlane, *, wanted: bool | None, on_stale: OnStale
) -> tuple[Moment, Iterator[PlanItem]]:
    """Read a plan's APIs again, where that is wanted; None leaves it to the plan's age.

    Gives when the APIs were read, at the earliest, and the plan's items as they are to be carried out.
    Raises as `Recheck.run`.
    """
    checked = Recheck(paced, on_stale)
    age = max(0.0, time.time() - plan.header.created)
    due = (plan.saved or age > FRESH) if wanted is None else wanted
    read_at = Moment.ago(0 if due else age)  # when the reading begins, or the plan did
    if due:
        expected = {scope: plan.totals.scopes[scope].apis for scope in plan.totals.looked_into}
        with phase(paced.observer, run, "recheck", tuple(expected), expected):
            await checked.run(plan)
    return read_at, map(checked.left_alone, plan.items())


async def _planned(items: Iterable[PlanItem]) -> AsyncGenerator[PlannedApi, None]:
    for item in items:
        if isinstance(item, PlannedApi) and not (item.set_aside and not item.changes):  # as the totals count
            yield item
