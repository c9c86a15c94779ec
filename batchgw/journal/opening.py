"""Opens a journal. The only module that knows which implementations there are."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal.interface import Journal


@asynccontextmanager
async def open_journal(
    url: str | None = None,
    *,
    clock: Callable[[], float] = time.time,
    durable: bool = False,
    patience: float | None = None,
) -> AsyncIterator[Journal]:
    """Open a journal for the length of a block: `async with batchgw.open_journal() as journal`.

    `url` is a file or a database URL; without one, BATCHGW_JOURNAL, or a file in the XDG state folder. A new
    journal is made. `clock` gives seconds since the epoch. `patience` is how many seconds to wait for other
    processes that use it, where the default is too long.

    Raises JournalUnusable; when `durable`, also for a journal that ends with this process. The end of the
    block raises JournalWriteFailed when an outcome could not be kept; an error under way is not hidden by
    that.
    """
    from batchgw.journal.sql.journal import SqlJournal  # noqa: PLC0415 - SQLAlchemy is behind it

    journal = SqlJournal.open(url, clock=clock, patience=patience)
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
