"""The way of one stage to another deployment, from where it is to where it is seen to be live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio

from batchgw.concurrency.clock import Moment
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.operations import DeploymentId
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError, HeldBack, Stopped
from batchgw.events import StageLive
from batchgw.execution.looking import Looking
from batchgw.execution.verifying.verification import Expected, Verification, verification
from batchgw.execution.writing.writer import CHANGED_MEANWHILE, Known, Writer
from batchgw.journal import PendingChange
from batchgw.model import Applied, Change, Effort, Failed, Held, Outcome, RestApi, Scope, Target
from batchgw.model.deployment.seen_live import LiveTimes
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove, StageStep
from batchgw.planning.deployment.steps import baked, same, steps, withdrawal


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What stages are moved with.

    Attributes:
        plane: every call goes through it.
        data_plane: every probe goes through it; None where none is asked for.
        writer: makes one step.
        why_not: says why nothing more may begin in a scope.
        looking: reads what stages answer with.
        seen: takes each stage that is seen to be live.
    """

    plane: PacedControlPlane
    data_plane: DataPlane | None
    writer: Writer
    why_not: Callable[[Scope], CallError | Stopped | HeldBack | None]
    looking: Looking
    seen: LiveTimes


@dataclass(slots=True, kw_only=True)
class Prepared:
    """What the moves of an API's stages need.

    Attributes:
        deployment: the run's snapshot; None where each move says where it goes.
        expected: what the stages must answer with.
        stages: the API's stages as they are now, by name.
        held: why a stage is held back.
        effort: what all that has cost, until a stage takes it over: it is counted once.
        lock: is taken for each write: an API takes one at a time.
    """

    deployment: DeploymentId | None
    expected: Expected
    stages: Mapping[str, StageImage]
    held: Mapping[Target, Held]
    effort: Effort = field(default_factory=Effort)
    lock: anyio.Lock = field(default_factory=anyio.Lock)


@dataclass(slots=True, kw_only=True)
class Moving:
    """The way of one stage.

    Attributes:
        to: the deployment that it is to show.
        seen: whether only a reading told that a step was made.
        effort: what the way has cost so far.
        moved_at: when the last step was answered; None where this process has made none.
    """

    means: Means
    api: RestApi
    pending: PendingChange
    change: StageChange
    move: StageMove
    to: DeploymentId
    prepared: Prepared
    seen: bool = False
    effort: Effort = field(default_factory=Effort)
    moved_at: float | None = None

    async def moved(self, now: StageImage) -> Outcome:
        """Make the steps that are left, from where the stage is `now`; then see that it is live.

        A canary whose way fails is removed again: all traffic is then where it was. Raises a `CallError`,
        Stopped or HeldBack where no step may leave.
        """
        way = steps(self.change.stage, self.change.before, self.move, self.to)
        left = _left(way, now)
        if left is None:
            return self._failed(
                CHANGED_MEANWHILE,
                f"stage {self.change.stage} is neither where the plan found it nor on its way: someone else "
                "moved it; plan again",
            )
        verifying = self._verification()
        if left and not now.carries_canary:
            await verifying.before()
        for step in left:
            outcome = await self._made(step)
            if not isinstance(outcome, Applied):
                await self._withdraw(step.before)
                return self._of_change(outcome)
            failure = await self._baked(step, verifying)
            if failure is not None:
                return failure
        return await self._seen_live(verifying)

    def _verification(self) -> Verification:
        means = self.means
        return verification(
            self.api,
            self.change.stage,
            self.to,
            self.move,
            self.prepared.expected,
            looking=means.looking,
            stop=means.plane.stop,
            data_plane=means.data_plane,
        )

    async def _baked(self, step: StageStep, verifying: Verification) -> Failed | None:
        """See that a canary which was given more traffic answers, and watch it; else take it away."""
        canary = step.after.canary
        if canary is None or not step.after.carries_canary:
            return None
        not_live = await verifying.of_canary(canary.percent)
        if not_live is not None:
            gone = await self._withdraw(step.after)
            then = "it was removed" if gone else "it could not be removed: remove it"
            return self._failed(not_live.code, f"{not_live.message}. The canary: {then}")
        if pause := baked(step, self.move):
            await self.means.plane.stop.sleep(pause)
        return None

    async def _seen_live(self, verifying: Verification) -> Outcome:
        not_live = await verifying.live()
        if not_live is not None:
            return self._failed(not_live.code, not_live.message)
        measured = self.moved_at is not None and not self.move.canary and verifying.seen_at is not None
        event = StageLive(
            api=self.api,
            stage=self.change.stage,
            by=verifying.by,
            seconds=(verifying.seen_at or 0.0) - (self.moved_at or 0.0) if measured else None,
            not_probeable=verifying.not_probeable,
        )
        self.means.seen.add(event.by, event.seconds, event.not_probeable)
        self.means.plane.observer.notify(event)
        return Applied(
            api=self.api,
            target=self.change.target,
            action=self.change.action,
            effort=self.effort,
            verified_by_read=self.seen,
        )

    async def _made(self, step: StageStep) -> Outcome:
        """Make one step. Raises why nothing more may begin."""
        async with self.prepared.lock:
            if (why := self.means.why_not(self.api.scope)) is not None:
                raise why
            pending, known = replace(self.pending, change=step), Known(at=Moment.ago(0))
            outcome = await self.means.writer.make(self.api, pending, known)
        if isinstance(outcome, Applied):
            self.moved_at = anyio.current_time()
            self.seen = self.seen or outcome.verified_by_read
            self.effort += outcome.effort
        return outcome

    async def _withdraw(self, now: StageImage) -> bool:
        """Remove our canary after a failure, and tell whether it is gone. If not, the stage says so."""
        step = None if self.move.back is not None else withdrawal(self.change.stage, now)
        if step is None or now.canary is None or now.canary.deployment != self.to:
            return True
        return isinstance(await self._made(step), Applied)

    def _of_change(self, outcome: Outcome) -> Outcome:
        """Give the outcome of a step as that of the whole change, with all it has cost."""
        if isinstance(outcome, Failed | Held):
            return replace(outcome, action=self.change.action, effort=self.effort + outcome.effort)
        return replace(outcome, action=self.change.action)

    def _failed(self, code: str, message: str) -> Failed:
        return replace(failed(self.api, self.change, code, message), effort=self.effort)


def _left(way: Sequence[StageStep], now: StageImage) -> Sequence[StageStep] | None:
    """Give the steps that are left from where a stage is; None where it is not on the way."""
    if not way:
        return way
    images = (way[0].before, *(step.after for step in way))
    reached = [number for number, image in enumerate(images) if same(image, now)]
    return way[reached[-1] :] if reached else None


def held(api: RestApi, change: Change, code: str, message: str) -> Held:
    """Give the outcome of a stage that is held back."""
    return Held(api=api, target=change.target, action=change.action, code=code, message=message)


def failed(api: RestApi, change: Change, code: str, message: str) -> Failed:
    """Give the outcome of a stage that failed."""
    return Failed(api=api, target=change.target, action=change.action, code=code, message=message)
