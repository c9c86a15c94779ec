"""Every call is signed with its scope's keys, for its scope's region, and goes to its scope's host."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
import pytest
import pytest_asyncio
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import web
from yarl import URL

from batchgw.control_plane.aws import connect
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.connections import ConnectionPool
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.interface import Execution
from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, PutGatewayResponse
from batchgw.errors import CredentialsUnavailable, ScopeError, ServiceFailure
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    BASE_KEY,
    Seen,
    Stub,
    api_answer,
    assumed,
    caller_identity,
    only_test_configuration,
    serving,
    sts_error,
)

pytestmark = pytest.mark.usefixtures("each_way")

ACCOUNTS = [f"{n:012d}" for n in range(100, 150)]
REGIONS = ["eu-west-1", "us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1"]


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


def scope(account: str = BASE_ACCOUNT, region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(account), region=Region(region))


async def api_named_like_its_scope(seen: Seen, _request: web.Request) -> web.StreamResponse:
    await anyio.sleep(0.001)  # so that calls of many scopes are under way together
    return api_answer(200, {"item": [{"id": f"{seen.key}:{seen.region}", "name": seen.token}]})


@pytest.mark.asyncio
async def test_concurrent_calls_of_250_scopes_are_each_signed_for_their_own(stub: Stub) -> None:
    """50 accounts x 5 regions at once over one client. No call has another scope's keys or region."""
    stub.gateway = api_named_like_its_scope
    scopes = [scope(account, region) for account in ACCOUNTS for region in REGIONS]
    told: dict[Scope, tuple[str, str]] = {}

    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Role") as plane:

        async def ask(where: Scope) -> None:
            page = await plane.send(GetRestApis(scope=where))
            told[where] = (page.items[0].id, page.items[0].name)

        async with anyio.create_task_group() as tasks:
            for where in scopes:
                tasks.start_soon(ask, where)

    assert told == {s: (f"ASIA{s.account}x0:{s.region}", f"token-{s.account}-0") for s in scopes}
    assert len(stub.seen_by("apigateway")) == 250
    assert len(stub.assumed) == 50, "one AssumeRole per account, however many ask"
    identities = len(stub.seen_by("sts")) - len(stub.assumed)
    assert 1 <= identities <= 3, "and in a partition, once at most, whose the base credentials are"


@pytest.mark.asyncio
async def test_without_a_role_the_base_credentials_sign_for_their_own_account(stub: Stub) -> None:
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        assert await plane.current_account() == BASE_ACCOUNT
        await plane.send(GetRestApis(scope=scope(region="us-east-1")))
        await plane.send(GetRestApis(scope=scope(region="eu-west-1")))
    assert [(s.key, s.region) for s in stub.seen_by("apigateway")] == [
        (BASE_KEY, "us-east-1"),
        (BASE_KEY, "eu-west-1"),
    ]
    assert len(stub.seen_by("sts")) == 1, "GetCallerIdentity is asked once"


@pytest.mark.asyncio
@pytest.mark.parametrize("role", [None, "Role"])
async def test_without_a_region_of_its_own_sts_is_asked_in_the_scope_s_partition(
    role: str | None, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key of China is known nowhere else, so neither GetCallerIdentity nor AssumeRole may go elsewhere."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role=role) as plane:
        assert plane.region is None
        account = BASE_ACCOUNT if role is None else ACCOUNTS[1]
        await plane.send(GetRestApis(scope=scope(account, "cn-north-1")))
    asked = ["sts", "apigateway"] if role is None else ["sts", "sts", "apigateway"]
    assert [(s.service, s.region) for s in stub.seen] == [(service, "cn-north-1") for service in asked]


@pytest.mark.asyncio
@pytest.mark.parametrize("role", [None, "Role"])
async def test_a_switched_off_first_region_does_not_hinder_the_others(role: str | None, stub: Stub) -> None:
    """STS is asked in the first region of a policy, which the account may never have opted into."""

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        if seen.region == "me-south-1":
            return sts_error("InvalidClientTokenId", 403, "The security token is invalid.")
        return assumed(ACCOUNTS[1]) if seen.form["Action"] == "AssumeRole" else caller_identity()

    stub.sts = stub.identity = answer
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role=role, region="me-south-1") as plane:
        await plane.send(GetRestApis(scope=scope(ACCOUNTS[1] if role else BASE_ACCOUNT, "eu-west-1")))
    regions = ["me-south-1", "us-east-1"]  # the region that has refused is not tried again for the role
    assert [s.region for s in stub.seen_by("sts")] == ([*regions, "us-east-1"] if role else regions)


