"""The verbs, a page each: they join the stages and do nothing else.

Every verb takes a control plane. Give all verbs of one session the same `PacedControlPlane`, so that they
share its limiters and its stop; a bare plane is paced for the one verb. `observer` is told what happens while
the verb lasts, besides the observer of a plane that is paced already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from batchgw.concurrency.pool import unwrapped
from batchgw.concurrency.stop import StopSignal
from batchgw.concurrency.time_slices import in_thread
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.stack import Pace
from batchgw.discovery.estate import Estate
from batchgw.discovery.found_apis import keeping_apis
from batchgw.discovery.listing import needs_listing
from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.scope_search import Needs
from batchgw.discovery.scopes import find_scopes
from batchgw.discovery.selection_count import SelectionCount
from batchgw.discovery.stream import DiscoveryStream, Found
from batchgw.events import Observer
from batchgw.execution.application import Application, streaming
from batchgw.execution.making import Terms
from batchgw.execution.reading.planner import Planner
from batchgw.execution.reading.recheck import FRESH
from batchgw.execution.reading.taking_back import Meant, TakingBack
from batchgw.execution.rollout.before import check_rollout
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.run import apply_plan, ended_run, resume_run, retry_run
from batchgw.execution.schedule import Schedule
from batchgw.execution.session import phase, session
from batchgw.execution.verifying.needed import check_plan
from batchgw.execution.writing.executor import TRUSTED
from batchgw.journal import JSON, Journal, LiveMemory
from batchgw.model import ExplicitApi, OnStale, Policy, Region, Targets
from batchgw.model.owner import OnManaged
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.managed import holding
from batchgw.planning.plan_file import temporary
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.planning.rollout.waves import refuse_empty
from batchgw.report.summary import Summary

__all__ = [
    "FRESH",
    "Application",
    "apply",
    "applying",
    "check",
    "discover",
    "plan",
    "resume",
    "resuming",
    "retry",
    "rollback",
]


@asynccontextmanager
async def discover(
    targets: Targets,
    *,
    plane: ControlPlane,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
    count: SelectionCount | None = None,
    estate: Estate | None = None,
    stages: bool = False,
    home: Region | None = None,
    remembering: Remembering | None = None,
    owners: bool = False,
    accounts: bool = False,
) -> AsyncGenerator[MemoryObjectReceiveStream[Found], None]:
    """Stream every selected REST API of every scope, while more accounts and regions are looked for.

    What could not be listed is in the stream as well, with the reason: an API about which the answer is
    impossible, one that was named by id and is nowhere, a scope that cannot be listed to its end, and one
    that is rightly left alone, such as a region that is off.

    `owners` makes calls to tell who manages each API; else the owner is known where its tags tell it. With
    `accounts` the organisation is asked about accounts even where the targets do not need that.

    Usage: `async with discover(targets, plane=plane) as found: async for item in found: ...`
    A `SelectionCount(targets.apis)` knows, at the end, how many there are and which selectors match none. An
    `Estate()` knows the same of accounts, and who said which regions they have; with `stages` also the stages
    of each API, which are a call each, or why they could not be read. `home` is any region of the
    organisation's partition, and `remembering` says how what is found of accounts and APIs is remembered.
    """
    send, receive = anyio.create_memory_object_stream[Found](0)
    estate = Estate() if estate is None else estate
    count = SelectionCount(targets.apis) if count is None else count  # one for all scopes
    count.accounts = estate.accounts
    shown = targets.organization is not None  # people want to see where accounts are
    needs = Needs(
        account=shown or accounts or targets.apis.needs_account,
        tags=targets.apis.needs_account_tags,
        words=targets.apis.account_words,
    )
    with session(plane, pace, observer, stop) as paced, unwrapped():

        async def run() -> None:
            looking = find_scopes(
                paced,
                targets,
                estate=estate,
                needs=needs,
                home=home,
                remembering=remembering,
            )
            async with send, keeping_apis(remembering) as kept, looking as scopes:
                found = DiscoveryStream(
                    paced,
                    targets.apis,
                    observer=paced.observer,
                    count=count,
                    found=send,
                    kept=kept,
                    stages=estate if stages else None,
                    owners=owners,
                )
                await found.run(scopes)

        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(run)
            yield receive
            tasks.cancel_scope.cancel()


async def plan(
    policy: Policy,
    *,
    plane: ControlPlane,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
    on_managed: OnManaged | None = None,
    home: Region | None = None,
    remembering: Remembering | None = None,
    live: LiveMemory | None = None,
    data_plane: DataPlane | None = None,
    pending: bool = False,
    ship_pending: bool = False,
    configures: bool = True,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Plan:
    """Read every selected API once and compare it with the policy. Nothing is ever written to AWS.

    The plan is a file: `out`, or a temporary one that `Plan.close` deletes. What could not be read is in it,
    and makes it incomplete, not void. Selectors that match nothing are in its totals. `on_managed` says what
    becomes of APIs that a tool manages, which may put them back; then calls are made to tell the owner of
    each. `home` is any region of the organisation's partition, `remembering` how what is found of it and of
    APIs is remembered. `live` remembers what deployments answer with, so that each is read once.

    A plan that does not configure (`configures=False`) makes live what is configured already, and nothing
    else: an API that is not configured as the policy says is left alone.

    Raises `Stopped` when asked to stop (no file is left then), and a `CallError` when not even the account
    can be told.

    With `pending` it is read what a deployment would ship besides: a stage that would get others' edits is
    held back. So is any stage of an API whose own endpoint is to be disabled, unless `data_plane` shows that
    it is so already. `ship_pending` plans both all the same.
    """
    with session(plane, pace, observer, stop) as paced, unwrapped():
        header = PlanHeader.of(policy, options or {})
        estate = Estate()
        rules, apis = policy.rules, policy.targets.apis
        of_waves = () if policy.rollout is None else policy.rollout.account_words
        needs = Needs(
            account=rules.needs_account or apis.needs_account or bool(of_waves),
            tags=rules.needs_account_tags or apis.needs_account_tags,
            words=(*chain.from_iterable(rules.account_words.values()), *apis.account_words, *of_waves),
        )
        count = SelectionCount(policy.targets.apis, accounts=estate.accounts)
        path = Path(out) if out is not None else temporary.folder() / f"batchgw-{header.plan}.plan"
        with PlanWriter(path, header, accounts=estate.accounts) as writer:
            async with keeping_apis(remembering) as kept:
                planner = Planner(
                    ReadOnlyControlPlane(paced),
                    policy=policy,
                    sink=writer.write,
                    observer=paced.observer,
                    pacing=paced,
                    count=count,
                    accounts=estate.accounts,
                    owners=on_managed is not None,
                    hold=None if on_managed is None else holding(on_managed),
                    kept=kept,
                    live=live,
                    data_plane=data_plane,
                    pending=pending,
                    ship_pending=ship_pending,
                    configures=configures,
                )
                with phase(paced.observer, header.plan, "plan", (), {}):
                    looking = find_scopes(
                        paced,
                        policy.targets,
                        estate=estate,
                        needs=needs,
                        home=home,
                        remembering=remembering,
                    )
                    async with looking as scopes:
                        await planner.run(scopes, found=writer.totals.look_into)
            selected = count.total(listed=needs_listing(apis), unmatched_words=estate.unmatched_words)
            writer.totals.selected = replace(
                selected, accounts=estate.selected, regions=estate.unmatched_regions
            )
            writer.totals.variants = planner.variants.hinted(rules.account_words, estate.unmatched_words)
            writer.totals.frozen = FrozenAccounts(
                accounts=estate.accounts, regions=estate.regions, as_of=estate.as_of
            )
            await in_thread(writer.commit)
    return Plan.of(writer, temporary=out is None)


check = plan
"""A check is a plan that nobody means to apply: what is pending in it has drifted."""


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
    `schedule` is for plans without one. Where the rollout is halted, `Summary.halted` says why.
    `allow` names guard rails (`limits`) that the plan may exceed.

    Raises `LimitsExceeded` where the plan does more than its `limits` allow, `UsageError` where it asks for
    probes and there is no data plane, or for what this version does not do, `NothingSelected` when a wave of
    the plan is empty that may not be, and `JournalWriteFailed` when the journal fails: the run has stopped
    then, and can be resumed.
    """
    refuse_empty(plan.waves)
    check_rollout(plan, allow)
    check_plan(plan, data_plane)
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
        return await apply_plan(
            plan,
            paced,
            journal,
            terms,
            recheck=recheck,
            on_stale=on_stale,
            verb=verb,
            options=options or {},
        )


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
        return await resume_run(run, paced, journal, terms)


