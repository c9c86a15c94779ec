"""Every selected REST API of many scopes, as one stream, together with what could not be listed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable

import anyio
import anyio.lowlevel
from anyio.streams.memory import MemoryObjectSendStream

from batchgw.control_plane.advice import for_stages
from batchgw.control_plane.given_up import DENIALS
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import GetStages, UnreadableApi
from batchgw.discovery.estate import Estate, FoundScope, UnreadStages
from batchgw.discovery.found_apis import FoundApis
from batchgw.discovery.listing import list_rest_apis
from batchgw.discovery.named_apis import NamedApis
from batchgw.discovery.owners.ladder import Asking
from batchgw.discovery.selection_count import SelectionCount
from batchgw.discovery.skips import skipped
from batchgw.errors import ApiDenied, CallError
from batchgw.events import Observer
from batchgw.model import RestApi, Scope, Selection, SkippedScope, UnreadApi, UnreadScope

Found = RestApi | UnreadApi | UnreadScope | SkippedScope
"""A selected API; one, or a scope, of which something is missing; or a scope that is rightly left alone."""


class DiscoveryStream:
    """Lists scopes side by side and sends what it finds.

    Args:
        plane: listings go through it; it paces and retries them.
        selection: which APIs are meant.
        observer: is told of listings.
        count: learns of what is found and selected, in all scopes together.
        found: takes what is found.
        kept: keeps the APIs among it.
        stages: takes the stages of each API, which are a call each; None: nobody asks for them.
        owners: whether calls are made to tell who manages each API.
    """

    def __init__(
        self,
        plane: ControlPlane,
        selection: Selection,
        *,
        observer: Observer,
        count: SelectionCount,
        found: MemoryObjectSendStream[Found],
        kept: FoundApis,
        stages: Estate | None = None,
        owners: bool = False,
    ) -> None:
        self._plane = plane
        self._selection = selection
        self._observer = observer
        self._count = count
        self._found = found
        self._kept = kept
        self._stages = stages
        self._owners = Asking.ALL if owners or selection.needs_owner else Asking.TAGS
        self._named = NamedApis(selection)
        self._unread: dict[Scope, CallError] = {}
        self._stages_denied = Counter[Scope]()  # how many APIs in a row
        self._stages_refused: dict[Scope, ApiDenied] = {}

    async def run(self, scopes: AsyncIterable[FoundScope]) -> None:
        """List all scopes, each as soon as it comes. A `CallError` becomes an UnreadApi or UnreadScope."""
        listed: list[Scope] = []
        unknown: list[UnreadScope] = []
        async with anyio.create_task_group() as tasks:
            async for scope in scopes:
                match scope:
                    case Scope():
                        listed.append(scope)
                        tasks.start_soon(self._list, scope)
                        await anyio.lowlevel.checkpoint()  # thousands begin one after the other
                    case UnreadScope():
                        unknown.append(scope)
                        self._named.not_looked_into(scope)
                    case SkippedScope():
                        await self._found.send(scope)
        failed = [skipped(scope, error) or _unread(scope, error) for scope, error in self._unread.items()]
        for each in (*unknown, *failed):
            if self._named.concerned(each.scope):
                await self._found.send(each)
        for missing in self._named.missing(tuple(listed), ()):
            await self._found.send(missing)

    async def _list(self, scope: Scope) -> None:
        odd: list[UnreadableApi] = []
        apis = list_rest_apis(
            self._plane,
            scope,
            self._selection,
            observer=self._observer,
            unselected=self._named.found,
            unreadable=odd.append,
            count=self._count,
            owners=self._owners,
        )
        try:
            async for api in apis:
                self._named.found(api)
                await self._ask_stages(api)
                await self._kept.add(api, asked=self._owners is Asking.ALL)
                await self._found.send(api)
        except CallError as error:
            self._unread[scope] = error
            self._named.not_listed(scope, error)
        for each in filter(self._named.odd, odd):
            code, message = type(each.error).__name__, each.error.message
            await self._found.send(UnreadApi(api=each.api, targets=(), code=code, message=message))

    async def _ask_stages(self, api: RestApi) -> None:
        """Note the API's stages, or why they could not be read, if they are asked for. The API is there."""
        if self._stages is None:
            return
        try:
            found = await self._stages_of(api)
        except CallError as error:
            why = UnreadStages(api=api, code=type(error).__name__, message=error.message)
            self._stages.unread_stages[api.scope, api.id] = why
        else:
            self._stages.stages[api.scope, api.id] = found

    async def _stages_of(self, api: RestApi) -> tuple[str, ...]:
        """Ask for the names of the API's stages. Raises a `CallError`.

        One more denial in a row would give the account-region up, and its APIs can be listed all the same. So
        it is not asked again there.
        """
        scope = api.scope
        if scope in self._stages_refused:
            raise self._stages_refused[scope]
        try:
            stages = await self._plane.send(GetStages(scope=scope, api=api.id))
        except ApiDenied as error:
            denied = for_stages(error)
            self._stages_denied[scope] += 1
            if self._stages_denied[scope] == DENIALS - 1:
                self._stages_refused[scope] = denied
            raise denied from error
        self._stages_denied[scope] = 0
        return tuple(stage.name for stage in stages)


def _unread(scope: Scope, error: CallError) -> UnreadScope:
    return UnreadScope(scope=scope, code=type(error).__name__, message=error.message)
