"""The fast path sends what botocore would send, to the byte. If it cannot, botocore sends the call."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import botocore.auth
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from yarl import URL

from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.connections import Reply
from batchgw.control_plane.aws.credentials.session_policy import session_policy
from batchgw.control_plane.aws.fast_path import FastPath, invocation_id
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts import query_form
from batchgw.control_plane.aws.sts.questions import RoleSession
from batchgw.control_plane.aws.wire import FORMS, Format
from batchgw.control_plane.operations import DeleteGatewayResponse, GetRestApis, PutGatewayResponse
from batchgw.errors import BadRequest
from batchgw.model import AccountId, Region, ResponseType, RestApiId, RoleLink, Scope, Settings
from tests.conformance.aws.stub import BASE_ACCOUNT, only_test_configuration

NOW = datetime(2026, 11, 2, 10, 15, 0, tzinfo=UTC)
IRELAND = Region("eu-west-1")
KEYS = Keys(access_key="ASIATARGET", secret_key="s", token="tok//en+==")
LONG_LIVED = Keys(access_key="AKIATARGET", secret_key="t")

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_rest_apis", {"limit": 500}),
    ("get_rest_apis", {"limit": 25, "position": "a b/c=&ü+"}),
    ("get_gateway_responses", {"restApiId": "abc123"}),
    ("get_gateway_response", {"restApiId": "abc123", "responseType": "THROTTLED"}),
    ("delete_gateway_response", {"restApiId": "abc123", "responseType": "THROTTLED"}),
    ("delete_gateway_response", {"restApiId": "a b~c:ü%2F", "responseType": "THROTTLED"}),
    ("put_gateway_response", {"restApiId": "abc123", "responseType": "THROTTLED"}),
    (
        "put_gateway_response",
        {
            "restApiId": "a.b",
            "responseType": "DEFAULT_4XX",
            "statusCode": "429",
            "responseParameters": {"gatewayresponse.header.X": "'*'", "gatewayresponse.header.Ü": "'ü'"},
            "responseTemplates": {"application/json": '{"message":$context.error.messageString}\n'},
        },
    ),
]


ROLES: list[tuple[str, dict[str, Any]]] = [
    ("assume_role", {"RoleArn": "arn:aws:iam::111122223333:role/team/b", "RoleSessionName": "batchgw-1a2b"}),
    (
        "assume_role",
        {
            "RoleArn": "arn:aws-cn:iam::1:role/a+b=c,d.@-_~",
            "RoleSessionName": "a b",
            "ExternalId": "ü&=/%2F ~",
        },
    ),
    (
        "assume_role",
        RoleSession(
            arn="arn:aws:iam::111122223333:role/b",
            name="batchgw-20261130-d4c3b2",
            link=RoleLink(
                role="b",
                external_id="hub-7",
                session_tags={"team": "edge", "cost centre": "", "Größe": "a+b=c/d"},
                source_identity="alice@example.com",
            ),
            policy=session_policy(Access.WRITE, "aws"),
        ).params(),
    ),
]
FORMATS: Mapping[str, Mapping[str, Format]] = {"apigateway": FORMS, "sts": query_form.FORMATS}


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fix the time and the invocation id, so that two requests can be equal."""
    only_test_configuration(monkeypatch)
    one = uuid.UUID(int=7)
    monkeypatch.setattr("batchgw.control_plane.aws.fast_path.invocation_id", lambda: str(one))
    monkeypatch.setattr(uuid, "uuid4", lambda: one)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it comes to the pool."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


