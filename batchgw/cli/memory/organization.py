"""Keeps what is found of an organisation for the next command. Where that fails, the command goes on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from batchgw.cli.memory.quotas import PATIENCE
from batchgw.discovery.organization.recollection import Remembering
from batchgw.errors import JournalUnusable
from batchgw.journal import OrganizationMemory, open_journal
from batchgw.model.fleet.selected import NEW
from batchgw.redaction import bare_url
from batchgw.report.views.text import Line, Span, line
from batchgw.times import duration


@asynccontextmanager
async def remembering(
    journal: str | None, *, endpoint: str, max_age: float, trouble: Callable[[str], None]
) -> AsyncIterator[Remembering]:
    """Open the journal for it once the organisation is asked, with a connection that waits for nobody long.

    `endpoint` tells an address of the user's own from AWS (""). `trouble` is told why nothing can be
    remembered.
    """
    async with AsyncExitStack() as stack:

        async def opened(reader: str) -> OrganizationMemory | None:
            try:
                store = await stack.enter_async_context(open_journal(journal, patience=PATIENCE))
            except JournalUnusable as error:
                trouble(str(error))
                return None
            return await store.organization_memory(reader=at_endpoint(reader, endpoint), trouble=trouble)

        yield Remembering(open=opened, max_age=max_age)


def at_endpoint(reader: str, endpoint: str) -> str:
    """Name a reader at an endpoint of the user's own, or at AWS ("")."""
    return f"{bare_url(endpoint)} {reader}".strip()


def is_at_endpoint(reader: str, endpoint: str) -> bool:
    """Tell whether a name that `at_endpoint` gave is one at this endpoint."""
    own, space, _ = reader.partition(" ")
    return (own if space and "://" in own else "") == bare_url(endpoint)


def age_lines(as_of: float | None, *, clock: Callable[[], float] = time.time) -> Iterator[Line]:
    """Say how old the accounts are, unless they were asked for just now."""
    if as_of is not None and (age := clock() - as_of) >= NEW:
        yield line(Span(f"Accounts as of {duration(age)} ago; --refresh asks again.", "dim"))
