"""From a scope to its selected REST APIs, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from math import ceil

import anyio.lowlevel

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import UNNAMED, GetRestApis, RestApiPage, UnreadableApi
from batchgw.discovery.named_apis import may_be_in
from batchgw.discovery.owners.ladder import Asking, Ladder, with_owner_by_tags
from batchgw.discovery.packed import PackedApis
from batchgw.discovery.selection_count import SelectionCount
from batchgw.errors import CallError, ExpressionFailed, ServiceFailure
from batchgw.events import ApisListed, Observer
from batchgw.model import ExplicitApi, RestApi, RestApiId, Scope, Selection
from batchgw.model.fleet.seen import SeenApis

IN_A_CIRCLE = "RepeatedPosition"
"""Our code for a listing that returns to a position it had before. AWS has none for that."""

ENDLESS = "EndlessListing"
"""Our code for a listing that has more pages than there can be."""

MOST_APIS = 600 + 600 + 120
"""REST APIs of an account in a region: regional, private and edge ones (developer guide, quotas)."""

SMALL_PAGE = 25
"""REST APIs on a page of a service that ignores our `limit` (API reference: its default)."""

MOST_PAGES = 2 * ceil(MOST_APIS / SMALL_PAGE)
"""Pages of a listing, at most: as many small pages as all REST APIs can fill, and as many empty ones.

AWS needs three. At AWS's quota so many pages take 7 s, burst included.
"""


def named(explicit: tuple[ExplicitApi, ...], scope: Scope) -> frozenset[RestApiId]:
    """The explicitly named ids that may be in the scope."""
    return frozenset(e.id for e in explicit if may_be_in(e, scope))


def needs_listing(selection: Selection) -> bool:
    """Tell whether names or tags must be known to decide: ids alone can be read without a listing."""
    return not selection.explicit or bool(selection.include or selection.exclude)


async def list_rest_apis(
    plane: ControlPlane,
    scope: Scope,
    selection: Selection,
    *,
    observer: Observer,
    unselected: Callable[[RestApi], None] = lambda _api: None,
    unreadable: Callable[[UnreadableApi], None] = lambda _api: None,
    count: SelectionCount | None = None,
    owners: Asking = Asking.TAGS,
) -> AsyncGenerator[RestApi, None]:
    """Yield the selected REST APIs of the scope, each once, in the service's order.

    `unselected` is told of APIs that are named by id and left out by include or exclude rules. `unreadable`
    is told of APIs of which the service says something impossible, if they may be meant; one that is listed
    without an id may be any. `count` is told of all that is listed. A scope that cannot have any of the
    explicitly named APIs is not asked. An API whose owner must be told and cannot be is unreadable, and so is
    one on which an expression fails. Raises a `CallError` if a page fails.
    """
    counted = SelectionCount(selection) if count is None else count
    wanted = named(selection.explicit, scope)
    if selection.explicit and not wanted:
        return
    meant = wanted.union(s.id for s in selection.include if s.id is not None)

    unclear = _undecided(counted, unreadable)

    def select(page: list[RestApi], *, seen: int, last: bool) -> PackedApis:
        candidates = [api for api in page if api.id in wanted or not selection.explicit]
        selected = []
        for api in candidates:
            is_selected = _is_selected(api, counted, unclear)
            if is_selected:
                selected.append(api)
            elif is_selected is False and api.id in meant:
                unselected(api)
        observer.notify(ApisListed(scope=scope, seen=seen, selected=len(selected), last_page=last))
        return PackedApis(scope, selected)

    pages = _Pages(plane, scope)
    ladder = Ladder(plane)
    while not pages.ended:
        page, odd = await pages.next()
        seen = len(page)
        counted.found += seen + len(odd)
        for each in odd:
            if each.api.id in wanted or each.unnamed or not selection.explicit:
                unclear(each)
        await anyio.lowlevel.checkpoint()  # to know them by their ids, another 2
        page = [api async for api in _with_owners(ladder, page, owners, unclear)]
        waiting = select(page, seen=seen, last=pages.ended)
        del page
        for api in waiting:
            yield api


def _undecided(
    count: SelectionCount, unreadable: Callable[[UnreadableApi], None]
) -> Callable[[UnreadableApi], None]:
    """Count the APIs that are told to `unreadable`: selectors may match them."""

    def tell(each: UnreadableApi) -> None:
        count.undecided += 1
        unreadable(each)

    return tell


def _is_selected(
    api: RestApi, count: SelectionCount, unreadable: Callable[[UnreadableApi], None]
) -> bool | None:
    """Count an API, and tell whether it is selected; None where an expression fails on it."""
    try:
        return count.add(api)
    except ExpressionFailed as error:
        unreadable(UnreadableApi(api=api, error=error))
        return None


async def _with_owners(
    ladder: Ladder,
    page: list[RestApi],
    owners: Asking,
    unreadable: Callable[[UnreadableApi], None],
) -> AsyncGenerator[RestApi, None]:
    """Give APIs with their owners. One after the other: the scope's quota lets no more through anyway."""
    for api in page:
        match owners:
            case Asking.LATER:
                yield api
            case Asking.TAGS | Asking.MANAGED:
                yield with_owner_by_tags(api)
            case Asking.ALL:
                try:
                    owned = await ladder.with_owner(api)
                except CallError as error:
                    if error.ends_scope:
                        raise
                    unreadable(UnreadableApi(api=api, error=error))
                else:
                    yield owned