@pytest.mark.asyncio
async def test_another_account_without_a_role_is_refused_before_anything_is_sent(stub: Stub) -> None:
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        with pytest.raises(CredentialsUnavailable, match=r"account 000000000001.*222222222222.*--role-name"):
            await plane.send(GetRestApis(scope=scope("222222222222")))
    assert stub.seen_by("apigateway") == []


@pytest.mark.asyncio
async def test_operations_leave_as_aws_documents_them(stub: Stub) -> None:
    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        if seen.method == "PUT":
            return api_answer(
                201, {"responseType": "THROTTLED", "statusCode": "429", "defaultResponse": False}
            )
        more = {"position": "next"} if seen.path == "/restapis" else {}
        return api_answer(200, {"item": [], **more})

    stub.gateway = answer
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        execution = Execution()
        page = await plane.send(GetRestApis(scope=scope(), position="here"), execution)
        await plane.send(GetGatewayResponses(scope=scope(), api=RestApiId("abc")))
        await plane.send(
            PutGatewayResponse(
                scope=scope(),
                api=RestApiId("abc"),
                type=ResponseType.THROTTLED,
                settings=Settings(parameters={"gatewayresponse.header.X": "'1'"}),
            )
        )
    listing, reading, writing = stub.seen_by("apigateway")
    assert (listing.method, listing.path, listing.query) == (
        "GET",
        "/restapis",
        {"limit": "500", "position": "here"},
    )
    assert (reading.method, reading.path) == ("GET", "/restapis/abc/gatewayresponses")
    assert (writing.method, writing.path) == ("PUT", "/restapis/abc/gatewayresponses/THROTTLED")
    assert writing.body == '{"responseParameters": {"gatewayresponse.header.X": "\'1\'"}}'
    assert listing.agent.startswith("batchgw/")
    assert page.position == "next"
    assert execution.request_id == "req-1"


@pytest.mark.asyncio
@pytest.mark.parametrize("said", [None, "application/json"])
async def test_the_content_type_that_is_sent_is_the_one_that_was_signed(stub: Stub, said: str | None) -> None:
    """Aiohttp would add a Content-Type of its own to a body that has none."""
    headers = {} if said is None else {"Content-Type": said}
    url = URL(f"http://127.0.0.1:{stub.port}/restapis")
    pool = ConnectionPool(
        tls=ssl.create_default_context(), max_connections=1, connect_timeout=5, read_timeout=5
    )
    async with pool:
        await pool.exchange("PUT", url, headers, b"{}")
    assert [each.content_type for each in stub.seen] == [said]


@pytest.mark.asyncio
async def test_roles_are_assumed_by_name_with_external_id_and_a_session_name_sts_accepts(stub: Stub) -> None:
    async with connect(
        endpoint_url=f"http://127.0.0.1:{stub.port}",
        role="team/Batchgw",
        external_id="x-1",
        session_name="run 42: nightly",
    ) as plane:
        await plane.send(GetRestApis(scope=scope("222222222222", "us-gov-west-1")))
    (asked,) = stub.assumed
    assert asked.form["RoleArn"] == "arn:aws-us-gov:iam::222222222222:role/team/Batchgw"
    assert asked.form["ExternalId"] == "x-1"
    assert asked.form["RoleSessionName"] == "run-42--nightly"
    assert asked.region == "us-gov-west-1", "another partition's STS is asked there"


