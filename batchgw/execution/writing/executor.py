"""Makes a run's changes as its schedule lets them begin: workers per scope, one write at a time per API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.pool import pooled
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import Execution
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError, HeldBack, JournalWriteFailed, Stopped
from batchgw.events import ApiRechecked
from batchgw.execution.kinds import MAKERS, maker_of
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.execution.writing.deploying import Deploying
from batchgw.execution.writing.held_outcomes import HeldOutcomes, is_denial
from batchgw.execution.writing.left import Begun, Left
from batchgw.execution.writing.recorder import Recorder
from batchgw.execution.writing.second_lane import SecondLane, in_lanes
from batchgw.execution.writing.writer import Known, Writer, before_not_made, ended
from batchgw.journal import JournalRun, LiveMemory, PendingApi, PendingChange
from batchgw.model import (
    Applied,
    Change,
    Effort,
    Failed,
    Outcome,
    RestApi,
    Scope,
    Skipped,
    Target,
    Unchanged,
)
from batchgw.model.deployment.seen_live import LiveTimes

TRUSTED = 900.0
"""Seconds for which a reading counts as what is there: 15 minutes, in which a scope writes 9,000 times at
AWS's quota. Most runs are over by then, and read nothing twice."""


class Executor:
    """Makes every change of a run that is not decided yet.

    Args:
        plane: every call goes through it.
        run: knows, in the journal, what is to be done.
        recorder: takes what is intended and what came of it.
        read_first: scopes in which each API is read before it is written, and decided by what is there: those
            of a run that is resumed, and those taken over from another. Time has passed there, and calls may
            have been made that nobody remembers.
        found_in: scopes in which the run has changed something already, so that APIs of the plan are there.
        read_at: when the APIs were read to which the journal's changes belong, at the earliest.
        trusted: seconds for which a reading counts as what is there. An API whose turn comes later is read
            again, and what somebody else has changed meanwhile is not overwritten.
        schedule: decides what may begin; all at once, when it is left out.
        live: remembers what deployments answer with.
        seen: takes each stage that is seen to be live.
        data_plane: takes the probes that a policy asks for.
        ship_pending: a deployment also ships what others have edited.
        wave: only the APIs of this wave are worked on; None: all.
    """

    def __init__(
        self,
        plane: PacedControlPlane,
        run: JournalRun,
        recorder: Recorder,
        *,
        read_first: Collection[Scope],
        found_in: Collection[Scope] = (),
        read_at: Moment,
        trusted: float = TRUSTED,
        schedule: Schedule | None = None,
        live: LiveMemory,
        seen: LiveTimes | None = None,
        data_plane: DataPlane | None = None,
        ship_pending: bool = False,
        wave: int | None = None,
    ) -> None:
        self._plane = plane
        self._run = run
        self._wave = wave
        self._recorder = recorder
        self._look_first = read_first
        self._planned = Known(at=read_at)
        self._trusted = trusted
        self._writer = Writer(plane, recorder, trusted=trusted)
        self._schedule = schedule or AllAtOnce()
        self._begun = Begun()
        self._held = HeldOutcomes(plane.why_given_up, plane.counts_denials, self._record, found_in=found_in)
        self._deploying = Deploying(
            plane,
            run,
            recorder,
            decide=self._decide,
            why_not=self._why_not,
            live=live,
            seen=seen or LiveTimes(),
            trusted=trusted,
            data_plane=data_plane,
            ship_pending=ship_pending,
        )
        self.held_back = False
        """Whether the schedule has kept something from beginning."""

    async def run(self, scopes: tuple[Scope, ...]) -> None:
        """Work until every change has an outcome. Raises JournalWriteFailed when the journal failed."""
        async with anyio.create_task_group() as background:
            background.start_soon(self._recorder.keep_flushing)
            background.start_soon(self._recorder.keep_alive)
            try:
                async with anyio.create_task_group() as tasks, aclosing(self._scopes(scopes)) as beginning:
                    async for scope in beginning:
                        tasks.start_soon(self._work_on, scope)
                        await anyio.lowlevel.checkpoint()  # so that they begin one after the other
            finally:  # also when cancelled: what is known by then is kept
                background.cancel_scope.cancel()
                with anyio.CancelScope(shield=True):
                    await self._recorder.close()

    async def _scopes(self, scopes: tuple[Scope, ...]) -> AsyncGenerator[Scope, None]:
        """Yield each scope as it may begin, in the end those in which everything is to be turned away."""
        waiting = dict.fromkeys(scopes)
        async with aclosing(self._plane.stop.until_stop(self._schedule.scopes(scopes))) as scheduled:
            async for scope in scheduled:
                del waiting[scope]
                yield scope
        for scope in waiting:
            if self._is_over(scope):
                yield scope

    def _is_over(self, scope: Scope) -> bool:
        """Tell whether nothing more may begin in a scope."""
        return self._plane.stop.requested or self._schedule.held_back(scope) is not None

    async def _work_on(self, scope: Scope) -> None:
        workers = self._plane.workers(scope)
        try:
            async with anyio.create_task_group() as tasks, aclosing(self._apis(scope)) as apis:
                with SecondLane(tasks, self._deploy, self._plane.pace) as lane:
                    await pooled(apis, lambda pending: self._work_on_api(pending, lane), workers=workers)
        finally:
            self._held.end_scope(scope)
            self._schedule.scope_ended(scope)

    async def _apis(self, scope: Scope) -> AsyncGenerator[PendingApi, None]:
        """Yield each of the scope's APIs as it may begin, in the end those that are to be turned away."""
        left = Left(partial(self._page, scope), self._begun)
        if not self._is_over(scope):
            async with aclosing(self._plane.stop.until_stop(self._schedule.apis(scope, left))) as scheduled:
                async for apis in scheduled:
                    self._begun.add(apis)
                    self._recorder.expect(scope, [_now(api) for api in apis])
                    for api in apis:
                        yield api
        if self._is_over(scope):
            async for apis in left:
                for api in apis:
                    yield api

    async def _page(self, scope: Scope, after: int, limit: int) -> list[PendingApi]:
        try:
            return await self._run.pending(scope, after=after, limit=limit, wave=self._wave)
        except JournalWriteFailed as error:
            self._recorder.fail(error)
            return []

    async def _work_on_api(self, pending: PendingApi, lane: SecondLane) -> None:
        waiting: PendingApi | None = None
        why = self._held_back(pending.api.scope)
        if why is None:
            with self._recorder.working_on(pending.api):
                waiting = await self._bring_to_plan(pending)
        else:
            self._hold_back(pending, why)
        if waiting is None:
            self._api_ended(pending)
        else:
            await lane.add(waiting)

    async def _deploy(self, pending: PendingApi, tasks: TaskGroup) -> None:
        await self._deploying.deploy(pending, tasks, lambda: self._api_ended(pending))

    def _api_ended(self, pending: PendingApi) -> None:
        if pending in self._begun:
            self._schedule.api_ended(pending.api)

    def _why_not(self, scope: Scope) -> CallError | Stopped | HeldBack | None:
        """Say why nothing more may begin in a scope, for whatever reason."""
        why = self._why_no_call(scope)
        if why is not None:
            return why
        held = self._schedule.held_back(scope)
        self.held_back = self.held_back or held is not None
        return held

    def _held_back(self, scope: Scope) -> HeldBack | None:
        """Give the schedule's reason not to begin, where there is no other one."""
        return None if self._why_no_call(scope) is not None else self._schedule.held_back(scope)

    def _hold_back(self, pending: PendingApi, why: HeldBack) -> None:
        self.held_back = True
        for each in pending.changes:
            outcome = ended(pending.api, each.change, why, effort=Effort(), in_doubt=each.intended)
            self._decide(each, outcome)

    async def _bring_to_plan(self, pending: PendingApi) -> PendingApi | None:
        """Make an API's changes, one after the other. After a denial or a 404 it gets no more calls.

        Stages that go back to a deployment which is there go first: what is live is what hurts, and they need
        no snapshot, so they need not wait for the responses either.

        What needs all changes before it is not made after any that was not. Gives what is left for the second
        lane. That lane is slow, and its first API is to come soon. So the API with the fewest changes left
        goes first then.
        """
        at_once, first, second = in_lanes(pending)
        if at_once.changes:
            await self._deploying.move_back(at_once)
        if not first.changes and not first.failed:
            return second if second.changes else None
        try:
            known = await self._known(first, reading := Execution(), all_needed=bool(second.changes))
        except (CallError, Stopped) as error:
            spent = Effort() if isinstance(error, Stopped) else reading.effort
            for each in (*first.changes, *second.changes):
                unread = ended(pending.api, each.change, error, effort=spent, in_doubt=each.intended)
                self._decide(each, unread)
                spent = Effort()
            return None
        over: Skipped | Failed | None = None
        outcome: Outcome
        unmade = {each.id: each.change for each in first.failed if not known.as_planned(each.change)}
        for number, each in enumerate(first.changes):
            if over is not None:
                outcome = replace(over, target=each.change.target, action=each.change.action)
            else:
                outcome = self._without_call(pending.api, each) or await self._writer.make(
                    pending.api,
                    each,
                    known,
                    lacks=_lacks(each, unmade),
                    priority=len(first.changes) - number if second.changes else 0.0,
                )
            if isinstance(outcome, Skipped) or is_denial(outcome):
                over = replace(outcome, effort=Effort())
            if not isinstance(outcome, Applied | Unchanged):
                unmade[each.id] = each.change
            self._decide(each, outcome)
        if not unmade:
            return second if second.changes else None
        self._not_deployed(second, over, next(iter(unmade.values())).target)
        return None

    def _not_deployed(self, second: PendingApi, over: Skipped | Failed | None, lacks: Target) -> None:
        """Decide the second lane's changes of an API of which not all before them was made."""
        for each in second.changes:
            outcome: Outcome
            if over is not None:
                outcome = replace(over, target=each.change.target, action=each.change.action)
            else:
                why = self._without_call(second.api, each)
                outcome = why or before_not_made(second.api, each.change, lacks)
            self._decide(each, outcome)

    def _decide(self, pending: PendingChange, outcome: Outcome) -> None:
        self._schedule.decided(outcome)
        self._held.take(pending, outcome)
        self._plane.decided(outcome.api.scope)

    def _record(self, pending: PendingChange, outcome: Outcome) -> None:
        self._recorder.decide(pending.id, outcome)

    async def _known(self, pending: PendingApi, reading: Execution, *, all_needed: bool) -> Known:
        """Give what is known of an API. One that was read too long ago, or by another, is read again."""
        api = pending.api
        if api.scope not in self._look_first and self._planned.at.age <= self._trusted:
            return self._planned
        at, shown = Moment.ago(0), dict[Target, object]()
        changes = [each.change for each in pending.changes]
        if all_needed or any(maker_of(change).needs_all_before for change in changes):
            changes += [each.change for each in pending.failed]
        for kind in dict.fromkeys(change.target.kind for change in changes):
            maker = MAKERS[kind]
            answer = await self._plane.send(maker.read_all(api), reading)
            shown |= {
                change.target: maker.now(answer, change) for change in changes if change.target.kind == kind
            }
        self._plane.observer.notify(ApiRechecked(api=api))
        return Known(at=at, shown=shown)

    def _without_call(self, api: RestApi, pending: PendingChange) -> Outcome | None:
        """Decide a change without a call: its scope is given up, or the run is to make no more."""
        why: CallError | Stopped | HeldBack | None = self._why_no_call(api.scope)
        if why is None:
            why = self._schedule.held_back(api.scope)
            if why is None or not why.at_once:
                return None
            self.held_back = True
        return ended(api, pending.change, why, effort=Effort(), in_doubt=pending.intended)

    def _why_no_call(self, scope: Scope) -> CallError | Stopped | None:
        why = self._plane.why_given_up(scope)
        if why is None and self._plane.stop.requested:
            return Stopped("the run was asked to stop before it came to this")
        return why


def _now(pending: PendingApi) -> PendingApi:
    """Give an API with the changes that are made as soon as it comes up."""
    at_once, first, _ = in_lanes(pending)
    return replace(first, changes=(*at_once.changes, *first.changes)) if at_once.changes else first


def _lacks(pending: PendingChange, unmade: Mapping[int, Change]) -> Target | None:
    """Give the first target before a change whose change it needs, and which was not made."""
    if not maker_of(pending.change).needs_all_before:
        return None
    return next((unmade[id_].target for id_ in sorted(unmade) if id_ < pending.id), None)
