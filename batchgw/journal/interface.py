"""What a journal is, whatever database is behind it: the journal itself, and the handle of one run in it.

A method that may have to ask the database is `async`. One that is not works on what is in memory, never
waits, and cannot be cancelled half way. Several tasks may use a journal at a time: a method commits what was
recorded and withdrawn before it was called; what comes while it waits is committed with that, or later.

Errors of all methods: RunUnknown when there is no such run; JournalWriteFailed when something cannot be
written; JournalUnusable when something cannot be read, or JournalWriteFailed instead once this journal has
begun a run or acquired its scopes, because that run has to stop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from batchgw.journal.live_memory import LiveMemory
from batchgw.journal.organization_memory import OrganizationMemory
from batchgw.journal.pruning import PrunePart, Swept, ToPrune
from batchgw.journal.quota_memory import Limit
from batchgw.journal.records import (
    ApiTargets,
    NewRun,
    PendingApi,
    RunRecord,
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
from batchgw.model import AccountId, Change, Outcome, PlanItem, RestApi, Scope
from batchgw.throttle.memory import Learned, Memory
from batchgw.throttle.quota import Quotas


class PlanImport(Protocol):
    """A plan on its way into the journal, item by item. Meanwhile the journal may be used otherwise."""

    @property
    def full(self) -> bool:
        """Whether so much waits in memory that it is time to `commit`."""
        ...

    async def add(self, item: PlanItem, *, wave: int | None = None) -> None:
        """Take an item, and the wave that has its API. Commits what waits first where it is time.

        Raises PlanUnreadable when an API comes twice, ValueError once the import has ended.
        """
        ...

    async def commit(self) -> None:
        """Commit what waits. Raises as `add` does."""
        ...


class QuotaMemory(Memory, Protocol):
    """What runs have learned of quotas. It may be lost, so nothing here raises."""

    async def save(self, learned: Iterable[Learned]) -> bool:
        """Write what has changed since the last call. Tells whether it could be written."""
        ...


class JournalRun(Protocol):
    """One run in the journal. A handle of a run that is not there raises RunUnknown on first use.

    If you leave one of the generators before its end, close it (`contextlib.aclosing`).
    """

    @property
    def id(self) -> str:
        """The run's id, as people type it."""
        ...

    # The plan

    def importing(self) -> AbstractAsyncContextManager[PlanImport]:
        """Take a plan's items one by one: `async with run.importing() as plan: await plan.add(item)`.

        The run is `applying` once the block has ended well. A NO_OP is unchanged at once; an API that was not
        read is skipped, failed or not attempted at once. When the block is left by an exception, the run
        stays in `planning`, and can be imported again, which drops what was written.

        Raises ScopeLocked when another process imports the run, ValueError when it was imported already. The
        end of the block raises as `PlanImport.add` does.
        """
        ...

    async def set_state(self, state: RunState, *, totals: Tally | None = None) -> None:
        """Move the run to another state. What was recorded is committed first.

        A run that ends keeps its `totals`; they are counted, all at once, where they are not given. A run
        that ends before its plan was imported whole loses its rows, so that no resume takes them for a plan.
        Raises ScopeLocked when another process works on the run.
        """
        ...

    # What is to be done, and what came of it

    async def pending(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[PendingApi]:
        """Give the next APIs after row `after` with a change that is undecided or was not attempted.

        With a `wave`, those of that wave alone.

        Those of its changes that have failed come with it, so that a change that needs them is not made.
        What was recorded is committed first; where it cannot be, JournalWriteFailed is raised, because what
        is decided must not be given out as pending.
        """
        ...

    async def traced(
        self, scope: Scope, *, after: int = 0, limit: int = 100, wave: int | None = None
    ) -> list[TracedApi]:
        """Give the next APIs after row `after` with all that was planned, and what became of it.

        With a `wave`, those of that wave alone.

        A target that the plan itself has decided is not among it. Commits what was recorded first, as
        `scope_counts` does.
        """
        ...

    async def targets(self, scope: Scope, *, after: str = "", limit: int = 100) -> list[ApiTargets]:
        """Give the next APIs after the one of id `after`, in the order of their ids, with all their targets.

        Also those that the plan itself has decided, such as targets of an API that could not be read. Commits
        what was recorded first, as `scope_counts` does.
        """
        ...

    async def intend(self, ids: Sequence[int]) -> None:
        """Commit, before their calls are made, that these changes may have been made.

        Recorded outcomes are committed with it. Until it has ended, nothing is recorded or withdrawn of these
        changes. Raises ScopeLocked when one of them was decided meanwhile: then none of the calls may be
        made. Where it is cancelled, they may be intended or not.
        """
        ...

    def withdraw(self, ids: Iterable[int]) -> None:
        """Take intents back whose calls were not made after all. Committed with the next intent, or `flush`.

        What another process has intended stays intended: its call may have been made.
        """
        ...

    def record(self, change: int, outcome: Outcome) -> None:
        """Take the outcome of a change. Committed with the next intent, or `flush`.

        To record the same outcome twice changes nothing. A weaker outcome never replaces a stronger one (see
        `ranking`). When a commit fails, the outcome is kept in memory, and the next commit tries again.
        """
        ...

    async def flush(self) -> None:
        """Commit what was recorded and withdrawn."""
        ...

    async def sync(self) -> None:
        """Wait until what was committed is on the disk; from now on each commit is there a second later.

        Called before a run's first write, so that not even a power cut takes its plan and before-images.
        """
        ...

    async def planned(self, row: int) -> tuple[Change, ...]:
        """Give all changes that are planned for the API of a `PendingApi.row`, whatever became of them."""
        ...

    async def snapshot(self, row: int) -> Snapshot | None:
        """Give the snapshot that the run has taken of an API; None where it has not tried to."""
        ...

    async def intend_snapshot(self, row: int) -> None:
        """Commit, before the call is made, that a snapshot may have been taken. Raises as `intend` does."""
        ...

    async def keep_snapshot(self, row: int, deployment: str) -> None:
        """Commit what the snapshot of an API is called, that was intended."""
        ...

    async def reopen(self) -> int:
        """Let what has failed be undecided again, all of it or nothing, and give how many changes that were.

        The run can then be resumed, whatever state it was in. Its snapshots stay. What the plan itself has
        decided stays failed: there is nothing to make. Raises ScopeLocked when another process works on it.
        """
        ...

    async def close(self, code: str, message: str) -> int:
        """End the run for good: what is left of it is skipped, with this reason. Give how much that was.

        A change that may have been made is skipped as well: whoever closes the run has seen to it. Raises
        ScopeLocked when another process works on it.
        """
        ...

    def superseding(self) -> AsyncGenerator[int, None]:
        """Skip what newer runs have decided: a resume must not put an older plan over it.

        Works scope by scope, as it is iterated, and gives how many changes each step has skipped.
        """
        ...

    # How it stands

    def scope_counts(self, *, wave: int | None = None) -> AsyncGenerator[ScopeCounts, None]:
        """Count outcomes, one account-region after another, in the order of their names.

        With a `wave`, those of its APIs alone.

        What was recorded is committed first; where that fails, what is committed is counted.
        """
        ...

    def outcomes(self, *, kinds: frozenset[str] | None = None) -> AsyncGenerator[Outcome, None]:
        """Give the outcomes, scope by scope, API by API, of all or some `kinds` ("applied", "failed", ...).

        An undecided change has none. Commits what was recorded first, as `scope_counts` does. Raises
        ValueError at once for an unknown kind.
        """
        ...

    def outcome_pages(
        self, *, kinds: frozenset[str] | None = None
    ) -> AsyncGenerator[Sequence[Outcome], None]:
        """Give the same page by page, so that other tasks can run after each.

        There is at least one page for every scope, empty where there is nothing: to find nothing takes as
        long.
        """
        ...

    # Its waves

    async def waves(self) -> list[WaveRecord]:
        """Give the waves that have begun, in their order."""
        ...

    async def set_wave(self, number: int, state: WaveState, *, said: str = "") -> None:
        """Bring a wave into a state, and say why where there is something to say."""
        ...

    async def note_check(self, wave: int, gate: str, result: GateResult, *, said: str) -> None:
        """Keep what became of a gate that was asked, and on what data."""
        ...

    async def checks(self) -> list[GateCheck]:
        """Give all that was asked of gates, in its order."""
        ...

    async def decide(self, wave: int, verdict: Verdict, *, who: str, reason: str = "") -> None:
        """Answer for a wave, from any process: it goes on, or the run ends."""
        ...

    async def decisions(self) -> list[WaveDecision]:
        """Give what people have decided, in its order."""
        ...

    # Who works on it

    async def acquire(
        self, scopes: Iterable[Scope], *, force: bool = False, take_over_dead: bool = False
    ) -> frozenset[Scope]:
        """Lock the scopes for the run, all or none, and make this process the run's holder.

        Locks that a dead process left are taken over silently when they belong to the same run, or to one
        that has nothing to resume (it is done, or ended before its plan was complete). `take_over_dead` also
        takes those of another run whose process is known to be dead, `force` those of a process that cannot
        be seen from here. The locks of a process that is known to be alive are never taken.

        Gives the scopes taken from runs that had something left to do. Those runs are stopped. What they were
        about to do may have been done, so read before you write there. Raises ScopeHeld (a ScopeLocked).
        """
        ...

    async def heartbeat(self) -> None:
        """Renew the sign of life. Raises ScopeLocked when one of the run's locks was broken: it must stop."""
        ...

    async def release(self) -> None:
        """Release the run's locks, and the run. What was recorded is committed first, where it can be."""
        ...


class Journal(Protocol):
    """A journal that is open."""

    @property
    def location(self) -> str:
        """What people call it: its file, or its URL without the password."""
        ...

    @property
    def url(self) -> str:
        """Its URL without the password."""
        ...

    async def begin(self, new: NewRun) -> JournalRun:
        """Enter a run, in state `planning`."""
        ...

    def run(self, run: str) -> JournalRun:
        """Give the handle of the run of exactly this id."""
        ...

    async def find(self, typed: str) -> RunRecord:
        """Look a run up by what people type: its id, an unambiguous beginning of it, or "last"."""
        ...

    async def find_unfinished(self, typed: str) -> RunRecord:
        """Look a run up as `find` does; but "last" is the newest of the `unfinished`. Checks as that does."""
        ...

    async def runs(self, limit: int = 50) -> list[RunRecord]:
        """Give the runs begun last, the last one first."""
        ...

    async def children(self, run: str) -> list[RunRecord]:
        """Give the runs that take the run of this id back, the oldest first."""
        ...

    async def unfinished(self) -> list[RunRecord]:
        """Give the runs with something left to resume, the oldest first; not those that are under way.

        Checks first that every row of the journal belongs to a run: half a second for a million APIs.
        """
        ...

    async def prunable(self, wanted: ToPrune) -> list[PrunePart]:
        """Look which runs `wanted` means, the oldest first, and which of them are kept and why.

        Nothing is deleted yet. A run is needed by its rollback as long as it is the newest that has made its
        change of some target.
        """
        ...

    def prune(self, part: PrunePart) -> AsyncGenerator[int, None]:
        """Delete what `prunable` has given, a little at a time, and give how many targets went in each step.

        Other processes get their turn in between. What a process that dies in between leaves is no run that
        can be resumed; the next `prunable` gives it again.

        Raises ScopeLocked, with nothing deleted, where the run is no longer as it was then, and ValueError
        for one that is kept.
        """
        ...

    async def sweep(self, *, before: float | None = None, accounts: Collection[AccountId] = ()) -> Swept:
        """Delete what belongs to no run any more: images that no change has.

        Also what is remembered of deployments that were read `before` a moment, in seconds since the epoch,
        or that belong to `accounts`, and what was learned of the quotas of these.
        """
        ...

    async def needed_changes(self, api: RestApi, kind: str) -> list[tuple[str, Change]]:
        """Give the changes of a kind in an API that a run may still make or take back, with that run's id.

        Those are what a run has left to do, and what it has made or may have made, unless a newer run has
        made the same target's change since. See `prunable`.
        """
        ...

    async def open_runs(self) -> frozenset[str]:
        """Give the ids of all runs that are not done: under way, stopped, or never begun."""
        ...

    async def limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> list[Limit]:
        """Give what is remembered of the quotas of these accounts and regions; of all where none is named.

        A quota that all regions of an account share has the region "*".
        """
        ...

    async def forget_limits(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> int:
        """Forget what `limits` gives, and tell how many quotas that were."""
        ...

    async def quota_memory(
        self,
        *,
        endpoint: str = "",
        quotas: Quotas | None = None,
        trouble: Callable[[str], None] | None = None,
    ) -> QuotaMemory:
        """Read all that is remembered, and give a memory for a `PacedControlPlane`.

        `save` what that has `learned` at the end of a session. What others save meanwhile is not read.

        `endpoint` tells the quotas of an address of your own from AWS's (""); `quotas` are `Pace.quotas`,
        where they are not the documented ones. `trouble` is told, once, why nothing can be remembered.

        It waits for other processes as long as its journal does. A caller that must not wait for
        long opens a journal for it alone, with little `patience`.
        """
        ...

    async def organization_memory(
        self, *, reader: str, trouble: Callable[[str], None] | None = None
    ) -> OrganizationMemory:
        """Give a memory of what a `reader` finds of its organisation: accounts, OUs, tags, regions.

        `reader` names the organisation and the role by which it is read: another role may see less of it.
        `trouble` is told, once, why nothing can be remembered. It waits for other processes as `quota_memory`
        does.
        """
        ...

    async def live_memory(self, *, trouble: Callable[[str], None] | None = None) -> LiveMemory:
        """Give a memory of what deployments answer with. `trouble` is told why nothing can be remembered."""
        ...

    async def organization_readers(self) -> list[str]:
        """Give those of whom there is an `organization_memory`, who found something last first."""
        ...

    async def close(self) -> None:
        """Commit what waits, release all locks, and close in any case.

        Raises JournalWriteFailed when an outcome could not be kept. A lock that cannot be released does no
        harm: others see whose it was, and whether that process still lives.
        """
        ...
