"""CreateDeployment through the wrappers: a cut one is in doubt, and nobody makes it a second time blindly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from batchgw.control_plane.interface import Execution
from batchgw.control_plane.operations import CreateDeployment
from batchgw.control_plane.readonly import ReadOnlyControlPlane, WriteRefused
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError, ConnectionCut, ServiceFailure
from batchgw.model import AccountId, Effort, Region, RestApiId, Scope
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.world import World
from tests.virtual import virtually

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))


def world_with(*faults: str) -> tuple[SimulatedControlPlane, CreateDeployment]:
    """A world of one API, each of whose first calls has one of the faults."""
    script: Sequence[dict[str, Any]] = [
        {"match": {"nth": nth}, "fault": fault} for nth, fault in enumerate(faults, start=1)
    ]
    plane = simulate(World.generate(apis=1, accounts=1, regions=1), script=script)
    scope_apis = plane.engine.service.world.scope(SCOPE.account, SCOPE.region)
    return plane, CreateDeployment(scope=SCOPE, api=RestApiId(scope_apis.id(0)))


def deployments(plane: SimulatedControlPlane) -> int:
    return len(plane.engine.service.world.scope(SCOPE.account, SCOPE.region).detail(0).deployments)


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [("cut_before", ConnectionCut, 0), ("cut_after", ConnectionCut, 1), ("service_error", ServiceFailure, 0)],
)
def test_one_that_may_have_been_made_is_in_doubt_and_not_made_again(
    fault: str, error: type[CallError], made: int
) -> None:
    plane, request = world_with(fault)
    before = deployments(plane)

    async def main() -> None:
        execution = Execution()
        with pytest.raises(error):
            await PacedControlPlane(plane).send(request, execution)
        assert execution.in_doubt

    virtually(main)
    assert deployments(plane) - before == made
    assert plane.engine.statistics.total.calls == 1


def test_one_that_was_refused_is_made_again_and_once() -> None:
    plane, request = world_with("throttle", "conflict")
    before = deployments(plane)

    async def main() -> Effort:
        execution = Execution()
        await PacedControlPlane(plane).send(request, execution)
        return execution.effort

    effort = virtually(main)
    assert (effort.throttles, effort.attempts) == (1, 2)
    assert deployments(plane) - before == 1


def test_a_verb_that_only_reads_makes_none() -> None:
    plane, request = world_with()

    async def main() -> None:
        with pytest.raises(WriteRefused, match="CreateDeployment in 111111111111/eu-west-1"):
            await ReadOnlyControlPlane(plane).send(request)

    virtually(main)
    assert plane.engine.statistics.total.calls == 0
