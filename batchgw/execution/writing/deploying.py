"""The second lane: an API whose responses are in place is deployed, and its stages are moved.

    responses read back ─► snapshot ─► what others edited ─► moves (by a canary, if asked) ─► seen live

A snapshot may leave once in five seconds, so this is done by workers of its own, beside those that write
responses. Moves, bakes and looks of a stage are a task of its own: they wait for minutes, and hold no worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio
from anyio.abc import TaskGroup

from batchgw.concurrency.clock import Moment
from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.control_plane.operations import (
    DeploymentId,
    GetApiSummary,
    GetStages,
    Methods,
)
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.owners.ladder import Ladder
from batchgw.errors import CallError, HeldBack, Stopped
from batchgw.events import StageLive
from batchgw.execution.looking import Looking
from batchgw.execution.read_back import Elsewhere, read_back
from batchgw.execution.stages import CANARY_TRAFFIC, NO_SUCH_STAGE, carries, image_of
from batchgw.execution.verifying import by_export
from batchgw.execution.writing.recorder import Recorder
from batchgw.execution.writing.snapshots import Snapshots
from batchgw.execution.writing.writer import CHANGED_MEANWHILE, Known, Writer, ended
from batchgw.journal import JournalRun, LiveMemory, PendingApi, PendingChange
from batchgw.model import Applied, Change, Effort, Failed, Held, Outcome, RestApi, Scope, Target
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove, StageStep
from batchgw.planning.deployment.edits import edits, said
from batchgw.planning.deployment.live import LiveDigests, planned_digests
from batchgw.planning.deployment.steps import baked, same, steps, withdrawal

FOREIGN_EDITS = "ForeignEdits"
"""Code of a stage that is held back because moving it would ship edits that are not the run's."""


@dataclass(slots=True, kw_only=True)
class _Prepared:
    """What the moves of an API's stages need.

    Attributes:
        deployment: the run's snapshot; None where each move says where it goes.
        planned: digests of what the API answers with.
        stages: the API's stages as they are now, by name.
        held: why a stage is held back.
        lock: is taken for each write: an API takes one at a time.
    """

    deployment: DeploymentId | None
    planned: LiveDigests
    stages: Mapping[str, StageImage]
    held: Mapping[Target, Held]
    lock: anyio.Lock = field(default_factory=anyio.Lock)