class _Pages:
    """The pages of a listing. No page is kept here: thousands of scopes may be listed at once."""

    def __init__(self, plane: ControlPlane, scope: Scope) -> None:
        self._plane = plane
        self._scope = scope
        self._seen = SeenApis()
        self._positions: set[str] = set()
        self._position: str | None = None
        self._unnamed = 0
        self.ended = False

    async def next(self) -> tuple[list[RestApi], list[UnreadableApi]]:
        """Ask for the next page. Returns the APIs that are new on it, and those that cannot be read.

        An API that is created meanwhile moves others to the next page, where they are listed again.
        """
        self._refuse_circles()
        page = await self._plane.send(GetRestApis(scope=self._scope, position=self._position))
        await anyio.lowlevel.checkpoint()  # reading a page took 5 ms for 500 APIs
        self._position = page.position
        self.ended = page.position is None
        fresh = self._seen.fresh(page.items), self._new_oddities(page)
        if self.ended:
            self._seen.forget()  # the last page may be worked on for a long time
        return fresh

    def _new_oddities(self, page: RestApiPage) -> list[UnreadableApi]:
        if not page.unreadable:
            return []
        odd = {each.api.id: each for each in page.unreadable if not each.unnamed}
        fresh = [odd[api.id] for api in self._seen.fresh([each.api for each in odd.values()])]
        return fresh + [self._numbered(each) for each in page.unreadable if each.unnamed]

    def _numbered(self, listed: UnreadableApi) -> UnreadableApi:
        """Number APIs without an id: each is a target of its own, and is counted."""
        self._unnamed += 1
        return replace(listed, api=replace(listed.api, id=RestApiId(f"{UNNAMED}{self._unnamed}")))

    def _refuse_circles(self) -> None:
        if self._position is None:
            return
        if len(self._positions) + 1 >= MOST_PAGES:
            raise ServiceFailure(
                f"the list of REST APIs in {self._scope} does not end: after {MOST_PAGES:,} pages there is "
                f"another, and a region holds {MOST_APIS:,} REST APIs at most. What it listed by then is "
                "taken. Check --endpoint-url / AWS_ENDPOINT_URL",
                code=ENDLESS,
            )
        if self._position in self._positions:
            raise ServiceFailure(
                f"the list of REST APIs in {self._scope} does not end: after page {len(self._positions) + 1} "
                "the service gave a position that it had given before. What it listed by then is taken; try "
                "again later",
                code=IN_A_CIRCLE,
            )
        self._positions.add(self._position)
