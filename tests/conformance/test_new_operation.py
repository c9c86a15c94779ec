"""An operation that is added in one place is sent, limited, retried, refused and explained like any other.

`GetStages` stands here as it would in a file of `control_plane.operations`. Nothing else knows of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import ApiRequest, ControlPlane, Execution, Operation, Reading, Wire
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.readonly import ReadOnlyControlPlane, WriteRefused
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import ApiDenied
from batchgw.events import CallAnswered, CallRetried, CallSent, CallThrottled, Event
from batchgw.model import AccountId, Region, RestApiId, Scope
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.serve import ServeOptions, running
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.world import World
from batchgw.throttle.quota import Quota
from tests.conformance.aws.stub import only_test_configuration
from tests.virtual import virtually

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OPTIONS = ServeOptions(apis=4, accounts=1, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetStages(ApiRequest[tuple[str, ...]]):
    """List the names of an API's stages."""

    operation = Operation(
        name="GetStages", method="get_stages", http="GET", path="/restapis/{restApiId}/stages"
    )

    def params(self) -> Wire:
        return {"restApiId": self.api}

    def read(self, answer: Wire, reading: Reading) -> tuple[str, ...]:
        del reading
        return tuple(stage["stageName"] for stage in answer["item"])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStage(ApiRequest[None]):
    """Delete a stage."""

    operation = Operation(
        name="DeleteStage",
        method="delete_stage",
        http="DELETE",
        path="/restapis/{restApiId}/stages/{stageName}",
        writes=True,
    )
    stage: str

    def params(self) -> Wire:
        return {"restApiId": self.api, "stageName": self.stage}

    def read(self, answer: Wire, reading: Reading) -> None:
        pass


class Seen:
    """An observer that keeps all events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


def simulated(
    script: Sequence[Mapping[str, object]] = (), denied: Sequence[str] = ()
) -> tuple[SimulatedControlPlane, GetStages]:
    plane = simulate(World.generate(apis=4, accounts=1, regions=1), script=script, denied=denied)
    scope_apis = plane.engine.service.world.scope(SCOPE.account, SCOPE.region)
    return plane, GetStages(scope=SCOPE, api=RestApiId(scope_apis.id(0)))


async def stages_of_all(plane: ControlPlane) -> dict[str, tuple[str, ...]]:
    apis = (await plane.send(GetRestApis(scope=SCOPE))).items
    return {api.id: (await plane.send(GetStages(scope=SCOPE, api=api.id))) for api in apis}


@pytest.mark.asyncio
async def test_it_gets_the_same_answer_over_http_and_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)
    near = PacedControlPlane(SimulatedControlPlane(make_engine(OPTIONS)))
    with running(OPTIONS) as ready:
        key = ready.keys[ready.management_account]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(endpoint_url=ready.endpoint) as plane:
            found = await stages_of_all(PacedControlPlane(plane))
    assert len(found) == 4
    assert any(found.values())
    assert found == await stages_of_all(near)


def test_it_is_limited_and_retried_and_observers_are_told() -> None:
    faults = enumerate(("throttle", "service_error"), start=1)
    script = [{"match": {"operation": "GetStages", "nth": nth}, "fault": fault} for nth, fault in faults]
    plane, request = simulated(script)
    seen = Seen()
    pace = Pace(operations={"GetStages": Quota(1.0, 1.0)})

    async def main() -> None:
        paced = PacedControlPlane(plane, observer=seen, pace=pace)
        execution = Execution()
        await paced.send(request, execution)
        assert (execution.throttles, execution.attempts) == (1, 2)
        assert execution.waited >= 1.0  # its own quota holds it back

    virtually(main)
    told = [
        type(e) for e in seen.events if isinstance(e, CallSent | CallThrottled | CallRetried | CallAnswered)
    ]
    assert told == [CallSent, CallThrottled, CallSent, CallRetried, CallSent, CallAnswered]
    assert {e.operation for e in seen.events if isinstance(e, CallSent)} == {"GetStages"}
    assert {e.api for e in seen.events if isinstance(e, CallSent)} == {request.api}


def test_a_denial_names_its_permission() -> None:
    script = [{"match": {"operation": "GetStages"}, "fault": "access_denied"}]
    plane, request = simulated(script)
    path = f"arn:aws:apigateway:eu-west-1::/restapis/{request.api}/stages"

    async def main() -> None:
        with pytest.raises(ApiDenied, match=f"apigateway:GET on (resource: )?{path}"):
            await PacedControlPlane(plane).send(request)

    virtually(main)


def test_a_read_only_plane_sends_it_and_refuses_the_operation_that_writes() -> None:
    plane, request = simulated()
    delete = DeleteStage(scope=SCOPE, api=request.api, stage="prod")

    async def main() -> None:
        guarded = ReadOnlyControlPlane(plane)
        await guarded.send(request)
        with pytest.raises(WriteRefused, match="DeleteStage in 111111111111/eu-west-1"):
            await guarded.send(delete)

    virtually(main)
    assert plane.engine.statistics.total.calls == 1
