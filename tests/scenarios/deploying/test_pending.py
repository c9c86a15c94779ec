"""What a deployment would ship besides is seen before anything is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from batchgw import api
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.model import Desired, PlannedApi, SetAside
from batchgw.model.deploy import NAME
from batchgw.planning.plan_file.plan import Plan
from batchgw.simulator.world.api_state import Resource
from tests.scenarios.deploying.staged import PROD, StagedEstate, deploying
from tests.scenarios.deploying.test_probes import BRANDED, Asked, greedy
from tests.virtual import virtually


class Counting(Wrapper):
    """Counts what is sent, by operation."""

    def __init__(self, inner: ControlPlane) -> None:
        super().__init__(inner)
        self.sent: Counter[str] = Counter()

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.sent[request.operation.name] += 1
        return await self._inner.send(request, execution)


DESIRED: Desired = deploying(PROD, BRANDED)


def aside(plan: Plan) -> dict[str, list[SetAside]]:
    """What of the stages of each API is decided by the plan."""
    return {
        item.api.id: [each for each in item.set_aside if each.target.kind == NAME]
        for item in plan.items()
        if isinstance(item, PlannedApi)
    }


def test_pending_edits_are_read_only_where_that_is_asked_for_and_hold_a_stage_back() -> None:
    async def main() -> None:
        async with StagedEstate(apis=3, accounts=1, regions=1, desired=DESIRED) as world:
            edited = next(id_ for id_, detail in world.details() if "prod" in detail.stages)
            detail = world.detail(edited)
            root = detail.resources[detail.root]
            for number in range(600):  # more than a page
                detail.resources[f"r{number}"] = Resource(
                    id=f"r{number}", path=f"/r{number}", parent=root.id, part=f"r{number}"
                )
            detail.resources["r599"].methods["GET"] = {**root.methods["GET"], "httpMethod": "GET"}
            counting = Counting(world.raw)
            plane = PacedControlPlane(counting)
            with await api.plan(world.policy, plane=plane) as plan:
                assert aside(plan)[edited] == []
            assert counting.sent["GetResources"] == 0
            with await api.plan(world.policy, plane=plane, pending=True) as plan:
                [held] = aside(plan)[edited]
                assert (held.code, held.ending) == ("ForeignEdits", "held")
                assert held.message.startswith(
                    "stage prod would get edits that are not this run's: GET /r599 added. Let their owner"
                )
                assert all(not found for id_, found in aside(plan).items() if id_ != edited)
            with_stage = sum("prod" in detail.stages for _, detail in world.details())
            assert counting.sent["GetResources"] == with_stage + 1
            with await api.plan(world.policy, plane=plane, pending=True, ship_pending=True) as plan:
                assert aside(plan)[edited] == []

    virtually(main)


@pytest.mark.parametrize(
    ("in_effect", "is_greedy", "ship", "held"),
    [
        (False, False, False, True),
        (True, False, False, False),
        (True, True, False, True),  # a probe could come to a backend, so none is sent
        (False, False, True, False),
    ],
)
def test_an_endpoint_that_is_to_be_disabled_holds_its_stages_back_unless_it_is_already(
    *, in_effect: bool, is_greedy: bool, ship: bool, held: bool
) -> None:
    async def main() -> None:
        async with StagedEstate(apis=3, accounts=1, regions=1, desired=DESIRED) as world:
            odd = next(id_ for id_, detail in world.details() if "prod" in detail.stages)
            detail = world.detail(odd)
            detail.attributes = replace(
                detail.attributes, endpoint_type="REGIONAL", disable_execute_api_endpoint=True
            )
            if is_greedy:
                greedy(detail)
            if in_effect:
                detail.stage_changed()
            asked = Asked(world.data_plane)
            with await api.plan(world.policy, plane=world.plane, data_plane=asked, ship_pending=ship) as plan:
                found = aside(plan)
                assert [each.code for each in found.pop(odd)] == (["EndpointPending"] if held else [])
                assert not any(found.values())
            assert [request.api.id for request in asked.requests] == [odd] * (not is_greedy and not ship)
            with await api.plan(world.policy, plane=world.paced(), ship_pending=ship) as plan:
                assert bool(aside(plan)[odd]) is not ship  # without a data plane nobody knows

    virtually(main)
