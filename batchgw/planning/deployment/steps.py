"""The way of a stage to another deployment, call by call. Pure.

Each step is one UpdateStage whose outcome can be seen in the stage, so a run that died goes on where the
stage is. What each patch does to a stage is as recorded from the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from batchgw.model.deploy import ALL_TRAFFIC
from batchgw.model.deployment.stage_change import StageCanary, StageImage, StageMove, StageStep


def steps(stage: str, before: StageImage, move: StageMove, deployment: str) -> tuple[StageStep, ...]:
    """Give the steps that bring a stage to a deployment; none where it shows it already."""
    images = [StageImage(deployment=before.deployment, canary=before.canary)]
    images += _images(images[0], move, deployment)
    return tuple(StageStep(stage=stage, before=one, after=two) for one, two in pairwise(images))


def baked(step: StageStep, move: StageMove) -> float:
    """Give the seconds to wait after a step: a canary that carries more traffic than before is watched."""
    return move.bake if step.after.carries_canary else 0.0


def withdrawal(stage: str, now: StageImage) -> StageStep | None:
    """Give the step that ends a canary, so that all traffic goes where the stage is; None without one."""
    if now.canary is None:
        return None
    return StageStep(stage=stage, before=now, after=StageImage(deployment=now.deployment))


def calls(before: StageImage, move: StageMove) -> int:
    """Count the calls of the whole way, to a deployment that the stage does not show."""
    return len(steps("", before, move, move.deployment or ""))


def same(one: StageImage, other: StageImage) -> bool:
    """Tell whether two images are of one state, whatever is known of what it answers with.

    How much traffic a canary gets makes no difference where it is the stage's own deployment: after a
    promotion.
    """
    if one.deployment != other.deployment:
        return False
    if one.canary is None or other.canary is None:
        return one.canary is other.canary
    if one.canary.deployment != other.canary.deployment:
        return False
    return one.canary.percent == other.canary.percent or one.canary.deployment == one.deployment


def _images(before: StageImage, move: StageMove, deployment: str) -> Iterator[StageImage]:
    """A canary is made at 0 %, its share is raised, and it is promoted, which leaves it at 0 %; then it goes.

    One that somebody left behind at 0 % stays where the stage is moved at once: it is not ours.
    """
    if move.back is not None:
        yield from _images_back(before, move.back)
        return
    if before.deployment == deployment and not before.carries_canary:
        return
    if not move.canary:
        yield StageImage(deployment=deployment, canary=before.canary)
        return
    at = StageCanary(deployment=deployment, percent=0.0)
    if before.canary != at:
        yield StageImage(deployment=before.deployment, canary=at)
    for share in move.canary:
        if share < ALL_TRAFFIC:
            at = StageCanary(deployment=deployment, percent=share)
            yield StageImage(deployment=before.deployment, canary=at)
    yield StageImage(deployment=deployment, canary=StageCanary(deployment=deployment, percent=0.0))
    yield StageImage(deployment=deployment)


def _images_back(now: StageImage, back: StageImage) -> Iterator[StageImage]:
    """A canary that was not there goes, then the stage goes back, then a canary that was there comes."""
    keeps = now.canary == back.canary
    if now.canary is not None and not keeps:
        now = StageImage(deployment=now.deployment)
        yield now
    if now.deployment != back.deployment:
        now = StageImage(deployment=back.deployment, canary=now.canary)
        yield now
    if back.canary is not None and not keeps:
        yield StageImage(deployment=now.deployment, canary=replace(back.canary, percent=0.0))
        if back.carries_canary:
            yield StageImage(deployment=now.deployment, canary=back.canary)
