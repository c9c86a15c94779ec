"""Answers are bounded: in bytes, in time, and in how much of their message is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from batchgw.control_plane.aws import AwsControlPlane, connect
from batchgw.control_plane.aws.connections import LARGEST_ANSWER
from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, PutGatewayResponse
from batchgw.errors import AnswerTooLarge, BadRequest, CallError, ConnectionCut
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings
from tests.conformance.aws.stub import (
    BASE_ACCOUNT,
    Answer,
    Seen,
    Stub,
    api_answer,
    api_error,
    only_test_configuration,
    serving,
)

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.asyncio]

HERE = Scope(account=AccountId(BASE_ACCOUNT), region=Region("eu-west-1"))
LIST = GetRestApis(scope=HERE)
READ = GetGatewayResponses(scope=HERE, api=RestApiId("abc"))
PUT = PutGatewayResponse(
    scope=HERE, api=RestApiId("abc"), type=ResponseType.THROTTLED, settings=Settings(status_code="429")
)
MEGABYTE = b" " * 2**20


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest_asyncio.fixture
async def plane(stub: Stub) -> AsyncIterator[AwsControlPlane]:
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", call_timeout=1.0) as opened:
        yield opened


@pytest_asyncio.fixture
async def patient(stub: Stub) -> AsyncIterator[AwsControlPlane]:
    """A plane for what is not about time. No timeout ends its calls, however busy the machine is."""
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as opened:
        yield opened


async def failure(plane: AwsControlPlane, request: Request[object]) -> CallError:
    with pytest.raises(CallError) as caught:
        await plane.send(request)
    return caught.value


def endless(status: int, sent: list[int]) -> Answer:
    """An answer that sends megabytes while somebody reads, and counts them in `sent`."""

    async def answer(_seen: Seen, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"x-amzn-RequestId": "r"})
        await response.prepare(request)
        while request.transport is not None and sent[0] < 200:
            await response.write(MEGABYTE)
            sent[0] += 1
        return response

    return answer


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("request_", [LIST, READ, PUT])
async def test_an_endless_answer_is_given_up_at_its_bound(
    stub: Stub, patient: AwsControlPlane, request_: Request[object], status: int
) -> None:
    sent = [0]
    stub.gateway = endless(status, sent)
    error = await failure(patient, request_)
    assert type(error) is AnswerTooLarge
    assert "http://127.0.0.1 is longer than 16 MiB" in error.message
    assert not error.retry_safe, "the next answer would be as long"
    assert error.outcome_unknown, "a write may have been made"
    await asyncio.sleep(0)
    assert sent[0] < 40, "nobody reads any more: buffers hold what was sent beyond the bound"


async def test_an_answer_within_the_bound_is_read_whole(stub: Stub, patient: AwsControlPlane) -> None:
    async def answer(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        body = b'{"item": [{"id": "a1"}]}'
        return api_answer(200, (body + b" " * (LARGEST_ANSWER - len(body))).decode())

    stub.gateway = answer
    page = await patient.send(LIST)
    assert [api.id for api in page.items] == ["a1"]


async def test_an_answer_that_comes_byte_by_byte_is_given_up_after_the_call_timeout(
    stub: Stub, plane: AwsControlPlane
) -> None:
    """No pause is as long as the read timeout, but the whole answer takes longer than the call timeout."""
    over = asyncio.Event()

    async def answer(_seen: Seen, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"x-amzn-RequestId": "r"})
        await response.prepare(request)
        while not over.is_set() and request.transport is not None:
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    stub.gateway = answer
    error = await failure(plane, PUT)
    over.set()
    assert type(error) is ConnectionCut, "whether the write was made is not known"
    assert "was not whole after 1 s" in error.message


async def test_a_long_refusal_is_cut_and_the_advice_is_kept(stub: Stub, patient: AwsControlPlane) -> None:
    async def answer(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return api_error("BadRequestException", 400, "Invalid template: " + "x" * 5_000_000)

    stub.gateway = answer
    error = await failure(patient, PUT)
    assert type(error) is BadRequest
    assert error.message.startswith("Invalid template: xxx")
    assert error.message.endswith("... (4,998,018 more characters)")
    assert len(error.message) < 2_100
