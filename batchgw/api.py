"""The verbs, a page each: they join the stages and do nothing else.

Every verb takes a control plane. Give all verbs of one session the same `PacedControlPlane`, so that they
share its limiters and its stop; a bare plane is paced for the one verb. `observer` is told what happens while
the verb lasts, besides the observer of a plane that is paced already.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.pool import unwrapped
from batchgw.concurrency.stop import StopSignal
from batchgw.concurrency.time_slices import TimeSlices, in_thread
from batchgw.control_plane.interface import ControlPlane, UnreadableApi
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.discovery.listing import list_rest_apis, needs_listing
from batchgw.discovery.naming import NamedApis
from batchgw.discovery.scopes import resolve_scopes
from batchgw.errors import CallError, JournalWriteFailed, ScopeLocked, UsageError
from batchgw.events import (
    Decided,
    Event,
    ItemPlanned,
    NullObserver,
    Observer,
    Observers,
    PhaseEnded,
    PhaseStarted,
)
from batchgw.execution.executor import TRUSTED, Executor
from batchgw.execution.planner import Planner
from batchgw.execution.recheck import Recheck
from batchgw.execution.recorder import Recorder
from batchgw.journal import JSON, Journal, NewRun, RunState, Standing, Tally
from batchgw.model import (
    OnStale,
    Outcome,
    PlanItem,
    Policy,
    RestApi,
    Scope,
    Targets,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.selected import SelectionCount
from batchgw.planning.plan_file import temporary
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.redaction import with_bare_urls
from batchgw.report.reasons import Reason, Reasons
from batchgw.report.summary import EXPLAINED, Summary, scope_summaries
from batchgw.version import VERSION


@asynccontextmanager
async def discover(
    targets: Targets,
    *,
    plane: ControlPlane,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
    count: SelectionCount | None = None,
) -> AsyncGenerator[MemoryObjectReceiveStream[RestApi | UnreadApi | UnreadScope], None]:
    """Stream every selected REST API of every scope.

    What is missing in that is in the stream as well, with the reason: an API of which the service says what
    cannot be, one that was named by id and is nowhere, and a scope that cannot be listed to its end.

    Usage: `async with discover(targets, plane=plane) as found: async for item in found: ...`
    A `SelectionCount(targets.apis)` knows, at the end, how many there are and which selectors match none.
    """
    send, receive = anyio.create_memory_object_stream[RestApi | UnreadApi | UnreadScope](0)
    count = SelectionCount(targets.apis) if count is None else count  # one for all scopes
    named = NamedApis(targets.apis)

    async def listing(paced: PacedControlPlane, scope: Scope, unread: dict[Scope, CallError]) -> None:
        odd: list[UnreadableApi] = []
        apis = list_rest_apis(
            paced,
            scope,
            targets.apis,
            observer=paced.observer,
            unselected=named.found,
            unreadable=odd.append,
            count=count,
        )
        try:
            async for api in apis:
                named.found(api)
                await send.send(api)
        except CallError as error:
            unread[scope] = error
            named.not_listed(scope, error)
        for each in filter(named.odd, odd):
            code, message = type(each.error).__name__, each.error.message
            await send.send(UnreadApi(api=each.api, targets=(), code=code, message=message))

    async def all_of(paced: PacedControlPlane, scopes: tuple[Scope, ...]) -> None:
        unread: dict[Scope, CallError] = {}
        async with send:
            async with anyio.create_task_group() as tasks:
                for scope in scopes:
                    tasks.start_soon(listing, paced, scope, unread)
            for scope, error in unread.items():
                if named.concerned(scope):
                    code, message = type(error).__name__, error.message
                    await send.send(UnreadScope(scope=scope, code=code, message=message))
            for missing in named.missing(scopes, ()):
                await send.send(missing)

    with _session(plane, pace, observer, stop) as paced, unwrapped():
        scopes = await resolve_scopes(paced, targets)
        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(all_of, paced, scopes)
            yield receive
            tasks.cancel_scope.cancel()


async def plan(
    policy: Policy,
    *,
    plane: ControlPlane,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Plan:
    """Read every selected API once and compare it with the policy. Nothing is ever written to AWS.

    The plan is a file: `out`, or a temporary one that `Plan.close` deletes. What could not be read is in it,
    and makes it incomplete, not void. Selectors that match nothing are in its totals. Raises `Stopped` when
    asked to stop (no file is left then), and a `CallError` when not even the account can be told.
    """
    with _session(plane, pace, observer, stop) as paced, unwrapped():
        told = paced.observer
        scopes = await resolve_scopes(paced, policy.targets)
        header = _header(policy, scopes, options or {})
        count = SelectionCount(policy.targets.apis)
        path = Path(out) if out is not None else temporary.folder() / f"batchgw-{header.plan}.plan"
        with PlanWriter(path, header, scopes=scopes) as writer:

            def sink(item: PlanItem) -> None:
                writer.write(item)
                told.notify(ItemPlanned(item=item))

            with _phase(told, header.plan, "plan", scopes, {}):
                await Planner(
                    ReadOnlyControlPlane(paced),
                    desired=policy.desired,
                    selection=policy.targets.apis,
                    sink=sink,
                    observer=told,
                    pacing=paced,
                    count=count,
                ).run(scopes)
            writer.totals.selected = count.total(listed=needs_listing(policy.targets.apis))
            await in_thread(writer.commit)
    return Plan.of(writer, temporary=out is None)


check = plan
"""A check is a plan that nobody means to apply: what is pending in it has drifted."""


FRESH = 300.0
"""Seconds for which a plan counts as the present state: about what a person takes to read it and agree."""


async def apply(
    plan: Plan,
    *,
    plane: ControlPlane,
    journal: Journal,
    recheck: bool | None = None,
    trusted: float = TRUSTED,
    on_stale: OnStale = OnStale.REFUSE,
    force_lock: bool = False,
    take_over_dead: bool = False,
    verb: str = "apply",
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Summary:
    """Do exactly what the plan says, and remember it in the journal.

    `recheck` reads every planned API again first and raises `PlanStale`, with nothing written, if any is not
    as it was; or, with `OnStale.SKIP`, leaves those alone (skipped, `MovedSincePlan`) and applies the rest.
    None leaves that to the plan: one that was opened from a file, or is older than `FRESH`, is read again.

    An API whose turn comes more than `trusted` seconds after it was read is read again right before it is
    written; what somebody else has changed in it meanwhile is not overwritten but failed (ChangedMeanwhile).
    With infinity the plan is done whatever its age.

    Raises `ScopeLocked` when another run holds a scope. `take_over_dead` takes those of one whose process is
    known to be dead on this machine, `force_lock` also of one of which that cannot be told. There every API
    is read before it is written, for what the other run was about to write may have been made.

    Raises `JournalWriteFailed` when the journal fails: the run has stopped then, and can be resumed.
    """
    run = journal.begin(
        NewRun(
            verb=verb,
            policy_source=plan.header.policy_source,
            policy_digest=plan.header.policy_digest,
            desired=plan.header.desired,
            options=options or {},
        )
    )
    with (
        _session(plane, pace, observer, stop) as paced,
        _begun(journal, run),
        _holding(journal, run, _written(plan), force=force_lock, take_over_dead=take_over_dead) as taken,
        unwrapped(),
    ):
        again = Recheck(paced, on_stale)
        age = max(0.0, time.time() - plan.header.created)
        reads = (plan.saved or age > FRESH) if recheck is None else recheck
        read_at = Moment.ago(0 if reads else age)  # at the earliest: when the reading begins, or the plan did
        if reads:
            expected = {scope: totals.apis for scope, totals in plan.totals.scopes.items()}
            with _phase(paced.observer, run, "recheck", tuple(expected), expected):
                await again.run(plan)
        async with anyio.create_task_group() as meanwhile:
            meanwhile.start_soon(paced.prefetch_credentials, _written(plan))
            await _enter(map(again.left_alone, plan.items()), run, paced, journal)
        return await _execute(
            run,
            paced,
            journal,
            verb=verb,
            look_first=taken,
            read_at=read_at,
            trusted=trusted,
            expected=plan.totals.expected,
        )


async def resume(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    force_lock: bool = False,
    take_over_dead: bool = False,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Summary:
    """Finish a run that was stopped or died: what is done is not repeated.

    Time has passed, so every API that is left is read before it is written: what turns out to be made is not
    made again, and what someone else has changed since is not overwritten but failed. What a newer run has
    brought to its own plan is skipped (`Superseded`). `force_lock` and `take_over_dead` as in `apply`.

    `run` is a run id, an unambiguous beginning of one, or "last": the newest that is not finished. Raises
    `RunUnknown`, or `UsageError` for a run that ended before it had anything to do.
    """
    record = journal.unfinished_run(run)
    if record.state is RunState.PLANNING or not record.totals.expected:
        raise UsageError(
            f"run {record.id} ended before its plan was complete, so nothing was written and there is "
            "nothing to resume: apply the policy again"
        )
    scopes = tuple(s.scope for s in journal.scopes(record.id) if s.undecided)
    with (
        _session(plane, pace, observer, stop) as paced,
        _holding(journal, record.id, scopes, force=force_lock, take_over_dead=take_over_dead),
        unwrapped(),
    ):
        slices = TimeSlices()
        for _ in journal.superseding(record.id):
            await slices.yield_now()
        return await _execute(
            record.id, paced, journal, verb=record.verb, look_first=scopes, read_at=Moment.ago(0)
        )


class Application:
    """A run under way: iterate over its outcomes as they are decided; `summary` is there at its end."""

    def __init__(self, outcomes: MemoryObjectReceiveStream[Outcome]) -> None:
        self._outcomes = outcomes
        self._summary: Summary | None = None

    def __aiter__(self) -> AsyncIterator[Outcome]:
        return self._outcomes

    @property
    def summary(self) -> Summary:
        """What the run came to. Raises UsageError before its end."""
        if self._summary is None:
            raise UsageError(
                "the run has not ended: read its outcomes to the end, or leave its block, before its summary"
            )
        return self._summary

    def ended(self, summary: Summary) -> None:
        """Take what the run came to."""
        self._summary = summary


def applying(
    plan: Plan,
    *,
    plane: ControlPlane,
    journal: Journal,
    recheck: bool | None = None,
    trusted: float = TRUSTED,
    on_stale: OnStale = OnStale.REFUSE,
    force_lock: bool = False,
    take_over_dead: bool = False,
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> AbstractAsyncContextManager[Application]:
    """Like `apply`, giving each outcome as it is decided.

    Usage: `async with applying(plan, plane=plane, journal=journal) as run: async for outcome in run: ...`
    Leaving the block waits for the end of the run.
    """
    return _streaming(
        lambda told: apply(
            plan,
            plane=plane,
            journal=journal,
            recheck=recheck,
            trusted=trusted,
            on_stale=on_stale,
            force_lock=force_lock,
            take_over_dead=take_over_dead,
            options=options,
            pace=pace,
            observer=told,
            stop=stop,
        ),
        observer,
    )


def resuming(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    force_lock: bool = False,
    take_over_dead: bool = False,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> AbstractAsyncContextManager[Application]:
    """Like `resume`, giving each outcome as it is decided; see `applying`."""
    return _streaming(
        lambda told: resume(
            run,
            plane=plane,
            journal=journal,
            force_lock=force_lock,
            take_over_dead=take_over_dead,
            pace=pace,
            observer=told,
            stop=stop,
        ),
        observer,
    )


async def _enter(items: Iterator[PlanItem], run: str, paced: PacedControlPlane, journal: Journal) -> None:
    """Write the plan into the journal and tell what it has itself decided; let others have their turn."""
    slices = TimeSlices()
    with journal.importing(run) as load:
        await slices.yield_now()
        paced.stop.check()
        for item in items:
            if load.full:  # a commit is a turn of its own
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


async def _execute(
    run: str,
    paced: PacedControlPlane,
    journal: Journal,
    *,
    verb: str,
    look_first: Collection[Scope],
    read_at: Moment,
    trusted: float = TRUSTED,
    expected: Mapping[Scope, int] | None = None,
) -> Summary:
    began = anyio.current_time()
    standings = await _standings(journal, run)
    undecided = {s.scope: s.tally.left for s in standings if s.tally.left}
    met = frozenset(s.scope for s in standings if s.tally.applied)
    for scope, changes in undecided.items():
        paced.expect(scope, changes)
    journal.set_state(run, RunState.APPLYING)
    await in_thread(journal.sync)  # before the first write
    recorder = Recorder(journal, run, observer=paced.observer, stop=paced.stop, rate=paced.rate)
    with _phase(paced.observer, run, "apply", tuple(undecided), undecided):
        executor = Executor(
            paced,
            journal,
            run,
            recorder,
            look_first=look_first,
            met=met,
            read_at=read_at,
            trusted=trusted,
        )
        await executor.run(tuple(undecided))
    elapsed = anyio.current_time() - began
    scopes = scope_summaries(await _standings(journal, run), expected)
    total = sum((scope.tally for scope in scopes), Tally())
    reasons = await _reasons(journal, run)
    journal.set_state(run, RunState.STOPPED if total.left else RunState.DONE, totals=total)
    return Summary(
        run=run,
        verb=verb,
        scopes=scopes,
        reasons=reasons,
        elapsed=elapsed,
        stopped=paced.stop.requested,
    )


async def _standings(journal: Journal, run: str) -> list[Standing]:
    """Count how each scope of a run stands; others have their turn between two."""
    found, slices = [], TimeSlices()
    standings = journal.standings(run)  # commits what waits
    await slices.yield_now()
    for standing in standings:
        found.append(standing)
        await slices.yield_if_due()
    return found


async def _reasons(journal: Journal, run: str) -> tuple[Reason, ...]:
    """Fold why things did not end well; others have their turn meanwhile."""
    reasons, slices = Reasons(), TimeSlices()
    pages = journal.outcome_pages(run, kinds=EXPLAINED)
    await slices.yield_now()
    for page in pages:
        for outcome in page:
            reasons.add(outcome)
            await slices.yield_if_due()
        await slices.yield_if_due()
    return reasons.found()


@asynccontextmanager
async def _streaming(
    start: Callable[[Observer], Awaitable[Summary]], observer: Observer | None
) -> AsyncGenerator[Application, None]:
    send, receive = anyio.create_memory_object_stream[Outcome](math.inf)
    application = Application(receive)

    class Sink:
        def notify(self, event: Event) -> None:
            if isinstance(event, Decided):
                with suppress(anyio.BrokenResourceError):  # nobody reads any more: the run goes on
                    send.send_nowait(event.outcome)

    async def run() -> None:
        async with send:
            application.ended(await start(Observers(Sink(), observer or NullObserver())))

    with unwrapped():
        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(run)
            yield application


@contextmanager
def _session(
    plane: ControlPlane, pace: Pace | None, observer: Observer | None, stop: StopSignal | None
) -> Iterator[PacedControlPlane]:
    """Pace the plane, or join the session of one that is paced. Its verdicts on scopes begin anew."""
    if not isinstance(plane, PacedControlPlane):
        yield PacedControlPlane(plane, pace=pace, observer=observer, stop=stop)
        return
    if pace is not None or stop is not None:
        raise UsageError("the control plane is paced already: give pace and stop to PacedControlPlane")
    plane.limited.given_up.forget()
    plane.limited.endpoints.forget()
    with plane.observer.joined(observer or NullObserver()):
        yield plane


def _header(policy: Policy, scopes: tuple[Scope, ...], options: Mapping[str, JSON]) -> PlanHeader:
    selection = policy.targets.apis
    return PlanHeader(
        plan=uuid4().hex[:12],
        created=time.time(),
        batchgw=VERSION,
        policy_digest=policy.digest,
        policy_source=policy.source,
        desired=policy.desired,
        targets={
            "scopes": [str(scope) for scope in scopes],
            "role": policy.targets.role,
            "include": [s.to_json() for s in selection.include],
            "exclude": [s.to_json() for s in selection.exclude],
            "explicit": [str(e) for e in selection.explicit],
        },
        options=with_bare_urls(options),
    )


def _written(plan: Plan) -> tuple[Scope, ...]:
    """The scopes in which the plan writes: those a run must hold."""
    return tuple(scope for scope, totals in plan.totals.scopes.items() if totals.writes)


@contextmanager
def _begun(journal: Journal, run: str) -> Iterator[None]:
    """Mark a run that was just begun as stopped when it cannot have the scopes it needs."""
    try:
        yield
    except ScopeLocked:
        with suppress(JournalWriteFailed):
            journal.set_state(run, RunState.STOPPED)
        raise


@contextmanager
def _holding(
    journal: Journal, run: str, scopes: tuple[Scope, ...], *, force: bool, take_over_dead: bool
) -> Iterator[frozenset[Scope]]:
    """Hold the scopes for the run, then let them go. A run that ends by an error is marked as stopped.

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


@contextmanager
def _phase(
    told: Observer, run: str, phase: str, scopes: tuple[Scope, ...], expected: Mapping[Scope, int]
) -> Iterator[None]:
    began = anyio.current_time()
    told.notify(PhaseStarted(run=run, phase=phase, scopes=scopes, expected=expected))
    try:
        yield
    finally:
        told.notify(PhaseEnded(run=run, phase=phase, elapsed=anyio.current_time() - began))
