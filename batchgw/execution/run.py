"""A run from its plan to its summary: its scopes are held, its plan is in the journal, its changes are made.

Each step lets other tasks run in between, because a plan may hold a million changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import JournalWriteFailed, ScopeLocked, UsageError
from batchgw.events import Decided
from batchgw.execution.executor import TRUSTED, Executor
from batchgw.execution.recorder import Recorder
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.execution.session import phase
from batchgw.journal import Journal, JournalRun, RunRecord, RunState
from batchgw.model import PlanItem, Scope
from batchgw.report.summary import Summary, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run whose plan is in the journal has still to do, and what is known of the world.

    Attributes:
        run: the run, in the journal.
        verb: what the user has asked for.
        read_first: scopes in which each API is read before it is written; see `Executor`.
        read_at: when the APIs were read to which the journal's changes belong, at the earliest.
        trusted: seconds for which a reading counts as what is there.
        expected: targets that must end in an outcome, per scope, where the journal does not say it.
        schedule: decides what may begin.
    """

    run: JournalRun
    verb: str
    read_first: Collection[Scope]
    read_at: Moment
    trusted: float = TRUSTED
    expected: Mapping[Scope, int] | None = None
    schedule: Schedule = field(default_factory=AllAtOnce)


@asynccontextmanager
async def new_run(run: JournalRun) -> AsyncIterator[None]:
    """Note a run that was just begun as stopped when it cannot have the scopes it needs."""
    try:
        yield
    except ScopeLocked:
        with suppress(JournalWriteFailed):
            await run.set_state(RunState.STOPPED)
        raise


@asynccontextmanager
async def holding(
    run: JournalRun, scopes: tuple[Scope, ...], *, force: bool, take_over_dead: bool
) -> AsyncIterator[frozenset[Scope]]:
    """Hold the scopes' locks for the run, then release them. A run that ends by an error counts as stopped.

    Gives the scopes that were taken over from runs that had something left to do there.
    """
    await TimeSlices().yield_shielded()  # to begin the run took a slice
    taken = await run.acquire(scopes, force=force, take_over_dead=take_over_dead)
    try:
        yield taken
    except BaseException:
        with anyio.CancelScope(shield=True):
            with suppress(JournalWriteFailed, ScopeLocked):  # the error under way says more
                await run.set_state(RunState.STOPPED)
            with suppress(JournalWriteFailed, ScopeLocked):
                await run.release()
        raise
    with suppress(JournalWriteFailed):  # every outcome is kept; closing the journal tries once more
        await run.release()


async def enter(items: Iterable[PlanItem], run: JournalRun, paced: PacedControlPlane) -> None:
    """Write a plan into the journal, and tell the outcomes that the plan itself decides. Raises Stopped."""
    slices = TimeSlices()

    async def pause() -> None:
        await slices.yield_now()
        paced.stop.check()

    async with run.importing() as plan:
        await pause()
        for item in items:
            if plan.full:  # a commit takes a time slice of its own
                await pause()
                await plan.commit()
                await slices.yield_now()
            await plan.add(item)
            if await slices.yield_if_due():
                paced.stop.check()
        await pause()
    await _tell_decided(run, paced)


async def _tell_decided(run: JournalRun, paced: PacedControlPlane) -> None:
    """Tell the outcomes that are in the journal."""
    slices = TimeSlices()
    await slices.yield_now()
    async for page in run.outcome_pages():
        for outcome in page:
            paced.observer.notify(Decided(outcome=outcome))
            await slices.yield_if_due()
        await slices.yield_if_due()


async def unfinished(journal: Journal, typed: str) -> tuple[RunRecord, tuple[Scope, ...]]:
    """Give a run that can be resumed, and the scopes in which something is left to do.

    Raises RunUnknown, or UsageError for a run that ended before it had anything to do.
    """
    record = await journal.find_unfinished(typed)
    if record.state is RunState.PLANNING or not record.totals.expected:
        raise UsageError(
            f"run {record.id} ended before its plan was complete, so nothing was written and there is "
            "nothing to resume: apply the policy again"
        )
    counts = journal.run(record.id).scope_counts()
    return record, tuple([each.scope async for each in counts if each.tally.left])


async def skip_superseded(run: JournalRun) -> None:
    """Skip what a newer run has brought to its own plan."""
    slices = TimeSlices()
    async for _ in run.superseding():
        await slices.yield_now()


async def execute(job: Job, paced: PacedControlPlane) -> Summary:
    """Make every change of the run that is not decided yet, and sum up. Raises JournalWriteFailed."""
    began = anyio.current_time()
    await _make_changes(job, paced)
    elapsed = anyio.current_time() - began
    return await _summed_up(job, paced, elapsed)


async def _make_changes(job: Job, paced: PacedControlPlane) -> None:
    counts = await counted(job.run)
    undecided = {each.scope: each.tally.left for each in counts if each.tally.left}
    for scope, changes in undecided.items():
        paced.expect(scope, changes)
    slices = TimeSlices()
    await slices.yield_now()
    await job.run.set_state(RunState.APPLYING)
    await slices.yield_now()
    await job.run.sync()  # before the first write
    executor = Executor(
        paced,
        job.run,
        Recorder(job.run, observer=paced.observer, stop=paced.stop, rate=paced.rate),
        read_first=job.read_first,
        found_in=frozenset(each.scope for each in counts if each.tally.applied),
        read_at=job.read_at,
        trusted=job.trusted,
        schedule=job.schedule,
    )
    kinds = frozenset(kind for each in counts for kind in each.kinds)
    with phase(paced.observer, job.run.id, "apply", tuple(undecided), undecided, kinds=kinds):
        await executor.run(tuple(undecided))


async def _summed_up(job: Job, paced: PacedControlPlane, elapsed: float) -> Summary:
    summary = await Summary.of_run(
        job.run, verb=job.verb, elapsed=elapsed, stopped=paced.stop.requested, expected=job.expected
    )
    state = RunState.STOPPED if summary.left else RunState.DONE
    await job.run.set_state(state, totals=summary.total)
    return summary
