"""Is the world still what was planned? Every planned API is read once more before anything is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing

import anyio

from batchgw.control_plane.interface import GetGatewayResponses
from batchgw.control_plane.paced import PacedControlPlane
from batchgw.errors import ApiNotFound, CallError, PlanStale
from batchgw.model import Desired, PlanItem, PlannedApi, Scope
from batchgw.planning.planfile import Plan
from batchgw.planning.stale import staleness
from batchgw.pool import pooled

SHOWN = 10
"""APIs named in the refusal; the rest are counted."""


class Recheck:
    """Reads planned APIs and collects what differs from their before-images."""

    def __init__(self, plane: PacedControlPlane) -> None:
        self._plane = plane
        self._stale: list[str] = []
        self._count = 0
        self._unreadable: CallError | None = None

    async def run(self, plan: Plan) -> None:
        """Read every planned API, scopes side by side.

        Raises PlanStale when any is not as planned, or a `CallError` when one could not be read: nothing
        was written then.
        """
        async with anyio.create_task_group() as tasks:
            for scope in plan.totals.scopes:
                tasks.start_soon(self._scope, plan, scope)
        if self._unreadable is not None:
            raise self._unreadable
        if self._count:
            raise PlanStale(self._refusal())

    async def _scope(self, plan: Plan, scope: Scope) -> None:
        self._plane.expect(scope, plan.totals.scopes[scope].apis)
        desired = plan.header.desired
        async with aclosing(_planned(plan.items(scope))) as apis:
            await pooled(apis, lambda api: self._read(api, desired), workers=self._plane.workers(scope))

    async def _read(self, planned: PlannedApi, desired: Desired) -> None:
        api = planned.api
        self._plane.decided(api.scope)
        if self._unreadable is not None:
            return
        try:
            answer = await self._plane.send(GetGatewayResponses(scope=api.scope, api=api.id))
        except ApiNotFound:
            self._note(f"{api}: it was deleted")
        except CallError as error:
            self._unreadable = error
        else:
            for difference in staleness(planned, answer.value, desired):
                self._note(f"{api}: {difference}")

    def _note(self, difference: str) -> None:
        self._count += 1
        if len(self._stale) < SHOWN:
            self._stale.append(difference)

    def _refusal(self) -> str:
        more = self._count - len(self._stale)
        lines = [f"  {line}" for line in self._stale] + ([f"  and {more} more"] if more else [])
        return (
            "the plan is stale, so nothing was written: since it was made, these changed\n"
            + "\n".join(lines)
            + "\nPlan again, or pass --no-recheck to apply it all the same."
        )


async def _planned(items: Iterable[PlanItem]) -> AsyncGenerator[PlannedApi, None]:
    for item in items:
        if isinstance(item, PlannedApi):
            yield item
