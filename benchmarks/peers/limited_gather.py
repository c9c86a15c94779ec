"""aioboto3, aiolimiter and tenacity: what a careful engineer writes who knows the quota.

botocore's retries are off. Each attempt waits for the limiter. Refused calls, conflicts with "try again
later", server errors and lost connections are retried with jitter. Option: `limiter`, either `rate` for
`AsyncLimiter(10, 1)`, the usual way to write 10 calls a second, or `bucket` for `AsyncLimiter(40, 4)`, which
also has the server's burst. One limiter and one client for each account and region.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiolimiter import AsyncLimiter
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
)
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from benchmarks.peers.access import client_arguments
from benchmarks.peers.job import Job, Report, code_of

ATTEMPTS = 10
LONGEST = 20.0  # seconds between two attempts
AGAIN = ("TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded")


def run(job: Job) -> Report:
    """Put every response."""
    return asyncio.run(_run(job))


async def _run(job: Job) -> Report:
    report = Report()
    session = aioboto3.Session()
    async with AsyncExitStack() as stack:
        puts = []
        for target in job.targets:
            arguments = client_arguments(job, target, retries={"total_max_attempts": 1})
            arguments["config"] = AioConfig(**arguments["config"])
            client = await stack.enter_async_context(session.client("apigateway", **arguments))
            limiter = _limiter(job)
            puts += [_put(client, limiter, job, api, report) for api in target.apis]
        await asyncio.gather(*puts)
    return report


def _limiter(job: Job) -> AsyncLimiter:
    if job.options["limiter"] == "bucket":
        return AsyncLimiter(job.burst, job.burst / job.rate)
    return AsyncLimiter(job.rate, 1)


async def _put(client: Any, limiter: AsyncLimiter, job: Job, api: str, report: Report) -> None:
    try:
        async for attempt in attempts():
            with attempt:
                async with limiter:
                    pass
                await client.put_gateway_response(restApiId=api, responseType=job.response_type, **job.put)
    except (ClientError, BotoCoreError) as error:
        report.give_up(error)


def attempts() -> AsyncRetrying:
    """The attempts of one call."""
    return AsyncRetrying(
        retry=retry_if_exception(worth_another_attempt),
        wait=wait_random_exponential(multiplier=0.5, max=LONGEST),
        stop=stop_after_attempt(ATTEMPTS),
        reraise=True,
    )


def worth_another_attempt(error: BaseException) -> bool:
    """Whether the call may succeed at another attempt."""
    if isinstance(error, ConnectionClosedError | EndpointConnectionError | HTTPClientError):
        return True
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    conflict = code_of(error) == "ConflictException" and "try again later" in str(error)
    return code_of(error) in AGAIN or conflict or status >= 500
