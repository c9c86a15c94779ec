"""A run from its plan to its summary: its scopes are held, its plan is in the journal, its changes are made.

`apply_plan` and `resume_run` are the whole of it. Each step lets other tasks run in between, because a plan
may hold a million changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.pool import unwrapped
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import JournalWriteFailed, ScopeLocked, UsageError
from batchgw.events import Decided
from batchgw.execution.reading.recheck import recheck_if_due
from batchgw.execution.running.making import Job, Terms, make_changes
from batchgw.execution.verifying.needed import check_gates, check_run
from batchgw.journal import JSON, Journal, JournalRun, NewRun, RunRecord, RunState
from batchgw.journal.locks import refuse_run_held
from batchgw.journal.records import ONLY, TAKEN_BACK
from batchgw.journal.rollout_records import Verdict
from batchgw.model import OnStale, PlanItem, PlannedApi, RestApiId, Scope, UnreadApi
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.rollout.waves import Waves
from batchgw.report.summary import Summary


async def apply_plan(
    plan: Plan,
    paced: PacedControlPlane,
    journal: Journal,
    terms: Terms,
    *,
    recheck: bool | None,
    on_stale: OnStale,
    verb: str,
    options: Mapping[str, JSON],
) -> Summary:
    """Begin a run and make a plan's changes in it. `api.apply` says what the parameters mean, and raises."""
    scopes = tuple(scope for scope, totals in plan.totals.scopes.items() if totals.writes)
    parent = plan.header.takes_back
    only = None if parent is None else plan.header.options.get(ONLY)
    part = {ONLY: only} if only else {}
    new = NewRun(
        verb=verb,
        policy_source=plan.header.policy_source,
        policy_digest=plan.header.policy_digest,
        desired=plan.header.desired,
        options={**options, **part},
        rollout=plan.header.rollout,
        parent=parent,
    )
    run = await journal.begin(new)
    async with _new_run(run), _holding(run, scopes, terms) as held:
        read_at, items = await recheck_if_due(plan, run.id, paced, wanted=recheck, on_stale=on_stale)
        async with anyio.create_task_group() as meanwhile:
            meanwhile.start_soon(paced.prefetch_credentials_of, scopes)
            await _enter(items, run, paced, plan.waves)
        held.planned, expected = True, plan.totals.expected
        await _end_parent(journal, run.id)
        job = Job(
            run=run,
            verb=verb,
            terms=terms,
            rollout=plan.header.rollout,
            read_first=held.taken,
            read_at=read_at,
            live=terms.live or await journal.live_memory(),
            expected=expected,
        )
        return await _execute(job, paced)


async def resume_run(typed: str, paced: PacedControlPlane, journal: Journal, terms: Terms) -> Summary:
    """Make what is left of a run's changes. `api.resume` says what the parameters mean, and raises."""
    record, scopes = await _unfinished(journal, typed)
    await refuse_over(journal, record)
    return await _go_on(record, scopes, paced, journal, terms, reopening=False)


async def _go_on(
    record: RunRecord,
    scopes: tuple[Scope, ...],
    paced: PacedControlPlane,
    journal: Journal,
    terms: Terms,
    *,
    reopening: bool,
) -> Summary:
    """Go on with a run in some of its scopes, after a reading of each API; `reopening`: with what failed."""
    run = journal.run(record.id)
    async with _holding(run, scopes, terms) as held:
        held.planned = True
        await _end_parent(journal, record.id)
        check_gates(None if reopening else record.rollout, terms.data_plane, terms.conduct.skip)
        await check_run(run, scopes, terms.data_plane)
        if reopening:
            await run.reopen()
        await _skip_superseded(run)
        job = Job(
            run=run,
            verb=record.verb,
            terms=terms,
            rollout=None if reopening else record.rollout,  # what failed goes in one wave
            read_first=scopes,
            read_at=Moment.ago(0),
            live=terms.live or await journal.live_memory(),
        )
        return await _execute(job, paced)


async def retry_run(typed: str, paced: PacedControlPlane, journal: Journal, terms: Terms) -> Summary:
    """Make what has failed of a run once more. `api.retry` says what the parameters mean, and raises."""
    record = await ended_run(journal, typed)
    await refuse_over(journal, record)
    counts = journal.run(record.id).scope_counts()
    scopes = tuple([each.scope async for each in counts if each.tally.left or each.tally.failed])
    return await _go_on(record, scopes, paced, journal, terms, reopening=True)


async def ended_run(journal: Journal, typed: str) -> RunRecord:
    """Give a run that nobody works on.

    Raises RunUnknown, ScopeLocked for one that may be under way, and UsageError for one without a plan.
    """
    record = await journal.find(typed)
    if not record.state.ended:
        refuse_run_held(record.id, record.state, record.holder, unknown_refused=True)
    if not record.planned:
        raise UsageError(
            f"run {record.id} ended before its plan was complete, so nothing was written: there is nothing "
            "to take back or to try again"
        )
    return record


@asynccontextmanager
async def _new_run(run: JournalRun) -> AsyncIterator[None]:
    """Note a run that was just begun as stopped when it cannot have the scopes it needs."""
    try:
        yield
    except ScopeLocked:
        with suppress(JournalWriteFailed):
            await run.set_state(RunState.STOPPED)
        raise


