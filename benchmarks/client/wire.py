"""aiohttp and a signer, no botocore: the lowest cost of a signed put on aiohttp. It checks nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from batchgw.control_plane.aws.signing import authorization, timestamp
from benchmarks.client.cuts import keys
from benchmarks.client.task import CONNECTIONS, SCOPE, Prepare, gathered, put


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Prepare]:
    """Open a session."""
    host, who = url.removeprefix("http://"), keys()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def call(number: int) -> None:
            settings, at = put(number), timestamp(time.time())
            path = f"/restapis/{settings.pop('restApiId')}/gatewayresponses/{settings.pop('responseType')}"
            body = json.dumps(settings).encode()
            signature = authorization(
                who,
                method="PUT",
                path=path,
                query="",
                headers=[("host", host), ("x-amz-date", at)],
                body=body,
                at=at,
                region=SCOPE.region,
                service="apigateway",
            )
            headers = {"Content-Type": "application/json", "X-Amz-Date": at, "Authorization": signature}
            async with session.put(URL(url + path, encoded=True), data=body, headers=headers) as answer:
                answer.raise_for_status()
                json.loads(await answer.read())

        yield gathered(call)
