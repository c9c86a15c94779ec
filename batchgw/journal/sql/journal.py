"""The journal in an SQL database. SQLite answers in line: a method takes well under a millisecond.

Only what reads or writes a whole run takes longer. Nothing here waits for anything but the database.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import aclosing, suppress
from functools import partial
from typing import Final, Self, TypeVar

import anyio

from batchgw.concurrency.time_slices import in_thread
from batchgw.errors import JournalWriteFailed
from batchgw.journal.finding import LAST, typed_run
from batchgw.journal.pruning import PrunePart, Swept, ToPrune
from batchgw.journal.quota_memory import Limit
from batchgw.journal.records import NewRun, RunRecord
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.memory.deployed import SqlLiveMemory
from batchgw.journal.sql.memory.limits import all_limits, forget_limits
from batchgw.journal.sql.memory.organization import SqlOrganizationMemory, readers
from batchgw.journal.sql.memory.quotas import SqlQuotaMemory
from batchgw.journal.sql.run import SqlRun
from batchgw.journal.sql.store import Store
from batchgw.journal.sql.tables.content import JournalTables
from batchgw.model import AccountId, Change, RestApi
from batchgw.throttle.quota import Quotas

T = TypeVar("T")

_END: Final = object()
"""Stands for the end of some steps."""


class SqlJournal:
    """See `interface.Journal`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str | None, *, clock: Callable[[], float], patience: float | None = None) -> Self:
        """Open a file or database URL. Raises JournalUnusable."""
        return cls(Store(Database(url, JournalTables(), patience=patience), clock))

    @property
    def is_durable(self) -> bool:
        """Whether what is committed outlives this process. Raises JournalUnusable."""
        return self._store.database.is_kept

    @property
    def url(self) -> str:
        """Its URL without the password."""
        return self._store.database.location.masked

    @property
    def location(self) -> str:
        """What people call it."""
        return str(self._store.database.location)

    async def begin(self, new: NewRun) -> SqlRun:
        """Enter a run."""
        database = self._store.database
        database.run, database.working = None, True
        run = self._store.runs.begin(new)
        self._store.unplanned.add(run)
        return SqlRun(self._store, run)

    def run(self, run: str) -> SqlRun:
        """Give the handle of a run."""
        return SqlRun(self._store, run)

    async def find(self, typed: str) -> RunRecord:
        """Look a run up by what people type."""
        self._store.flush_if_possible()
        return self._store.runs.find(typed)

    async def find_unfinished(self, typed: str) -> RunRecord:
        """Look a run up; "last" is the newest that is unfinished."""
        self._store.flush_if_possible()
        self._store.database.check_whole()
        runs = self._store.runs
        return runs.last_unfinished() if typed_run(typed) == LAST else runs.find(typed)

    async def runs(self, limit: int = 50) -> list[RunRecord]:
        """Give the runs begun last, the last one first."""
        self._store.flush_if_possible()
        return self._store.runs.latest(limit)

    async def children(self, run: str) -> list[RunRecord]:
        """Give the runs that take a run back."""
        self._store.flush_if_possible()
        return self._store.runs.children(run)

    async def unfinished(self) -> list[RunRecord]:
        """Give the runs with something left to resume, the oldest first."""
        self._store.flush_if_possible()
        self._store.database.check_whole()
        return self._store.runs.unfinished()

    async def prunable(self, wanted: ToPrune) -> list[PrunePart]:
        """Look which runs may be deleted. It only reads, in a thread."""
        self._store.flush_if_possible()
        return await in_thread(partial(self._store.choosing.parts, wanted))

    async def prune(self, part: PrunePart) -> AsyncGenerator[int, None]:
        """Delete one, a little at a time."""
        if part.kept is not None:
            raise ValueError(f"run {part.run.id} is kept: {part.kept}")
        self._store.buffer.flush()
        async with aclosing(_with_pauses(self._store.deleting.delete(part))) as steps:
            async for gone in steps:
                yield gone
        self._store.pending.forget_scopes()

    async def sweep(self, *, before: float | None = None, accounts: Collection[AccountId] = ()) -> Swept:
        """Delete what belongs to no run any more."""
        deleting = self._store.deleting
        limits = await self.forget_limits(accounts=accounts) if accounts else 0
        deployments = 0
        async for gone in _with_pauses(deleting.forget_deployed(before, accounts)):
            deployments += gone
        newest = deleting.newest_run()
        unused = await in_thread(deleting.unused_images)
        images = None if unused is None else 0
        if unused:
            async for some in _with_pauses(deleting.delete_images(unused, newest)):
                images = None if some is None or images is None else images + some
            self._store.images.forget()
        return Swept(images=images, deployments=deployments, limits=limits)

    async def needed_changes(self, api: RestApi, kind: str) -> list[tuple[str, Change]]:
        """Give what runs may still make or take back of an API."""
        self._store.flush_if_possible()
        return self._store.pending.needed(api, kind)

    async def open_runs(self) -> frozenset[str]:
        """Give the ids of all runs that are not done."""
        return self._store.runs.not_done()

    async def limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> list[Limit]:
        """Give what is remembered of quotas."""
        return all_limits(self._store.database, accounts=accounts, regions=regions)

    async def forget_limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> int:
        """Forget it."""
        return forget_limits(self._store.database, accounts=accounts, regions=regions)

    async def quota_memory(
        self,
        *,
        endpoint: str = "",
        quotas: Quotas | None = None,
        trouble: Callable[[str], None] | None = None,
    ) -> SqlQuotaMemory:
        """Read what is remembered, and give a memory for a `PacedControlPlane`."""
        store = self._store
        memory = SqlQuotaMemory(
            store.database, endpoint=endpoint, quotas=quotas, clock=store.clock, trouble=trouble
        )
        await memory.load()
        return memory

    async def organization_memory(
        self, *, reader: str, trouble: Callable[[str], None] | None = None
    ) -> SqlOrganizationMemory:
        """Give a memory of what a reader finds of its organisation."""
        store = self._store
        return SqlOrganizationMemory(store.database, reader=reader, clock=store.clock, trouble=trouble)

    async def live_memory(self, *, trouble: Callable[[str], None] | None = None) -> SqlLiveMemory:
        """Give a memory of what deployments answer with."""
        return SqlLiveMemory(self._store.database, clock=self._store.clock, trouble=trouble)

    async def organization_readers(self) -> list[str]:
        """Give those whose findings are remembered, the last ones first."""
        return readers(self._store.database)

    async def close(self) -> None:
        """Commit what waits, release all locks, and close in any case."""
        if not self._store.database.closed:
            await self._store.done(self._close)

    def _close(self) -> None:
        try:
            self._store.buffer.flush()
        finally:
            with suppress(JournalWriteFailed):
                self._store.locks.release_all()
            self._store.database.close()


async def _with_pauses(steps: Iterator[T]) -> AsyncGenerator[T, None]:
    """Take each step in a thread, then wait as long as it took: others, who wait for the database, get in."""
    while True:
        began = time.perf_counter()
        done = await in_thread(partial(next, steps, _END))
        if done is _END:
            return
        yield done
        await anyio.sleep(time.perf_counter() - began)