@dataclass
class Wire:
    """Takes the pool's place. It notes what would be sent, and by which way it came."""

    fast: list[Sent] = field(default_factory=list)
    stock: list[Sent] = field(default_factory=list)

    async def exchange(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> Reply:
        self.fast.append(Sent(method=method, url=str(url), headers=tuple(headers.items()), body=body))
        return answer(str(url))

    def session_class(self) -> type:
        wire = self

        class Session:
            def __init__(self, **_settings: object) -> None: ...

            async def __aenter__(self) -> Self:
                return self

            async def __aexit__(self, *_: object) -> None: ...

            async def close(self) -> None: ...

            async def send(self, request: Any) -> Any:
                headers = tuple((name, _text(value)) for name, value in request.headers.items())
                url = str(URL(request.url, encoded=True))  # as the pool reads it
                wire.stock.append(Sent(method=request.method, url=url, headers=headers, body=request.body))
                reply, make = answer(request.url), AioAWSResponse
                make_any: Any = make  # type stubs for botocore do not know this class
                return make_any(request.url, reply.status_code, reply.headers, reply)

        return Session


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def answer(url: str) -> Reply:
    if "sts" in url:
        return Reply(status_code=200, raw_headers=(), body=ASSUMED)
    body = b'{"item": []}' if "restapis?" in url or url.endswith("responses") else b'{"responseType": "X"}'
    return Reply(status_code=200, raw_headers=((b"x-amzn-RequestId", b"req-1"),), body=body)


ASSUMED = (
    b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
    b"<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/b/s</Arn></AssumedRoleUser>"
    b"<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
    b"</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
    b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>"
)


@asynccontextmanager
async def client(
    wire: Wire, *, fast: bool, url: str | None = None, service: str = "apigateway"
) -> AsyncIterator[TargetedClient]:
    """A client on the fast path, or one that is wholly botocore's own, including its signer."""
    config = AioConfig(
        http_session_cls=wire.session_class(),
        parameter_validation=False,
        user_agent="batchgw/test",
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    worthless: dict[str, Any] = {"aws_access_key_id": "no-target", "aws_secret_access_key": "no-target"}
    async with AioSession().create_client(
        service, region_name="us-east-1", endpoint_url=url, config=config, **worthless
    ) as opened:
        pool: Any = wire
        shortcut = FastPath(opened, pool, FORMATS[service], clock=NOW.timestamp) if fast else None
        yield TargetedClient(opened, frozenset(), shortcut)


async def sent(
    *, fast: bool, region: str = IRELAND, keys: Keys = KEYS, url: str | None = None
) -> tuple[list[Sent], list[Sent]]:
    """The requests of `CALLS`. Each call is made twice: by the fast path, and by botocore."""
    wire = Wire()
    async with client(wire, fast=fast, url=url) as targeted:
        for method, params in CALLS * 2:
            await targeted.call(method, Target(keys=keys, region=Region(region)), params)
    return wire.fast, wire.stock


@pytest.mark.asyncio
@pytest.mark.parametrize("keys", [KEYS, LONG_LIVED], ids=["session-token", "no-token"])
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "xx-new-1"])
async def test_every_operation_leaves_as_botocore_sends_and_signs_it(region: str, keys: Keys) -> None:
    """Method, address, headers in their order, signature and body are equal, in first and in later calls."""
    fast, _ = await sent(fast=True, region=region, keys=keys)
    _, stock = await sent(fast=False, region=region, keys=keys)
    assert len(fast) == len(stock) == 2 * len(CALLS)
    assert fast == stock


@pytest.mark.asyncio
@pytest.mark.parametrize("keys", [KEYS, LONG_LIVED], ids=["session-token", "no-token"])
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "xx-new-1"])
@pytest.mark.parametrize("url", [None, "http://sts.test:4566", "https://sts.test/base/"])
async def test_assume_role_leaves_as_botocore_sends_and_signs_it(
    region: str, keys: Keys, url: str | None
) -> None:
    """Method, address, headers in their order, signature and body are equal, in first and in later calls."""
    fast, stock, answers = Wire(), Wire(), []
    for wire in (fast, stock):
        async with client(wire, fast=wire is fast, url=url, service="sts") as targeted:
            target = Target(keys=keys, region=Region(region))
            for method, params in ROLES * 2:
                answers.append((await targeted.call(method, target, params))["Credentials"])
    assert fast.stock == []
    assert len(fast.fast) == len(stock.stock) == 2 * len(ROLES)
    assert [as_bytes(each) for each in fast.fast] == [as_bytes(each) for each in stock.stock]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.asyncio
