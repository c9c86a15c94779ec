"""Stages: which are moved, what that takes, and how it is shown. Pure.

A stage is live when it answers, for every response type that the plan speaks of, as the API is configured
once the plan's responses are in place. So a stage is moved exactly where it would answer otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.model import Action, Change, Desired, Target
from batchgw.model.deploy import NAME, Deploy, Verify
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove, stage_changes
from batchgw.planning.change_view import ChangeView, FieldChange
from batchgw.planning.deployment.live import joined, planned_digests
from batchgw.planning.deployment.steps import calls
from batchgw.times import duration


def deploy_of(desired: Desired) -> Deploy | None:
    """Give what a policy says of stages; None where it says nothing."""
    found = desired.parts.get(NAME)
    return found if isinstance(found, Deploy) else None


def move_of(deploy: Deploy) -> StageMove:
    """Give the move that a policy asks for."""
    return StageMove(
        canary=deploy.canary,
        bake=deploy.bake,
        verify=deploy.verify,
        verify_within=deploy.verify_within,
    )


def compared(
    stages: Sequence[tuple[str, StageImage]], deploy: Deploy, changes: Sequence[Change]
) -> tuple[StageChange, ...]:
    """Give a change for each stage; `changes` are what becomes of the API's responses."""
    planned = planned_digests(changes)
    wanted = None if planned is None else joined(planned, planned)
    return tuple([_change(name, image, deploy, wanted) for name, image in stages])


def _change(name: str, image: StageImage, deploy: Deploy, wanted: str | None) -> StageChange:
    live = wanted is not None and image.live == wanted
    return StageChange(
        stage=name,
        action=Action.NO_OP if live else Action.UPDATE,
        before=image,
        after=None if live else move_of(deploy),
    )


def derive(changes: Sequence[Change], desired: Desired) -> tuple[Change, ...]:
    """Make the changes again, from their before-images and the responses of the same API."""
    own, deploy = stage_changes(changes), deploy_of(desired)
    if deploy is None:
        return ()
    return compared([(change.stage, change.before) for change in own], deploy, changes)


def expected(desired: Desired) -> tuple[Target, ...]:
    """Give the stages expected of an API that could not be read: those that a policy names in full.

    How many stages a glob would have chosen, nobody knows.
    """
    deploy = deploy_of(desired)
    return () if deploy is None else tuple(Target(kind=NAME, name=name) for name in deploy.literal_names)


def reads(desired: Desired) -> int:
    """Give the calls that reading the stages of an API takes: the stages, and one export that is new.

    What deployments hold is remembered, so that mostly it is one call.
    """
    return 0 if deploy_of(desired) is None else 2


def operations(changes: Sequence[Change]) -> Iterator[str]:
    """Name the calls that making live takes of an API, each once.

    Its responses are read back, a snapshot is taken once, it is compared with what each stage shows, and each
    stage is moved and looked at.
    """
    moves = [(each.before, each.after) for each in stage_changes(changes) if each.after is not None]
    if any(move.deployment is None for _, move in moves):
        yield from ("GetGatewayResponses", "CreateDeployment", "GetDeployment")
        yield from ["GetDeployment"] * len({before.deployment for before, _ in moves})
    for before, move in moves:
        yield from ["UpdateStage"] * calls(before, move)
    if any(move.verify is not Verify.PROBE for _, move in moves):
        yield "GetExport"  # the stages of an API show one deployment then, which is read once


def views(changes: Sequence[Change]) -> tuple[ChangeView, ...]:
    """Give a view of each stage among the changes of an API, NO_OP included.

    No view names a deployment: equal changes of many APIs are shown once.
    """
    return tuple(map(_view, stage_changes(changes)))


def _view(change: StageChange) -> ChangeView:
    if change.after is None:
        return ChangeView(change=change, fields=())
    shown = FieldChange(field="shows", name="", before=_before(change), after=_after(change.after))
    return ChangeView(change=change, fields=(shown,), note=_note(change))


def _before(change: StageChange) -> str:
    return "no deployment" if change.before.deployment is None else "an earlier deployment"


def _after(move: StageMove) -> str:
    where = "a new deployment" if move.deployment is None else "its deployment of before"
    if not move.canary:
        return where
    steps = ", ".join(f"{share:g} %" for share in move.canary)
    bake = f", {duration(move.bake)} each" if move.bake else ""
    return f"{where}, by a canary: {steps}{bake}"


def _note(change: StageChange) -> str:
    return "what it answers with now could not be read" if change.before.live is None else ""
