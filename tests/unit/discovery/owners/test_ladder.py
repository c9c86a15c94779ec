"""The ladder finds who manages each API of a generated world, and asks no further than needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import trio.testing

from batchgw import api as verbs
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.stack import Pace
from batchgw.discovery.estate import Estate
from batchgw.discovery.owners.ladder import Ladder, with_owner_by_tags
from batchgw.discovery.selection_count import SelectionCount
from batchgw.errors import AccessDenied, ApiDenied, CallError, DeniedByScp
from batchgw.model import (
    AccountId,
    Desired,
    PlannedApi,
    Policy,
    Region,
    ResponseType,
    RestApi,
    Rule,
    Scope,
    Selection,
    Selector,
    Settings,
    Targets,
    UnreadApi,
)
from batchgw.model.owner import OnManaged
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """Virtual time: to ask CloudFormation about all of them, at its pace, takes a quarter of a minute."""
    return "trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}


HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
APIS = 60


class Counting:
    """A plane that counts calls, and may deny those of one operation."""

    def __init__(
        self, inner: SimulatedControlPlane, *, denied: str = "", error: CallError | None = None
    ) -> None:
        self.inner = inner
        self.calls: Counter[str] = Counter()
        self._denied = denied
        self._error = error or AccessDenied("not allowed", code="AccessDenied", status=403)

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.calls[request.operation.name] += 1
        if request.operation.name == self._denied:
            raise self._error
        return await self.inner.send(request, execution)

    async def current_account(self) -> AccountId:
        return await self.inner.current_account()


@pytest.fixture
def world() -> World:
    return World.generate(apis=APIS, accounts=1, regions=1, proportions=Proportions(owned=0.7))


async def _listed(plane: Counting) -> list[RestApi]:
    page = await plane.send(GetRestApis(scope=HERE))
    return list(page.items)


def _truth(world: World) -> dict[str, str]:
    apis = world.scope(HERE.account, HERE.region)
    owners = {apis.id(number): apis.owner(number) for number in range(APIS)}
    return {id_: "unknown" if owner is None else owner.kind for id_, owner in owners.items()}


async def test_each_api_has_the_owner_that_the_world_gave_it(world: World) -> None:
    plane = Counting(simulate(world))
    ladder = Ladder(plane)
    found = {each.id: await ladder.with_owner(each) for each in await _listed(plane)}
    assert {id_: each.owner and each.owner.kind for id_, each in found.items()} == _truth(world)
    assert len(set(_truth(world).values())) == 6, "every kind occurs"


async def test_the_stack_is_asked_only_where_nothing_cheaper_tells(world: World) -> None:
    plane = Counting(simulate(world))
    ladder = Ladder(plane)
    for each in await _listed(plane):
        await ladder.with_owner(each)
    kinds = Counter(_truth(world).values())
    assert plane.calls["DescribeStackResources"] == APIS - kinds["terraform"] - sum(
        1 for each in _described(world)
    )
    assert plane.calls["GetStages"] == APIS - kinds["terraform"]


def _described(world: World) -> list[int]:
    """APIs whose deployment tells the tool: those of CDK and SAM that have a stage."""
    apis = world.scope(HERE.account, HERE.region)
    found = []
    for number in range(APIS):
        owner = apis.owner(number)
        detail = apis.detail(number)
        if owner is not None and owner.kind in ("cdk", "sam") and detail.stages:
            found.append(number)
    return found


async def test_tags_cost_nothing(world: World) -> None:
    plane = Counting(simulate(world))
    listed = await _listed(plane)
    kinds = {each.owner.kind for each in map(with_owner_by_tags, listed) if each.owner is not None}
    assert kinds == {"cloudformation", "terraform"}
    assert plane.calls == {"GetRestApis": 1}


async def test_a_refusal_of_cloudformation_is_not_asked_for_again(world: World) -> None:
    plane = Counting(simulate(world), denied="DescribeStackResources")
    ladder = Ladder(plane)
    refused = []
    for each in await _listed(plane):
        try:
            await ladder.with_owner(each)
        except ApiDenied as error:
            refused.append(error.message)
    assert len(refused) > 1
    (message,) = set(refused)
    assert message.startswith("not allowed. To tell who manages an API takes this permission: ")
    assert "`batchgw iam-policy POLICY --on-managed hold`" in message
    assert plane.calls["DescribeStackResources"] == 1


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("DescribeStackResources", AccessDenied("not allowed", code="AccessDenied", status=403)),
        ("DescribeStackResources", DeniedByScp("not allowed", code="AccessDenied", status=403)),
        ("GetStages", ApiDenied("not allowed", code="AccessDenied", status=403)),
    ],
)
async def test_a_denial_of_the_owner_makes_apis_unread_and_not_their_account_region(
    world: World, operation: str, error: CallError
) -> None:
    """Nor is the account-region skipped where it is a service control policy that denies the question.

    All that were listed count as found. Those whose tags tell the tool are selected all the same.
    """
    plane = Counting(simulate(world), denied=operation, error=error)
    count, estate = SelectionCount(Selection(include=(Selector(owner="terraform"),))), Estate()
    targets = Targets(regions=(HERE.region,), apis=Selection(include=(Selector(owner="terraform"),)))
    async with verbs.discover(targets, plane=plane, pace=Pace(), count=count, estate=estate) as items:
        found = [item async for item in items]
    told = [item for item in found if isinstance(item, RestApi)]
    unread = [item for item in found if isinstance(item, UnreadApi)]
    assert len(told) + len(unread) == len(found)
    assert len(told) == Counter(_truth(world).values())["terraform"]
    assert {item.code for item in unread} == {"ApiDenied"}
    assert count.total(listed=True).found == APIS


X = Settings(parameters={"gatewayresponse.header.X": "'1'"})
DESIRED = Desired(rules={ResponseType.DEFAULT_4XX: Rule(settings=X)})


def _policy(*include: Selector) -> Policy:
    targets = Targets(regions=(HERE.region,), apis=Selection(include=include))
    return Policy(desired=DESIRED, targets=targets)


async def test_apis_are_selected_by_their_owner(world: World, tmp_path: Path) -> None:
    policy = _policy(Selector(owner="terraform"), Selector(owner="cdk:*Stack"))
    plan = await verbs.plan(policy, plane=simulate(world), out=tmp_path / "a.plan")
    meant = {id_ for id_, kind in _truth(world).items() if kind in ("terraform", "cdk")}
    planned = {each.api.id for each in plan.items() if isinstance(each, PlannedApi)}
    terraform = {id_ for id_, kind in _truth(world).items() if kind == "terraform"}
    assert terraform <= planned <= meant
    assert plan.totals.complete


@pytest.mark.parametrize("on_managed", OnManaged)
async def test_apis_of_other_tools_are_written_held_or_failures(
    world: World, tmp_path: Path, on_managed: OnManaged
) -> None:
    plan = await verbs.plan(_policy(), plane=simulate(world), out=tmp_path / "a.plan", on_managed=on_managed)
    truth = _truth(world)
    for item in plan.items():
        assert isinstance(item, PlannedApi | UnreadApi)
        managed = truth[item.api.id] != "unknown"
        match on_managed:
            case OnManaged.WARN:
                assert isinstance(item, PlannedApi)
                assert len(item.changes) == 1
            case OnManaged.HOLD:
                assert isinstance(item, PlannedApi)
                assert (len(item.set_aside), len(item.changes)) == ((1, 0) if managed else (0, 1))
            case OnManaged.FAIL:
                assert isinstance(item, UnreadApi if managed else PlannedApi)
    assert plan.totals.complete is (on_managed is not OnManaged.FAIL)


async def test_no_call_is_made_about_an_api_whose_tags_tell_that_a_tool_manages_it(
    world: World, tmp_path: Path
) -> None:
    """Unless a rule asks which tool it is: then a stack may be of CDK, SAM or Serverless."""
    plane = Counting(simulate(world))
    plan = await verbs.plan(_policy(), plane=plane, out=tmp_path / "a.plan", on_managed=OnManaged.HOLD)
    tagged = [
        each
        for each in await _listed(Counting(simulate(world)))
        if with_owner_by_tags(each).owner is not None
    ]
    assert tagged
    assert plane.calls["GetStages"] == APIS - len(tagged)
    assert plan.totals.complete


async def test_an_api_whose_owner_cannot_be_told_is_not_written(world: World, tmp_path: Path) -> None:
    plane = Counting(simulate(world), denied="GetStages")
    plan = await verbs.plan(_policy(), plane=plane, out=tmp_path / "a.plan", on_managed=OnManaged.HOLD)
    unread = [each for each in plan.items() if isinstance(each, UnreadApi)]
    assert unread
    assert not plan.totals.complete
