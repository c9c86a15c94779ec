"""Are an API's responses as the run left them? They are read once more before a snapshot is taken."""

from __future__ import annotations

from collections.abc import Sequence

from batchgw.control_plane.interface import ControlPlane, Execution
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.execution.responses import ResponseMaker
from batchgw.model import Change, RestApi
from batchgw.model.response_change import responses
from batchgw.planning.deployment.live import digests


class Elsewhere(Exception):
    """The API's responses are not as the run left them, so a snapshot would not be what was planned."""


async def read_back(
    api: RestApi, changes: Sequence[Change], *, plane: ControlPlane, spent: Execution
) -> dict[str, str]:
    """See that an API's responses are as planned; give the digests of the types that the plan speaks of.

    Raises Elsewhere, and a `CallError`.
    """
    answer = await plane.send(GetGatewayResponses(scope=api.scope, api=api.id), spent)
    maker, own = ResponseMaker(), responses(changes)
    for change in own:
        now = maker.now(answer, change)
        if not maker.as_planned(now, change):
            raise Elsewhere(
                f"someone else changed {change.type.value} since this run brought it to plan, so nothing was "
                f"deployed ({'; '.join(maker.differences(now, change))}). Plan again"
            )
    found = digests(answer)
    return {change.target.name: found[change.target.name] for change in own}
