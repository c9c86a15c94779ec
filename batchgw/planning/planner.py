"""Read every selected API once, compare, and hand on what is to be done: one item per API, as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing

import anyio

from batchgw.control_plane.interface import ControlPlane, GetGatewayResponses
from batchgw.discovery.listing import list_rest_apis, named, needs_listing
from batchgw.errors import ApiNotFound, CallError, ScopeError
from batchgw.events import Observer
from batchgw.model import (
    AccountId,
    Desired,
    ExplicitApi,
    PlanItem,
    PlannedApi,
    Region,
    RestApi,
    RestApiId,
    Scope,
    Selection,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import EXCLUDED, NO_SUCH_API
from batchgw.planning.diff import diff
from batchgw.pool import pooled

ANY = "*"
"""Stands for the account or region that was left open, in the scope of an API that was found nowhere."""


class Planner:
    """Plans scopes side by side; within each, `workers` APIs are read at once.

    Args:
        plane: reads go through it; it paces and retries them.
        desired: what every selected API shall be.
        selection: which APIs are meant.
        sink: takes each item as it is ready, in no particular order.
        observer: is told of listings.
        workers: APIs being read at once, per scope.
    """

    def __init__(
        self,
        plane: ControlPlane,
        *,
        desired: Desired,
        selection: Selection,
        sink: Callable[[PlanItem], None],
        observer: Observer,
        workers: int,
    ) -> None:
        self._plane = plane
        self._desired = desired
        self._selection = selection
        self._sink = sink
        self._observer = observer
        self._workers = workers
        self._expected = _expected(selection)
        self._ids = frozenset(e.id for e in self._expected)
        self._found: dict[RestApiId, set[Scope]] = {}

    async def run(self, scopes: tuple[Scope, ...]) -> None:
        """Plan all scopes. A `CallError` becomes an item; raises Stopped, and whatever the sink raises."""
        async with anyio.create_task_group() as tasks:
            for scope in scopes:
                tasks.start_soon(self._plan_scope, scope)
        for missing in self._missing():
            self._sink(missing)

    async def _plan_scope(self, scope: Scope) -> None:
        """Plan one scope. What cannot be read is said once for the scope, and for each API known by then."""
        errors: list[CallError] = []
        async with aclosing(self._apis(scope, errors)) as apis:
            await pooled(apis, lambda api: self._plan_api(api, errors), workers=self._workers)
        if errors:
            self._sink(UnreadScope(scope=scope, code=type(errors[0]).__name__, message=errors[0].message))

    async def _apis(self, scope: Scope, errors: list[CallError]) -> AsyncGenerator[RestApi, None]:
        if not needs_listing(self._selection):
            for api_id in sorted(named(self._selection.explicit, scope)):
                yield RestApi(scope=scope, id=api_id)
            return
        listed = list_rest_apis(
            self._plane,
            scope,
            self._selection,
            observer=self._observer,
            unselected=self._excluded,
        )
        try:
            async with aclosing(listed):
                async for api in listed:
                    self._note(api)
                    yield api
        except CallError as error:
            errors.append(error)

    async def _plan_api(self, api: RestApi, errors: list[CallError]) -> None:
        try:
            answer = await self._plane.send(GetGatewayResponses(scope=api.scope, api=api.id))
        except ApiNotFound as error:
            if needs_listing(self._selection):
                self._unread(api, error)
            # Else it was named by id and is not here: missing, unless another scope has it.
        except CallError as error:
            if isinstance(error, ScopeError):
                errors.append(error)
            self._note(api)
            self._unread(api, error)
        else:
            self._note(api)
            self._sink(PlannedApi(api=api, changes=diff(answer.value, self._desired)))

    def _unread(self, api: RestApi, error: CallError) -> None:
        self._sink(
            UnreadApi(
                api=api,
                types=self._desired.types,
                code=type(error).__name__,
                message=error.message,
            )
        )

    def _excluded(self, api: RestApi) -> None:
        self._note(api)
        self._sink(
            UnreadApi(
                api=api,
                types=self._desired.types,
                code=EXCLUDED,
                message="named, but left out by the policy's include and exclude rules",
            )
        )

    def _note(self, api: RestApi) -> None:
        if api.id in self._ids:
            self._found.setdefault(api.id, set()).add(api.scope)

    def _missing(self) -> Iterator[UnreadApi]:
        for e in self._expected:
            if any(
                e.account in (None, scope.account) and e.region in (None, scope.region)
                for scope in self._found.get(e.id, ())
            ):
                continue
            scope = Scope(account=e.account or AccountId(ANY), region=e.region or Region(ANY))
            yield UnreadApi(
                api=RestApi(scope=scope, id=e.id),
                types=self._desired.types,
                code=NO_SUCH_API,
                message=f"no REST API {e.id} in any account and region that could be read",
            )


def _expected(selection: Selection) -> tuple[ExplicitApi, ...]:
    """Every API that is named by id, and so must be found somewhere."""
    included = (ExplicitApi(id=s.id) for s in selection.include if s.id is not None)
    return tuple(dict.fromkeys((*selection.explicit, *included)))
