"""A streamed body reads the same through the pool as through aiobotocore's own session."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp import web
from botocore.exceptions import BotoCoreError

from batchgw.control_plane.aws.botocore_signer import SIGNATURE_VERSION
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.connections import ConnectionPool, session_class
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.tls import tls_context
from batchgw.errors import BadRequest, CallError, ConnectionFailed
from batchgw.model import Region
from batchgw.simulator.over_http.serve import ReadyInfo, running
from tests.conformance.aws.stub import only_test_configuration
from tests.conformance.conftest import EMPTY, client_for

pytestmark = pytest.mark.asyncio

CONNECTIONS = 2
IRELAND = Region("eu-west-1")
STAGE = "prod"


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)


@pytest.fixture(scope="module")
def world() -> Iterator[ReadyInfo]:
    with running(EMPTY) as ready:
        yield ready


@pytest.fixture(scope="module")
def deployed(world: ReadyInfo) -> str:
    """An API whose stage has something to export."""
    made = client_for(world, "apigateway")
    api = str(made.create_rest_api(name="orders")["id"])
    (root,) = made.get_resources(restApiId=api)["items"]
    where = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    made.put_method(**where, authorizationType="NONE")
    made.put_integration(**where, type="MOCK")
    made.put_gateway_response(restApiId=api, responseType="UNAUTHORIZED", statusCode="444")
    made.create_deployment(restApiId=api, stageName=STAGE)
    made.close()
    return api


@asynccontextmanager
async def opened(url: str, *, pooled: bool, read_timeout: float = 10.0) -> AsyncIterator[Any]:
    """A botocore client through the pool, or through aiobotocore's own session."""
    settings: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "signature_version": SIGNATURE_VERSION}
    async with AsyncExitStack() as stack:
        if pooled:
            pool = ConnectionPool(
                tls=tls_context(None),
                max_connections=CONNECTIONS,
                connect_timeout=5.0,
                read_timeout=read_timeout,
            )
            settings["http_session_cls"] = session_class(await stack.enter_async_context(pool))
        else:
            settings |= {"max_pool_connections": CONNECTIONS, "read_timeout": read_timeout}
        yield await stack.enter_async_context(
            AioSession().create_client(
                "apigateway",
                region_name=IRELAND,
                endpoint_url=url,
                aws_access_key_id="no-target",
                aws_secret_access_key="no-target",
                config=AioConfig(**settings),
            )
        )


def target(world: ReadyInfo) -> Target:
    key = world.keys[world.accounts[0]]
    keys = Keys(access_key=key["access_key_id"], secret_key=key["secret_access_key"])
    return Target(keys=keys, region=IRELAND)


def export(api: str, **more: Any) -> dict[str, Any]:
    return {"restApiId": api, "stageName": STAGE, "exportType": "oas30", **more}


both = pytest.mark.parametrize("pooled", [True, False], ids=["pool", "own-session"])


@both
async def test_an_export_is_read_whole(world: ReadyInfo, deployed: str, *, pooled: bool) -> None:
    async with opened(world.endpoint, pooled=pooled) as client:
        asked = export(deployed, parameters={"extensions": "apigateway"})
        answer = await TargetedClient(client, frozenset()).call("get_export", target(world), asked)
        document = json.loads(await answer["body"].read())
    assert (document["openapi"], document["info"]["title"]) == ("3.0.1", "orders")
    assert document["x-amazon-apigateway-gateway-responses"] == {"UNAUTHORIZED": {"statusCode": 444}}
    assert answer["contentType"] == "application/octet-stream"
    assert answer["contentDisposition"].startswith("attachment; filename=")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@both
async def test_it_is_read_in_pieces_lines_and_as_a_context(
    world: ReadyInfo, deployed: str, *, pooled: bool
) -> None:
    """All ways to read a streamed body. With only two connections, each must be given back."""
    async with opened(world.endpoint, pooled=pooled) as client:
        targeted = TargetedClient(client, frozenset())

        async def body() -> Any:
            return (await targeted.call("get_export", target(world), export(deployed)))["body"]

        whole = await (await body()).read()
        pieces = [piece async for piece in (await body()).iter_chunks(16)]
        lines = await (await body()).readlines()
        with anyio.fail_after(10):
            for _ in range(2 * CONNECTIONS):
                async with await body() as stream:
                    assert await stream.content.read(4) == whole[:4]
    assert b"".join(pieces) == whole
    assert {len(piece) for piece in pieces[:-1]} == {16}
    assert lines == whole.splitlines()


@both
async def test_a_refusal_is_the_same_error_in_both_ways(
    world: ReadyInfo, deployed: str, *, pooled: bool
) -> None:
    async with opened(world.endpoint, pooled=pooled) as client:
        targeted = TargetedClient(client, frozenset())
        for asked, error in (
            (export(deployed, stageName="nowhere"), CallError),
            (export(deployed, exportType="raml"), BadRequest),
        ):
            for _ in range(CONNECTIONS + 1):
                with anyio.fail_after(10), pytest.raises(error) as caught:
                    await targeted.call("get_export", target(world), asked)
                assert caught.value.status in {400, 404}
                assert caught.value.request_id


@asynccontextmanager
async def half_an_export(*, then: str) -> AsyncIterator[str]:
    """A server that sends half of a body. Then it cuts the connection, or keeps it open and sends nothing."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "20"})
        await response.prepare(request)
        await response.write(b"0123456789")
        if then == "cut":
            assert request.transport is not None
            request.transport.close()
        else:
            await anyio.sleep(5)
        return response

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("then", ["cut", "stall"])
async def test_a_body_that_ends_half_way_fails_with_the_same_error_in_both_ways(then: str) -> None:
    """The call itself succeeds. Reading the body fails."""
    errors = []
    for pooled in (True, False):
        async with (
            half_an_export(then=then) as url,
            opened(url, pooled=pooled, read_timeout=2.0) as client,  # enough for a busy machine to answer
        ):
            keys = Keys(access_key="AKIA", secret_key="s")
            targeted = TargetedClient(client, frozenset())
            answer = await targeted.call("get_export", Target(keys=keys, region=IRELAND), export("a1b2c3"))
            with pytest.raises((BotoCoreError, aiohttp.ClientError)) as caught:
                await answer["body"].read()
            answer["body"].close()
            errors.append(type(caught.value))
    assert errors[0] is errors[1]


async def test_a_server_that_is_not_there_is_a_failed_connection(unused_tcp_port: int) -> None:
    async with opened(f"http://127.0.0.1:{unused_tcp_port}", pooled=True) as client:
        keys = Keys(access_key="AKIA", secret_key="s")
        with pytest.raises(ConnectionFailed):
            await TargetedClient(client, frozenset()).call(
                "get_export", Target(keys=keys, region=IRELAND), export("a1b2c3")
            )
