"""The way back of a stage: to the deployment that it showed before a run, if nobody has moved it since. Pure.

A stage that cannot go back is told as configured back, not live: its API's responses go back all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.model import Action, SetAside
from batchgw.model.deploy import VERIFY_WITHIN
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove
from batchgw.planning.deployment.steps import same, steps

CONFIGURED_BACK = "ConfiguredBack"
"""Code of a stage whose API is configured as before, and that answers otherwise: it is not live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A change that a run has made of a stage, and how the stage is now.

    Attributes:
        now: None where the stage is gone.
        there: whether the deployment that it showed before still exists.
    """

    change: StageChange
    now: StageImage | None
    there: bool


def taken_back(
    found: Found, snapshot: str | None, types: Sequence[str], *, force: bool, redeploy: bool
) -> StageChange | SetAside:
    """Give what takes a change back, or why the stage is left alone.

    `snapshot` is what the run has taken of the API, `types` are the response types that it speaks of there.
    With `force` a stage that somebody else has moved since goes back all the same. With `redeploy` one that
    cannot go back gets a new snapshot of the API as it is configured then.
    """
    change, now = found.change, found.now
    if now is None:
        return _aside(change, f"stage {change.stage} is gone: there is nothing to take back")
    if same(now, change.before):
        return StageChange(stage=change.stage, action=Action.NO_OP, before=now, after=None)
    ours = any(same(now, image) for image in _way(change, snapshot))
    if found.there and (ours or force):
        return _moved(change, now, back=change.before, types=types)
    if redeploy:
        return _moved(change, now, back=None, types=types)
    if ours:
        why = (
            f"the deployment {change.before.deployment}, which stage {change.stage} showed before, does not "
            "exist any more"
        )
        cure = "pass --redeploy"
    else:
        why = f"someone else moved stage {change.stage} since (it shows {now.deployment})"
        cure = "let them deploy it, or pass --redeploy" + (" or --force" if found.there else "")
    return _aside(change, f"configured back, not live: {why}. To make it live, {cure}")


def _way(change: StageChange, snapshot: str | None) -> list[StageImage]:
    """Give every state in which the run may have left a stage."""
    move = change.after
    if move is None:
        return []
    to = move.deployment or snapshot
    return [] if to is None else [step.after for step in steps(change.stage, change.before, move, to)]


def _moved(
    change: StageChange, now: StageImage, *, back: StageImage | None, types: Sequence[str]
) -> StageChange:
    """It is verified by the export: a probe can tell what a policy says, and not what was there before."""
    within = VERIFY_WITHIN if change.after is None else change.after.verify_within
    to = StageMove(back=back, types=tuple(types), verify_within=within)
    return StageChange(stage=change.stage, action=Action.UPDATE, before=now, after=to)


def _aside(change: StageChange, message: str) -> SetAside:
    return SetAside(target=change.target, code=CONFIGURED_BACK, message=message, ending="held")
