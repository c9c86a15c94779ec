"""The second lane: an API whose responses are in place is deployed, and its stages are moved.

    responses read back ─► snapshot ─► what others edited ─► moves (by a canary, if asked) ─► seen live

A snapshot may leave once in five seconds, so this is done by workers of its own, beside those that write
responses. Moves, bakes and looks of a stage are a task of its own: they wait for minutes, and hold no worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import anyio
from anyio.abc import TaskGroup

from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.control_plane.operations import DeploymentId, GetStages
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.discovery.owners.ladder import Ladder
from batchgw.errors import CallError, HeldBack, Stopped
from batchgw.execution.looking import Looking
from batchgw.execution.read_back import Elsewhere, ReadBack, read_back, unrouted_answer
from batchgw.execution.stage_guards import CANARY_TRAFFIC, carries
from batchgw.execution.stage_images import image_of
from batchgw.execution.stages import NO_SUCH_STAGE
from batchgw.execution.verifying.routes import Summaries
from batchgw.execution.verifying.verification import Expected
from batchgw.execution.writing.moving import Means, Moving, Prepared, failed, held
from batchgw.execution.writing.recorder import Recorder
from batchgw.execution.writing.snapshots import Snapshots
from batchgw.execution.writing.writer import CHANGED_MEANWHILE, Writer, ended
from batchgw.journal import JournalRun, LiveMemory, PendingApi, PendingChange
from batchgw.model import Change, Effort, Held, Outcome, RestApi, Scope, Target
from batchgw.model.deploy import Verify
from batchgw.model.deployment.seen_live import LiveTimes
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove
from batchgw.planning.deployment.edits import FOREIGN_EDITS, edits, would_ship
from batchgw.planning.deployment.live import planned_digests


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
        seen: takes each stage that is seen to be live.
        data_plane: takes the probes that a policy asks for.
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
        seen: LiveTimes,
        trusted: float,
        data_plane: DataPlane | None = None,
        ship_pending: bool = False,
    ) -> None:
        self._plane = plane.through(Urgent(plane))
        self._run = run
        self._recorder = recorder
        self._decide = decide
        self._why_not = why_not
        self.seen = seen
        self._means = Means(
            plane=self._plane,
            data_plane=data_plane,
            writer=Writer(self._plane, recorder, trusted=trusted),
            why_not=why_not,
            looking=Looking(plane=self._plane, ladder=Ladder(self._plane), live=live),
            seen=self.seen,
        )
        self._ship_pending = ship_pending
        self._snapshots = Snapshots(self._plane, run, plane.stop)

    async def deploy(self, pending: PendingApi, tasks: TaskGroup, done: Callable[[], None]) -> None:
        """Take the snapshot of an API, and start its moves as tasks; `done` is called when all have ended."""
        prepared = await self._prepared_or_decided(pending)
        if prepared is None:
            done()
            return
        self._recorder.expect(pending.api.scope, [pending])
        tasks.start_soon(self._bring, pending, prepared, done)

    async def move_back(self, pending: PendingApi) -> None:
        """Move stages of an API back to deployments that are there, and wait until all have ended."""
        prepared = await self._prepared_or_decided(pending)
        if prepared is not None:
            await self._bring_stages(pending, prepared)

    async def _prepared_or_decided(self, pending: PendingApi) -> Prepared | None:
        """Give what the moves need; None where that could not be had, and all of them are decided by it."""
        api, spent = pending.api, Execution()
        try:
            return await self._prepared(pending, spent)
        except Elsewhere as elsewhere:
            for each in pending.changes:
                self._decide(each, held(api, each.change, CHANGED_MEANWHILE, str(elsewhere)))
        except (CallError, Stopped, HeldBack) as error:
            effort = spent.effort
            for each in pending.changes:
                self._decide(each, ended(api, each.change, error, effort=effort, in_doubt=each.intended))
                effort = Effort()
        return None

    async def _bring(self, pending: PendingApi, prepared: Prepared, done: Callable[[], None]) -> None:
        with self._recorder.working_on(pending.api):
            await self._bring_stages(pending, prepared)
        done()

    async def _bring_stages(self, pending: PendingApi, prepared: Prepared) -> None:
        async with anyio.create_task_group() as tasks:
            for each in pending.changes:
                tasks.start_soon(self._bring_stage, pending.api, each, prepared)

    async def _bring_stage(self, api: RestApi, pending: PendingChange, prepared: Prepared) -> None:
        self._decide(pending, await self._brought(api, pending, prepared))

    async def _prepared(self, pending: PendingApi, spent: Execution) -> Prepared:
        """Take the snapshot, if one is asked for, and see what it would ship besides."""
        api, row = pending.api, pending.row
        if (why := self._why_not(api.scope)) is not None:
            raise why
        changes = await self._run.planned(row)
        snapshot = await self._snapshots.taken(row)
        ours = any(_move(each).deployment is None for each in pending.changes)
        before: ReadBack | None = None
        if ours and (planned_digests(changes) is None or snapshot is None):
            before = await read_back(api, changes, plane=self._plane, spent=spent)
        if ours and snapshot is None:
            snapshot, effort = await self._snapshots.take(api, row)
            spent.attempts += effort.attempts
            spent.throttles += effort.throttles
            spent.waited += effort.waited
        found = await self._plane.send(GetStages(scope=api.scope, api=api.id), spent)
        stages = {stage.name: image_of(stage) for stage in found}
        summaries = Summaries(plane=self._plane, api=api, spent=spent)
        edited: dict[Target, Held] = {}
        if snapshot is not None and ours and not self._ship_pending:
            edited = await _edited(pending, snapshot, stages, summaries)
        expected = Expected(digests=_planned(changes, before) if ours else {})
        if any(_move(each).verify is not Verify.EXPORT for each in pending.changes):
            expected = Expected(
                digests=expected.digests,
                answer=await unrouted_answer(api, changes, before, plane=self._plane, spent=spent),
                routes=await summaries.routes(
                    [stages[name] for each in pending.changes if (name := each.change.target.name) in stages],
                    also=[_move(each).deployment or snapshot for each in pending.changes],
                ),
            )
        return Prepared(
            deployment=snapshot, expected=expected, stages=stages, held=edited, effort=spent.effort
        )

    async def _brought(self, api: RestApi, pending: PendingChange, prepared: Prepared) -> Outcome:
        """Move one stage and see that it is live. Never raises a `CallError`, Stopped or HeldBack."""
        change, move = pending.change, _move(pending)
        to = prepared.deployment if move.deployment is None else DeploymentId(move.deployment)
        if to is None or not isinstance(change, StageChange):
            raise TypeError(f"{change.target} of {api} has nowhere to go")
        effort, prepared.effort = prepared.effort, Effort()
        if change.target in prepared.held:
            return replace(prepared.held[change.target], effort=effort)
        now = prepared.stages.get(change.stage)
        if now is None:
            message = f"stage {change.stage} was there when the plan was made, and is gone now"
            return replace(failed(api, change, NO_SUCH_STAGE, message), effort=effort)
        canary = now.canary
        stays = canary is not None and now.carries_canary and canary.deployment != to
        if canary is not None and stays and move.back is None:
            return replace(held(api, change, CANARY_TRAFFIC, carries(change.stage, canary)), effort=effort)
        moving = Moving(
            means=self._means,
            api=api,
            pending=pending,
            change=change,
            move=move,
            to=to,
            prepared=prepared,
            effort=effort,
        )
        try:
            return await moving.moved(now)
        except (CallError, Stopped, HeldBack) as error:
            return ended(api, change, error, effort=moving.effort, in_doubt=False)


async def _edited(
    pending: PendingApi, to: DeploymentId, stages: Mapping[str, StageImage], summaries: Summaries
) -> dict[Target, Held]:
    """Hold stages back that would get methods which somebody else has added, removed or changed."""
    found = dict[Target, Held]()
    ours = await summaries.of(to)
    for each in pending.changes:
        stage = each.change.target.name
        now = stages[stage].deployment if stage in stages else None
        if now is None:
            continue
        differing = edits(await summaries.of(now), ours)
        if differing:
            found[each.change.target] = held(
                pending.api, each.change, FOREIGN_EDITS, would_ship(stage, differing)
            )
    return found


def _planned(changes: Sequence[Change], before: ReadBack | None) -> Mapping[str, str]:
    """Give the digests of what an API answers with; as it was read before, where the plan does not tell."""
    told = planned_digests(changes)
    if told is not None or before is None:
        return told or {}
    return before.digests(changes)


def _move(pending: PendingChange) -> StageMove:
    change = pending.change
    if not isinstance(change, StageChange) or change.after is None:
        raise TypeError(f"{change.target} is no stage that is to be moved")
    return change.after
