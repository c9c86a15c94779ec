"""One run in the journal: the handle that everyone who works on the run holds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial

from batchgw.concurrency.time_slices import TimeSlices, in_thread
from batchgw.journal.ranking import check_kinds
from batchgw.journal.records import (
    ApiTargets,
    PendingApi,
    RunState,
    ScopeCounts,
    Snapshot,
    Tally,
    TracedApi,
)
from batchgw.journal.rollout_records import (
    GateCheck,
    GateResult,
    Verdict,
    WaveDecision,
    WaveRecord,
    WaveState,
)
from batchgw.journal.sql import reading
from batchgw.journal.sql.importing import SqlPlanImport, importing
from batchgw.journal.sql.reading import ScopeRow, in_order
from batchgw.journal.sql.store import Store
from batchgw.journal.sql.superseding import superseding
from batchgw.model import Change, Outcome, Scope


class SqlRun:
    """See `interface.JournalRun`."""

    def __init__(self, store: Store, run: str) -> None:
        self._store = store
        self._id = run

    @property
    def id(self) -> str:
        """The run's id."""
        return self._id

    @asynccontextmanager
    async def importing(self) -> AsyncIterator[SqlPlanImport]:
        """Take a plan's items one by one."""
        store = self._store
        async with importing(
            store.database, store.images, store.statements, store.claims, self._key(), now=store.clock()
        ) as plan:
            yield plan
        store.unplanned.discard(self._id)

    async def set_state(self, state: RunState, *, totals: Tally | None = None) -> None:
        """Move the run to another state."""
        self._key()
        self._store.buffer.flush()
        counted = totals is not None or not state.ended
        moving = partial(self._store.runs.set_state, self._id, state, totals)
        await self._store.done(moving, rows=1 if counted else None)

    async def pending(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[PendingApi]:
        """Give the next APIs with something left to do."""
        self._store.buffer.flush()
        page = self._store.pending.page(self._key(), scope, after=after, limit=limit, wave=wave)
        for each in page:
            self._store.buffer.take_up(each.changes)
        return page

    async def traced(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[TracedApi]:
        """Give the next APIs, with what became of all that was planned."""
        self._store.flush_if_possible()
        return self._store.pending.traced(self._key(), scope, after=after, limit=limit, wave=wave)

    async def targets(self, scope: Scope, *, after: str = "", limit: int = 100) -> list[ApiTargets]:
        """Give the next APIs by their ids, with all their targets."""
        self._store.flush_if_possible()
        return self._store.targets.page(self._key(), scope, after=after, limit=limit)

    async def intend(self, ids: Sequence[int]) -> None:
        """Commit that calls are about to be made."""
        self._store.buffer.intend(ids)

    def withdraw(self, ids: Iterable[int]) -> None:
        """Take intents back."""
        self._store.buffer.withdraw(ids)

    def record(self, change: int, outcome: Outcome) -> None:
        """Take the outcome of a change."""
        self._store.buffer.record(change, outcome)

    async def flush(self) -> None:
        """Commit what was recorded and withdrawn."""
        self._store.buffer.flush()

    async def sync(self) -> None:
        """Wait for the disk, in a thread."""
        await in_thread(self._store.database.sync)

    async def planned(self, row: int) -> tuple[Change, ...]:
        """Give all changes that are planned for an API."""
        self._key()
        return self._store.pending.planned(row)

    async def snapshot(self, row: int) -> Snapshot | None:
        """Give the snapshot of an API."""
        self._key()
        return self._store.snapshots.find(row)

    async def intend_snapshot(self, row: int) -> None:
        """Commit that a snapshot may have been taken."""
        self._store.buffer.flush()
        self._store.snapshots.intend(self._key(), row)

    async def keep_snapshot(self, row: int, deployment: str) -> None:
        """Commit what it is called."""
        self._key()
        self._store.snapshots.keep(row, deployment)

    async def reopen(self) -> int:
        """Let what has failed be undecided again."""
        self._key()
        self._store.buffer.flush()
        return await self._store.done(partial(self._store.runs.reopen, self._id))

    async def close(self, code: str, message: str) -> int:
        """End the run for good."""
        self._key()
        self._store.buffer.flush()
        return await self._store.done(partial(self._store.runs.close, self._id, code, message))

    async def superseding(self) -> AsyncGenerator[int, None]:
        """Skip what newer runs have decided."""
        self._store.buffer.flush()
        for skipped in superseding(self._store.database, self._key(), now=self._store.clock()):
            yield skipped

    async def scope_counts(self, *, wave: int | None = None) -> AsyncGenerator[ScopeCounts, None]:
        """Count outcomes, one account-region after another."""
        self._store.flush_if_possible()
        for row in await self._scopes():
            yield self._store.counter.count(row, wave=wave)

    def outcomes(self, *, kinds: frozenset[str] | None = None) -> AsyncGenerator[Outcome, None]:
        """Give the outcomes."""
        return _one_by_one(self.outcome_pages(kinds=kinds))

    def outcome_pages(
        self, *, kinds: frozenset[str] | None = None
    ) -> AsyncGenerator[Sequence[Outcome], None]:
        """Give them page by page."""
        return self._pages(check_kinds(kinds))

    async def waves(self) -> list[WaveRecord]:
        """Give the waves that have begun."""
        return self._store.rollouts.waves(self._key())

    async def set_wave(self, number: int, state: WaveState, *, said: str = "") -> None:
        """Bring a wave into a state."""
        self._store.rollouts.set_wave(self._key(), number, state, said)

    async def note_check(self, wave: int, gate: str, result: GateResult, *, said: str) -> None:
        """Keep what became of a gate."""
        self._store.rollouts.note_check(self._key(), wave, gate, result, said)

    async def checks(self) -> list[GateCheck]:
        """Give all that was asked of gates."""
        return self._store.rollouts.checks(self._key())

    async def decide(self, wave: int, verdict: Verdict, *, who: str, reason: str = "") -> None:
        """Answer for a wave."""
        self._store.rollouts.decide(self._key(), wave, verdict, who, reason)

    async def decisions(self) -> list[WaveDecision]:
        """Give what people have decided."""
        return self._store.rollouts.decisions(self._key())

    async def acquire(
        self, scopes: Iterable[Scope], *, force: bool = False, take_over_dead: bool = False
    ) -> frozenset[Scope]:
        """Lock the scopes for the run, all or none."""
        key, wanted = self._key(), frozenset(scopes)
        self._store.database.working = True
        acquire = self._store.locks.acquire
        taking = partial(acquire, key, self._id, wanted, force=force, take_over_dead=take_over_dead)
        return await self._store.done(taking, rows=len(wanted))

    async def heartbeat(self) -> None:
        """Renew the sign of life."""
        self._store.locks.heartbeat(self._key(), self._id)

    async def release(self) -> None:
        """Release the run's locks, and the run."""
        try:
            self._store.buffer.flush()
        finally:
            await self._store.done(partial(self._store.locks.release, self._key(), self._id))

    async def _pages(self, kinds: frozenset[str]) -> AsyncGenerator[Sequence[Outcome], None]:
        self._store.flush_if_possible()
        for row in await self._scopes():
            after: int | None = 0
            limit = reading.FIRST_PAGE
            while after is not None:
                page, after = self._store.outcomes.page(row, kinds, after=after, limit=limit)
                limit = reading.next_page(limit, len(page))
                yield page

    async def _scopes(self) -> list[ScopeRow]:
        """Give the run's scopes, in the order of their names. There may be thousands."""
        key, slices = self._key(), TimeSlices()
        page = found = self._store.counter.scopes(key)
        while len(page) == reading.SCOPES:
            await slices.yield_if_due()
            page = self._store.counter.scopes(key, after=page[-1].scope)
            found = [*found, *page]
        return in_order(found)

    def _key(self) -> int:
        return self._store.key(self._id)


async def _one_by_one(pages: AsyncGenerator[Sequence[Outcome], None]) -> AsyncGenerator[Outcome, None]:
    async with aclosing(pages):
        async for page in pages:
            for outcome in page:
                yield outcome
