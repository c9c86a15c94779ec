"""aioboto3 with batchgw's signer, batchgw's connections, or both; then also on the fast path."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from batchgw.control_plane.aws.botocore_signer import SIGNATURE_VERSION
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.connections import ConnectionPool, session_class
from batchgw.control_plane.aws.fast_path import FastPath
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.tls import tls_context
from batchgw.control_plane.aws.wire import FORMS
from benchmarks.client.task import CONNECTIONS, SCOPE, Prepare, gathered, put


@asynccontextmanager
async def opened(
    url: str, *, signer: bool = False, pool: bool = False, fast: bool = False, **config: Any
) -> AsyncIterator[Prepare]:
    """Open a client with these cuts and this configuration."""
    async with AsyncExitStack() as stack:
        connections = await stack.enter_async_context(_connections())
        if signer:
            config["signature_version"] = SIGNATURE_VERSION
        if pool:
            config["http_session_cls"] = session_class(connections)
        client = await stack.enter_async_context(
            aioboto3.Session().client(
                "apigateway", region_name=SCOPE.region, endpoint_url=url, config=AioConfig(**config)
            )
        )
        if not fast:
            yield gathered(lambda number: client.put_gateway_response(**put(number)))
            return
        targeted = TargetedClient(client, frozenset(), FastPath(client, connections, FORMS))
        target = Target(keys=keys(), region=SCOPE.region)
        yield gathered(lambda number: targeted.call("put_gateway_response", target, put(number)))


def _connections() -> ConnectionPool:
    return ConnectionPool(
        tls=tls_context(None), max_connections=CONNECTIONS, connect_timeout=10.0, read_timeout=30.0
    )


def keys() -> Keys:
    """The keys of the environment."""
    return Keys(access_key=os.environ["AWS_ACCESS_KEY_ID"], secret_key=os.environ["AWS_SECRET_ACCESS_KEY"])
