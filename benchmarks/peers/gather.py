"""aioboto3 and `asyncio.gather`: all calls at once, with botocore's retries.

Options: `retries` (botocore's configuration). One client for each account and region.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aioboto3
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.peers.access import client_arguments, retries
from benchmarks.peers.job import Job, Report


def run(job: Job) -> Report:
    """Put every response."""
    return asyncio.run(_run(job))


async def _run(job: Job) -> Report:
    report = Report()
    session = aioboto3.Session()
    async with AsyncExitStack() as stack:
        puts = []
        for target in job.targets:
            arguments = client_arguments(job, target, retries=retries(job))
            arguments["config"] = AioConfig(**arguments["config"])
            client = await stack.enter_async_context(session.client("apigateway", **arguments))
            puts += [
                client.put_gateway_response(restApiId=api, responseType=job.response_type, **job.put)
                for api in target.apis
            ]
        for result in await asyncio.gather(*puts, return_exceptions=True):
            match result:
                case ClientError() | BotoCoreError():
                    report.give_up(result)
                case BaseException():
                    raise result
    return report
