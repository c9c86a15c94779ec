"""What is asked of other services, and about owners and stages, is the same over HTTP and in process."""

from __future__ import annotations

import pytest

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import Credentials, Request, T
from batchgw.control_plane.operations import DeploymentId, GetDeployment, GetRestApis, GetStages
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.cloudformation import DescribeStackResources
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.region_status import RegionStatus
from batchgw.control_plane.operations.sts import GetCallerIdentity
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import AccessDenied, CallError, EntityNotFound, RegionOff
from batchgw.model import AccountId, Region, RestApiId, Scope
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.plane import simulate
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import World, account_id
from batchgw.throttle.quota import SERVICES, Quota
from tests.conformance.aws.stub import only_test_configuration

OPTIONS = ServeOptions(no_throttle=True, latency=0.0, latency_p99=0.0)
FAST = Pace(rate=1000, burst=1000, services={name: Quota(1000, 1000) for name in SERVICES})
MANAGEMENT, TEAM = AccountId(account_id(0)), AccountId(account_id(1))
HERE = Scope(account=TEAM, region=Region("eu-west-1"))
_GONE = DeploymentId("zzzzzz")
WORLD = World.organized(
    OrganizationPlan(
        accounts=(
            AccountPlan(id=MANAGEMENT, name="management"),
            AccountPlan(
                id=TEAM,
                name="team",
                regions={"me-south-1": "ENABLED", "af-south-1": "ENABLING", "eu-south-1": "DISABLED"},
            ),
        ),
        regions=("eu-west-1", "us-east-1"),
    ),
    apis=200,
    proportions=Proportions(owned=0.6),
)


class Asking:
    """Sends requests, and keeps what came of each: a value, or the kind and code of an error."""

    def __init__(self, plane: PacedControlPlane) -> None:
        self._plane = plane
        self.found: list[object] = []

    async def ask(self, request: Request[T]) -> T:
        value = await self._plane.send(request)
        self.found.append(value)
        return value

    async def refused(self, request: Request[object]) -> None:
        with pytest.raises(CallError) as caught:
            await self._plane.send(request)
        self.found.append((type(caught.value), caught.value.code))

    async def regions(self, *, account: AccountId = TEAM, asked_by: Credentials = "account") -> set[Region]:
        scope = Scope(account=account, region=HERE.region)
        page = await self.ask(ListRegions(scope=scope, asked_by=asked_by))
        assert page.token is None
        return {each.region for each in page.items if each.on}


async def everything(plane: PacedControlPlane) -> list[object]:
    asking = Asking(plane)
    assert await asking.regions() == {"eu-west-1", "us-east-1", "me-south-1"}
    assert await asking.regions(asked_by="organization") == {"eu-west-1", "us-east-1", "me-south-1"}
    await asking.refused(
        ListRegions(scope=Scope(account=MANAGEMENT, region=HERE.region), asked_by="organization")
    )
    described = await asking.ask(DescribeRegions(scope=HERE))
    assert {each.region for each in described if each.on} == {"eu-west-1", "us-east-1", "me-south-1"}
    assert RegionStatus(region=Region("eu-south-1"), status="not-opted-in") in described
    for region in ("eu-west-1", "me-south-1"):
        await asking.ask(GetCallerIdentity(scope=Scope(account=TEAM, region=Region(region))))
    off = Scope(account=TEAM, region=Region("eu-south-1"))
    await asking.refused(GetCallerIdentity(scope=off))
    await asking.refused(DescribeRegions(scope=off))
    await asking.refused(DescribeStackResources(scope=off, physical_id="a1b2c3d4e5"))
    await asking.refused(GetRestApis(scope=off))
    page = await asking.ask(GetRestApis(scope=HERE))
    for api in page.items:
        await asking.ask(DescribeStackResources(scope=HERE, physical_id=api.id))
        for stage in await asking.ask(GetStages(scope=HERE, api=api.id)):
            assert stage.deployment is not None
            await asking.ask(GetDeployment(scope=HERE, api=api.id, deployment=stage.deployment))
        await asking.refused(GetDeployment(scope=HERE, api=api.id, deployment=_GONE))
    await asking.refused(GetStages(scope=HERE, api=RestApiId("zzzzzzzzzz")))
    return asking.found


@pytest.mark.asyncio
async def test_both_planes_tell_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)
    near = await everything(PacedControlPlane(simulate(WORLD), pace=FAST))
    with running(OPTIONS, world=WORLD) as ready:
        key = ready.keys[MANAGEMENT]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(endpoint_url=ready.endpoint, role=ready.role_name) as plane:
            far = await everything(PacedControlPlane(plane, pace=FAST))
    assert far == near
    assert near.count((EntityNotFound, "NotFoundException")) > 5
    assert near[2] == (AccessDenied, "AccessDeniedException")
    stacks = [each for each in near if isinstance(each, tuple) and each and hasattr(each[0], "stack")]
    assert len(stacks) > 5, "some APIs are in a stack"
    assert () in near, "others are in none"
    off = [each for each in near if isinstance(each, tuple) and each[:1] == (RegionOff,)]
    assert [code for _, code in off] == [
        "InvalidClientTokenId",
        "AuthFailure",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    ]
