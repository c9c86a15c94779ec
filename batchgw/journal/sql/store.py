"""The parts behind a journal and the handles of its runs. They are synchronous.

They are used from the event loop's thread, and for what is about many rows from another one meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from batchgw.concurrency.time_slices import in_thread
from batchgw.errors import JournalWriteFailed
from batchgw.journal.sql.chunk import Statements
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.locks import Locks
from batchgw.journal.sql.pending import Pending
from batchgw.journal.sql.pruning.choosing import Choosing
from batchgw.journal.sql.pruning.deleting import Deleting
from batchgw.journal.sql.reading import OutcomeReader, ScopeCounter, TargetReader
from batchgw.journal.sql.rollouts import Rollouts
from batchgw.journal.sql.runs import Runs
from batchgw.journal.sql.snapshots import Snapshots
from batchgw.journal.sql.tables.images import Images
from batchgw.journal.sql.write_buffer import WriteBuffer

T = TypeVar("T")

MANY: Final = 100
"""Rows that are written or counted at once in the event loop. More take longer than it may stand still."""


class Store:
    """One database, and what is made of it once: statements are compiled, caches filled."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock
        self.images = Images(database)
        self.statements = Statements(database)
        self.claims = Claims(clock)
        self.runs = Runs(database, self.claims, clock)
        self.buffer = WriteBuffer(database, clock)
        self.pending = Pending(database, self.images)
        self.rollouts = Rollouts(database, clock)
        self.snapshots = Snapshots(database, self.claims, clock)
        self.outcomes = OutcomeReader(database)
        self.counter = ScopeCounter(database)
        self.targets = TargetReader(database)
        self.choosing = Choosing(database, self.runs, clock)
        self.deleting = Deleting(database, self.claims, self.runs, clock)
        self.locks = Locks(database, self.claims, clock)
        self.unplanned: set[str] = set()  # runs begun here whose plans are not in: nothing of them to resume

    def key(self, run: str) -> int:
        """Give the row id of the run that errors from now on are about. Raises RunUnknown."""
        key = self.runs.key(run)
        self.database.run = None if run in self.unplanned else run
        return key

    async def done(self, work: Callable[[], T], *, rows: int | None = None) -> T:
        """Do work on so many rows, by default on all that were changed so far: many of them in a thread.

        Its transactions are no others' in any case: those that come meanwhile wait.
        """
        about = self.database.changed if rows is None else rows
        return await in_thread(work) if about > MANY else work()

    def flush_if_possible(self) -> None:
        """Commit what waits, before something is read. If that fails, the next write raises the error."""
        with suppress(JournalWriteFailed):
            self.buffer.flush()
