"""What a run has planned and what became of it, read from the journal piece by piece, for its gates."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.journal import JournalRun, TracedApi
from batchgw.model import Scope
from batchgw.report.summary import counted

_PAGE: Final = 100
"""APIs that are read of the journal at a time."""


async def scopes_of(run: JournalRun, *, wave: int | None = None) -> AsyncGenerator[Scope, None]:
    """Give the account-regions of a run, or of one wave of it."""
    for each in await counted(run, wave=wave):
        if each.tally.expected:
            yield each.scope


async def apis_of(
    run: JournalRun, scope: Scope, *, wave: int | None = None
) -> AsyncGenerator[TracedApi, None]:
    """Give the APIs of an account-region, all of them or those of one wave. Other tasks run in between."""
    slices, after = TimeSlices(), 0
    while page := await run.traced(scope, after=after, limit=_PAGE, wave=wave):
        for each in page:
            yield each
        after = page[-1].row
        await slices.yield_if_due()
