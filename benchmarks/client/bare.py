"""aioboto3 with its default configuration, or with another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from benchmarks.client.task import SCOPE, Prepare, gathered, put


@asynccontextmanager
async def opened(url: str, **config: Any) -> AsyncIterator[Prepare]:
    """Open a client with this configuration; without any, with the default one."""
    settings = AioConfig(**config) if config else None
    async with aioboto3.Session().client(
        "apigateway", region_name=SCOPE.region, endpoint_url=url, config=settings
    ) as client:
        yield gathered(lambda number: client.put_gateway_response(**put(number)))