@pytest.mark.parametrize("variables", [["FIPS"], ["DUALSTACK"], ["FIPS", "DUALSTACK"]], ids="-".join)
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1"])
async def test_fips_and_dual_stack_calls_leave_as_botocore_sends_and_signs_them(
    region: str, variables: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables:
        monkeypatch.setenv(f"AWS_USE_{name}_ENDPOINT", "true")
    fast, _ = await sent(fast=True, region=region)
    _, stock = await sent(fast=False, region=region)
    assert fast == stock
    assert len(fast) == 2 * len(CALLS)
    assert all(("-fips." in each.url) == ("FIPS" in variables) for each in fast)


@pytest.mark.asyncio
async def test_assume_role_with_an_unusual_parameter_is_sent_by_botocore() -> None:
    wire = Wire()
    params = {**ROLES[0][1], "DurationSeconds": 900}
    async with client(wire, fast=True, service="sts") as targeted:
        for _ in range(2):
            await targeted.call("assume_role", Target(keys=KEYS, region=IRELAND), params)
    assert wire.fast == []
    assert len(wire.stock) == 2


def as_bytes(sent: Sent) -> Sent:
    """Encode the body, because botocore passes a form on as text. The bytes on the wire are the same."""
    body: Any = sent.body
    return replace(sent, body=body.encode() if isinstance(body, str) else body)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566",
        "http://127.0.0.1:4566/",
        "https://gateway.example:443/base/",
        "https://gateway.example/a%20b//c/me@home",
        "https://GATEWAY.example/../x",
        "http://[::1]:8080",
    ],
)
async def test_custom_endpoints_lead_to_the_same_address_as_in_botocore(url: str) -> None:
    fast, by_the_way = await sent(fast=True, url=url)
    _, stock = await sent(fast=False, url=url)
    assert by_the_way == []
    assert fast == stock


@pytest.mark.asyncio
async def test_an_address_with_a_query_is_left_to_botocore() -> None:
    """Such a query cannot be distinguished from the operation's own."""
    url = "https://gateway.example/?tenant=a"
    fast, by_the_way = await sent(fast=True, url=url)
    _, stock = await sent(fast=False, url=url)
    assert fast == []
    assert by_the_way == stock


@pytest.mark.asyncio
async def test_a_request_that_somebody_changes_is_sent_by_botocore_as_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a Lambda function botocore adds a trace header. Plugins may add anything."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3")
    fast, by_the_way = await sent(fast=True)
    assert fast == []
    assert len(by_the_way) == 2 * len(CALLS)
    assert {each.header("X-Amzn-Trace-Id") for each in by_the_way} == {"Root=1-2-3"}


async def called_twice(interfere: Callable[..., object]) -> Wire:
    """Make a call twice while a plugin of botocore's interferes. Gives what was sent."""
    wire = Wire()
    async with client(wire, fast=True) as targeted:
        targeted._client.meta.events.register("before-call.api-gateway", interfere)
        for _ in range(2):
            await targeted.call("put_gateway_response", Target(keys=KEYS, region=IRELAND), CALLS[-1][1])
    return wire


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "change",
    [
        lambda params: params.update(body=b'{"statusCode": "500"}'),
        lambda params: params.update(url=params["url"] + "/x"),
        lambda params: params.update(method="PATCH"),
        lambda params: params["headers"].update({"Accept": "text/plain"}),
    ],
    ids=["body", "url", "method", "header"],
)
async def test_a_request_that_botocore_prepares_differently_is_sent_by_botocore(
    change: Callable[[dict[str, Any]], object],
) -> None:
    """The next version of botocore may do so. Then there is no fast path, and nothing is wrong."""
    wire = await called_twice(lambda params, **_: change(params))
    assert wire.fast == []
    assert len(wire.stock) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "change",
    [
        lambda context: context["signing"].update(region="us-east-2"),
        lambda context: context["signing"].update(signing_name="execute-api"),
        lambda context: context.update(auth_type="none"),
    ],
    ids=["region", "name", "not-at-all"],
)
async def test_a_request_that_an_endpoint_wants_signed_differently_is_signed_by_botocore(
    change: Callable[[dict[str, Any]], object],
) -> None:
    """Endpoint rules may name a signing region, a signing name, and a kind of signature."""
    wire = await called_twice(lambda context, **_: change(context))
    assert wire.fast == []
    assert len(wire.stock) == 2


@pytest.mark.asyncio
async def test_botocore_prepares_the_first_call_of_each_operation_and_region_only() -> None:
    wire, prepared = Wire(), []
    async with client(wire, fast=True) as targeted:

        def note(model: Any, **_: object) -> None:
            prepared.append(model.name)

        targeted._client.meta.events.register("before-call", note)
        for region in ("eu-west-1", "us-east-1", "eu-west-1"):
            for method, params in CALLS:
                await targeted.call(method, Target(keys=KEYS, region=Region(region)), params)
    once = [form.operation for form in FORMS.values()]
    assert sorted(prepared) == sorted(once * 2)


