"""aioboto3 and nothing else: the calls of a check, made by one client. Nobody looks at the answers.

All calls are about one account-region, so the server must not throttle them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aioboto3
from aiobotocore.config import AioConfig

from benchmarks.fleet.size import Size, keys

CONNECTIONS = 100
"""Tasks, with a connection each. At 110 ms of latency they make 900 calls a second, about what a core can."""


def check(url: str, ca: Path, size: Size) -> tuple[int, int]:
    """Make the calls."""
    return asyncio.run(_check(url, ca, size)), 0


async def _check(url: str, ca: Path, size: Size) -> int:
    session = aioboto3.Session(region_name=size.region_names[0], **keys(size.account_ids[0]))
    config = AioConfig(max_pool_connections=CONNECTIONS)
    pages = iter(range(size.scopes))
    read = 0
    async with session.client("apigateway", endpoint_url=url, verify=str(ca), config=config) as client:

        async def work() -> None:
            nonlocal read
            for _ in pages:
                for api in (await client.get_rest_apis(limit=500))["items"]:
                    await client.get_gateway_responses(restApiId=api["id"])
                    read += 1

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return read