class Urgent(Wrapper):
    """Sends calls before those of others that wait for the same quota.

    Each call of the second lane frees a turn to take a snapshot, of which there is one in five seconds.
    """

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Pass a call on, as the first of those that wait."""
        execution = execution or Execution()
        execution.priority = -1.0
        return await self._inner.send(request, execution)


class Deploying:
    """Makes APIs live.

    Args:
        plane: every call goes through it.
        run: knows what is planned, and the run's snapshots.
        recorder: takes what is intended.
        decide: takes the outcome of a change.
        why_not: says why nothing more may begin in a scope.
        live: remembers what deployments answer with.
        ship_pending: others' edits are shipped, too.
    """

    def __init__(
        self,
        plane: PacedControlPlane,
        run: JournalRun,
        recorder: Recorder,
        *,
        decide: Callable[[PendingChange, Outcome], None],
        why_not: Callable[[Scope], CallError | Stopped | HeldBack | None],
        live: LiveMemory,
        trusted: float,
        ship_pending: bool = False,
    ) -> None:
        self._plane = plane.through(Urgent(plane))
        self._run = run
        self._recorder = recorder
        self._writer = Writer(self._plane, recorder, trusted=trusted)
        self._decide = decide
        self._why_not = why_not
        self._looking = Looking(plane=self._plane, ladder=Ladder(self._plane), live=live)
        self._ship_pending = ship_pending
        self._snapshots = Snapshots(self._plane, run)

    async def deploy(self, pending: PendingApi, tasks: TaskGroup, done: Callable[[], None]) -> None:
        """Take the snapshot of an API, and start its moves as tasks; `done` is called when all have ended."""
        api, spent = pending.api, Execution()
        try:
            prepared = await self._prepared(pending, spent)
        except Elsewhere as elsewhere:
            for each in pending.changes:
                self._decide(each, _held(api, each.change, CHANGED_MEANWHILE, str(elsewhere)))
        except (CallError, Stopped, HeldBack) as error:
            effort = spent.effort
            for each in pending.changes:
                self._decide(each, ended(api, each.change, error, effort=effort, in_doubt=each.intended))
                effort = Effort()
        else:
            self._recorder.expect(api.scope, [pending])
            tasks.start_soon(self._bring, pending, prepared, done)
            return
        done()

    async def _bring(self, pending: PendingApi, prepared: _Prepared, done: Callable[[], None]) -> None:
        with self._recorder.working_on(pending.api):
            async with anyio.create_task_group() as tasks:
                for each in pending.changes:
                    tasks.start_soon(self._bring_stage, pending.api, each, prepared)
        done()

    async def _bring_stage(self, api: RestApi, pending: PendingChange, prepared: _Prepared) -> None:
        self._decide(pending, await self._brought(api, pending, prepared))

    async def _prepared(self, pending: PendingApi, spent: Execution) -> _Prepared:
        """Take the snapshot, if one is asked for, and see what it would ship besides."""
        api, row = pending.api, pending.row
        if (why := self._why_not(api.scope)) is not None:
            raise why
        changes = await self._run.planned(row)
        planned = planned_digests(changes)
        snapshot = await self._snapshots.taken(row)
        ours = any(_move(each).deployment is None for each in pending.changes)
        if planned is None or (ours and snapshot is None):
            planned = await read_back(api, changes, plane=self._plane, spent=spent)
        if ours and snapshot is None:
            snapshot, effort = await self._snapshots.take(api, row)
            spent.attempts += effort.attempts
            spent.throttles += effort.throttles
            spent.waited += effort.waited
        found = await self._plane.send(GetStages(scope=api.scope, api=api.id), spent)
        stages = {stage.name: image_of(stage) for stage in found}
        compare = snapshot if ours and not self._ship_pending else None
        held = {} if compare is None else await self._edited(pending, compare, stages, spent)
        return _Prepared(deployment=snapshot, planned=planned, stages=stages, held=held)

    async def _edited(
        self, pending: PendingApi, to: DeploymentId, stages: Mapping[str, StageImage], spent: Execution
    ) -> dict[Target, Held]:
        """Hold stages back that would get methods which somebody else has added, removed or changed."""
        api, held = pending.api, dict[Target, Held]()
        ours = await self._methods(api, to, spent)
        by_deployment: dict[str, Methods] = {to: ours}
        for each in pending.changes:
            stage = each.change.target.name
            shown = stages[stage].deployment if stage in stages else None
            if shown is None:
                continue
            if shown not in by_deployment:
                by_deployment[shown] = await self._methods(api, DeploymentId(shown), spent)
            differing = edits(by_deployment[shown], ours)
            if differing:
                message = (
                    f"stage {stage} would get edits that are not this run's: {said(differing)}. Let their "
                    "owner deploy them, or pass --ship-pending"
                )
                held[each.change.target] = _held(api, each.change, FOREIGN_EDITS, message)
        return held

    async def _methods(self, api: RestApi, deployment: DeploymentId, spent: Execution) -> Methods:
        request = GetApiSummary(scope=api.scope, api=api.id, deployment=deployment)
        return await self._plane.send(request, spent)

    async def _brought(self, api: RestApi, pending: PendingChange, prepared: _Prepared) -> Outcome:
        """Move one stage and see that it is live. Never raises a `CallError`, Stopped or HeldBack."""
        change, move = pending.change, _move(pending)
        to = prepared.deployment if move.deployment is None else DeploymentId(move.deployment)
        if to is None or not isinstance(change, StageChange):
            raise TypeError(f"{change.target} of {api} has nowhere to go")
        if change.target in prepared.held:
            return prepared.held[change.target]
        now = prepared.stages.get(change.stage)
        if now is None:
            return _failed(
                api, change, NO_SUCH_STAGE, f"stage {change.stage} was there when the plan was made"
            )
        canary = now.canary
        if canary is not None and now.carries_canary and canary.deployment != to:
            return _held(api, change, CANARY_TRAFFIC, carries(change.stage, canary))
        moving = _Moving(
            deploying=self, api=api, pending=pending, change=change, move=move, to=to, prepared=prepared
        )
        try:
            return await moving.moved(now)
        except (CallError, Stopped, HeldBack) as error:
            return ended(api, change, error, effort=moving.effort, in_doubt=False)

    async def write(self, api: RestApi, pending: PendingChange, step: StageStep) -> Outcome:
        """Make one step. Raises why nothing more may begin."""
        if (why := self._why_not(api.scope)) is not None:
            raise why
        return await self._writer.make(api, replace(pending, change=step), Known(at=Moment.ago(0)))

    async def wait(self, seconds: float) -> None:
        """Let a canary bake. Raises Stopped."""
        await self._plane.stop.sleep(seconds)

    async def seen(
        self, api: RestApi, change: StageChange, move: StageMove, to: DeploymentId, prepared: _Prepared
    ) -> Failed | None:
        """See that a stage is live; give the failure where it is not."""
        began = anyio.current_time()
        not_live = await by_export(
            api,
            change.stage,
            to,
            prepared.planned,
            looking=self._looking,
            within=move.verify_within,
            stop=self._plane.stop,
        )
        if not_live is not None:
            return _failed(api, change, not_live.code, not_live.message)
        seconds = anyio.current_time() - began
        self._plane.observer.notify(StageLive(api=api, stage=change.stage, seconds=seconds))
        return None


@dataclass(slots=True, kw_only=True)
class _Moving:
    """The way of one stage.

    Attributes:
        to: the deployment that it is to show.
        seen: whether only a reading told that a step was made.
        effort: what the way has cost so far.
    """

    deploying: Deploying
    api: RestApi
    pending: PendingChange
    change: StageChange
    move: StageMove
    to: DeploymentId
    prepared: _Prepared
    seen: bool = False
    effort: Effort = field(default_factory=Effort)

    async def moved(self, now: StageImage) -> Outcome:
        """Make the steps that are left, from where the stage is `now`; then see that it is live.

        A canary whose way fails is removed again: all traffic is then where it was. Raises a `CallError`,
        Stopped or HeldBack where no step may leave.
        """
        way = steps(self.change.stage, self.change.before, self.move, self.to)
        left = _left(way, now)
        if left is None:
            message = (
                f"stage {self.change.stage} is neither where the plan found it nor on its way: someone else "
                "moved it; plan again"
            )
            return _failed(self.api, self.change, CHANGED_MEANWHILE, message)
        for step in left:
            outcome = await self._made(step)
            if not isinstance(outcome, Applied):
                await self._withdraw(step.before)
                return self._of_change(outcome)
            if pause := baked(step, self.move):
                await self.deploying.wait(pause)
        failure = await self.deploying.seen(self.api, self.change, self.move, self.to, self.prepared)
        if failure is not None:
            return replace(failure, effort=self.effort)
        return Applied(
            api=self.api,
            target=self.change.target,
            action=self.change.action,
            effort=self.effort,
            verified_by_read=self.seen,
        )

    async def _made(self, step: StageStep) -> Outcome:
        async with self.prepared.lock:
            outcome = await self.deploying.write(self.api, self.pending, step)
        if isinstance(outcome, Applied):
            self.seen = self.seen or outcome.verified_by_read
            self.effort += outcome.effort
        return outcome

    async def _withdraw(self, now: StageImage) -> None:
        """Remove our canary after a failure. If that fails as well, the stage says so itself."""
        step = withdrawal(self.change.stage, now)
        if step is not None and now.canary is not None and now.canary.deployment == self.to:
            await self._made(step)

    def _of_change(self, outcome: Outcome) -> Outcome:
        """Give the outcome of a step as that of the whole change, with all it has cost."""
        if isinstance(outcome, Failed | Held):
            return replace(outcome, action=self.change.action, effort=self.effort + outcome.effort)
        return replace(outcome, action=self.change.action)


def _left(way: Sequence[StageStep], now: StageImage) -> Sequence[StageStep] | None:
    """Give the steps that are left from where a stage is; None where it is not on the way."""
    if not way:
        return way
    images = (way[0].before, *(step.after for step in way))
    reached = [number for number, image in enumerate(images) if same(image, now)]
    return way[reached[-1] :] if reached else None


def _move(pending: PendingChange) -> StageMove:
    change = pending.change
    if not isinstance(change, StageChange) or change.after is None:
        raise TypeError(f"{change.target} is no stage that is to be moved")
    return change.after


def _held(api: RestApi, change: Change, code: str, message: str) -> Held:
    return Held(api=api, target=change.target, action=change.action, code=code, message=message)


def _failed(api: RestApi, change: Change, code: str, message: str) -> Failed:
    return Failed(api=api, target=change.target, action=change.action, code=code, message=message)
