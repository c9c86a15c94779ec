"""How stages are read, planned, moved and judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import (
    DeploymentId,
    GetApiSummary,
    GetStage,
    GetStages,
    PatchOperation,
    Stage,
    UpdateStage,
)
from batchgw.errors import CallError, EntityNotFound
from batchgw.execution.looking import Comparer, Looking, WayBack
from batchgw.execution.stage_guards import held_back
from batchgw.execution.stage_images import image_of, read_image
from batchgw.model import Change, Desired, RestApi, SetAside, Target
from batchgw.model.deploy import NAME
from batchgw.model.deployment.stage_change import (
    StageChange,
    StageImage,
    StageStep,
    stage_changes,
)
from batchgw.planning.deployment.back import Found, taken_back
from batchgw.planning.deployment.live import spoken_of
from batchgw.planning.deployment.stages import compared, deploy_of
from batchgw.planning.deployment.steps import same
from batchgw.planning.kinds import Compared

T = TypeVar("T")

NO_SUCH_STAGE = "NoSuchStage"
"""Code of a stage that a policy names in full and an API lacks: a failure, because no stage is ever made."""


class StageMaker:
    """Plans and judges stage changes, and makes the steps of each; see `kinds.Maker`.

    `now` is a `Stage`. What is written are the steps of a change: see `planning.deployment.steps`.
    """

    needs_all_before = True
    second_lane = True

    def comparer(self, desired: Desired) -> Comparer | None:
        """Compare what each chosen stage answers with, with what the API will be configured to."""
        deploy = deploy_of(desired)
        if deploy is None:
            return None

        async def compare(api: RestApi, before: Sequence[Change], looking: Looking) -> Compared:
            stages = await looking.plane.send(GetStages(scope=api.scope, api=api.id))
            chosen = {stage.name: stage for stage in stages if deploy.chooses(stage.name)}
            types = spoken_of(before)
            images = [(name, await read_image(api, chosen[name], types, looking)) for name in sorted(chosen)]
            changes = compared(images, deploy, before)
            aside = [
                *(_no_such(name) for name in deploy.literal_names if name not in chosen),
                *await held_back(api, changes, deploy, looking),
            ]
            decided = {each.target for each in aside}
            return Compared(
                changes=tuple(change for change in changes if change.target not in decided),
                set_aside=tuple(aside),
            )

        return compare

    async def taken_back(self, way: WayBack, looking: Looking) -> Compared:
        """Compare what each stage shows with where it was, and with where the run has brought it."""
        api = way.api
        stages = {
            each.name: each for each in await looking.plane.send(GetStages(scope=api.scope, api=api.id))
        }
        every = spoken_of(way.planned)
        each = []
        for change in stage_changes(way.changes):
            stage = stages.get(change.stage)
            types = (change.after.types if change.after else ()) or every
            now = None if stage is None else await read_image(api, stage, types, looking)
            there = await _is_there(api, change.before.deployment, tuple(stages.values()), looking)
            found = Found(change=change, now=now, there=there)
            each.append(taken_back(found, way.snapshot, types, force=way.force, redeploy=way.redeploy))
        return Compared(
            changes=tuple(one for one in each if not isinstance(one, SetAside)),
            set_aside=tuple(one for one in each if isinstance(one, SetAside)),
        )

    def at_once(self, change: Change) -> bool:
        """Whether the stage goes back to a deployment that is there: that takes no snapshot."""
        return isinstance(change, StageChange) and change.after is not None and change.after.back is not None

    def write(self, api: RestApi, change: Change) -> Request[object]:
        """One UpdateStage for a step."""
        step = _the(StageStep, change)
        return UpdateStage(
            scope=api.scope, api=api.id, stage=step.stage, patch=(_patch(step.before, step.after),)
        )

    def answered(self, answer: object) -> Stage:
        """The answer is the stage as it is now."""
        return _the(Stage, answer)

    def already_made(self, change: Change, error: CallError) -> bool:
        """A refusal never says that a step was made."""
        del change, error
        return False

    def read(self, api: RestApi, change: Change) -> Request[object]:
        """One stage of one API."""
        return GetStage(scope=api.scope, api=api.id, stage=change.target.name)

    def read_all(self, api: RestApi) -> Request[object]:
        """All stages, which is one call."""
        return GetStages(scope=api.scope, api=api.id)

    def now(self, answer: object, change: Change) -> Stage | None:
        """One of the stages; None where it is gone."""
        return next((stage for stage in _stages(answer) if stage.name == change.target.name), None)

    def as_planned(self, now: object, change: Change) -> bool:
        """Whether the stage is where a step leads. Of a whole change, that is not all there is to it."""
        return isinstance(change, StageStep) and _is(now, change.after)

    def as_before(self, now: object, change: Change) -> bool:
        """Whether the stage is as it was."""
        return isinstance(change, StageStep | StageChange) and _is(now, change.before)

    def differences(self, now: object, change: Change) -> Sequence[str]:
        """Say what the stage shows."""
        step = _the(StageStep, change)
        if now is None:
            return [f"stage {step.stage} is gone"]
        found = image_of(_the(Stage, now))
        return [f"stage {step.stage} shows {_shown(found)}, and {_shown(step.after)} was asked for"]

    def moved(self, answer: object, changes: Sequence[Change], desired: Desired) -> Sequence[str]:
        """Say which stages show something else than when the plan was made, or are gone."""
        del desired
        now = {stage.name: image_of(stage) for stage in _stages(answer)}
        return [
            f"stage {change.stage} showed {_shown(change.before)} when the plan was made, and "
            + (f"shows {_shown(now[change.stage])} now" if change.stage in now else "is gone now")
            for change in stage_changes(changes)
            if change.stage not in now or not same(now[change.stage], change.before)
        ]


async def _is_there(api: RestApi, deployment: str | None, stages: Sequence[Stage], looking: Looking) -> bool:
    """Tell whether a deployment still exists. One that a stage shows does, so nobody is asked for it."""
    if deployment is None:
        return False
    if any(stage.deployment == deployment for stage in stages):
        return True
    request = GetApiSummary(scope=api.scope, api=api.id, deployment=DeploymentId(deployment))
    try:
        await looking.plane.send(request)
    except EntityNotFound:
        return False
    return True


def _no_such(name: str) -> SetAside:
    message = f"the API has no stage {name}, and none is ever made: correct `stages` under `deploy`"
    return SetAside(target=Target(kind=NAME, name=name), code=NO_SUCH_STAGE, message=message, ending="failed")


def _patch(before: StageImage, after: StageImage) -> PatchOperation:
    """Give the one patch that leads from one image to the next, as recorded from the service."""
    to, canary = after.deployment, before.canary
    if to != before.deployment:
        if canary is not None and canary.deployment == to and not after.carries_canary:
            return PatchOperation(op="copy", path="/deploymentId", from_="/canarySettings/deploymentId")
        return PatchOperation(op="replace", path="/deploymentId", value=to)
    if after.canary is None:
        return PatchOperation(op="remove", path="/canarySettings")
    if canary is None or canary.deployment != after.canary.deployment:
        return PatchOperation(
            op="replace", path="/canarySettings/deploymentId", value=after.canary.deployment
        )
    return PatchOperation(
        op="replace", path="/canarySettings/percentTraffic", value=f"{after.canary.percent:g}"
    )


def _is(now: object, image: StageImage) -> bool:
    return isinstance(now, Stage) and same(image_of(now), image)


def _shown(image: StageImage) -> str:
    where = f"deployment {image.deployment}" if image.deployment else "no deployment"
    if image.canary is None:
        return where
    return f"{where} with a canary of {image.canary.deployment} at {image.canary.percent:g} %"


def _stages(answer: object) -> tuple[Stage, ...]:
    if isinstance(answer, tuple):
        return answer
    raise TypeError(f"{type(answer).__name__} is no answer to GetStages")


def _the(kind: type[T], value: object) -> T:
    """Take a value of this kind of change. Raises TypeError for one of another kind."""
    if isinstance(value, kind):
        return value
    raise TypeError(f"{type(value).__name__} is not of a step of a stage")
