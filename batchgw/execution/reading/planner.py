"""Reads every selected API once, compares it with the policy, and gives one plan item per API as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import inf
from typing import Protocol

import anyio
import anyio.lowlevel

from batchgw.concurrency.pool import pooled
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import UnreadableApi
from batchgw.discovery.listing import list_rest_apis, named, needs_listing
from batchgw.discovery.named_apis import NamedApis
from batchgw.discovery.selection_count import SelectionCount
from batchgw.errors import AccessDenied, ApiDenied, ApiNotFound, CallError
from batchgw.events import ItemPlanned, Observer
from batchgw.execution.kinds import MAKERS
from batchgw.model import (
    Desired,
    PlanItem,
    PlannedApi,
    RestApi,
    Scope,
    Selection,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import ALL_GONE, EXCLUDED, all_gone
from batchgw.planning.kinds import Compared, expected


class Pacing(Protocol):
    """How fast a scope can be read."""

    def workers(self, scope: Scope) -> Callable[[], int]:
        """How many of its APIs should be in work at once, from now on."""
        ...

    def expect(self, scope: Scope, calls: float) -> None:
        """Take note of how many calls it has still to make, infinite while nobody knows."""
        ...


class Planner:
    """Plans scopes side by side; within each, several APIs are read at once.

    Args:
        plane: reads go through it; it paces and retries them.
        desired: what every selected API is to be.
        selection: which APIs are meant.
        sink: takes each item as it is ready, in no particular order.
        observer: is told of listings, and of each item that the sink has taken.
        pacing: says how many APIs are read at once, and learns how many calls are to come.
        count: learns of what is found and selected.
    """

    def __init__(
        self,
        plane: ControlPlane,
        *,
        desired: Desired,
        selection: Selection,
        sink: Callable[[PlanItem], None],
        observer: Observer,
        pacing: Pacing,
        count: SelectionCount | None = None,
    ) -> None:
        self._plane = plane
        self._expected = expected(desired)
        self._kinds = [
            (maker, compare) for maker in MAKERS.values() if (compare := maker.comparer(desired)) is not None
        ]
        self._selection = selection
        self._sink = sink
        self._observer = observer
        self._pacing = pacing
        self._count = SelectionCount(selection) if count is None else count
        self._named = NamedApis(selection)
        self._listing = needs_listing(selection) or not self._kinds  # what is never read must be listed
        self._read: set[Scope] = set()  # where an API was read
        self._held: dict[Scope, list[tuple[RestApi, CallError]]] = {}  # the error may be the whole scope's

    async def run(self, scopes: tuple[Scope, ...]) -> None:
        """Plan all scopes. A `CallError` becomes an item; raises Stopped, and whatever the sink raises."""
        unread: dict[Scope, CallError] = {}
        async with anyio.create_task_group() as tasks:
            for scope in scopes:
                tasks.start_soon(self._plan_scope, scope, unread)
                await anyio.lowlevel.checkpoint()  # thousands begin one after the other
        for scope, error in unread.items():
            if self._named.concerned(scope):
                self._give(UnreadScope(scope=scope, code=type(error).__name__, message=error.message))
        for missing in self._named.missing(scopes, self._expected):
            self._give(missing)

    async def _plan_scope(self, scope: Scope, unread: dict[Scope, CallError]) -> None:
        """Plan one scope. The first error that keeps the rest of it from being read goes into `unread`."""
        self._pacing.expect(scope, inf)
        async with aclosing(self._apis_to_the_last(scope, unread)) as apis:
            await pooled(apis, lambda api: self._plan_api(api, unread), workers=self._pacing.workers(scope))
        self._decide_held(scope, unread.get(scope), read=scope in self._read)

    async def _apis_to_the_last(
        self, scope: Scope, unread: dict[Scope, CallError]
    ) -> AsyncGenerator[RestApi, None]:
        """Yield the scope's APIs, and say after the last one that no more will come."""
        async with aclosing(self._apis(scope, unread)) as apis:
            async for api in apis:
                yield api
        self._pacing.expect(scope, 0)

    async def _apis(self, scope: Scope, unread: dict[Scope, CallError]) -> AsyncGenerator[RestApi, None]:
        if not self._listing:
            for api_id in sorted(named(self._selection.explicit, scope)):
                yield RestApi(scope=scope, id=api_id)
            return
        listed = list_rest_apis(
            self._plane,
            scope,
            self._selection,
            observer=self._observer,
            unselected=self._excluded,
            unreadable=self._unreadable,
            count=self._count,
        )
        try:
            async with aclosing(listed):
                async for api in listed:
                    self._named.found(api)
                    yield api
        except CallError as error:
            unread.setdefault(scope, error)
            self._named.not_listed(scope, error)

    async def _plan_api(self, api: RestApi, unread: dict[Scope, CallError]) -> None:
        try:
            compared = await self._compared(api)
        except CallError as error:
            if error.ends_scope:
                unread.setdefault(api.scope, error)
            if isinstance(error, ApiDenied) or (isinstance(error, ApiNotFound) and self._listing):
                self._held.setdefault(api.scope, []).append((api, error))
            else:
                self._not_read(api, error)
        else:
            self._read.add(api.scope)
            if api.scope in self._held:
                self._decide_held(api.scope, None, read=True)
            self._count.named += 1
            self._named.found(api)
            self._give(
                PlannedApi(
                    api=api,
                    changes=tuple([change for each in compared for change in each.changes]),
                    uncovered=tuple([target for each in compared for target in each.uncovered]),
                )
            )

    async def _compared(self, api: RestApi) -> list[Compared]:
        """Read an API, once for each kind of change that the policy asks for, and compare."""
        return [compare(await self._plane.send(maker.read_all(api))) for maker, compare in self._kinds]

    def _decide_held(self, scope: Scope, given_up: CallError | None, *, read: bool) -> None:
        """Give items for the APIs of a scope that were denied or gone.

        The error is each API's own, or it is the whole scope's. `given_up` is why the scope was given up;
        `read` tells whether any API of it was read.
        """
        held = self._held.pop(scope, [])
        gone = "" if read else all_gone(sum(isinstance(error, ApiNotFound) for _, error in held))
        for api, error in held:
            if isinstance(error, ApiDenied) and isinstance(given_up, AccessDenied):
                self._not_read(api, AccessDenied(error.message, code=error.code))
            elif isinstance(error, ApiNotFound) and gone:
                self._unread(api, ALL_GONE, gone)
            else:
                self._not_read(api, error)

    def _not_read(self, api: RestApi, error: CallError) -> None:
        if self._listing:
            self._unread(api, type(error).__name__, error.message)
        elif not isinstance(error, ApiNotFound):
            self._named.not_read(api, error)
        # An API that was named by id and is not here is missing, unless another scope has it.

    def _unread(self, api: RestApi, code: str, message: str) -> None:
        self._give(UnreadApi(api=api, targets=self._expected, code=code, message=message))

    def _unreadable(self, listed: UnreadableApi) -> None:
        if self._named.odd(listed):
            self._unread(listed.api, type(listed.error).__name__, listed.error.message)

    def _give(self, item: PlanItem) -> None:
        self._sink(item)
        self._observer.notify(ItemPlanned(item=item))

    def _excluded(self, api: RestApi) -> None:
        self._named.found(api)
        self._give(
            UnreadApi(
                api=api,
                targets=self._expected,
                code=EXCLUDED,
                message="named, but left out by the policy's include and exclude rules",
            )
        )
