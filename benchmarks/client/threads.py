"""boto3: one client in many threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import boto3
from botocore.config import Config

from benchmarks.client.task import SCOPE, Body, Prepare, put


@asynccontextmanager
async def opened(url: str, *, threads: int) -> AsyncIterator[Prepare]:
    """Open a client with a connection for each thread."""
    config = Config(max_pool_connections=threads)
    client = boto3.client("apigateway", region_name=SCOPE.region, endpoint_url=url, config=config)

    def call(number: int) -> None:
        client.put_gateway_response(**put(number))

    with ThreadPoolExecutor(threads) as pool:

        async def prepare(count: int) -> Body:
            async def body() -> None:
                await asyncio.to_thread(lambda: list(pool.map(call, range(count))))

            return body

        yield prepare
    client.close()
