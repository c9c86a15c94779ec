"""Reads every selected API once, compares it with the policy, and gives one plan item per API as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from math import inf
from typing import NamedTuple, Protocol

import anyio
import anyio.lowlevel

from batchgw.concurrency.pool import pooled
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import UnreadableApi
from batchgw.discovery.estate import FoundScope
from batchgw.discovery.found_apis import FoundApis
from batchgw.discovery.listing import list_rest_apis, named, needs_listing
from batchgw.discovery.named_apis import NamedApis
from batchgw.discovery.owners.ladder import Asking, Ladder
from batchgw.discovery.selection_count import SelectionCount
from batchgw.discovery.skips import skipped
from batchgw.errors import AccessDenied, ApiDenied, ApiNotFound, CallError, ExpressionFailed
from batchgw.events import ItemPlanned, Observer, ScopeFound, ScopesFound
from batchgw.execution.looking import Looking
from batchgw.execution.reading.deciding import Decided, Deciding
from batchgw.journal.live_memory import BriefLiveMemory, LiveMemory
from batchgw.model import (
    Account,
    AccountId,
    Change,
    PlanItem,
    PlannedApi,
    Policy,
    RestApi,
    Scope,
    SetAside,
    SkippedScope,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import ALL_GONE, EXCLUDED, all_gone
from batchgw.planning.deployment.configured import if_configured
from batchgw.planning.kinds import Compared
from batchgw.planning.managed import Held
from batchgw.planning.variants import Variants


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
        policy: which APIs are meant, and what each of them is to be.
        sink: takes each item as it is ready, in no particular order.
        observer: is told of scopes, of listings, and of each item that the sink has taken.
        pacing: says how many APIs are read at once, and learns how many calls are to come.
        count: learns of what is found and selected.
        accounts: what is known of the organisation's accounts. An account is there before its scopes come.
        owners: calls are made to tell whether a tool manages an API, even where no rule asks for its owner.
        hold: says why nothing is written to an API, if that is so.
        kept: keeps the APIs that are found.
        live: knows what deployments answer with that were read before.
        data_plane: asks deployed APIs where that tells more.
        pending: it is read what a deployment would ship besides.
        ship_pending: what others have edited may be shipped.
        configures: whether responses are changed; else an API in which that is to do is left alone.
    """

    def __init__(
        self,
        plane: ControlPlane,
        *,
        policy: Policy,
        sink: Callable[[PlanItem], None],
        observer: Observer,
        pacing: Pacing,
        count: SelectionCount | None = None,
        accounts: Mapping[AccountId, Account] | None = None,
        owners: bool = False,
        hold: Callable[[RestApi], Held | None] | None = None,
        kept: FoundApis | None = None,
        live: LiveMemory | None = None,
        data_plane: DataPlane | None = None,
        pending: bool = False,
        ship_pending: bool = False,
        configures: bool = True,
    ) -> None:
        rules, selection = policy.rules, policy.targets.apis
        self._plane = plane
        known = {} if accounts is None else accounts  # it may be empty as yet
        self._deciding = Deciding(rules, policy.desired, accounts=known, hold=hold)
        self._selection = selection
        self._sink = sink
        self._observer = observer
        self._pacing = pacing
        self._count = SelectionCount(selection) if count is None else count
        self._named = NamedApis(selection)
        self._kept = kept
        self._configures = configures
        # What is never read must be listed, and so must what is decided by names and tags, and what is made
        # live: only a listing tells whether an API's own endpoint is to be disabled.
        unread = not self._deciding.base.kinds or owners or hold is not None
        self._listing = needs_listing(selection) or rules.needs_listing or unread or rules.live_reach != ()
        self._owners = _asking(policy, always=owners)
        self._ladder = Ladder(plane)
        self._looking = Looking(
            plane=plane,
            ladder=self._ladder,
            live=live or BriefLiveMemory(),
            data_plane=data_plane,
            pending=pending,
            ship_pending=ship_pending,
        )
        self._scopes: list[Scope] = []
        self._listed: set[Scope] = set()  # where an API was found
        self._read: set[Scope] = set()  # where an API was read
        self._waiting: dict[Scope, list[_Waiting]] = {}

    async def run(
        self, scopes: AsyncIterable[FoundScope], *, found: Callable[[Scope], None] = lambda _scope: None
    ) -> None:
        """Plan all scopes, each as soon as it comes. `found` is told of each before its first item.

        A `CallError` of a scope becomes an item. Raises Stopped, and whatever the sink or `scopes` raise.
        """
        unread: dict[Scope, CallError] = {}
        nowhere: list[UnreadScope | SkippedScope] = []
        async with anyio.create_task_group() as tasks:
            async for each in scopes:
                match each:
                    case Scope():
                        self._scopes.append(each)
                        found(each)
                        self._observer.notify(ScopeFound(scope=each))
                        tasks.start_soon(self._plan_scope, each, unread)
                    case SkippedScope():
                        self._give(each)
                    case UnreadScope():
                        self._named.not_looked_into(each)
                        nowhere.append(each)
                await anyio.lowlevel.checkpoint()  # thousands may come at once
            self._observer.notify(ScopesFound(scopes=len(self._scopes)))
        nowhere += [
            (None if scope in self._listed else skipped(scope, error))
            or UnreadScope(scope=scope, code=type(error).__name__, message=error.message)
            for scope, error in unread.items()
        ]
        for item in nowhere:
            if self._named.concerned(item.scope):
                self._give(item)
        for missing in self._named.missing(tuple(self._scopes), self._deciding.base.expected):
            self._give(missing)

    @property
    def variants(self) -> Variants:
        """What APIs shall be, as far as any was found of which it is so."""
        return self._deciding.total()

    async def _plan_scope(self, scope: Scope, unread: dict[Scope, CallError]) -> None:
        """Plan one scope. The first error that keeps the rest of it from being read goes into `unread`."""
        self._pacing.expect(scope, inf)
        async with aclosing(self._apis_to_the_last(scope, unread)) as apis:
            await pooled(apis, lambda api: self._plan_api(api, unread), workers=self._pacing.workers(scope))
        self._decide_waiting(scope, unread.get(scope), read=scope in self._read)

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
            owners=self._owners,
        )
        try:
            async with aclosing(listed):
                async for api in listed:
                    self._listed.add(scope)
                    self._named.found(api)
                    yield api
        except CallError as error:
            unread.setdefault(scope, error)
            self._named.not_listed(scope, error)

    async def _plan_api(self, api: RestApi, unread: dict[Scope, CallError]) -> None:
        asks = self._owners is Asking.LATER or (self._owners is Asking.MANAGED and api.owner is None)
        try:
            if asks:
                api = await self._ladder.with_owner(api)
        except CallError as error:
            self._failed(api, self._deciding.of_unread(api), error, unread)
            return
        if self._kept is not None and self._listing:  # else there is nothing but the id
            await self._kept.add(api, asked=asks or self._owners is Asking.ALL)
        try:
            decided = self._deciding.of(api)
        except ExpressionFailed as error:
            self._unread(api, self._deciding.of_unread(api), type(error).__name__, error.message)
            return
        self._deciding.count(decided)
        if decided.held is not None:
            self._count.named += 1
            self._named.found(api)
            self._give_held(api, decided, decided.held)
            return
        try:
            compared = await self._compared(api, decided)
        except CallError as error:
            self._failed(api, decided, error, unread)
        else:
            if compared or not self._listing:
                self._read.add(api.scope)
                if api.scope in self._waiting:
                    self._decide_waiting(api.scope, None, read=True)
            self._count.named += 1
            self._named.found(api)
            changes = tuple([change for each in compared for change in each.changes])
            planned = PlannedApi(
                api=api,
                changes=changes,
                uncovered=tuple([target for each in compared for target in each.uncovered]),
                set_aside=(
                    *_without_changes(decided.set_aside, changes),
                    *(aside for each in compared for aside in each.set_aside),
                ),
                variant=decided.wanted.variant,
                notes=decided.decision.notes,
            )
            self._give(planned if self._configures else if_configured(planned))

    def _failed(
        self, api: RestApi, decided: Decided, error: CallError, unread: dict[Scope, CallError]
    ) -> None:
        """Give an item for an API that was not read, or keep it until its scope is known."""
        if error.ends_scope:
            unread.setdefault(api.scope, error)
        if isinstance(error, ApiDenied) or (isinstance(error, ApiNotFound) and self._listing):
            self._waiting.setdefault(api.scope, []).append(_Waiting(api, decided, error))
        else:
            self._not_read(api, decided, error)

    async def _compared(self, api: RestApi, decided: Decided) -> list[Compared]:
        """Read an API, once for each kind of change that the policy asks for, and compare."""
        kinds = decided.wanted.kinds
        if not kinds and not self._listing:
            await self._plane.send(self._deciding.base.kinds[0][0].read_all(api))  # it may not be there
        found, changes = list[Compared](), list[Change]()
        for _, compare in kinds:
            compared = await compare(api, changes, self._looking)
            found.append(compared)
            changes += compared.changes
        return found

    def _give_held(self, api: RestApi, decided: Decided, held: Held) -> None:
        """Give an item for an API to which nothing is written. It need not be read."""
        if held.fails:
            self._unread(api, decided, held.code, held.message)
            return
        aside = tuple(
            SetAside(target=target, code=held.code, message=held.message)
            for target in decided.wanted.expected
        )
        variant = decided.wanted.variant
        self._give(PlannedApi(api=api, changes=(), set_aside=(*decided.set_aside, *aside), variant=variant))

    def _decide_waiting(self, scope: Scope, given_up: CallError | None, *, read: bool) -> None:
        """Give items for the APIs of a scope that were denied or gone.

        The error is each API's own, or it is the whole scope's. `given_up` is why the scope was given up;
        `read` tells whether any API of it was read.
        """
        waiting = self._waiting.pop(scope, [])
        gone = "" if read else all_gone(sum(isinstance(each.error, ApiNotFound) for each in waiting))
        for api, decided, error in waiting:
            if isinstance(error, ApiDenied) and isinstance(given_up, AccessDenied):
                self._not_read(api, decided, given_up)
            elif isinstance(error, ApiNotFound) and gone:
                self._unread(api, decided, ALL_GONE, gone)
            else:
                self._not_read(api, decided, error)

    def _not_read(self, api: RestApi, decided: Decided, error: CallError) -> None:
        if self._listing:
            self._unread(api, decided, type(error).__name__, error.message)
        elif not isinstance(error, ApiNotFound):
            self._named.not_read(api, error)
        # An API that was named by id and is not here is missing, unless another scope has it.

    def _unread(
        self, api: RestApi, decided: Decided, code: str, message: str, *, selected: bool = True
    ) -> None:
        self._give(
            UnreadApi(
                api=api,
                targets=decided.wanted.expected,
                set_aside=decided.set_aside,
                code=code,
                message=message,
            ),
            selected=selected,
        )

    def _unreadable(self, listed: UnreadableApi) -> None:
        if self._named.odd(listed):
            decided = self._deciding.of_unread(listed.api)
            code, message = type(listed.error).__name__, listed.error.message
            self._unread(listed.api, decided, code, message, selected=False)

    def _give(self, item: PlanItem, *, selected: bool = True) -> None:
        self._sink(item)
        self._observer.notify(ItemPlanned(item=item, selected=selected))

    def _excluded(self, api: RestApi) -> None:
        self._named.found(api)
        message = "named, but left out by the policy's include and exclude rules"
        self._unread(api, self._deciding.of_unread(api), EXCLUDED, message, selected=False)


def _asking(policy: Policy, *, always: bool) -> Asking:
    """Say when the owners of APIs are asked for: before they are selected, before they are decided about."""
    if policy.targets.apis.needs_owner:
        return Asking.ALL
    if policy.rules.needs_owner:
        return Asking.LATER
    return Asking.MANAGED if always else Asking.TAGS


def _without_changes(set_aside: tuple[SetAside, ...], changes: tuple[Change, ...]) -> tuple[SetAside, ...]:
    """Give what is left alone. Locked keys are merged into an exempt type that an API customised itself."""
    if not set_aside:
        return set_aside
    changed = {change.target for change in changes}
    return tuple([each for each in set_aside if each.target not in changed])


class _Waiting(NamedTuple):
    """An API whose error may be the whole scope's."""

    api: RestApi
    decided: Decided
    error: CallError
