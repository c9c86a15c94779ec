"""The same requests to the same world get the same answers over HTTP, through the AWS client, and in process.

The simulator recomputes every signature with botocore's own signer: what passes here was signed right.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from batchgw.control_plane.aws import AwsControlPlane, connect
from batchgw.control_plane.interface import ControlPlane, Request
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
)
from batchgw.errors import AccessDenied, CallError, CredentialsUnavailable
from batchgw.model import AccountId, Region, ResponseType, RestApiId, RoleLink, Scope, Settings
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running
from batchgw.simulator.plane import SimulatedControlPlane
from tests.conformance.aws.stub import only_test_configuration

pytestmark = pytest.mark.usefixtures("each_way")

WORLD = ServeOptions(apis=12, accounts=3, regions=2, no_throttle=True, latency=0.0, latency_p99=0.0)
CUSTOM = Settings(
    status_code="404",
    parameters={"gatewayresponse.header.X": "'1'"},
    templates={"application/json": "{}", "text/plain": "über"},
)


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@asynccontextmanager
async def over_http(
    options: ServeOptions, monkeypatch: pytest.MonkeyPatch, **how: str
) -> AsyncIterator[tuple[AwsControlPlane, ReadyInfo]]:
    with running(options) as ready:
        key = ready.keys[ready.management_account]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        async with connect(
            endpoint_url=ready.endpoint,
            role=how.get("role", ready.role_name),
            external_id=how.get("external_id"),
        ) as plane:
            yield plane, ready


async def outcome(plane: ControlPlane, request: Request[object]) -> object:
    """The answer's value, or all that an error says."""
    try:
        return await plane.send(request)
    except CallError as error:
        return type(error), error.code, error.status, error.message, error.retry_after


def without_session(refusal: tuple[object, ...]) -> tuple[object, ...]:
    """Give all that an error says but the name of the session that signed, which is the run's."""
    name = re.compile(r"(?<=/OrganizationBatchgw/)\S+")
    return tuple(name.sub("SESSION", part) if isinstance(part, str) else part for part in refusal)


def story(scope: Scope, api: RestApiId) -> Sequence[Request[object]]:
    """Reads and writes of every kind on one API, including some that the service refuses."""

    def put(response_type: ResponseType, settings: Settings) -> Request[object]:
        return PutGatewayResponse(scope=scope, api=api, type=response_type, settings=settings)

    return [
        GetRestApis(scope=scope),
        GetRestApis(scope=scope, limit=1),
        GetGatewayResponses(scope=scope, api=api),
        put(ResponseType.DEFAULT_5XX, CUSTOM),
        GetGatewayResponse(scope=scope, api=api, type=ResponseType.INTEGRATION_FAILURE),
        put(ResponseType.AUTHORIZER_FAILURE, Settings(status_code="401")),
        put(ResponseType.UNAUTHORIZED, Settings()),
        GetGatewayResponses(scope=scope, api=api),
        DeleteGatewayResponse(scope=scope, api=api, type=ResponseType.DEFAULT_5XX),
        DeleteGatewayResponse(scope=scope, api=api, type=ResponseType.DEFAULT_5XX),
        GetGatewayResponses(scope=scope, api=api),
        put(ResponseType.THROTTLED, Settings(status_code="999")),
        put(ResponseType.THROTTLED, Settings(parameters={"gatewayresponse.header.X": "bare"})),
        GetGatewayResponses(scope=scope, api=RestApiId("gone")),
        put(ResponseType.THROTTLED, Settings(templates={"text/plain": "a/b ?#%20 \u20ac '\"\\\n"})),
        GetGatewayResponse(scope=scope, api=api, type=ResponseType.THROTTLED),
        CreateDeployment(scope=scope, api=api, description="first, and \u20ac"),
        CreateDeployment(scope=scope, api=api),
        CreateDeployment(scope=scope, api=RestApiId("gone")),
    ]


