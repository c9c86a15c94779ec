"""Follows the pages of a list of another service to its end. A list that has none is refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import anyio.lowlevel

from batchgw.control_plane.interface import ControlPlane, Request
from batchgw.control_plane.operations.listing import Page
from batchgw.discovery.listing import ENDLESS, IN_A_CIRCLE
from batchgw.errors import ServiceFailure

Item = TypeVar("Item")

MOST_EMPTY = 200
"""Pages without any entry that follow each other, at most. At two calls a second they take 100 s."""

MOST_ENTRIES = 100_000
"""Entries of a list, at most: ten times as many accounts as an organisation can have (AWS Organizations user
guide, quotas: 10 by default, which can be raised to 10,000)."""


async def pages(
    plane: ControlPlane, ask: Callable[[str | None], Request[Page[Item]]]
) -> AsyncGenerator[tuple[Item, ...], None]:
    """Yield the entries of each page. `ask` makes the request for a page, given its token.

    Raises a `CallError` if a page fails, and if the list does not end.
    """
    tokens: set[str] = set()
    token: str | None = None
    empty = entries = 0
    while True:
        request = ask(token)
        page = await plane.send(request)
        empty = 0 if page.items else empty + 1
        entries += len(page.items)
        yield page.items
        token = page.token
        if token is None:
            return
        name = request.operation.name
        if token in tokens:
            raise ServiceFailure(
                f"the list that {name} gives does not end: after page {len(tokens) + 1:,} the service gave a "
                "token that it had given before. Try again later",
                code=IN_A_CIRCLE,
            )
        if empty > MOST_EMPTY or entries > MOST_ENTRIES:
            what = f"{empty:,} pages without an entry" if empty > MOST_EMPTY else f"{entries:,} entries"
            raise ServiceFailure(
                f"the list that {name} gives does not end: after {what} there is another page. Try again "
                "later, and check --endpoint-url / AWS_ENDPOINT_URL",
                code=ENDLESS,
            )
        tokens.add(token)
        await anyio.lowlevel.checkpoint()
