"""Stages are asked for API by API: one that cannot tell them is found all the same."""

from __future__ import annotations

import pytest

from batchgw import api as verbs
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetStages
from batchgw.control_plane.stack import Pace
from batchgw.discovery.estate import Estate
from batchgw.errors import BadRequest
from batchgw.model import AccountId, Region, RestApi, Targets
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.world import World

pytestmark = pytest.mark.anyio


class OneRefused:
    """A plane that refuses the first question for stages."""

    def __init__(self, inner: SimulatedControlPlane) -> None:
        self.inner = inner
        self.refused: str | None = None

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if isinstance(request, GetStages) and self.refused is None:
            self.refused = request.api
            raise BadRequest("not this one", code="BadRequestException", status=400)
        return await self.inner.send(request, execution)

    async def current_account(self) -> AccountId:
        return await self.inner.current_account()


async def test_an_api_that_cannot_tell_its_stages_is_found_all_the_same() -> None:
    plane = OneRefused(simulate(World.generate(apis=5, accounts=1, regions=1)))
    estate = Estate()
    targets = Targets(regions=(Region("eu-west-1"),))
    async with verbs.discover(targets, plane=plane, pace=Pace(), estate=estate, stages=True) as items:
        found = [item async for item in items]
    told = [item.id for item in found if isinstance(item, RestApi)]
    assert (len(told), len(found)) == (5, 5)
    assert {id_ for _, id_ in estate.stages} == set(told) - {plane.refused}
    (unread,) = estate.unread_stages.values()
    assert (unread.api.id, unread.code) == (plane.refused, "BadRequest")


@pytest.mark.parametrize("denied", [1, 40])
async def test_denials_of_stages_do_not_give_an_account_region_up(denied: int) -> None:
    """After two in a row nobody asks again there: a third would keep further pages from being listed."""
    world = World.generate(apis=40, accounts=1, regions=1)
    ids = [scope.id(n) for scope in world.scopes() for n in scope.numbers()][:denied]
    script = [{"match": {"operation": "GetStages", "api": ids}, "fault": "access_denied"}]
    plane, estate = simulate(world, script=script), Estate()
    targets = Targets(regions=(Region("eu-west-1"),))
    async with verbs.discover(targets, plane=plane, pace=Pace(), estate=estate, stages=True) as items:
        found = [item async for item in items]
    assert all(isinstance(item, RestApi) for item in found)
    assert (len(found), len(estate.unread_stages), len(estate.stages)) == (40, denied, 40 - denied)
    assert all("iam-policy POLICY --stages" in each.message for each in estate.unread_stages.values())
    (account,) = world.accounts
    asked = plane.engine.statistics.of(account, "eu-west-1", "GetStages").calls
    assert asked == (40 if denied == 1 else 2)
