"""Is an API configured as the policy says? Only then a run that configures nothing makes it live. Pure."""

from __future__ import annotations

from dataclasses import replace

from batchgw.model import Change, PlannedApi, SetAside
from batchgw.model.change import NOT_CONFIGURED
from batchgw.model.deploy import NAME as STAGE

_WHY = (
    "the API is not configured as the policy says, and a deployment makes live what is configured: apply the "
    "policy to it"
)


def if_configured(planned: PlannedApi) -> PlannedApi:
    """Give an API as it is, or, where something of it is still to be configured, left alone as a whole."""
    if all(change.target.kind == STAGE for change in planned.pending):
        return planned
    aside = (*planned.set_aside, *map(_aside, planned.changes))
    return replace(planned, changes=(), set_aside=aside)


def _aside(change: Change) -> SetAside:
    """A stage waits for somebody to act; a response is none of this run's business."""
    stage = change.target.kind == STAGE
    return SetAside(
        target=change.target, code=NOT_CONFIGURED, message=_WHY, ending="held" if stage else "skipped"
    )
