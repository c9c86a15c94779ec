"""Whatever fails, on the way or in the service, becomes one of batchgw's errors, which says what to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from batchgw.control_plane.aws import AwsControlPlane, connect
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.questions import Sts
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
)
from batchgw.errors import (
    AccessDenied,
    ApiNotFound,
    BadRequest,
    CallError,
    ConnectionCut,
    ConnectionFailed,
    ForeignAnswer,
    NotCustomized,
    ScopeError,
    ServiceFailure,
    Throttled,
)
from batchgw.events import Event, TypeUnknown
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    Seen,
    Stub,
    api_answer,
    api_error,
    cut,
    only_test_configuration,
    serving,
)
from tests.conformance.aws.stub import Answer as StubAnswer

pytestmark = pytest.mark.usefixtures("each_way")

HERE = Scope(account=AccountId(BASE_ACCOUNT), region=Region("eu-west-1"))
LIST = GetRestApis(scope=HERE)
READ = GetGatewayResponses(scope=HERE, api=RestApiId("abc"))
PUT = PutGatewayResponse(
    scope=HERE, api=RestApiId("abc"), type=ResponseType.THROTTLED, settings=Settings(status_code="429")
)
DELETE = DeleteGatewayResponse(scope=HERE, api=RestApiId("abc"), type=ResponseType.THROTTLED)


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest_asyncio.fixture
async def plane(stub: Stub) -> AsyncIterator[AwsControlPlane]:
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as opened:
        yield opened


def always(response: web.Response) -> StubAnswer:
    async def answer(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    return answer


async def failure(plane: AwsControlPlane, request: Request[T]) -> CallError:
    with pytest.raises(CallError) as caught:
        await plane.send(request)
    return caught.value


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (api_error("TooManyRequestsException", 429, "Too Many Requests"), Throttled),
        (
            api_error("NotFoundException", 404, f"Invalid API identifier specified {BASE_ACCOUNT}:abc"),
            ApiNotFound,
        ),
        (api_error("NotFoundException", 404, "Gateway response type not defined on api"), NotCustomized),
        (api_error("BadRequestException:http://internal/x/", 400, "Invalid mapping"), BadRequest),
        (api_error("AccessDeniedException", 403, "not authorized to perform: apigateway:PUT"), AccessDenied),
        (api_error("ServiceUnavailableException", 503, "Service Unavailable"), ServiceFailure),
        (web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html"), ServiceFailure),
        (web.Response(status=500), ServiceFailure),
        (web.Response(status=404, text="<html>nothing here</html>", content_type="text/html"), ForeignAnswer),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), ForeignAnswer),
    ],
)
async def test_refusals_become_the_errors_of_the_table(
    stub: Stub, plane: AwsControlPlane, response: web.Response, kind: type[CallError]
) -> None:
    stub.gateway = always(response)
    error = await failure(plane, DELETE)
    assert type(error) is kind
    assert error.status == response.status
    assert len(stub.seen_by("apigateway")) == 1, "nothing repeats by itself, no redirect is followed"


@pytest.mark.asyncio
async def test_a_refusal_carries_request_id_and_retry_after(stub: Stub, plane: AwsControlPlane) -> None:
    stub.gateway = always(
        api_error("TooManyRequestsException", 429, "Too Many Requests", **{"Retry-After": "7"})
    )
    error = await failure(plane, LIST)
    assert (error.retry_after, error.request_id) == (7.0, "req-1")


@pytest.mark.asyncio
async def test_a_null_retry_after_in_the_body_is_ignored(stub: Stub, plane: AwsControlPlane) -> None:
    """The service was recorded to answer so."""
    body = {"message": "Too Many Requests", "retryAfterSeconds": None}
    stub.gateway = always(api_answer(429, body, **{"x-amzn-ErrorType": "TooManyRequestsException"}))
    assert (await failure(plane, LIST)).retry_after is None


@pytest.mark.asyncio
async def test_a_refused_connection_is_an_error_with_the_address_and_advice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with connect(endpoint_url=f"http://127.0.0.1:{port}", attempts=1) as plane:
        with pytest.raises(ConnectionFailed) as caught:
            await plane.current_account()
    assert str(caught.value) == (
        f"sts:GetCallerIdentity: cannot connect to http://127.0.0.1:{port}: connection refused. "
        "Check --endpoint-url / AWS_ENDPOINT_URL, and that a server listens there."
    )
    assert caught.value.endpoint == f"http://127.0.0.1:{port}"
    assert not caught.value.outcome_unknown


@pytest.mark.asyncio
async def test_an_unreachable_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://user:hunter2@127.0.0.1:{port}")
    async with connect(endpoint_url="http://gateway.invalid", attempts=1) as plane:
        said = rf"proxy http://\*\*\*:\*\*\*@127.0.0.1:{port}.*NO_PROXY"
        with pytest.raises(ConnectionFailed, match=said) as caught:
            await plane.current_account()
    assert caught.value.endpoint == f"http://127.0.0.1:{port}"


@pytest.mark.asyncio
async def test_a_misspelt_region_ends_its_scope_and_suggests_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That is only so if the host name does not resolve: a region newer than botocore must work."""

    async def nowhere(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    async with connect(role="Role") as plane:
        wrong = Scope(account=AccountId("222222222222"), region=Region("eu-wst-1"))
        monkeypatch.setattr(Sts, "assume_role", _keys_at_hand)
        monkeypatch.setattr(plane._credentials._base, "account", AccountId("111111111111"))
        with pytest.raises(ScopeError, match=r"no region eu-wst-1.*Did you mean eu-west-1\?"):
            await plane.send(GetRestApis(scope=wrong))
        right = Scope(account=AccountId("222222222222"), region=Region("eu-west-1"))
        with pytest.raises(ConnectionFailed, match=r"apigateway\.eu-west-1\.amazonaws\.com.*network"):
            await plane.send(GetRestApis(scope=right))


async def _keys_at_hand(*_: object, **__: object) -> object:
    return Keys(access_key="A", secret_key="s", token="t", account=AccountId("222222222222"))


@pytest.mark.asyncio
@pytest.mark.parametrize("request_", [LIST, READ, PUT, DELETE])
async def test_a_connection_cut_after_sending_leaves_the_outcome_unknown(
    stub: Stub, plane: AwsControlPlane, request_: Request[object]
) -> None:
    await plane.current_account()  # now the connection is a kept one: aiohttp would resend a request on it

    async def answer(_seen: Seen, request: web.Request) -> web.StreamResponse:
        cut(request)
        return web.Response()

    stub.gateway = answer
    error = await failure(plane, request_)
    assert type(error) is ConnectionCut
    assert error.outcome_unknown
    assert len(stub.seen_by("apigateway")) == 1, "the write left once"


@pytest.mark.asyncio
async def test_an_answer_cut_half_way_leaves_the_outcome_unknown(stub: Stub, plane: AwsControlPlane) -> None:
    async def answer(_seen: Seen, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"responseType": "THROTTLED"')
        cut(request)
        return response

    stub.gateway = answer
    assert type(await failure(plane, PUT)) is ConnectionCut


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_counts_as_a_cut_after_the_read_timeout(
    stub: Stub,
) -> None:
    never = asyncio.Event()

    async def answer(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    stub.gateway = answer
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", read_timeout=0.3) as plane:
        error = await failure(plane, PUT)
    assert type(error) is ConnectionCut
    assert "read timeout" in str(error)
    never.set()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (LIST, "<html>Please log in</html>"),
        (LIST, "[]"),
        (LIST, '{"item": {"a": 1}}'),
        (LIST, ""),
        (LIST, '{"message": "Sorry"}'),
        (READ, ""),
        (READ, "{}"),
        (READ, '{"item": 7}'),
        (READ, '{"item": [null]}'),
        (READ, '{"item": [{"responseType": "THROTTLED", "responseTemplates": {"a": null}}]}'),
        (PUT, ""),
        (PUT, '{"responseType": "UNAUTHORIZED"}'),
        (DELETE, '{"message": "Sorry"}'),
        (DELETE, "<html>Please log in</html>"),
    ],
)
async def test_an_unreadable_answer_is_a_failure_of_the_service_and_not_an_empty_list(
    stub: Stub, plane: AwsControlPlane, request_: Request[object], body: str
) -> None:
    stub.gateway = always(api_answer(200, body))
    error = await failure(plane, request_)
    assert type(error) is ServiceFailure
    assert "--endpoint-url" in str(error)


@pytest.mark.asyncio
@pytest.mark.parametrize("request_", [LIST, READ, PUT, DELETE])
@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("body", ["", "{}"])
async def test_an_empty_answer_without_a_request_id_is_not_believed(
    stub: Stub, plane: AwsControlPlane, request_: Request[object], status: int, body: str
) -> None:
    """It may come from a proxy, which cannot know whether a region has no APIs, or a change was made."""
    stub.gateway = always(web.Response(status=status, text=body if status == 200 else ""))
    assert (await failure(plane, request_)).code == "AnswerUnreadable"


@pytest.mark.asyncio
async def test_an_empty_object_with_a_request_id_is_an_empty_page(stub: Stub, plane: AwsControlPlane) -> None:
    stub.gateway = always(api_answer(200, "{}"))
    assert (await plane.send(LIST)).items == ()


@pytest.mark.asyncio
async def test_an_unreadable_api_in_a_list_does_not_affect_the_others(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.gateway = always(
        api_answer(200, '{"item": [{"id": "a"}, {"id": "b", "createdDate": 1e300}, {"id": "c"}]}')
    )
    page = await plane.send(LIST)
    assert [api.id for api in page.items] == ["a", "c"]
    assert [odd.api.id for odd in page.unreadable] == ["b"]


@pytest.mark.asyncio
async def test_an_unknown_type_is_reported_once_and_left_alone(stub: Stub) -> None:
    told: list[Event] = []

    class Note:
        def notify(self, event: Event) -> None:
            told.append(event)

    stub.gateway = always(api_answer(200, {"item": [{"responseType": "TELEPORTED", "statusCode": 7}]}))
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", observer=Note()) as plane:
        for _ in range(2):
            assert set(await plane.send(READ)) == set(ResponseType)
    assert told == [TypeUnknown(scope=HERE, type="TELEPORTED")]


@pytest.mark.asyncio
@pytest.mark.parametrize("body", ["[1]", "7", '{"message": {"a": 1}, "code": ["b"]}', "[" * 100_000, "null"])
async def test_a_refusal_with_an_unreadable_body_is_judged_by_its_status(
    stub: Stub, plane: AwsControlPlane, body: str
) -> None:
    stub.gateway = always(api_answer(403, body, **{"x-amzn-ErrorType": "AccessDeniedException"}))
    error = await failure(plane, READ)
    assert (type(error), error.status, error.code) == (AccessDenied, 403, "AccessDeniedException")


@pytest.mark.asyncio
async def test_a_redirect_s_body_is_not_read_as_a_success(stub: Stub, plane: AwsControlPlane) -> None:
    """Botocore reads the body of a 300 as an answer. An impossible date in it used to end the run."""
    stub.gateway = always(api_answer(300, {"item": [{"id": "a", "createdDate": 2**70}], "message": "Moved"}))
    error = await failure(plane, LIST)
    assert (type(error), error.status) == (ForeignAnswer, 300)


@pytest.mark.asyncio
async def test_an_impossible_date_makes_an_answer_unreadable(stub: Stub, plane: AwsControlPlane) -> None:
    stub.gateway = always(api_answer(201, {"id": "d1e2f3", "createdDate": 2**70}))
    error = await failure(plane, CreateDeployment(scope=HERE, api=RestApiId("abc")))
    assert error.code == "AnswerUnreadable"


@pytest.mark.asyncio
async def test_reading_one_uncustomised_type_is_no_error_where_an_emulator_says_404(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.gateway = always(api_error("NotFoundException", 404, "GatewayResponse not found"))
    answer = await plane.send(
        GetGatewayResponse(scope=HERE, api=RestApiId("abc"), type=ResponseType.THROTTLED)
    )
    assert answer.default_response
    assert answer.settings.status_code == "429"


@pytest.mark.asyncio
async def test_a_delete_is_answered_by_an_empty_body(stub: Stub, plane: AwsControlPlane) -> None:
    stub.gateway = always(web.Response(status=202, headers={"x-amzn-RequestId": "req-9"}))
    execution = Execution()
    await plane.send(DELETE, execution)
    assert execution.request_id == "req-9"


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "believed"), [(202, True), (204, True), (200, False), (201, False)])
async def test_a_delete_is_believed_only_with_one_of_aws_s_statuses(
    stub: Stub, plane: AwsControlPlane, status: int, *, believed: bool
) -> None:
    """The answer shows nothing else. If it is not believed, the target is read."""
    stub.gateway = always(web.Response(status=status, headers={"x-amzn-RequestId": "req-9"}))
    if believed:
        await plane.send(DELETE)
        return
    error = await failure(plane, DELETE)
    assert (type(error), error.code, error.outcome_unknown) == (ServiceFailure, "AnswerUnreadable", True)


@pytest.mark.asyncio
async def test_the_caller_s_own_error_leaves_connect_unchanged(stub: Stub) -> None:
    """It is not wrapped in an exception group, though tasks run beside the caller."""
    with pytest.raises(LookupError, match="mine"):
        async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}"):
            raise LookupError("mine")
