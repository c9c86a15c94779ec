"""Opens a journal. The only module that knows which implementations there are."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal.interface import Journal, QuotaMemory
from batchgw.throttle.quota import Quotas


@asynccontextmanager
async def open_journal(
    url: str | None = None, *, clock: Callable[[], float] = time.time, durable: bool = False
) -> AsyncIterator[Journal]:
    """Open a journal for the length of a block: `async with batchgw.open_journal() as journal`.

    `url` is a file or a database URL; without one, BATCHGW_JOURNAL, or a file in the XDG state folder. A new
    journal is made. `clock` gives seconds since the epoch.

    Raises JournalUnusable; when `durable`, also for a journal that ends with this process. The end of the
    block raises JournalWriteFailed when an outcome could not be kept; an error under way is not hidden by
    that.
    """
    from batchgw.journal.sql.journal import SqlJournal  # noqa: PLC0415 - SQLAlchemy is behind it

    journal = SqlJournal.open(url, clock=clock)
    if durable and not journal.is_durable:
        await journal.close()
        raise JournalUnusable(
            f"The journal {journal.location} is in memory and would end with this command: no resume, "
            "no before-images, and no other run would see its locks. Give a file with --journal, or none."
        )
    try:
        yield journal
    except BaseException as error:
        try:
            await journal.close()
        except JournalWriteFailed as failure:
            error.add_note(str(failure))
        raise
    await journal.close()


@asynccontextmanager
async def open_quota_memory(
    url: str | None = None,
    *,
    endpoint: str = "",
    quotas: Quotas | None = None,
    trouble: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[QuotaMemory]:
    """Open a journal for its quota memory alone, with a connection of its own that waits for nobody for long.

    `trouble` is told, once, why nothing can be remembered; the rest as in `open_journal` and
    `Journal.quota_memory`. Raises JournalUnusable.
    """
    from batchgw.journal.sql.database.connection import Database  # noqa: PLC0415 - SQLAlchemy is behind it
    from batchgw.journal.sql.quota_memory import PATIENCE, SqlQuotaMemory  # noqa: PLC0415 - as above

    database = Database(url, patience=PATIENCE)
    try:
        yield SqlQuotaMemory(database, endpoint=endpoint, quotas=quotas, clock=clock, trouble=trouble)
    finally:
        database.close()
