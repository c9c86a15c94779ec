"""The plane without HTTP answers what the wire answers, and means what the wire means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.control_plane.interface import ControlPlane, Execution, Request
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
)
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import (
    AccessDenied,
    ApiNotFound,
    BadRequest,
    CallError,
    ConcurrentModification,
    Conflict,
    ConnectionCut,
    CredentialsExpired,
    CredentialsRejected,
    NotCustomized,
    ResourceQuotaExceeded,
    ServiceFailure,
    Throttled,
    UsageError,
)
from batchgw.model import (
    AccountId,
    GatewayResponse,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.service import Service
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import QuotaRules, Rate
from batchgw.simulator.world.world import World
from tests.virtual import virtually

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApiId("placeholder")
HEADERS = Settings(parameters={"gatewayresponse.header.X": "'y'"})


def api_of(plane: SimulatedControlPlane) -> RestApiId:
    scope_apis = plane.engine.service.world.scope(SCOPE.account, SCOPE.region)
    return RestApiId(scope_apis.id(0))


def put(
    api: RestApiId, settings: Settings = HEADERS, kind: ResponseType = ResponseType.THROTTLED
) -> Request[Any]:
    return PutGatewayResponse(scope=SCOPE, api=api, type=kind, settings=settings)


def answered(plane: ControlPlane, request: Request[Any]) -> object:
    """What the plane answers, in the wire's form; a refusal as its code and AWS's own words."""

    async def main() -> object:
        try:
            value = await plane.send(request)
        except CallError as error:
            return error.code, error.status
        match value:
            case GatewayResponse():
                return rendered(value)
            case Mapping():
                assert list(value) == list(ResponseType)
                return by_type([rendered(r) for r in value.values()])
            case _:
                return value

    return virtually(main)


def rendered(response: GatewayResponse) -> dict[str, object]:
    """An answer always carries parameters and templates, be they empty."""
    return {"responseParameters": {}, "responseTemplates": {}, **response.to_json()}


def by_type(responses: Sequence[Mapping[str, object]]) -> Mapping[object, Mapping[str, object]]:
    """Name each gateway response: the service and batchgw order them differently."""
    named = {response["responseType"]: response for response in responses}
    assert len(named) == len(responses)
    return named


def dispatched(service: Service, operation: str, **params: object) -> object:
    """What the wire answers."""
    try:
        body: Any = service.dispatch(operation, SCOPE.account, SCOPE.region, params).body
    except ServiceFault as fault:
        return fault.code, fault.status
    return by_type(body["item"]) if body and "item" in body else body


def to_wire(request: Request[Any]) -> tuple[str, dict[str, object]]:
    match request:
        case PutGatewayResponse():
            given = {"restApiId": request.api, "responseType": request.type.value}
            return request.operation.name, {
                **given,
                "statusCode": request.settings.status_code,
                "responseParameters": dict(request.settings.parameters),
                "responseTemplates": dict(request.settings.templates),
            }
        case GetGatewayResponse() | DeleteGatewayResponse():
            return request.operation.name, {"restApiId": request.api, "responseType": request.type.value}
        case GetGatewayResponses():
            return request.operation.name, {"restApiId": request.api}
        case _:
            raise AssertionError(request)


TYPES = st.sampled_from(
    [
        ResponseType.DEFAULT_4XX,
        ResponseType.DEFAULT_5XX,
        ResponseType.UNAUTHORIZED,
        ResponseType.INTEGRATION_FAILURE,
    ]
)
SETTINGS = st.builds(
    Settings,
    status_code=st.sampled_from([None, "401", "599", "600", "x"]),
    parameters=st.dictionaries(
        st.sampled_from(["gatewayresponse.header.A", "gatewayresponse.header.B", "bad"]),
        st.sampled_from(["'a'", "method.request.header.X", "bare", ""]),
        max_size=2,
    ),
    templates=st.dictionaries(
        st.sampled_from(["application/json", "text/html", "bad"]),
        st.sampled_from(["{}", "<e/>", ""]),
        max_size=2,
    ),
)
REQUESTS = st.one_of(
    st.builds(PutGatewayResponse, scope=st.just(SCOPE), api=st.just(API), type=TYPES, settings=SETTINGS),
    st.builds(DeleteGatewayResponse, scope=st.just(SCOPE), api=st.just(API), type=TYPES),
    st.builds(GetGatewayResponse, scope=st.just(SCOPE), api=st.just(API), type=TYPES),
    st.builds(GetGatewayResponses, scope=st.just(SCOPE), api=st.just(API)),
)


@settings(deadline=None)
@given(st.lists(REQUESTS, max_size=12), st.booleans())
def test_both_ways_answer_the_same(requests: list[Any], gone: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """The same calls in the same order, in process and by wire parameters: equal answers and refusals."""
    plane = simulate(World.generate(apis=1, accounts=1, regions=1))
    service = Service(World.generate(apis=1, accounts=1, regions=1))
    api = RestApiId("nosuchapi1") if gone else api_of(plane)
    for request in requests:
        here = replace(request, api=api)
        operation, params = to_wire(here)
        assert answered(plane, here) == dispatched(service, operation, **params)


def test_pages_of_apis_are_the_wires() -> None:
    plane = simulate(World.generate(apis=30, accounts=1, regions=1))
    service = plane.engine.service

    async def main() -> None:
        position = None
        sizes = []
        while True:
            page = await plane.send(GetRestApis(scope=SCOPE, position=position, limit=12))
            given: dict[str, object] = {} if position is None else {"position": position}
            body: Any = service.dispatch(
                "GetRestApis", SCOPE.account, SCOPE.region, {**given, "limit": 12}
            ).body
            assert list(page.items) == [
                RestApi(
                    scope=SCOPE,
                    id=RestApiId(item["id"]),
                    name=item["name"],
                    tags=item.get("tags", {}),
                    endpoint_types=tuple(item["endpointConfiguration"]["types"]),
                    created=float(item["createdDate"]),
                )
                for item in body["item"]
            ]
            assert page.position == body.get("position")
            sizes.append(len(page.items))
            position = page.position
            if position is None:
                break
        assert sizes == [12, 12, 6]

    virtually(main)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("throttle", Throttled),
        ("conflict", ConcurrentModification),
        ({"conflict": "permanent"}, Conflict),
        ("service_error", ServiceFailure),
        ("cut_before", ConnectionCut),
        ("cut_after", ConnectionCut),
        ("expired_token", CredentialsExpired),
        ("access_denied", AccessDenied),
        ("limit_exceeded", ResourceQuotaExceeded),
        ({"limit_exceeded": "Too Many Requests"}, Throttled),
        ("bad_request", BadRequest),
        ("delete_api", ApiNotFound),
    ],
)
def test_faults_become_the_projects_errors(fault: object, kind: type[CallError]) -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1), script=[{"fault": fault}])

    async def main() -> None:
        with pytest.raises(kind) as caught:
            await plane.send(put(api_of(plane)))
        assert type(caught.value) is kind

    virtually(main)


def test_errors_carry_request_id_and_retry_after() -> None:
    world = World.generate(apis=1, accounts=1, regions=1)
    plane = simulate(world, script=[{"fault": {"retry_after": {"date_in": 7200}}}])

    async def main() -> None:
        with pytest.raises(Throttled) as caught:
            await plane.send(put(api_of(plane)))
        assert caught.value.request_id
        assert caught.value.retry_after == pytest.approx(7200, abs=5)

    virtually(main)


def test_a_cut_before_the_change_made_none_and_one_after_did() -> None:
    for fault, written in (("cut_before", False), ("cut_after", True)):
        plane = simulate(World.generate(apis=1, accounts=1, regions=1), script=[{"fault": fault}])
        api = api_of(plane)

        async def main(plane: SimulatedControlPlane = plane, api: RestApiId = api) -> None:
            with pytest.raises(ConnectionCut, match="PutGatewayResponse in 111111111111/eu-west-1"):
                await plane.send(put(api))

        virtually(main)
        scope_apis = plane.engine.service.world.scope(SCOPE.account, SCOPE.region)
        assert (scope_apis.customisation(0).own.get(ResponseType.THROTTLED) == HEADERS) is written


def test_a_deployment_is_a_snapshot_on_no_stage() -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1))
    scope_apis = plane.engine.service.world.scope(SCOPE.account, SCOPE.region)
    stages = {name: stage.deployment for name, stage in scope_apis.detail(0).stages.items()}

    async def main() -> None:
        await plane.send(put(api_of(plane)))
        made = await plane.send(CreateDeployment(scope=SCOPE, api=api_of(plane), description="run 7"))
        await plane.send(put(api_of(plane), Settings()))
        deployment = scope_apis.detail(0).deployments[made]
        assert deployment.description == "run 7"
        assert deployment.gateway_responses.own[ResponseType.THROTTLED] == HEADERS  # as it was then
        again = await plane.send(CreateDeployment(scope=SCOPE, api=api_of(plane)))
        assert again != made
        assert scope_apis.detail(0).deployments[again].description is None

    virtually(main)
    assert {name: stage.deployment for name, stage in scope_apis.detail(0).stages.items()} == stages


def test_deployments_have_a_lane_of_their_own_beside_the_total() -> None:
    """One in 5 s: refused at 4.9 s; a refusal takes nothing from the total, which has its 40 for puts."""
    plane = simulate(World.generate(apis=1, accounts=1, regions=1), quota=QuotaRules())

    async def main() -> None:
        deploy = CreateDeployment(scope=SCOPE, api=api_of(plane))
        await plane.send(deploy)
        for moment in (0.0, 4.9):
            await anyio.sleep_until(moment)
            with pytest.raises(Throttled):
                await plane.send(deploy)
        await anyio.sleep_until(5.0)
        await plane.send(deploy)
        for _ in range(39):
            await plane.send(GetGatewayResponses(scope=SCOPE, api=api_of(plane)))
        with pytest.raises(Throttled):
            await plane.send(GetGatewayResponses(scope=SCOPE, api=api_of(plane)))

    virtually(main)


def test_a_denial_names_the_permission() -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1), denied=[SCOPE.account])

    async def main() -> None:
        with pytest.raises(AccessDenied) as caught:
            await plane.send(CreateDeployment(scope=SCOPE, api=api_of(plane)))
        where = f"arn:aws:apigateway:eu-west-1::/restapis/{api_of(plane)}/deployments"
        assert f"apigateway:POST on resource: {where}" in caught.value.message

    virtually(main)


def test_resetting_what_is_at_its_default() -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1))

    async def main() -> None:
        with pytest.raises(NotCustomized):
            await plane.send(
                DeleteGatewayResponse(scope=SCOPE, api=api_of(plane), type=ResponseType.WAF_FILTERED)
            )

    virtually(main)


def test_an_answer_tells_its_effort() -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1))

    async def main() -> None:
        execution = Execution()
        await PacedControlPlane(plane).send(put(api_of(plane)), execution)
        assert (execution.attempts, execution.throttles, bool(execution.request_id)) == (1, 0, True)

    virtually(main)


def test_denied_accounts_and_regions_that_are_not_enabled() -> None:
    plane = simulate(World.generate(apis=4, accounts=2, regions=1), denied=["222222222222"])

    async def main() -> None:
        denied = Scope(account=AccountId("222222222222"), region=SCOPE.region)
        with pytest.raises(AccessDenied):
            await plane.send(GetRestApis(scope=denied))
        nowhere = Scope(account=SCOPE.account, region=Region("af-south-1"))
        with pytest.raises(CredentialsRejected):
            await plane.send(GetRestApis(scope=nowhere))
        assert len((await plane.send(GetRestApis(scope=SCOPE))).items) == 2

    virtually(main)


def test_the_base_account_is_the_worlds_first_unless_it_is_given() -> None:
    world = World.generate(apis=0, accounts=2, regions=1)

    async def main() -> None:
        assert await simulate(world).current_account() == "111111111111"
        plane = SimulatedControlPlane(Engine(Service(world)), account="222222222222")
        assert await plane.current_account() == "222222222222"

    virtually(main)


def test_whose_account_it_is_may_go_wrong_too() -> None:
    script = [{"match": {"operation": "GetCallerIdentity"}, "fault": "expired_token"}]
    plane = simulate(World.generate(apis=0), script=script)

    async def main() -> None:
        with pytest.raises(CredentialsRejected):
            await plane.current_account()

    virtually(main)


def test_a_wrong_script_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean"):
        simulate(World.empty(), script=[{"fault": "throtle"}])


def test_a_storm_is_let_through_at_the_quotas_pace() -> None:
    """Burst 40, 10/s: 640 calls by callers who ask again every 0.1 s take 60 s of virtual time."""
    world = World.generate(apis=1, accounts=1, regions=1)
    plane = simulate(
        world, quota=QuotaRules(total=Rate(rate=10, burst=40), per_operation={}), latency=Latency()
    )

    async def caller(calls: int) -> None:
        while calls:
            try:
                await plane.send(GetGatewayResponses(scope=SCOPE, api=api_of(plane)))
                calls -= 1
            except Throttled:
                await anyio.sleep(0.1)

    async def main() -> float:
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(caller, 40)
        return anyio.current_time()

    assert virtually(main) == pytest.approx(60, abs=0.6)
    total = plane.engine.statistics.total
    assert (total.succeeded, total.calls) == (640, 640 + total.refused)


@pytest.mark.asyncio
async def test_it_runs_on_asyncio_as_well() -> None:
    plane = simulate(World.generate(apis=1, accounts=1, regions=1), latency=Latency(median=0.001, p99=0.001))
    answer: Any = await plane.send(put(api_of(plane)))
    assert answer.settings.parameters == HEADERS.parameters
    assert answer.default_response is False