@dataclass(slots=True, kw_only=True)
class _Held:
    """A run that holds the locks of its scopes.

    Attributes:
        taken: the scopes that were taken over from runs that had something left to do there.
        planned: whether its whole plan is in the journal.
    """

    taken: frozenset[Scope]
    planned: bool = False


@asynccontextmanager
async def _holding(run: JournalRun, scopes: tuple[Scope, ...], terms: Terms) -> AsyncIterator[_Held]:
    """Hold the scopes' locks for the run, then release them.

    A run that ends by an error counts as stopped, unless all its changes were decided by then. It ends by one
    error, whatever its tasks raise.
    """
    await TimeSlices().yield_shielded()  # to begin the run took a slice
    taken = await run.acquire(scopes, force=terms.force_lock, take_over_dead=terms.take_over_dead)
    held = _Held(taken=taken)
    try:
        with unwrapped():
            yield held
    except BaseException:
        with anyio.CancelScope(shield=True):
            with suppress(JournalWriteFailed, ScopeLocked):  # the error under way says more
                over = held.planned and not await _has_pending(run, scopes)
                await run.set_state(RunState.DONE if over else RunState.STOPPED)
            with suppress(JournalWriteFailed, ScopeLocked):
                await run.release()
        raise
    with suppress(JournalWriteFailed):  # every outcome is kept; closing the journal tries once more
        await run.release()


async def _has_pending(run: JournalRun, scopes: tuple[Scope, ...]) -> bool:
    """Tell whether a change is left to be made. Mostly that is so in the first scope, and known at once."""
    for scope in scopes:
        if await run.pending(scope, limit=1):
            return True
    return False


async def _enter(
    items: Iterable[PlanItem], run: JournalRun, paced: PacedControlPlane, waves: Waves | None
) -> None:
    """Write a plan into the journal, and tell the outcomes that the plan itself decides. Raises Stopped."""
    slices = TimeSlices()

    async def pause() -> None:
        await slices.yield_now()
        paced.stop.check()

    wave_of = _wave_of(waves)
    async with run.importing() as plan:
        await pause()
        for item in items:
            if plan.full:  # a commit takes a time slice of its own
                await pause()
                await plan.commit()
                await slices.yield_now()
            await plan.add(item, wave=wave_of(item))
            if await slices.yield_if_due():
                paced.stop.check()
        await pause()
    await _tell_decided(run, paced)


def _wave_of(waves: Waves | None) -> Callable[[PlanItem], int | None]:
    """Give what tells the wave of an item's API; None for one that has nothing to do, or is in none."""
    if waves is None:
        return lambda _item: None
    known: dict[Scope, dict[RestApiId, int]] = {}

    def wave_of(item: PlanItem) -> int | None:
        if not isinstance(item, PlannedApi | UnreadApi):
            return None
        scope = item.api.scope
        if scope not in known:
            known[scope] = waves.of_scope(scope)
        return known[scope].get(item.api.id)

    return wave_of


async def _tell_decided(run: JournalRun, paced: PacedControlPlane) -> None:
    """Tell the outcomes that are in the journal."""
    slices = TimeSlices()
    await slices.yield_now()
    async for page in run.outcome_pages():
        for outcome in page:
            paced.observer.notify(Decided(outcome=outcome))
            await slices.yield_if_due()
        await slices.yield_if_due()


async def _unfinished(journal: Journal, typed: str) -> tuple[RunRecord, tuple[Scope, ...]]:
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


async def _end_parent(journal: Journal, run: str) -> None:
    """Where a run takes another one back, nobody goes on with that: what is left of it is skipped."""
    record = await journal.find(run)
    if record.parent is not None and record.ends_parent:
        why = f"run {run} takes its run back: plan and apply again"
        await journal.run(record.parent).close(TAKEN_BACK, why)


async def refuse_over(journal: Journal, record: RunRecord) -> None:
    """Raise UsageError for a run that nobody goes on with: another takes it back, or somebody aborted it."""
    for child in await journal.children(record.id):
        if child.ends_parent and child.planned:
            raise UsageError(
                f"run {record.id} was taken back by run {child.id}, so nobody goes on with it: apply the "
                f"policy again. `batchgw resume {child.id}` finishes the way back where something is left of "
                "it."
            )
    aborted = [each for each in await journal.run(record.id).decisions() if each.verdict is Verdict.ABORT]
    if aborted and not record.totals.left:
        raise UsageError(
            f"run {record.id} was aborted by {aborted[-1].who}, so nobody goes on with it: apply the policy "
            "again."
        )


async def _skip_superseded(run: JournalRun) -> None:
    """Skip what a newer run has brought to its own plan."""
    slices = TimeSlices()
    async for _ in run.superseding():
        await slices.yield_now()


async def _execute(job: Job, paced: PacedControlPlane) -> Summary:
    """Make every change of the run that is not decided yet, and sum up. Raises JournalWriteFailed."""
    began = anyio.current_time()
    made = await make_changes(job, paced)
    elapsed = anyio.current_time() - began
    summary = await Summary.of_run(
        job.run,
        verb=job.verb,
        elapsed=elapsed,
        stopped=paced.stop.requested,
        held_back=made.held_back,
        halted=made.halted,
        seen_live=made.seen_live,
        expected=job.expected,
    )
    state = RunState.STOPPED if summary.left or made.halted else RunState.DONE
    await job.run.set_state(state, totals=summary.total)
    return summary
