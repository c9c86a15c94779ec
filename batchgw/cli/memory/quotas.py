"""Keeps what is learned of quotas from one command to the next. Where that fails, the command goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice

import anyio
import anyio.lowlevel

from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import JournalUnusable
from batchgw.journal import QuotaMemory, open_journal
from batchgw.throttle.quota import Quotas

INTERVAL = 15.0
"""Seconds between savings, so that a process that is killed has saved something, too."""

PATIENCE = 0.3
"""Seconds to wait for another process's transaction, at most once an opening, a reading and a saving."""

BATCH = 50
"""Buckets saved before other tasks run: about 3 ms."""


@asynccontextmanager
async def open_memory(
    journal: str | None, *, endpoint: str, quotas: Quotas, trouble: Callable[[str], None]
) -> AsyncIterator[QuotaMemory | None]:
    """Open the journal for what is learned, with a connection of its own that waits for nobody for long.

    Gives None when that fails. `trouble` is told why nothing can be remembered.
    """
    async with AsyncExitStack() as stack:
        memory: QuotaMemory | None = None
        try:
            opened = await stack.enter_async_context(open_journal(journal, patience=PATIENCE))
            memory = await opened.quota_memory(endpoint=endpoint, quotas=quotas, trouble=trouble)
        except JournalUnusable as error:
            trouble(str(error))
        yield memory


@asynccontextmanager
async def keeping(memory: QuotaMemory, plane: PacedControlPlane) -> AsyncIterator[None]:
    """Save what is learned every `INTERVAL` seconds, and once more when the block ends."""

    async def at_intervals() -> None:
        while True:
            await anyio.sleep(INTERVAL)
            await _save(memory, plane)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(at_intervals)
            yield
            tasks.cancel_scope.cancel()
    finally:
        await _save(memory, plane)


async def _save(memory: QuotaMemory, plane: PacedControlPlane) -> None:
    """Save a batch at a time. Other tasks run after each."""
    learned = iter(list(plane.learned()))
    while batch := list(islice(learned, BATCH)):
        saved = await memory.save(batch)
        await anyio.lowlevel.cancel_shielded_checkpoint()
        if not saved:
            break  # the database is not available: do not wait again for each further batch
