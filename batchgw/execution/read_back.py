"""Are an API's responses as the run left them? They are read once more before a snapshot is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.control_plane.interface import ControlPlane, Execution
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.execution.responses import ResponseMaker
from batchgw.model import Change, RestApi
from batchgw.model.inheritance import Observed
from batchgw.model.response_change import responses
from batchgw.planning.deployment.answer import PlannedAnswer, observed_answer, speaks_of_it, told
from batchgw.planning.deployment.live import digests, spoken_of


class Elsewhere(Exception):
    """The API's responses are not as the run left them, so a snapshot would not be what was planned."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """An API's responses as they were right before its snapshot: as planned."""

    observed: Observed

    def digests(self, changes: Sequence[Change]) -> dict[str, str]:
        """Give the digests of the types that changes are of."""
        found = digests(self.observed)
        return {name: found[name] for name in spoken_of(changes)}


async def read_back(
    api: RestApi, changes: Sequence[Change], *, plane: ControlPlane, spent: Execution
) -> ReadBack:
    """See that an API's responses are as planned.

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
    return ReadBack(answer)


async def unrouted_answer(
    api: RestApi,
    changes: Sequence[Change],
    before: ReadBack | None,
    *,
    plane: ControlPlane,
    spent: Execution,
) -> PlannedAnswer | None:
    """Give what a path without a route is answered with; None where the plan does not tell it.

    Without what was read `before` its snapshot the plan alone counts, because
    somebody may have edited the API since. Raises a `CallError`.
    """
    if not speaks_of_it(changes):
        return None
    if before is not None:
        return observed_answer(before.observed)
    answer = told(changes)
    if answer is not None:
        return answer
    return told(changes, await plane.send(GetGatewayResponses(scope=api.scope, api=api.id), spent))
