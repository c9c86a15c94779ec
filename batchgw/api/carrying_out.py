"""The verbs that write: apply, resume and retry."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.stack import Pace
from batchgw.events import Observer
from batchgw.execution.rollout.before import check_rollout
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.running.application import Application, streaming
from batchgw.execution.running.making import Terms
from batchgw.execution.running.returning import followed, owing
from batchgw.execution.running.run import apply_plan, resume_run, retry_run
from batchgw.execution.schedule import Schedule
from batchgw.execution.session import session
from batchgw.execution.verifying.needed import check_plan
from batchgw.execution.writing.executor import TRUSTED
from batchgw.journal import JSON, Journal, LiveMemory
from batchgw.model import OnStale
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.rollout.waves import refuse_empty
from batchgw.report.summary import Summary


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
    schedule: Schedule | None = None,
    data_plane: DataPlane | None = None,
    ship_pending: bool = False,
    live: LiveMemory | None = None,
    allow: Collection[str] = (),
    conduct: Conduct | None = None,
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

    An API that comes to be written more than `trusted` seconds after it was read is read again just before.
    What somebody else has changed in it meanwhile fails (ChangedMeanwhile) and is not overwritten. With
    infinity the plan is applied whatever its age.

    Raises `ScopeLocked` when another run holds a scope. `take_over_dead` takes the scopes of a run whose
    process is known to be dead on this machine. `force_lock` also takes those of a run whose process may be
    alive. In scopes that were taken, every API is read before it is written: the other run may have made what
    it was about to write.

    `schedule` decides which account-region and which API may begin, and when; None lets all begin at once.
    What it holds back is not attempted, and a resume takes it up.

    A stage that would get edits which are not the plan's is held back, unless these are to be shipped, too
    (`ship_pending`). `live` is that of `plan`; None for the journal's own. `data_plane` takes the probes of a
    policy that says `verify: probe` or `both`, such as what `open_data_plane` opens.

    A policy with a `rollout` is applied wave by wave; `conduct` says how people take part in it, and
    `schedule` is for plans without one. Where the rollout is halted, `Summary.halted` says why. Where its
    `on_failure` says so, or whoever aborts it, it is taken back then: `Summary.taken_back`.
    `allow` names guard rails (`limits`) that the plan may exceed.

    Raises `LimitsExceeded` where the plan does more than its `limits` allow, `UsageError` where it asks for
    probes and there is no data plane, or for what this version does not do, `NothingSelected` when a wave of
    the plan is empty that may not be, and `JournalWriteFailed` when the journal fails: the run has stopped
    then, and can be resumed.
    """
    refuse_empty(plan.waves)
    check_rollout(plan, allow)
    conduct = conduct or Conduct()
    check_plan(plan, data_plane, conduct.skip)
    terms = Terms(
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        trusted=trusted,
        schedule=schedule,
        data_plane=data_plane,
        ship_pending=ship_pending,
        live=live,
        conduct=conduct,
    )
    with session(plane, pace, observer, stop) as paced:
        summary = await apply_plan(
            plan,
            paced,
            journal,
            terms,
            recheck=recheck,
            on_stale=on_stale,
            verb=verb,
            options=options or {},
        )
        return await followed(summary, paced, journal, terms)


async def resume(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    force_lock: bool = False,
    take_over_dead: bool = False,
    trusted: float = TRUSTED,
    schedule: Schedule | None = None,
    data_plane: DataPlane | None = None,
    ship_pending: bool = False,
    live: LiveMemory | None = None,
    conduct: Conduct | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Summary:
    """Finish a run that was stopped or died: what is done is not repeated.

    Time has passed, so every API that is left is read before it is written. What turns out to be made is not
    made again. What someone else has changed since is not overwritten: it fails. What a newer run has
    brought to its own plan is skipped (`Superseded`). `force_lock`, `take_over_dead`, `trusted`, `schedule`,
    `data_plane`, `ship_pending`, `live` and `conduct` are those of `apply`; a schedule is given what is left,
    and not told what was decided before.

    `run` is a run id, an unambiguous beginning of one, or "last": the newest that is not finished. Raises
    `RunUnknown`, or `UsageError` for a run that ended before it had anything to do.
    """
    terms = Terms(
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        trusted=trusted,
        schedule=schedule,
        data_plane=data_plane,
        ship_pending=ship_pending,
        live=live,
        conduct=conduct or Conduct(),
    )
    with session(plane, pace, observer, stop) as paced:
        summary = await owing(run, journal) or await resume_run(run, paced, journal, terms)
        return await followed(summary, paced, journal, terms)


async def retry(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    force_lock: bool = False,
    take_over_dead: bool = False,
    trusted: float = TRUSTED,
    schedule: Schedule | None = None,
    data_plane: DataPlane | None = None,
    ship_pending: bool = False,
    live: LiveMemory | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Summary:
    """Try again what has failed in a run; what was left, a resume would have done as well, is done too.

    There is no new plan. Every API is read first: what is as planned by then counts as applied, and what
    somebody else has changed fails again. A snapshot that the run has taken is used, not taken again. Where
    nothing has failed and nothing is left, the run stays as it is.

    `run` and the other parameters are those of `resume`, which it raises as well.
    """
    terms = Terms(
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        trusted=trusted,
        schedule=schedule,
        data_plane=data_plane,
        ship_pending=ship_pending,
        live=live,
    )
    with session(plane, pace, observer, stop) as paced:
        return await retry_run(run, paced, journal, terms)


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
    schedule: Schedule | None = None,
    data_plane: DataPlane | None = None,
    ship_pending: bool = False,
    live: LiveMemory | None = None,
    allow: Collection[str] = (),
    conduct: Conduct | None = None,
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> AbstractAsyncContextManager[Application]:
    """Like `apply`, giving each outcome as it is decided.

    Usage: `async with applying(plan, plane=plane, journal=journal) as run: async for outcome in run: ...`
    Leaving the block waits for the end of the run.
    """
    return streaming(
        lambda joined: apply(
            plan,
            plane=plane,
            journal=journal,
            recheck=recheck,
            trusted=trusted,
            on_stale=on_stale,
            force_lock=force_lock,
            take_over_dead=take_over_dead,
            schedule=schedule,
            data_plane=data_plane,
            ship_pending=ship_pending,
            live=live,
            allow=allow,
            conduct=conduct,
            options=options,
            pace=pace,
            observer=joined,
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
    trusted: float = TRUSTED,
    schedule: Schedule | None = None,
    data_plane: DataPlane | None = None,
    ship_pending: bool = False,
    live: LiveMemory | None = None,
    conduct: Conduct | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> AbstractAsyncContextManager[Application]:
    """Like `resume`, giving each outcome as it is decided; see `applying`."""
    return streaming(
        lambda joined: resume(
            run,
            plane=plane,
            journal=journal,
            force_lock=force_lock,
            take_over_dead=take_over_dead,
            trusted=trusted,
            schedule=schedule,
            data_plane=data_plane,
            ship_pending=ship_pending,
            live=live,
            conduct=conduct,
            pace=pace,
            observer=joined,
            stop=stop,
        ),
        observer,
    )
