"""Stages are asked for API by API: one that cannot tell them hides no other."""

from __future__ import annotations

import pytest

from batchgw import api as verbs
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetStages
from batchgw.control_plane.stack import Pace
from batchgw.discovery.estate import Estate
from batchgw.errors import BadRequest
from batchgw.model import AccountId, Region, RestApi, Targets, UnreadApi
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


async def test_an_api_that_cannot_tell_its_stages_hides_no_other() -> None:
    plane = OneRefused(simulate(World.generate(apis=5, accounts=1, regions=1)))
    estate = Estate()
    targets = Targets(regions=(Region("eu-west-1"),))
    async with verbs.discover(targets, plane=plane, pace=Pace(), estate=estate, stages=True) as items:
        found = [item async for item in items]
    told = [item.id for item in found if isinstance(item, RestApi)]
    assert len(told) == 4
    assert {id_ for _, id_ in estate.stages} == set(told)
    assert [item.api.id for item in found if isinstance(item, UnreadApi)] == [plane.refused]