@pytest.mark.asyncio
async def test_an_operation_without_a_fast_path_is_sent_by_botocore() -> None:
    wire = Wire()
    async with client(wire, fast=True) as targeted:
        for _ in range(2):
            await targeted.call("get_stages", Target(keys=KEYS, region=IRELAND), {"restApiId": "a"})
    assert wire.fast == []
    assert [each.url for each in wire.stock] == [
        "https://apigateway.eu-west-1.amazonaws.com/restapis/a/stages"
    ] * 2


@pytest.mark.asyncio
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("bad", ["", ".", "..", "a/../b", "/", None, 7])
async def test_an_id_that_would_change_the_address_is_never_sent(
    bad: object,
    fast: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A DELETE of `/restapis//gatewayresponses/X` might delete something else."""
    calls: list[tuple[str, Mapping[str, object]]] = [
        ("get_gateway_responses", {"restApiId": bad}),
        ("delete_gateway_response", {"restApiId": bad, "responseType": "THROTTLED"}),
        ("delete_gateway_response", {"restApiId": "abc", "responseType": bad}),
        ("put_gateway_response", {"restApiId": bad, "responseType": "THROTTLED", "statusCode": "429"}),
        ("create_deployment", {"restApiId": bad}),
        ("update_stage", {"restApiId": "abc", "stageName": bad}),
    ]
    wire = Wire()
    async with client(wire, fast=fast) as targeted:
        for method, params in CALLS:
            await targeted.call(method, Target(keys=KEYS, region=IRELAND), params)
        before = len(wire.fast) + len(wire.stock)
        for method, wrong in calls:
            with pytest.raises(BadRequest, match=r"cannot be .*not sent"):
                await targeted.call(method, Target(keys=KEYS, region=IRELAND), wrong)
    assert len(wire.fast) + len(wire.stock) == before


@pytest.mark.asyncio
async def test_both_ways_are_the_same_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """The requests pass through the pool, and have what aiohttp adds."""
    for module in ("botocore_signer", "fast_path"):
        monkeypatch.setattr(f"batchgw.control_plane.aws.{module}.timestamp", lambda _now: "20261102T101500Z")
    scope = Scope(account=AccountId(BASE_ACCOUNT), region=IRELAND)
    put = PutGatewayResponse(
        scope=scope,
        api=RestApiId("a b"),
        type=ResponseType.THROTTLED,
        settings=Settings(status_code="429", templates={"text/plain": "ü"}),
    )
    delete = DeleteGatewayResponse(scope=scope, api=RestApiId("abc"), type=ResponseType.THROTTLED)
    received: list[bytes] = []
    async with listening(received) as port:
        for fast_path in (True, False):
            async with connect(endpoint_url=f"http://127.0.0.1:{port}", fast_path=fast_path) as plane:
                assert (plane._client._shortcut is not None) == fast_path
                for _ in range(2):
                    await plane.send(GetRestApis(scope=scope, position="p q"))
                    await plane.send(put)
                    await plane.send(delete)
    fast, stock = received[:7], received[7:]
    assert len(fast) == 7, "GetCallerIdentity and three calls, twice"
    assert fast == stock
    assert fast[2].startswith(b"PUT /restapis/a%20b/gatewayresponses/THROTTLED HTTP/1.1\r\nHost: 127.0.0.1:")
    assert fast[2].endswith(b'\r\n\r\n{"statusCode": "429", "responseTemplates": {"text/plain": "\\u00fc"}}')


@asynccontextmanager
async def listening(received: list[bytes]) -> AsyncIterator[int]:
    """A server that notes every byte of every request, and answers as the service does."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)
                received.append(head + await reader.readexactly(int(length[1]) if length else 0))
                writer.write(wire_answer(*head.split(b" ", 2)[:2]))
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def wire_answer(method: bytes, path: bytes) -> bytes:
    status, body = {
        b"POST": (b"200 OK", IDENTITY),
        b"PUT": (b"201 Created", b'{"responseType": "%s"}' % path.rpartition(b"/")[2]),
        b"DELETE": (b"202 Accepted", b""),
        b"GET": (b"200 OK", b'{"item": []}'),
    }[method]
    request_id = b"x-amzn-RequestId: req-1"
    return b"HTTP/1.1 %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s" % (status, request_id, len(body), body)


IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{BASE_ACCOUNT}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
).encode()


def test_invocation_ids_are_random_uuids() -> None:
    found = [invocation_id() for _ in range(100)]
    assert len(set(found)) == 100
    for each in found:
        assert str(uuid.UUID(each)) == each
        assert uuid.UUID(each).version == 4
        assert uuid.UUID(each).variant == uuid.RFC_4122