@pytest.mark.asyncio
async def test_endpoints_come_from_the_environment_and_sts_may_have_its_own(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as only_sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_API_GATEWAY", f"http://127.0.0.1:{stub.port}")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{only_sts.port}")
        async with connect() as plane:
            await plane.send(GetRestApis(scope=scope()))
        async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
            await plane.send(GetRestApis(scope=scope()))
        assert {s.service for s in stub.seen} == {"apigateway"}
        assert [s.service for s in only_sts.seen] == ["sts", "sts"]


@pytest.mark.asyncio
async def test_one_endpoint_in_the_environment_serves_both(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")
    async with connect() as plane:
        await plane.send(GetRestApis(scope=scope()))
    assert [s.service for s in stub.seen] == ["sts", "apigateway"]


@pytest.mark.asyncio
async def test_an_answer_of_aws_that_leaves_a_type_out_makes_its_api_unreadable(stub: Stub) -> None:
    """The stub lists no types, as an emulator does. Read as AWS's, it would mean "nothing is customised"."""
    request = GetGatewayResponses(scope=scope(BASE_ACCOUNT, "eu-west-1"), api=RestApiId("a1"))
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        assert all(each.default_response for each in (await plane.send(request)).values())
        plane.emulated = False
        with pytest.raises(ServiceFailure, match="leaves out DEFAULT_4XX and 20 more"):
            await plane.send(request)


@pytest.mark.asyncio
async def test_a_proxy_of_the_environment_is_used(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stub is the proxy. It sees a request for a host that only the proxy can reach."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{stub.port}")
    async with connect(endpoint_url="http://gateway.invalid:8080") as plane:
        await plane.send(GetRestApis(scope=scope()))
    assert {s.host for s in stub.seen} == {"gateway.invalid:8080"}


@pytest.mark.asyncio
async def test_the_no_proxy_variable_is_heeded(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        await plane.send(GetRestApis(scope=scope()))
    assert len(stub.seen_by("apigateway")) == 1


class _Body:
    """An answer's body, in the form that aiobotocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


@dataclass
class Wire:
    """Takes the network's place, and notes what would be sent."""

    sent: list[tuple[str, str]] = field(default_factory=list)  # URL, Authorization

    def session_class(self) -> type:
        wire = self

        class Session:
            def __init__(self, **_settings: object) -> None: ...

            async def __aenter__(self) -> Self:
                return self

            async def __aexit__(self, *_: object) -> None: ...

            async def close(self) -> None: ...

            async def send(self, request: Any) -> Any:
                authorization = request.headers["Authorization"]
                wire.sent.append(
                    (request.url, authorization if isinstance(authorization, str) else authorization.decode())
                )
                make: Any = AioAWSResponse  # type stubs for botocore do not know this class
                return make(request.url, 200, {}, _Body(b'{"item": []}'))

        return Session


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "apigateway.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "apigateway.us-gov-west-1.amazonaws.com"),
        ("cn-northwest-1", "apigateway.cn-northwest-1.amazonaws.com.cn"),
    ],
)
async def test_hosts_of_every_partition_and_the_undocumented_signing_key(region: str, host: str) -> None:
    """Pins `request_credentials`: if it were ignored, the client's own invalid keys would be used here."""
    wire = Wire()
    config = AioConfig(http_session_cls=wire.session_class(), parameter_validation=False)
    worthless: dict[str, Any] = {"aws_access_key_id": "no-target", "aws_secret_access_key": "no-target"}
    async with AioSession().create_client(
        "apigateway", region_name="us-east-1", config=config, **worthless
    ) as client:
        targeted = TargetedClient(client, frozenset())
        keys = Keys(access_key="ASIATARGET", secret_key="s", token="t")
        await targeted.call("get_rest_apis", Target(keys=keys, region=Region(region)), {"limit": 500})
    ((url, authorization),) = wire.sent
    assert url == f"https://{host}/restapis?limit=500"
    assert "Credential=ASIATARGET/" in authorization
    assert f"/{region}/apigateway/aws4_request" in authorization


@pytest.mark.asyncio
@pytest.mark.parametrize("role", [None, "Role"])
async def test_a_scope_whose_region_would_lead_to_another_host_is_given_up_and_nothing_is_sent(
    role: str | None, stub: Stub
) -> None:
    """The region may come from a plan, a journal, or a caller of the library."""
    account = ACCOUNTS[1] if role else BASE_ACCOUNT
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role=role) as plane:
        with pytest.raises(ScopeError, match="is not a region, so nothing was sent"):
            await plane.send(GetRestApis(scope=scope(account, "x.evil.example/#")))
    assert stub.seen_by("apigateway") == []