async def retry(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    force_lock: bool = False,
    take_over_dead: bool = False,
    trusted: float = TRUSTED,
    schedule: Schedule | None = None,
    ship_pending: bool = False,
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
        ship_pending=ship_pending,
    )
    with session(plane, pace, observer, stop) as paced:
        return await retry_run(run, paced, journal, terms)


async def rollback(
    run: str,
    *,
    plane: ControlPlane,
    journal: Journal,
    wave: int | None = None,
    apis: Collection[ExplicitApi] | None = None,
    failed: bool = False,
    force: bool = False,
    redeploy: bool = False,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Plan:
    """Plan the way back of a run: whatever it has made is to be as it was before. Nothing is written yet.

    `apply` carries the plan out as a run of its own, which `resume`, `retry` and `rollback` know.
    What the run has made is found in the journal, and each API is read once. A target that is as before
    needs nothing. One that is as the run left it goes back; what was at its default is reset, never written
    out. One that somebody else has changed since is held: it is left alone, unless `force`.

    A stage goes back to the deployment that it showed before, first of all changes of its API and without a
    new snapshot. Where that does not exist any more, or somebody has moved the stage since, only responses go
    back, and the stage is held as configured back, not live. With `redeploy` a new snapshot of the API is
    made live there instead.

    `wave`, `apis` and `failed` choose APIs of the run: those of a wave, those named, those in which something
    has failed. `out` is as in `plan`.

    Raises RunUnknown; ScopeLocked for a run that is under way; UsageError for one that never had a plan, and
    for `apis` that it has not touched; and Stopped.
    """
    record = await ended_run(journal, run)
    with session(plane, pace, observer, stop) as paced, unwrapped():
        header = PlanHeader.back(
            record.id, record.policy_source, record.policy_digest, record.desired, options
        )
        path = Path(out) if out is not None else temporary.folder() / f"batchgw-{header.plan}.plan"
        with PlanWriter(path, header) as writer:
            taking = TakingBack(
                plane=paced,
                run=journal.run(record.id),
                meant=Meant(wave=wave, apis=apis, failed=failed, force=force, redeploy=redeploy),
                sink=writer.write,
                live=await journal.live_memory(),
            )
            with phase(paced.observer, header.plan, "plan", (), {}):
                await taking.take_back()
            taking.refuse_untouched()
            await in_thread(writer.commit)
    return Plan.of(writer, temporary=out is None)


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
