"""Which stages are left alone when they are planned: what moving them would do, nobody asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchgw.control_plane.data_plane import ProbeRequest
from batchgw.control_plane.operations import DeploymentId, GetApiSummary, GetResources, Methods, MethodSummary
from batchgw.errors import ProbeFailed
from batchgw.execution.looking import Looking
from batchgw.execution.probeable import FORBIDDEN, PRIVATE, closed, refusal
from batchgw.model import Action, RestApi, SetAside
from batchgw.model.change import MANAGED
from batchgw.model.deploy import Deploy
from batchgw.model.deployment.stage_change import StageCanary, StageChange
from batchgw.model.owner import UNKNOWN, OnManaged
from batchgw.planning.deployment.edits import FOREIGN_EDITS, edits, would_ship
from batchgw.planning.deployment.unrouted import unrouted

CANARY_TRAFFIC: Final = "CanaryCarriesTraffic"
"""Code of a stage that is held back because a canary gets some of its traffic."""

ENDPOINT_PENDING: Final = "EndpointPending"
"""Code of a stage that is held back because moving it would disable the API's own endpoint."""


async def held_back(
    api: RestApi, changes: Sequence[StageChange], deploy: Deploy, looking: Looking
) -> list[SetAside]:
    """Say which stages that would be moved are left alone. What costs a call is asked only if it matters.

    Raises a `CallError`.
    """
    left = [change for change in changes if change.action is not Action.NO_OP]
    found = list[SetAside]()
    for change in left:
        if change.before.canary is not None and change.before.carries_canary:
            found.append(_aside(change, CANARY_TRAFFIC, carries(change.stage, change.before.canary)))
    left = [change for change in left if not change.before.carries_canary]
    for guard in (_managed, _endpoint_pending, _foreign_edits):
        if left:
            aside = await guard(api, left, deploy, looking)
            decided = {each.target for each in aside}
            left = [change for change in left if change.target not in decided]
            found += aside
    return found


def carries(stage: str, canary: StageCanary) -> str:
    """Say why a stage whose canary gets some traffic is held back."""
    share = f"{canary.percent:g} % of the traffic of stage {stage}"
    return f"a canary gets {share}: promote or remove it, then plan again"


async def _managed(
    api: RestApi, changes: Sequence[StageChange], deploy: Deploy, looking: Looking
) -> list[SetAside]:
    """Leave stages alone that a tool manages."""
    if deploy.on_managed is OnManaged.WARN:
        return []
    owner = api.owner or (await looking.ladder.with_owner(api)).owner or UNKNOWN
    if owner.kind == UNKNOWN.kind:
        return []
    message = (
        f"managed by {owner}, which may take the stage away again: deploy there, or say `on_managed: "
        "warn` under `deploy`"
    )
    fails = deploy.on_managed is OnManaged.FAIL
    return [_aside(change, MANAGED, message, fails=fails) for change in changes]


async def _endpoint_pending(
    api: RestApi, changes: Sequence[StageChange], deploy: Deploy, looking: Looking
) -> list[SetAside]:
    """Leave the stages of an API alone whose own endpoint is to be disabled, unless it is so already.

    "The change takes effect when you update any setting on any stage", for all of them (API Gateway API
    reference). What is in effect, the data plane alone can tell.
    """
    del deploy
    if not api.disable_execute_api_endpoint or looking.ship_pending:
        return []
    if await _is_disabled(api, changes[0], looking):
        return []
    message = (
        "the API says that its own endpoint is disabled, and it is not known that this is in effect: moving "
        "any stage would disable it for all stages. Update a stage if that is meant, or pass --ship-pending"
    )
    return [_aside(change, ENDPOINT_PENDING, message) for change in changes]


async def _is_disabled(api: RestApi, change: StageChange, looking: Looking) -> bool:
    """Tell whether the API's own endpoint is seen to refuse callers. No call reaches a backend."""
    deployment = change.before.deployment
    if looking.data_plane is None or deployment is None or closed(api) == PRIVATE:
        return False
    path = unrouted(route for route, _ in await _deployed(api, deployment, looking))
    if path is None:
        return False
    try:
        answer = await looking.data_plane.get(ProbeRequest(api=api, stage=change.stage, path=path))
    except ProbeFailed:
        return False
    return refusal(answer) == FORBIDDEN


async def _foreign_edits(
    api: RestApi, changes: Sequence[StageChange], deploy: Deploy, looking: Looking
) -> list[SetAside]:
    """Leave stages alone that would get methods which somebody else has added, removed or changed."""
    del deploy
    if not looking.pending or looking.ship_pending:
        return []
    now, found, shown = await _configured(api, looking), list[SetAside](), dict[str, Methods]()
    for change in changes:
        deployment = change.before.deployment
        if deployment is None:
            continue
        if deployment not in shown:
            shown[deployment] = await _deployed(api, deployment, looking)
        if differing := edits(shown[deployment], now):
            found.append(_aside(change, FOREIGN_EDITS, would_ship(change.stage, differing)))
    return found


async def _configured(api: RestApi, looking: Looking) -> Methods:
    """Read the methods of an API as they are now, which may take several pages."""
    found, position = dict[tuple[str, str], MethodSummary](), None
    while True:
        page = await looking.plane.send(GetResources(scope=api.scope, api=api.id, position=position))
        for resource in page.items:
            found |= {(resource.path, verb): method for verb, method in resource.methods.items()}
        position = page.token
        if position is None:
            return found


async def _deployed(api: RestApi, deployment: str, looking: Looking) -> Methods:
    """Read the methods that a deployment holds."""
    request = GetApiSummary(scope=api.scope, api=api.id, deployment=DeploymentId(deployment))
    return await looking.plane.send(request)


def _aside(change: StageChange, code: str, message: str, *, fails: bool = False) -> SetAside:
    return SetAside(target=change.target, code=code, message=message, ending="failed" if fails else "held")
