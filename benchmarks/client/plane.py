"""batchgw's control plane of AWS, all of it, without the wrappers around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import PutGatewayResponse
from benchmarks.client.task import CONNECTIONS, SCOPE, SETTINGS, Prepare, gathered, target


@asynccontextmanager
async def opened(url: str, *, fast_path: bool) -> AsyncIterator[Prepare]:
    """Connect, with or without the fast path."""
    async with connect(
        endpoint_url=url, region=SCOPE.region, max_connections=CONNECTIONS, fast_path=fast_path
    ) as plane:

        async def call(number: int) -> None:
            api, kind = target(number)
            await plane.send(PutGatewayResponse(scope=SCOPE, api=api, type=kind, settings=SETTINGS))

        yield gathered(call)
