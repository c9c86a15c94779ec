"""The simulated service behind the control plane's own interface, without HTTP: for tests in virtual time.

Works on asyncio and trio. It goes through the same engine as HTTP does; only the wire form is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar, cast

import anyio

from batchgw.control_plane.advice import name_permission
from batchgw.control_plane.classify import classify, parse_retry_after
from batchgw.control_plane.interface import (
    Answer,
    CreateDeployment,
    DeleteGatewayResponse,
    DeploymentId,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
    Request,
    RestApiPage,
)
from batchgw.errors import AccessDenied, CallError, ConnectionCut, ConnectionFailed, ServiceFailure
from batchgw.model import AccountId, Effort, GatewayResponse, ResponseType, RestApi, RestApiId, Scope
from batchgw.simulator.call import Call
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations import deployments, gateway_responses, rest_apis
from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import (
    ConnectionCutByServer,
    ConnectionRefusedByServer,
    OddlyAnswered,
    ServiceFault,
)
from batchgw.simulator.traffic.fault_script import parse
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import UNLIMITED, QuotaRules, Quotas
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.world.cell import Cell
from batchgw.simulator.world.world import World

T = TypeVar("T")


def simulate(
    world: World,
    *,
    quota: QuotaRules = UNLIMITED,
    latency: Latency | None = None,
    script: Sequence[Mapping[str, object]] = (),
    denied: Collection[str] = (),
    write_log: int = 0,
    seed: int = 0,
    clock: Callable[[], float] = anyio.current_time,
) -> SimulatedControlPlane:
    """A plane over a world of its own: without options no quota, no latency and no faults.

    `script` is a fault script as plain data (see `faults`); `denied` accounts have no permission; `write_log`
    is how many of the latest writes `plane.engine.statistics` keeps. Raises UsageError for a wrong script.
    """
    engine = Engine(
        Service(world),
        quotas=Quotas(quota),
        latency=latency,
        faults=parse(script, seed=seed),
        statistics=Statistics(write_log=write_log),
        denied=frozenset(denied),
        clock=clock,
        seed=seed,
    )
    return SimulatedControlPlane(engine)


class SimulatedControlPlane:
    """Answers the control plane's requests from a simulated world."""

    def __init__(self, engine: Engine, *, account: str | None = None) -> None:
        """`account` is that of the base credentials; the world's first when it is not given."""
        self.engine = engine
        self._account = account or engine.service.world.accounts[0]

    async def send(self, request: Request[T]) -> Answer[T]:
        """Make one call. Raises a `CallError` for everything that is not a success."""
        answer = _ANSWERS[type(request)]
        call = Call(
            operation=request.operation,
            account=request.scope.account,
            region=request.scope.region,
            api=getattr(request, "api", ""),
            type=getattr(request, "type", ""),
        )
        try:
            value, request_id = await self._run(call, lambda: answer(self.engine.service, request))
        except AccessDenied as error:
            name_permission(error, request)
            raise
        return Answer(value=cast("T", value), effort=Effort(attempts=1, request_id=request_id))

    async def current_account(self) -> AccountId:
        """The account of the base credentials. Raises a `CallError`."""
        call = Call(operation="GetCallerIdentity", account=self._account, region="global")
        account, _ = await self._run(call, lambda: AccountId(self._account))
        return account

    async def _run(self, call: Call, act: Callable[[], T]) -> tuple[T, str]:
        try:
            return await self.engine.run(call, act)
        except ServiceFault as fault:
            raise self._error(fault) from None
        except OddlyAnswered:
            raise ServiceFailure(
                f"the answer to {call.operation} in {call.account}/{call.region} cannot be read.",
                code="AnswerUnreadable",
            ) from None
        except ConnectionRefusedByServer:
            raise _not_connected(call) from None
        except ConnectionCutByServer:
            raise ConnectionCut(
                f"The connection was cut during {call.operation} in {call.account}/{call.region}: "
                "whether the call took effect is unknown."
            ) from None

    def _error(self, fault: ServiceFault) -> CallError:
        return classify(
            fault.code,
            fault.status,
            fault.message,
            retry_after=parse_retry_after(fault.headers.get("Retry-After"), self.engine.service.now()),
            request_id=fault.request_id,
        )


def _not_connected(call: Call) -> ConnectionFailed:
    """Make the error of a call whose endpoint does not answer; each region has one, as at AWS."""
    endpoint = f"https://{call.service}.{call.region}.simulated"
    error = ConnectionFailed(f"cannot connect to {endpoint}: connection refused.")
    error.endpoint = endpoint
    return error


def _get_rest_apis(service: Service, request: GetRestApis) -> RestApiPage:
    cell = _cell(service, request)
    page = rest_apis.page(cell, limit=request.limit, position=request.position)
    return RestApiPage(
        items=tuple(_rest_api(cell, request.scope, n) for n in page.numbers), position=page.position
    )


def _rest_api(cell: Cell, scope: Scope, number: int) -> RestApi:
    of = cell.attributes(number)
    return RestApi(
        scope=scope,
        id=RestApiId(cell.id(number)),
        name=of.name,
        tags=of.tags,
        endpoint_types=(of.endpoint_type,),
        created=float(int(of.created)),
    )


def _get_all(service: Service, request: GetGatewayResponses) -> Mapping[ResponseType, GatewayResponse]:
    return gateway_responses.read_all(_cell(service, request), request.api)


def _get(service: Service, request: GetGatewayResponse) -> GatewayResponse:
    return gateway_responses.read(_cell(service, request), request.api, request.type)


def _put(service: Service, request: PutGatewayResponse) -> GatewayResponse:
    return gateway_responses.put(_cell(service, request), request.api, request.type, request.settings)


def _delete(service: Service, request: DeleteGatewayResponse) -> None:
    gateway_responses.delete(_cell(service, request), request.api, request.type)


def _deploy(service: Service, request: CreateDeployment) -> DeploymentId:
    params: dict[str, str] = {"restApiId": request.api}
    if request.description:
        params["description"] = request.description
    made = deployments.create(_cell(service, request), params, service.now())
    return DeploymentId(str(made["id"]))


def _cell(service: Service, request: Request[object]) -> Cell:
    return service.world.cell(request.scope.account, request.scope.region)


# A request's class determines its answer's type. A table cannot tell mypy: hence the casts, here and in send.
_ANSWERS = cast(
    "Mapping[type, Callable[[Service, object], object]]",
    {
        GetRestApis: _get_rest_apis,
        GetGatewayResponses: _get_all,
        GetGatewayResponse: _get,
        PutGatewayResponse: _put,
        DeleteGatewayResponse: _delete,
        CreateDeployment: _deploy,
    },
)
