"""From a scope to its selected REST APIs, as a stream of pages: of what was listed only the ids are kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from batchgw.control_plane.interface import ControlPlane, GetRestApis
from batchgw.discovery.naming import may_be_in
from batchgw.errors import ServiceFailure
from batchgw.events import ApisListed, Observer
from batchgw.model import ExplicitApi, RestApi, RestApiId, Scope, Selection

IN_A_CIRCLE = "RepeatedPosition"
"""AWS has no code for a listing that comes back to where it was; this one stands for it."""


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
) -> AsyncGenerator[RestApi, None]:
    """Yield the selected REST APIs of the scope, each once, in the service's order.

    APIs named by id that include or exclude rules leave out are told to `unselected`. A scope that cannot
    have any of the explicitly named ones is not asked. Raises a `CallError` if a page fails.
    """
    wanted = named(selection.explicit, scope)
    if selection.explicit and not wanted:
        return
    told = wanted.union(s.id for s in selection.include if s.id is not None)
    async with aclosing(_pages(plane, scope)) as pages:
        async for page, last in pages:
            candidates = [api for api in page if api.id in wanted or not selection.explicit]
            selected = [api for api in candidates if selection.matches(api)]
            observer.notify(ApisListed(scope=scope, seen=len(page), selected=len(selected), last_page=last))
            for api in candidates:
                if api.id in told and not selection.matches(api):
                    unselected(api)
            for api in selected:
                yield api


async def _pages(plane: ControlPlane, scope: Scope) -> AsyncGenerator[tuple[list[RestApi], bool], None]:
    """Yield each page, and whether it is the last. An API that comes again is left out.

    An API that is created meanwhile moves others on to the next page, where they are listed a second time.
    """
    seen: set[RestApiId] = set()
    positions: set[str] = set()
    position: str | None = None
    while True:
        page = (await plane.send(GetRestApis(scope=scope, position=position))).value
        fresh = {api.id: api for api in page.items if api.id not in seen}
        seen.update(fresh)
        yield list(fresh.values()), page.position is None
        position = page.position
        if position is None:
            return
        if position in positions:
            raise ServiceFailure(
                f"the list of REST APIs in {scope} does not end: after page {len(positions) + 1} the service "
                "gave a position that it had given before. What it listed by then is taken; try again later",
                code=IN_A_CIRCLE,
            )
        positions.add(position)
