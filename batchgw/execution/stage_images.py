"""What a stage shows, and what it answers with: read once for each deployment, and then remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchgw.control_plane.operations import DeploymentId, GetExport, GetStage, Stage
from batchgw.errors import BadRequest, ServiceFailure
from batchgw.execution.looking import Looking
from batchgw.model import RestApi
from batchgw.model.deployment.stage_change import StageCanary, StageImage
from batchgw.planning.deployment.live import EVERY, LiveDigests, digests, joined


def image_of(stage: Stage) -> StageImage:
    """Give a stage as it was read, without what it answers with."""
    canary = stage.canary
    if canary is None or canary.deployment is None:
        return StageImage(deployment=stage.deployment)
    return StageImage(
        deployment=stage.deployment,
        canary=StageCanary(deployment=canary.deployment, percent=canary.percent),
    )


async def remembered(
    api: RestApi, deployment: DeploymentId | None, stage: str, looking: Looking
) -> LiveDigests | None:
    """Give what a deployment answers with, by an export of the stage that shows it, unless it is remembered.

    None where it cannot be told: the export fails, as of an API with a model that is not JSON, or the stage
    was moved meanwhile, so that nobody knows of which deployment it is. Raises a `CallError` for a denial and
    for what ends the scope.
    """
    if deployment is None:
        return None
    known = await looking.live.recall(api, deployment)
    if known is not None and known.keys() >= EVERY:
        return known
    try:
        exported = await looking.plane.send(GetExport(scope=api.scope, api=api.id, stage=stage))
        still = await looking.plane.send(GetStage(scope=api.scope, api=api.id, stage=stage))
    except (BadRequest, ServiceFailure):
        return None
    if still.deployment != deployment:
        return None
    found = digests(exported.responses)
    await looking.live.keep(api, deployment, found)
    return found


async def read_image(api: RestApi, stage: Stage, types: Sequence[str], looking: Looking) -> StageImage:
    """Give a stage with what it answers with, over some response types. Raises as `remembered` does."""
    image = image_of(stage)
    if not types:  # there is nothing that it could answer otherwise
        return replace(image, live=joined({}, ()))
    found = await remembered(api, stage.deployment, stage.name, looking)
    return image if found is None else replace(image, live=joined(found, types))
