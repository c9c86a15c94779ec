"""A run from its plan to its summary: its scopes are held, its plan is in the journal, its changes are made.

Each step lets other tasks run in between, for a plan may hold a million changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import anyio

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.time_slices import TimeSlices, in_thread
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import JournalWriteFailed, ScopeLocked, UsageError
from batchgw.events import Decided
from batchgw.execution.executor import TRUSTED, Executor
from batchgw.execution.recorder import Recorder
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.execution.session import phase
from batchgw.journal import Journal, RunRecord, RunState, Standing, Tally
from batchgw.model import PlanItem, Scope
from batchgw.report.reasons import Reason, Reasons
from batchgw.report.summary import EXPLAINED, Summary, scope_summaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run whose plan is in the journal has still to do, and what is known of the world.

    Attributes:
        run: the run's id.
        verb: what the user has asked for.
        look_first: scopes in which each API is read before it is written; see `Executor`.
        read_at: when the APIs were read to which the journal's changes belong, at the earliest.
        trusted: seconds for which a reading counts as what is there.
        expected: targets that must end in an outcome, per scope, where the journal does not say it.
        schedule: decides what may begin.
    """

    run: str
    verb: str
    look_first: Collection[Scope]
    read_at: Moment
    trusted: float = TRUSTED
    expected: Mapping[Scope, int] | None = None
    schedule: Schedule = field(default_factory=AllAtOnce)


@contextmanager
def new_run(journal: Journal, run: str) -> Iterator[None]:
    """Note a run that was just begun as stopped when it cannot have the scopes it needs."""
    try:
        yield
    except ScopeLocked:
        with suppress(JournalWriteFailed):
            journal.set_state(run, RunState.STOPPED)
        raise


@contextmanager
def holding(
    journal: Journal, run: str, scopes: tuple[Scope, ...], *, force: bool, take_over_dead: bool
) -> Iterator[frozenset[Scope]]:
    """Hold the scopes' locks for the run, then release them. A run that ends by an error counts as stopped.

    Gives the scopes that were taken over from runs that had something left to do there.
    """
    taken = journal.acquire(run, scopes, force=force, take_over_dead=take_over_dead)
    try:
        yield taken
    except BaseException:
        for last in (partial(journal.set_state, run, RunState.STOPPED), partial(journal.release, run)):
            with suppress(JournalWriteFailed, ScopeLocked):  # the error under way says more
                last()
        raise
    with suppress(JournalWriteFailed):  # every outcome is kept; closing the journal tries once more
        journal.release(run)


async def enter(items: Iterable[PlanItem], run: str, paced: PacedControlPlane, journal: Journal) -> None:
    """Write a plan into the journal, and tell the outcomes that the plan itself decides. Raises Stopped."""
    slices = TimeSlices()
    with journal.importing(run) as load:
        await slices.yield_now()
        paced.stop.check()
        for item in items:
            if load.full:  # a commit takes a time slice of its own
                await slices.yield_now()
                paced.stop.check()
                load.commit()
                await slices.yield_now()
            load.add(item)
            if await slices.yield_if_due():
                paced.stop.check()
        await slices.yield_now()
        paced.stop.check()
    await slices.yield_now()
    for page in journal.outcome_pages(run):
        for outcome in page:
            paced.observer.notify(Decided(outcome=outcome))
            await slices.yield_if_due()
        await slices.yield_if_due()


def unfinished(journal: Journal, run: str) -> tuple[RunRecord, tuple[Scope, ...]]:
    """Give a run that can be resumed, and the scopes in which something is left to do.

    Raises RunUnknown, or UsageError for a run that ended before it had anything to do.
    """
    record = journal.unfinished_run(run)
    if record.state is RunState.PLANNING or not record.totals.expected:
        raise UsageError(
            f"run {record.id} ended before its plan was complete, so nothing was written and there is "
            "nothing to resume: apply the policy again"
        )
    return record, tuple(s.scope for s in journal.scopes(record.id) if s.undecided)


async def skip_superseded(journal: Journal, run: str) -> None:
    """Skip what a newer run has brought to its own plan."""
    slices = TimeSlices()
    for _ in journal.superseding(run):
        await slices.yield_now()


async def execute(job: Job, paced: PacedControlPlane, journal: Journal) -> Summary:
    """Make every change of the run that is not decided yet, and sum up. Raises JournalWriteFailed."""
    began = anyio.current_time()
    await _make_changes(job, paced, journal)
    elapsed = anyio.current_time() - began
    return await _summed_up(job, paced, journal, elapsed)


async def _make_changes(job: Job, paced: PacedControlPlane, journal: Journal) -> None:
    standings = await _standings(journal, job.run)
    undecided = {s.scope: s.tally.left for s in standings if s.tally.left}
    for scope, changes in undecided.items():
        paced.expect(scope, changes)
    journal.set_state(job.run, RunState.APPLYING)
    await in_thread(journal.sync)  # before the first write
    executor = Executor(
        paced,
        journal,
        job.run,
        Recorder(journal, job.run, observer=paced.observer, stop=paced.stop, rate=paced.rate),
        look_first=job.look_first,
        found_in=frozenset(s.scope for s in standings if s.tally.applied),
        read_at=job.read_at,
        trusted=job.trusted,
        schedule=job.schedule,
    )
    with phase(paced.observer, job.run, "apply", tuple(undecided), undecided):
        await executor.run(tuple(undecided))


async def _summed_up(job: Job, paced: PacedControlPlane, journal: Journal, elapsed: float) -> Summary:
    scopes = scope_summaries(await _standings(journal, job.run), job.expected)
    total = sum((scope.tally for scope in scopes), Tally())
    reasons = await _reasons(journal, job.run)
    journal.set_state(job.run, RunState.STOPPED if total.left else RunState.DONE, totals=total)
    return Summary(
        run=job.run,
        verb=job.verb,
        scopes=scopes,
        reasons=reasons,
        elapsed=elapsed,
        stopped=paced.stop.requested,
    )


async def _standings(journal: Journal, run: str) -> list[Standing]:
    """Count the outcomes of each scope of a run."""
    found, slices = [], TimeSlices()
    standings = journal.standings(run)  # commits what waits
    await slices.yield_now()
    for standing in standings:
        found.append(standing)
        await slices.yield_if_due()
    return found


async def _reasons(journal: Journal, run: str) -> tuple[Reason, ...]:
    """Fold why targets did not end well."""
    reasons, slices = Reasons(), TimeSlices()
    pages = journal.outcome_pages(run, kinds=EXPLAINED)
    await slices.yield_now()
    for page in pages:
        for outcome in page:
            reasons.add(outcome)
            await slices.yield_if_due()
        await slices.yield_if_due()
    return reasons.found()