@pytest.mark.asyncio
async def test_the_same_calls_in_every_scope_are_answered_alike_over_http_and_in_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with over_http(WORLD, monkeypatch) as (plane, ready):
        near = SimulatedControlPlane(make_engine(WORLD))
        assert await plane.current_account() == await near.current_account() == ready.management_account

        async def tell(scope: Scope) -> None:
            api = (await near.send(GetRestApis(scope=scope))).items[0].id
            for request in story(scope, api):
                assert await outcome(plane, request) == await outcome(near, request), request

        async with anyio.create_task_group() as tasks:
            for account in ready.accounts:
                for region in ready.regions:
                    tasks.start_soon(tell, Scope(account=AccountId(account), region=Region(region)))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        "throttle",
        {"retry_after": 2},
        {"retry_after": "soon"},
        "conflict",
        {"conflict": "permanent"},
        "service_error",
        {"service_error": 503},
        "expired_token",
        "access_denied",
        "delete_api",
        "limit_exceeded",
        {"limit_exceeded": "Too Many Requests"},
        "bad_request",
    ],
)
async def test_every_scripted_refusal_is_the_same_error_over_http_and_in_process(
    fault: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "faults.json"
    script.write_text(json.dumps([{"match": {"operation": "PutGatewayResponse"}, "fault": fault}]))
    options = ServeOptions(
        apis=6, accounts=2, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0, faults=script
    )
    async with over_http(options, monkeypatch) as (plane, ready):
        roles = [RoleLink(role=ready.role_name)]
        near = SimulatedControlPlane(make_engine(options), roles=roles)
        scope = Scope(account=AccountId(ready.accounts[1]), region=Region(ready.regions[0]))
        api = (await near.send(GetRestApis(scope=scope))).items[0].id
        request = PutGatewayResponse(scope=scope, api=api, type=ResponseType.THROTTLED, settings=CUSTOM)
        there, here = await outcome(plane, request), await outcome(near, request)
    assert isinstance(there, tuple), "refused"
    assert isinstance(here, tuple), "refused"
    assert without_session(there) == without_session(here)


@pytest.mark.asyncio
async def test_a_role_that_trusts_nobody_and_one_that_wants_an_external_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = "222222222222"
    options = ServeOptions(
        apis=3,
        accounts=3,
        regions=1,
        no_throttle=True,
        latency=0.0,
        latency_p99=0.0,
        external_id="x-1",
        refused_roles=frozenset({refused}),
    )
    async with over_http(options, monkeypatch, external_id="x-1") as (plane, ready):
        assert refused in ready.accounts
        for account in ready.accounts:
            request = GetRestApis(scope=Scope(account=AccountId(account), region=Region(ready.regions[0])))
            if account == refused:
                with pytest.raises(
                    CredentialsUnavailable, match=rf"role/{ready.role_name} in account {refused}"
                ):
                    await plane.send(request)
            else:
                assert len((await plane.send(request)).items) == 1
    async with over_http(options, monkeypatch) as (plane, ready):
        own, _, other = ready.accounts
        request = GetRestApis(scope=Scope(account=AccountId(other), region=Region(ready.regions[0])))
        with pytest.raises(CredentialsUnavailable, match="external id"):
            await plane.send(request)
        await plane.send(replace(request, scope=replace(request.scope, account=AccountId(own))))


@pytest.mark.asyncio
async def test_a_denied_account_is_access_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ServeOptions(
        apis=2,
        accounts=2,
        regions=1,
        no_throttle=True,
        latency=0.0,
        latency_p99=0.0,
        denied=frozenset({"222222222222"}),
    )
    async with over_http(options, monkeypatch) as (plane, ready):
        assert "222222222222" in ready.accounts
        scope = Scope(account=AccountId("222222222222"), region=Region(ready.regions[0]))
        with pytest.raises(AccessDenied, match="permission"):
            await plane.send(GetRestApis(scope=scope))
