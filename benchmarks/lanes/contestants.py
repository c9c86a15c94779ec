"""The contestants of two lanes over HTTP: batchgw, and boto3 with a pool of threads.

Options of both: `types`, the response types of each API's puts. Options of batchgw: `order`, and
`deployments`, the quota (rate, burst) that it is told. Options of boto3: `clients` (1 for both lanes, or 2),
`threads`, and `retries`.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
from botocore.exceptions import BotoCoreError, ClientError

import batchgw
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope
from batchgw.throttle.quota import Quota
from benchmarks.lanes.pipelines import Order, Pipelines
from benchmarks.peers.access import boto3_client, retries
from benchmarks.peers.job import Job, Report


def ours(job: Job) -> Report:
    """Run batchgw's pipelines through its paced control plane."""
    return anyio.run(_ours, job)


async def _ours(job: Job) -> Report:
    (target,) = job.targets
    os.environ["AWS_ACCESS_KEY_ID"] = job.keys.access_key_id
    os.environ["AWS_SECRET_ACCESS_KEY"] = job.keys.secret_access_key
    deployments = Quota(*job.options["deployments"])
    pace = batchgw.Pace(rate=job.rate, burst=job.burst, operations={"CreateDeployment": deployments})
    async with batchgw.connect(region=target.region, endpoint_url=job.endpoint) as aws:
        pipelines = Pipelines(
            plane=batchgw.PacedControlPlane(aws, pace=pace),
            scope=Scope(account=AccountId(target.account), region=Region(target.region)),
            types=[ResponseType(name) for name in job.options["types"]],
            order=Order(job.options["order"]),
        )
        await pipelines.run([RestApiId(api) for api in target.apis])
    return Report(given_up=pipelines.given_up)


def threads(job: Job) -> Report:
    """Run a pipeline for each API in a pool of threads. Deployments use the second client, if any."""
    (target,) = job.targets
    config = {"retries": retries(job)}
    client = boto3_client(job, target, **config)
    deployer = boto3_client(job, target, **config) if job.options["clients"] > 1 else client
    report = Report()
    with ThreadPoolExecutor(int(job.options["threads"])) as pool:
        pending = [pool.submit(_pipeline, client, deployer, job, api) for api in target.apis]
        for future in pending:
            for error in future.result():
                report.give_up(error)
    return report


def _pipeline(client: Any, deployer: Any, job: Job, api: str) -> list[Exception]:
    """Make the puts of an API, then deploy it if all of them succeeded. Return the errors."""
    given_up: list[Exception] = []
    for name in job.options["types"]:
        try:
            client.put_gateway_response(restApiId=api, responseType=name, **job.put)
        except (ClientError, BotoCoreError) as error:
            given_up.append(error)
    try:
        if not given_up:
            deployer.create_deployment(restApiId=api)
    except (ClientError, BotoCoreError) as error:
        given_up.append(error)
    return given_up
