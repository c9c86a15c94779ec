"""From a scope to its selected REST APIs, as a stream of pages: memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from batchgw.control_plane.interface import ControlPlane, GetRestApis
from batchgw.events import ApisListed, Observer
from batchgw.model import ExplicitApi, RestApi, RestApiId, Scope, Selection


def named(explicit: tuple[ExplicitApi, ...], scope: Scope) -> frozenset[RestApiId]:
    """The explicitly named ids that may be in the scope."""
    return frozenset(
        e.id for e in explicit if e.account in (None, scope.account) and e.region in (None, scope.region)
    )


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
    """Yield the selected REST APIs of the scope, in the service's order.

    Explicitly named APIs that include or exclude rules leave out are told to `unselected`. Raises a
    `CallError` if a page fails.
    """
    wanted = named(selection.explicit, scope) if selection.explicit else None
    position: str | None = None
    while True:
        answer = await plane.send(GetRestApis(scope=scope, position=position))
        page = answer.value
        candidates = [api for api in page.items if wanted is None or api.id in wanted]
        selected = [api for api in candidates if selection.matches(api)]
        observer.notify(
            ApisListed(
                scope=scope,
                seen=len(page.items),
                selected=len(selected),
                last_page=page.position is None,
            )
        )
        if wanted is not None:
            for api in candidates:
                if not selection.matches(api):
                    unselected(api)
        for api in selected:
            yield api
        if page.position is None:
            return
        position = page.position
