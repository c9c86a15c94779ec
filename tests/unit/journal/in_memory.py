"""A second journal, the smallest honest one: it keeps everything in memory, for as long as the test lasts.

Several journals may share `Data`, as processes share a database: each sees what the others have committed.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from batchgw.errors import PlanUnreadable, ScopeLocked
from batchgw.journal import (
    JSON,
    ApiTargets,
    Fact,
    FactKind,
    Holder,
    Journal,
    JournalRun,
    Limit,
    LiveMemory,
    Liveness,
    NewRun,
    OrganizationMemory,
    PendingApi,
    PendingChange,
    PrunePart,
    QuotaMemory,
    RunRecord,
    RunState,
    RunTarget,
    ScopeCounts,
    Snapshot,
    Spent,
    Swept,
    Tally,
    ToPrune,
    TracedApi,
    TracedChange,
    options,
)
from batchgw.journal.finding import LAST, none_unfinished, not_found, run_id, typed_run, unknown_run
from batchgw.journal.holder import this_process
from batchgw.journal.live_memory import BriefLiveMemory
from batchgw.journal.locks import (
    Lock,
    broken,
    decided_elsewhere,
    has_nothing_left,
    refuse_held,
    refuse_run_held,
)
from batchgw.journal.pruning import KeptFor, first_reason, is_unfinished, may_work
from batchgw.journal.quota_memory import LONGEST, is_news, limit_of, recalled
from batchgw.journal.ranking import DECIDED, FINAL, KIND_OF, RANKS, check_kinds, replaces
from batchgw.journal.records import SUPERSEDED, superseded_by
from batchgw.journal.rollout_records import (
    GateCheck,
    GateResult,
    Verdict,
    WaveDecision,
    WaveRecord,
    WaveState,
)
from batchgw.model import (
    AccountId,
    Action,
    Applied,
    Change,
    Effort,
    Failed,
    Held,
    NotAttempted,
    Outcome,
    PlanItem,
    PlannedApi,
    RestApi,
    RestApiId,
    Scope,
    SetAside,
    Skipped,
    SkippedScope,
    Unchanged,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import scope_of
from batchgw.model.target import Target
from batchgw.redaction import bare_url
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quotas
from batchgw.version import VERSION

FULL = 100
"""Items that an import keeps before it commits them."""

ENDED: Mapping[str, type[Skipped | Failed | Held | NotAttempted]] = {
    "skipped": Skipped,
    "held": Held,
    "failed": Failed,
    "not_attempted": NotAttempted,
}


@dataclass
class Row:
    """A change of a run. `change` is None where its API was never read; `intent` names who intends it."""

    id: int
    target: Target
    change: Change | None
    rank: int = 0
    outcome: Outcome | None = None
    spent: Effort = field(default_factory=Effort)
    intent: object = None

    @property
    def open(self) -> bool:
        return self.rank < DECIDED

    def decide(self, outcome: Outcome, spent: Effort) -> None:
        rank = RANKS[KIND_OF[type(outcome)]]
        if self.rank < replaces(rank):
            self.rank, self.spent = rank, spent
            self.outcome = outcome if isinstance(outcome, Unchanged) else replace(outcome, effort=spent)

    def whole(self) -> RunTarget:
        after = None if self.change is None else self.change.images()[1]
        return RunTarget(
            target=self.target,
            action=Action.NO_OP if self.change is None else self.change.action,
            after=None if after is None else json.dumps(after, sort_keys=True),
            kind=None if self.outcome is None else KIND_OF[type(self.outcome)],
        )

    def tally(self) -> Tally:
        kind = "undecided" if self.outcome is None else KIND_OF[type(self.outcome)]
        never_read = int(kind == "not_attempted" and not self.open)
        return Tally(**{kind: 1}, never_read=never_read, effort=replace(self.spent, request_id=None))


@dataclass
class ApiRows:
    id: int
    api: RestApi
    changes: list[Row]
    wave: int | None = None


@dataclass
class ScopeRows:
    unread: str | None = None
    apis: dict[RestApiId, ApiRows] = field(default_factory=dict)

    def by_kind(self, wave: int | None = None) -> dict[str, Tally]:
        apis = [api for api in self.apis.values() if wave in (None, api.wave)]
        rows = [row for api in apis for row in api.changes]
        kinds = {row.target.kind for row in rows}
        return {kind: Tally.added_up(r.tally() for r in rows if r.target.kind == kind) for kind in kinds}

    def tally(self) -> Tally:
        return Tally.added_up(self.by_kind().values())


@dataclass
class RunRows:
    id: str
    new: NewRun
    started: float
    holder: Holder
    token: str | None
    state: RunState = RunState.PLANNING
    finished: float | None = None
    totals: Tally | None = None
    scopes: dict[Scope, ScopeRows] = field(default_factory=dict)
    waves: dict[int, WaveRecord] = field(default_factory=dict)
    checks: list[GateCheck] = field(default_factory=list)
    decisions: list[WaveDecision] = field(default_factory=list)

    def tally(self) -> Tally:
        return Tally.added_up(scope.tally() for scope in self.scopes.values())

    def of(self, accounts: Collection[AccountId]) -> set[Scope]:
        return {scope for scope in self.scopes if not accounts or scope.account in accounts}

    def made(self, scopes: set[Scope], *, surely: bool) -> set[tuple[Scope, RestApiId, Target]]:
        return {
            (scope, id_, row.target)
            for scope in scopes
            for id_, api in self.scopes[scope].apis.items()
            for row in api.changes
            if row.change is not None
            and row.change.action is not Action.NO_OP
            and (isinstance(row.outcome, Applied) or (row.intent is not None and not surely))
        }

    def record(self) -> RunRecord:
        kept = options.kept(self.new.options)
        return RunRecord(
            id=self.id,
            verb=self.new.verb,
            state=self.state,
            policy_source=self.new.policy_source,
            policy_digest=self.new.policy_digest,
            desired=self.new.desired,
            options=kept,
            visible_options=options.visible(kept),
            started=self.started,
            finished=self.finished,
            holder=self.holder,
            version=VERSION,
            totals=self.tally() if self.totals is None else self.totals,
            parent=self.new.parent,
            rollout=self.new.rollout,
        )


@dataclass
class Data:
    """What is committed."""

    runs: dict[str, RunRows] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    locks: dict[Scope, Lock] = field(default_factory=dict)
    limits: dict[tuple[str, BucketKey], Limit] = field(default_factory=dict)
    facts: dict[tuple[str, FactKind], dict[str, Fact]] = field(default_factory=dict)
    whole: set[tuple[str, FactKind]] = field(default_factory=set)
    snapshots: dict[int, tuple[str | None, float]] = field(default_factory=dict)
    live: BriefLiveMemory = field(default_factory=BriefLiveMemory)
    ids: Iterator[int] = field(default_factory=lambda: count(1))


class InMemoryJournal:
    """See `batchgw.journal.Journal`."""

    location = url = "memory"

    def __init__(self, data: Data, clock: Callable[[], float]) -> None:
        self.data = data
        self.clock = clock
        self.token = secrets.token_hex(16)
        self.waiting: dict[int, tuple[Outcome, Effort]] = {}
        self.intended: set[int] = set()
        self.withdrawn: set[int] = set()
        self.spent: dict[int, Effort] = {}
        self.held: dict[str, set[Scope]] = {}

    async def begin(self, new: NewRun) -> JournalRun:
        now = self.clock()
        name = next(name for n in count() if (name := run_id(now, n)) not in self.data.runs)
        self.data.runs[name] = RunRows(name, new, now, this_process(now), self.token)
        return InMemoryRun(self, name)

    def run(self, run: str) -> JournalRun:
        return InMemoryRun(self, run)

    async def find(self, typed: str) -> RunRecord:
        self.commit()
        wanted, runs = typed_run(typed), self._newest_first()
        if wanted == LAST:
            planned = [run for run in runs if run.scopes or run.state is not RunState.STOPPED]
            found = (planned or runs)[:1]
        else:
            found = [run for run in runs if wanted and run.id.startswith(wanted)]
            found = [run for run in found if run.id == wanted] or found
        if len(found) == 1:
            return found[0].record()
        raise not_found(typed, [run.id for run in found], [run.id for run in runs], self.location)

    async def find_unfinished(self, typed: str) -> RunRecord:
        if typed_run(typed) != LAST:
            return await self.find(typed)
        if found := await self.unfinished():
            return found[-1]
        raise none_unfinished(await self.find(LAST) if self.data.runs else None, self.location)

    async def runs(self, limit: int = 50) -> list[RunRecord]:
        self.commit()
        return [run.record() for run in self._newest_first()[:limit]]

    async def children(self, run: str) -> list[RunRecord]:
        self.commit()
        return [rows.record() for rows in self.data.runs.values() if rows.new.parent == run]

    async def unfinished(self) -> list[RunRecord]:
        self.commit()
        return [
            record
            for run in self.data.runs.values()
            if run.state in (RunState.APPLYING, RunState.STOPPED)
            and (record := run.record()).totals.left
            and not (run.token is not None and run.holder.liveness() is Liveness.ALIVE)
        ]

    async def prunable(self, wanted: ToPrune) -> list[PrunePart]:
        self.commit()
        runs, now = list(self.data.runs.values()), self.clock()
        records = {run.id: run.record() for run in runs}
        busy = {run.id for run in runs if run.token is not None and may_work(run.holder, now)}
        stay = [
            record
            for record in records.values()
            if is_unfinished(record)
            and (record.id not in wanted.runs or record.id in busy or wanted.accounts)
        ]
        return [
            self._part(run, records[run.id], wanted, stay, under_way=run.id in busy)
            for run in runs
            if wanted.means(records[run.id]) and (not wanted.accounts or run.of(wanted.accounts))
        ]

    def _part(
        self, run: RunRows, record: RunRecord, wanted: ToPrune, stay: list[RunRecord], *, under_way: bool
    ) -> PrunePart:
        own = run.of(wanted.accounts)
        kept = first_reason(record, wanted=wanted, under_way=under_way, unfinished=stay)
        order = list(self.data.runs)
        for older in stay:
            before = order.index(older.id) < order.index(run.id)
            if kept is None and before and own & set(self.data.runs[older.id].scopes):
                kept = KeptFor.NEWER, older.id
        newer = [self.data.runs[name] for name in order[order.index(run.id) + 1 :]]
        made = {key for each in newer for key in each.made(set(each.scopes), surely=True)}
        needed = kept is None and record.planned and bool(run.made(own, surely=False) - made)
        if needed and not wanted.forget_rollback:
            kept = KeptFor.ROLLBACK, None
        return PrunePart(
            run=record,
            accounts=wanted.accounts,
            targets=sum(run.scopes[scope].tally().expected for scope in own),
            kept=kept and kept[0],
            by=kept and kept[1],
            loses_rollback=needed and wanted.forget_rollback,
        )

    async def prune(self, part: PrunePart) -> AsyncGenerator[int, None]:
        if part.kept is not None:
            raise ValueError(f"run {part.run.id} is kept")
        run = self.data.runs.get(part.run.id)
        if run is None or (run.state, run.finished) != (part.run.state, part.run.finished):
            raise ScopeLocked(f"run {part.run.id} is no longer as it was")
        for scope in run.of(part.accounts):
            gone = run.scopes.pop(scope)
            for api in gone.apis.values():
                self.data.snapshots.pop(api.id, None)
                for row in api.changes:
                    del self.data.rows[row.id]
            yield gone.tally().expected
        run.totals = run.tally() if run.state.ended else None
        if not run.scopes:
            del self.data.runs[run.id]

    async def sweep(self, *, before: float | None = None, accounts: Collection[AccountId] = ()) -> Swept:
        del before  # when it was read is not kept here
        return Swept(images=0, limits=await self.forget_limits(accounts=accounts) if accounts else 0)

    async def needed_changes(self, api: RestApi, kind: str) -> list[tuple[str, Change]]:
        self.commit()
        made, needed = set[Target](), list[tuple[str, Change]]()
        for run in self._newest_first():
            rows = run.scopes.get(api.scope, ScopeRows()).apis.get(api.id)
            for row in [] if rows is None else rows.changes:
                if row.change is None or row.target.kind != kind:
                    continue
                applied = isinstance(row.outcome, Applied) and row.change.action is not Action.NO_OP
                if row.open or ((applied or row.intent is not None) and row.target not in made):
                    needed.append((run.id, row.change))
                if applied:
                    made.add(row.target)
        return needed

    async def open_runs(self) -> frozenset[str]:
        return frozenset(run.id for run in self.data.runs.values() if run.state is not RunState.DONE)

    async def limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> list[Limit]:
        found = sorted(self.data.limits.items(), key=lambda item: _order(*item[0]))
        return [
            limit
            for (_, key), limit in found
            if (not accounts or key.account in accounts) and (not regions or (key.region or "*") in regions)
        ]

    async def forget_limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> int:
        found = await self.limits(accounts=accounts, regions=regions)
        for limit in found:
            del self.data.limits[limit.endpoint, limit.key]
        return len(found)

    async def quota_memory(
        self,
        *,
        endpoint: str = "",
        quotas: Quotas | None = None,
        trouble: Callable[[str], None] | None = None,  # noqa: ARG002 - nothing fails here
    ) -> QuotaMemory:
        return InMemoryQuotas(self.data, bare_url(endpoint), quotas or Quotas(), self.clock)

    async def organization_memory(
        self,
        *,
        reader: str,
        trouble: Callable[[str], None] | None = None,  # noqa: ARG002 - nothing fails here
    ) -> OrganizationMemory:
        return InMemoryOrganization(self.data, reader)

    async def live_memory(
        self,
        *,
        trouble: Callable[[str], None] | None = None,  # noqa: ARG002 - nothing fails here
    ) -> LiveMemory:
        return self.data.live

    async def organization_readers(self) -> list[str]:
        newest = dict[str, float]()
        for (reader, _), facts in self.data.facts.items():
            for fact in facts.values():
                newest[reader] = max(fact.at, newest.get(reader, fact.at))
        return sorted(newest, key=lambda reader: (-newest[reader], reader))

    async def close(self) -> None:
        self.commit()
        for run in list(self.held):
            await self.run(run).release()
        for rows in self.data.runs.values():
            if rows.token == self.token:
                rows.token = None

    def commit(self) -> None:
        for id_, (outcome, spent) in self.waiting.items():
            if id_ in self.data.rows:
                self.data.rows[id_].decide(outcome, spent)
            self.intended.discard(id_)
        for id_ in self.withdrawn:
            if id_ in self.data.rows and self.data.rows[id_].intent == self.token:
                self.data.rows[id_].intent = None
        self.waiting.clear()
        self.withdrawn.clear()

    def _newest_first(self) -> list[RunRows]:
        return list(self.data.runs.values())[::-1]


def _pending(rows: Iterable[Row]) -> tuple[PendingChange, ...]:
    return tuple(
        PendingChange(id=r.id, change=r.change, intended=r.intent is not None, spent=r.spent)
        for r in rows
        if r.change is not None
    )


class InMemoryRun:
    """See `batchgw.journal.JournalRun`."""

    def __init__(self, journal: InMemoryJournal, run: str) -> None:
        self._journal = journal
        self._data = journal.data
        self.id = run

    @property
    def rows(self) -> RunRows:
        if self.id not in self._data.runs:
            raise unknown_run(self.id, self._journal.location)
        return self._data.runs[self.id]

    @asynccontextmanager
    async def importing(self) -> AsyncIterator[InMemoryImport]:
        self._refuse_other(unknown_refused=True)
        if self.rows.state is not RunState.PLANNING:
            raise ValueError(f"the run is {self.rows.state}: its plan was imported already")
        self._take()
        self.rows.scopes.clear()
        plan = InMemoryImport(self.rows, self._data)
        yield plan
        await plan.commit()
        plan.ended = True
        self.rows.state = RunState.APPLYING

    async def set_state(self, state: RunState, *, totals: Tally | None = None) -> None:
        rows = self.rows
        self._journal.commit()
        self._refuse_other()
        if rows.state is RunState.PLANNING and state.ended:
            rows.scopes.clear()
            totals = None
        rows.totals = (rows.tally() if totals is None else totals) if state.ended else None
        rows.state, rows.finished = state, self._journal.clock() if state.ended else None

    async def pending(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[PendingApi]:
        self._journal.commit()
        found = []
        for api in self.rows.scopes.get(scope, ScopeRows()).apis.values():
            changes = _pending(row for row in api.changes if row.open)
            failed = _pending(row for row in api.changes if isinstance(row.outcome, Failed))
            if changes and api.id > after and wave in (None, api.wave):
                found.append(
                    PendingApi(row=api.id, api=api.api, changes=changes, failed=failed, wave=api.wave)
                )
        page = found[:limit]
        self._journal.spent.update((change.id, change.spent) for api in page for change in api.changes)
        return page

    async def traced(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[TracedApi]:
        self._journal.commit()
        found = []
        for api in self.rows.scopes.get(scope, ScopeRows()).apis.values():
            traced = tuple(
                TracedChange(
                    change=row.change,
                    kind=None if row.outcome is None else KIND_OF[type(row.outcome)],
                    intended=row.intent is not None,
                )
                for row in api.changes
                if row.change is not None
            )
            if traced and api.id > after and wave in (None, api.wave):
                found.append(TracedApi(row=api.id, api=api.api, changes=traced, wave=api.wave))
        return found[:limit]

    async def targets(self, scope: Scope, *, after: str = "", limit: int = 100) -> list[ApiTargets]:
        self._journal.commit()
        apis = self.rows.scopes.get(scope, ScopeRows()).apis.values()
        found = sorted((api for api in apis if api.api.id > after), key=lambda each: each.api.id)
        return [
            ApiTargets(
                row=each.id,
                api=each.api,
                targets=tuple(row.whole() for row in each.changes),
                wave=each.wave,
            )
            for each in found[:limit]
        ]

    async def intend(self, ids: Sequence[int]) -> None:
        self._journal.commit()
        wanted = dict.fromkeys(ids)
        found = [self._data.rows[id_] for id_ in wanted if id_ in self._data.rows]
        still_open = [row for row in found if row.open]
        for row in still_open:
            row.intent, row.rank, row.outcome = self._journal.token, 0, None
        self._journal.intended.update(wanted)
        if missing := len(wanted) - len(still_open):
            raise decided_elsewhere(missing, len(wanted))

    def withdraw(self, ids: Iterable[int]) -> None:
        ours = self._journal.intended.intersection(ids)
        self._journal.intended -= ours
        self._journal.withdrawn |= ours

    def record(self, change: int, outcome: Outcome) -> None:
        spent = self._journal.spent.get(change, Effort())
        if not isinstance(outcome, Unchanged):
            spent += outcome.effort
        earlier = self._journal.waiting.get(change)
        rank = RANKS[KIND_OF[type(outcome)]]
        if earlier is None or RANKS[KIND_OF[type(earlier[0])]] < replaces(rank):
            self._journal.waiting[change] = outcome, spent

    async def flush(self) -> None:
        self._journal.commit()

    async def sync(self) -> None:
        pass

    async def planned(self, row: int) -> tuple[Change, ...]:
        apis = (api for scope in self.rows.scopes.values() for api in scope.apis.values())
        return tuple(each.change for api in apis if api.id == row for each in api.changes if each.change)

    async def snapshot(self, row: int) -> Snapshot | None:
        if row not in self._data.snapshots:
            return None
        deployment, intended = self._data.snapshots[row]
        return Snapshot(deployment=deployment, age=self._journal.clock() - intended)

    async def intend_snapshot(self, row: int) -> None:
        self._refuse_other()
        deployment, _ = self._data.snapshots.get(row, (None, 0.0))
        self._data.snapshots[row] = deployment, self._journal.clock()

    async def keep_snapshot(self, row: int, deployment: str) -> None:
        self._data.snapshots[row] = deployment, self._data.snapshots[row][1]

    async def reopen(self) -> int:
        self._journal.commit()
        self._refuse_other()
        apis = (api for scope in self.rows.scopes.values() for api in scope.apis.values())
        failed = [r for api in apis for r in api.changes if r.change and isinstance(r.outcome, Failed)]
        for row in failed:
            row.rank, row.outcome = 0, None
        if failed:
            self.rows.state, self.rows.finished, self.rows.totals = RunState.APPLYING, None, None
        return len(failed)

    async def close(self, code: str, message: str) -> int:
        self._journal.commit()
        self._refuse_other()
        apis = (api for scope in self.rows.scopes.values() for api in scope.apis.values())
        left = [(api, row) for api in apis for row in api.changes if row.open]
        for api, row in left:
            _skip(api, row, code, message)
        rows = self.rows
        rows.state, rows.totals, rows.token = RunState.DONE, rows.tally(), None
        rows.finished = self._journal.clock() if rows.finished is None else rows.finished
        return len(left)

    async def superseding(self) -> AsyncGenerator[int, None]:
        self._journal.commit()
        newer = [run for run in self._data.runs.values() if run.id > self.id][::-1]
        for scope, own in self.rows.scopes.items():
            for run in newer:
                theirs = run.scopes.get(scope, ScopeRows()).apis
                final = {(a.api.id, r.target) for a in theirs.values() for r in a.changes if r.rank == FINAL}
                yield sum(_supersede(api, row, run.id) for api in own.apis.values() for row in api.changes
                          if row.open and (api.api.id, row.target) in final)  # fmt: skip

    async def scope_counts(self, *, wave: int | None = None) -> AsyncGenerator[ScopeCounts, None]:
        self._journal.commit()
        for scope, rows in sorted(self.rows.scopes.items()):
            yield ScopeCounts(scope=scope, by_kind=rows.by_kind(wave), unread=rows.unread)

    async def waves(self) -> list[WaveRecord]:
        return [self.rows.waves[number] for number in sorted(self.rows.waves)]

    async def set_wave(self, number: int, state: WaveState, *, said: str = "") -> None:
        now, known = self._journal.clock(), self.rows.waves.get(number)
        began = now if known is None else known.began
        self.rows.waves[number] = WaveRecord(number=number, state=state, began=began, since=now, said=said)

    async def note_check(self, wave: int, gate: str, result: GateResult, *, said: str) -> None:
        now = self._journal.clock()
        self.rows.checks.append(GateCheck(wave=wave, gate=gate, result=result, at=now, said=said))

    async def checks(self) -> list[GateCheck]:
        return list(self.rows.checks)

    async def decide(self, wave: int, verdict: Verdict, *, who: str, reason: str = "") -> None:
        now = self._journal.clock()
        self.rows.decisions.append(WaveDecision(wave=wave, verdict=verdict, at=now, who=who, reason=reason))

    async def decisions(self) -> list[WaveDecision]:
        return list(self.rows.decisions)

    def outcomes(self, *, kinds: frozenset[str] | None = None) -> AsyncGenerator[Outcome, None]:
        pages = self.outcome_pages(kinds=kinds)
        return (outcome async for page in pages for outcome in page)

    def outcome_pages(
        self, *, kinds: frozenset[str] | None = None
    ) -> AsyncGenerator[Sequence[Outcome], None]:
        return self._pages(check_kinds(kinds))

    async def acquire(
        self, scopes: Iterable[Scope], *, force: bool = False, take_over_dead: bool = False
    ) -> frozenset[Scope]:
        wanted, token, now = set(scopes), self._journal.token, self._journal.clock()
        locks = [self._lock(lock) for scope, lock in self._data.locks.items() if scope in wanted]
        theirs = [lock for lock in locks if (lock.token, lock.run) != (token, self.id)]
        own = {self.id, self.rows.new.parent}
        refuse_held(self.id, own, theirs, now, force=force, take_over_dead=take_over_dead)
        self._refuse_other()
        self._take()
        for scope in wanted:
            self._data.locks[scope] = Lock(
                id=0, scope=scope, token=token, run=self.id, run_over=False, holder=this_process(now)
            )
        taken = [lock for lock in theirs if lock.run != self.id and not lock.run_over]
        for lock in taken:
            other = self._data.runs[lock.run]
            other.state, other.finished, other.token = RunState.STOPPED, now, None
        self._journal.held.setdefault(self.id, set()).update(wanted)
        return frozenset(lock.scope for lock in taken)

    async def heartbeat(self) -> None:
        now, rows, locks = self._journal.clock(), self.rows, self._data.locks
        if rows.token == self._journal.token:
            rows.holder = replace(rows.holder, heartbeat=now)
        lost = []
        for scope in self._journal.held.get(self.id, ()):
            lock = locks.get(scope)
            if lock is None or (lock.token, lock.run) != (self._journal.token, self.id):
                lost.append(lock)
            else:
                locks[scope] = replace(lock, holder=replace(lock.holder, heartbeat=now))
        if lost:
            raise broken([lock for lock in lost if lock is not None])

    async def release(self) -> None:
        self._journal.commit()
        for scope in self._journal.held.pop(self.id, set()):
            lock = self._data.locks.get(scope)
            if lock is not None and (lock.token, lock.run) == (self._journal.token, self.id):
                del self._data.locks[scope]
        if self.rows.token == self._journal.token:
            self.rows.token = None

    async def _pages(self, kinds: frozenset[str]) -> AsyncGenerator[Sequence[Outcome], None]:
        self._journal.commit()
        for _, scope in sorted(self.rows.scopes.items()):
            found = [row.outcome for api in scope.apis.values() for row in api.changes]
            yield [each for each in found if each is not None and KIND_OF[type(each)] in kinds]

    def _refuse_other(self, *, unknown_refused: bool = False) -> None:
        rows = self.rows
        if rows.token not in (None, self._journal.token):
            refuse_run_held(rows.id, rows.state, rows.holder, unknown_refused=unknown_refused)

    def _take(self) -> None:
        self.rows.token, self.rows.holder = self._journal.token, this_process(self._journal.clock())

    def _lock(self, lock: Lock) -> Lock:
        run = self._data.runs[lock.run]
        return replace(lock, run_over=has_nothing_left(run.state, planned=bool(run.scopes)))


class InMemoryImport:
    """See `batchgw.journal.PlanImport`."""

    def __init__(self, rows: RunRows, data: Data) -> None:
        self._rows = rows
        self._data = data
        self._waiting: list[tuple[PlanItem, int | None]] = []
        self.ended = False

    @property
    def full(self) -> bool:
        return len(self._waiting) >= FULL

    async def add(self, item: PlanItem, *, wave: int | None = None) -> None:
        if self.ended or self.full:
            await self.commit()
        self._waiting.append((item, wave))

    async def commit(self) -> None:
        if self.ended:
            raise ValueError("the plan was imported already: nothing can be added to it")
        for item, wave in self._waiting:
            self._enter(item, wave)
        self._waiting.clear()

    def _enter(self, item: PlanItem, wave: int | None) -> None:
        if isinstance(item, SkippedScope):
            return
        scope = self._rows.scopes.setdefault(scope_of(item), ScopeRows())
        match item:
            case UnreadScope():
                scope.unread = f"{item.code}: {item.message}"
                return
            case PlannedApi():
                rows = [self._planned(item.api, change) for change in item.changes]
            case UnreadApi():
                rows = [self._unread(item, target) for target in item.targets]
        rows += [self._set_aside(item.api, each) for each in item.set_aside]
        if item.api.id in scope.apis:
            raise PlanUnreadable("The plan lists a REST API twice in one account-region.")
        scope.apis[item.api.id] = ApiRows(next(self._data.ids), item.api, rows, wave)
        self._data.rows.update((row.id, row) for row in rows)

    def _planned(self, api: RestApi, change: Change) -> Row:
        row = Row(next(self._data.ids), change.target, change)
        if change.action is Action.NO_OP:
            row.decide(Unchanged(api=api, target=change.target, action=change.action), Effort())
        return row

    def _unread(self, item: UnreadApi, target: Target) -> Row:
        outcome = ENDED[item.kind](
            api=item.api, target=target, action=Action.NO_OP, code=item.code, message=item.message
        )
        return Row(next(self._data.ids), target, None, rank=DECIDED, outcome=outcome)

    def _set_aside(self, api: RestApi, each: SetAside) -> Row:
        outcome = ENDED[each.ending](
            api=api, target=each.target, action=Action.NO_OP, code=each.code, message=each.message
        )
        return Row(next(self._data.ids), each.target, None, rank=DECIDED, outcome=outcome)


class InMemoryQuotas:
    """See `batchgw.journal.QuotaMemory`."""

    def __init__(self, data: Data, endpoint: str, quotas: Quotas, clock: Callable[[], float]) -> None:
        self._limits = data.limits
        self._endpoint = endpoint
        self._quotas = quotas
        self._clock = clock
        self._saved: dict[BucketKey, Learned] = {}

    def recall(self, key: BucketKey) -> Belief | None:
        limit = self._limits.get((self._endpoint, key))
        return None if limit is None else recalled(limit, self._quotas, self._clock())

    async def save(self, learned: Iterable[Learned]) -> bool:
        now = self._clock()
        for old in [k for k, limit in self._limits.items() if limit.at < now - LONGEST]:
            del self._limits[old]
        for each in learned:
            if is_news(each, self._saved.get(each.key)):
                self._write(each, now)
        return True

    def _write(self, learned: Learned, now: float) -> None:
        key = self._endpoint, learned.key
        before, earlier = self._saved.get(learned.key), self._limits.get(key)
        more = Spent.of(learned).since(Spent() if before is None else Spent.of(before))
        self._limits[key] = limit_of(
            learned, more, earlier, endpoint=self._endpoint, share=self._quotas.share, at=now
        )
        self._saved[learned.key] = learned


@asynccontextmanager
async def open_in_memory(data: Data, *, clock: Callable[[], float] = time.time) -> AsyncIterator[Journal]:
    """Open another journal on the same data."""
    journal = InMemoryJournal(data, clock)
    try:
        yield journal
    finally:
        await journal.close()


def _supersede(api: ApiRows, row: Row, by: str) -> int:
    _skip(api, row, SUPERSEDED, superseded_by(by))
    return 1


def _skip(api: ApiRows, row: Row, code: str, message: str) -> None:
    action = Action.NO_OP if row.change is None else row.change.action
    skipped = Skipped(api=api.api, target=row.target, action=action, code=code, message=message)
    row.decide(skipped, row.spent)


def _order(endpoint: str, key: BucketKey) -> tuple[str, str, str, str]:
    return endpoint, key.account, key.region or "*", key.operation or "*"


class InMemoryOrganization:
    """What one reader has found of its organisation."""

    def __init__(self, data: Data, reader: str) -> None:
        self._data = data
        self._reader = reader

    async def facts(self, kind: FactKind) -> Mapping[str, Fact]:
        return dict(self._data.facts.get((self._reader, kind), {}))

    async def fact(self, kind: FactKind, name: str) -> Fact | None:
        return (await self.facts(kind)).get(name)

    async def listed(self, kind: FactKind) -> Mapping[str, Fact] | None:
        return await self.facts(kind) if (self._reader, kind) in self._data.whole else None

    async def keep(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        facts = {name: Fact(body=dict(body), at=at) for name, body in bodies.items()}
        self._data.facts.setdefault((self._reader, kind), {}).update(facts)
        return True

    async def keep_list(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        self._data.facts[self._reader, kind] = {}
        self._data.whole.add((self._reader, kind))
        return await self.keep(kind, bodies, at=at)
