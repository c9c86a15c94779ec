"""A journal that waits, as one behind a network does: each method that may wait does, before and after."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar

import anyio.lowlevel

from batchgw.journal import (
    JSON,
    ApiTargets,
    Fact,
    FactKind,
    Journal,
    JournalRun,
    Limit,
    LiveMemory,
    NewRun,
    OrganizationMemory,
    PendingApi,
    PlanImport,
    PrunePart,
    QuotaMemory,
    RunRecord,
    RunState,
    ScopeCounts,
    Snapshot,
    Swept,
    Tally,
    ToPrune,
    TracedApi,
    open_journal,
)
from batchgw.journal.rollout_records import (
    GateCheck,
    GateResult,
    Verdict,
    WaveDecision,
    WaveRecord,
    WaveState,
)
from batchgw.model import AccountId, Change, Outcome, PlanItem, RestApi, Scope
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quotas

T = TypeVar("T")

Wait = Callable[[], Awaitable[object]]
"""Waits for as long as the database takes: `anyio.lowlevel.checkpoint`, or a sleep."""


class SuspendingJournal:
    """A journal whose every answer takes a `wait` on the way there, and another on the way back."""

    def __init__(self, inner: Journal, wait: Wait) -> None:
        self._inner = inner
        self._wait = wait

    @property
    def location(self) -> str:
        return self._inner.location

    @property
    def url(self) -> str:
        return self._inner.url

    async def begin(self, new: NewRun) -> JournalRun:
        return SuspendingRun(await _slowly(self._wait, self._inner.begin(new)), self._wait)

    def run(self, run: str) -> JournalRun:
        return SuspendingRun(self._inner.run(run), self._wait)

    async def find(self, typed: str) -> RunRecord:
        return await _slowly(self._wait, self._inner.find(typed))

    async def find_unfinished(self, typed: str) -> RunRecord:
        return await _slowly(self._wait, self._inner.find_unfinished(typed))

    async def runs(self, limit: int = 50) -> list[RunRecord]:
        return await _slowly(self._wait, self._inner.runs(limit))

    async def children(self, run: str) -> list[RunRecord]:
        return await _slowly(self._wait, self._inner.children(run))

    async def unfinished(self) -> list[RunRecord]:
        return await _slowly(self._wait, self._inner.unfinished())

    async def prunable(self, wanted: ToPrune) -> list[PrunePart]:
        return await _slowly(self._wait, self._inner.prunable(wanted))

    def prune(self, part: PrunePart) -> AsyncGenerator[int, None]:
        return _each_slowly(self._wait, self._inner.prune(part))

    async def sweep(self, *, before: float | None = None, accounts: Collection[AccountId] = ()) -> Swept:
        return await _slowly(self._wait, self._inner.sweep(before=before, accounts=accounts))

    async def needed_changes(self, api: RestApi, kind: str) -> list[tuple[str, Change]]:
        return await _slowly(self._wait, self._inner.needed_changes(api, kind))

    async def open_runs(self) -> frozenset[str]:
        return await _slowly(self._wait, self._inner.open_runs())

    async def limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> list[Limit]:
        return await _slowly(self._wait, self._inner.limits(accounts=accounts, regions=regions))

    async def forget_limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> int:
        return await _slowly(self._wait, self._inner.forget_limits(accounts=accounts, regions=regions))

    async def organization_memory(
        self, *, reader: str, trouble: Callable[[str], None] | None = None
    ) -> OrganizationMemory:
        work = self._inner.organization_memory(reader=reader, trouble=trouble)
        return SuspendingOrganization(await _slowly(self._wait, work), self._wait)

    async def live_memory(self, *, trouble: Callable[[str], None] | None = None) -> LiveMemory:
        return await _slowly(self._wait, self._inner.live_memory(trouble=trouble))

    async def organization_readers(self) -> list[str]:
        return await _slowly(self._wait, self._inner.organization_readers())

    async def quota_memory(
        self,
        *,
        endpoint: str = "",
        quotas: Quotas | None = None,
        trouble: Callable[[str], None] | None = None,
    ) -> QuotaMemory:
        work = self._inner.quota_memory(endpoint=endpoint, quotas=quotas, trouble=trouble)
        return SuspendingQuotas(await _slowly(self._wait, work), self._wait)

    async def close(self) -> None:
        await _slowly(self._wait, self._inner.close())


class SuspendingRun:
    """See `batchgw.journal.JournalRun`. What is not async goes straight through."""

    def __init__(self, inner: JournalRun, wait: Wait) -> None:
        self.inner = inner
        self._wait = wait
        self.withdraw = inner.withdraw
        self.record = inner.record

    @property
    def id(self) -> str:
        return self.inner.id

    @asynccontextmanager
    async def importing(self) -> AsyncIterator[PlanImport]:
        await self._wait()
        async with self.inner.importing() as plan:
            yield SuspendingImport(plan, self._wait)
            await self._wait()
        await self._wait()

    async def set_state(self, state: RunState, *, totals: Tally | None = None) -> None:
        await _slowly(self._wait, self.inner.set_state(state, totals=totals))

    async def pending(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[PendingApi]:
        return await _slowly(self._wait, self.inner.pending(scope, after=after, limit=limit, wave=wave))

    async def traced(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[TracedApi]:
        return await _slowly(self._wait, self.inner.traced(scope, after=after, limit=limit, wave=wave))

    async def targets(self, scope: Scope, *, after: str = "", limit: int = 100) -> list[ApiTargets]:
        return await _slowly(self._wait, self.inner.targets(scope, after=after, limit=limit))

    async def intend(self, ids: Sequence[int]) -> None:
        await _slowly(self._wait, self.inner.intend(ids))

    async def flush(self) -> None:
        await _slowly(self._wait, self.inner.flush())

    async def sync(self) -> None:
        await _slowly(self._wait, self.inner.sync())

    async def planned(self, row: int) -> tuple[Change, ...]:
        return await _slowly(self._wait, self.inner.planned(row))

    async def snapshot(self, row: int) -> Snapshot | None:
        return await _slowly(self._wait, self.inner.snapshot(row))

    async def intend_snapshot(self, row: int) -> None:
        await _slowly(self._wait, self.inner.intend_snapshot(row))

    async def keep_snapshot(self, row: int, deployment: str) -> None:
        await _slowly(self._wait, self.inner.keep_snapshot(row, deployment))

    async def reopen(self) -> int:
        return await _slowly(self._wait, self.inner.reopen())

    async def close(self, code: str, message: str) -> int:
        return await _slowly(self._wait, self.inner.close(code, message))

    def superseding(self) -> AsyncGenerator[int, None]:
        return _each_slowly(self._wait, self.inner.superseding())

    def scope_counts(self, *, wave: int | None = None) -> AsyncGenerator[ScopeCounts, None]:
        return _each_slowly(self._wait, self.inner.scope_counts(wave=wave))

    async def waves(self) -> list[WaveRecord]:
        return await _slowly(self._wait, self.inner.waves())

    async def set_wave(self, number: int, state: WaveState, *, said: str = "") -> None:
        await _slowly(self._wait, self.inner.set_wave(number, state, said=said))

    async def note_check(self, wave: int, gate: str, result: GateResult, *, said: str) -> None:
        await _slowly(self._wait, self.inner.note_check(wave, gate, result, said=said))

    async def checks(self) -> list[GateCheck]:
        return await _slowly(self._wait, self.inner.checks())

    async def decide(self, wave: int, verdict: Verdict, *, who: str, reason: str = "") -> None:
        await _slowly(self._wait, self.inner.decide(wave, verdict, who=who, reason=reason))

    async def decisions(self) -> list[WaveDecision]:
        return await _slowly(self._wait, self.inner.decisions())

    def outcomes(self, *, kinds: frozenset[str] | None = None) -> AsyncGenerator[Outcome, None]:
        return _each_slowly(self._wait, self.inner.outcomes(kinds=kinds))

    def outcome_pages(
        self, *, kinds: frozenset[str] | None = None
    ) -> AsyncGenerator[Sequence[Outcome], None]:
        return _each_slowly(self._wait, self.inner.outcome_pages(kinds=kinds))

    async def acquire(
        self, scopes: Iterable[Scope], *, force: bool = False, take_over_dead: bool = False
    ) -> frozenset[Scope]:
        work = self.inner.acquire(scopes, force=force, take_over_dead=take_over_dead)
        return await _slowly(self._wait, work)

    async def heartbeat(self) -> None:
        await _slowly(self._wait, self.inner.heartbeat())

    async def release(self) -> None:
        await _slowly(self._wait, self.inner.release())


class SuspendingImport:
    """See `batchgw.journal.PlanImport`."""

    def __init__(self, inner: PlanImport, wait: Wait) -> None:
        self._inner = inner
        self._wait = wait

    @property
    def full(self) -> bool:
        return self._inner.full

    async def add(self, item: PlanItem, *, wave: int | None = None) -> None:
        await self._inner.add(item, wave=wave)  # mostly kept in memory

    async def commit(self) -> None:
        await _slowly(self._wait, self._inner.commit())


class SuspendingQuotas:
    """See `batchgw.journal.QuotaMemory`."""

    def __init__(self, inner: QuotaMemory, wait: Wait) -> None:
        self._inner = inner
        self._wait = wait

    def recall(self, key: BucketKey) -> Belief | None:
        return self._inner.recall(key)

    async def save(self, learned: Iterable[Learned]) -> bool:
        return await _slowly(self._wait, self._inner.save(learned))


@asynccontextmanager
async def open_suspending(
    url: str, *, wait: Wait = anyio.lowlevel.checkpoint, **options: Any
) -> AsyncIterator[Journal]:
    """Open a journal on SQLite that waits."""
    async with open_journal(url, **options) as journal:
        yield SuspendingJournal(journal, wait)


async def _slowly(wait: Wait, work: Awaitable[T]) -> T:
    try:
        await wait()
    except BaseException:
        work.close()  # type: ignore[attr-defined]  # a coroutine that was never begun
        raise
    done = await work
    await wait()
    return done


async def _each_slowly(wait: Wait, inner: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    async with aclosing(inner):
        await wait()
        async for each in inner:
            await wait()
            yield each
            await wait()


class SuspendingOrganization:
    """See `batchgw.journal.OrganizationMemory`."""

    def __init__(self, inner: OrganizationMemory, wait: Wait) -> None:
        self._inner = inner
        self._wait = wait

    async def facts(self, kind: FactKind) -> Mapping[str, Fact]:
        return await _slowly(self._wait, self._inner.facts(kind))

    async def fact(self, kind: FactKind, name: str) -> Fact | None:
        return await _slowly(self._wait, self._inner.fact(kind, name))

    async def listed(self, kind: FactKind) -> Mapping[str, Fact] | None:
        return await _slowly(self._wait, self._inner.listed(kind))

    async def keep(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        return await _slowly(self._wait, self._inner.keep(kind, bodies, at=at))

    async def keep_list(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        return await _slowly(self._wait, self._inner.keep_list(kind, bodies, at=at))
