"""What a careful engineer writes: aioboto3, aiolimiter and tenacity, and a pipeline for each API.

Each attempt waits for the limiter, and what is refused is retried with jitter (`peers.limited_gather`). With
one limiter all calls share `AsyncLimiter(10, 1)`. With two a deployment also waits for `AsyncLimiter(1, 5)`.
The script keeps no journal, does not look for others' edits, and does not see whether a stage is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiolimiter import AsyncLimiter
from botocore.exceptions import BotoCoreError, ClientError

from batchgw.simulator.world.world import World
from benchmarks.peers.limited_gather import attempts
from benchmarks.rollouts.in_process import ENDPOINT, InProcess
from benchmarks.rollouts.task import SETTINGS, STAGES, TYPES

Call = Callable[[], Awaitable[Any]]


async def run(service: InProcess, world: World, *, limiters: int) -> int:
    """Make every API live. Gives the number of APIs that were given up."""
    (apis,) = world.scopes()
    config = AioConfig(http_session_cls=service, retries={"total_max_attempts": 1})
    client = aioboto3.Session().client(
        "apigateway",
        region_name=apis.region,
        endpoint_url=ENDPOINT,
        aws_access_key_id=apis.account,
        aws_secret_access_key="-",  # noqa: S106 - nobody checks it
        config=config,
    )
    every = AsyncLimiter(10, 1)
    deployments = (AsyncLimiter(1, 5),) if limiters > 1 else ()
    async with client as gateway:
        done = await asyncio.gather(
            *[_pipeline(gateway, apis.id(number), every, deployments) for number in apis.numbers()]
        )
    return done.count(False)


async def _pipeline(
    gateway: Any, api: str, every: AsyncLimiter, deployments: tuple[AsyncLimiter, ...]
) -> bool:
    """Put the responses, deploy, and move the stages. Gives whether all that was done."""
    try:
        for kind in TYPES:
            put = partial(gateway.put_gateway_response, restApiId=api, responseType=kind.value)
            await _made(partial(put, **SETTINGS.to_json()), every)
        deployment = await _made(partial(gateway.create_deployment, restApiId=api), *deployments, every)
        move = {"op": "replace", "path": "/deploymentId", "value": deployment["id"]}
        for stage in STAGES:
            moved = partial(gateway.update_stage, restApiId=api, stageName=stage, patchOperations=[move])
            await _made(moved, every)
    except (ClientError, BotoCoreError):
        return False
    return True


async def _made(call: Call, *limiters: AsyncLimiter) -> Any:
    """Make a call as often as it takes, each time when all limiters let it."""
    async for attempt in attempts():
        with attempt:
            async with AsyncExitStack() as stack:
                for limiter in limiters:
                    await stack.enter_async_context(limiter)
            return await call()
    raise AssertionError("the last attempt raises its error")
