"""boto3 and a pool of threads: what most people write first.

Options: `retries` (botocore's configuration), `threads` for each account and region, and `per_thread`, with
which each thread has a client of its own instead of one for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.peers.access import boto3_client, retries
from benchmarks.peers.job import Job, Report, Target


def run(job: Job) -> Report:
    """Put every response, a pool of threads for each target."""
    threads = int(job.options["threads"])
    report = Report()
    clients = {target: _clients(job, target) for target in job.targets}
    with ThreadPoolExecutor(threads * len(job.targets)) as pool:
        pending = [
            pool.submit(_put, clients[target], job, api)
            for apis in _interleaved(job.targets)
            for target, api in apis
        ]
        for future in pending:
            error: Exception | None = future.result()
            if error is not None:
                report.give_up(error)
    return report


def _interleaved(targets: tuple[Target, ...]) -> list[list[tuple[Target, str]]]:
    """The APIs in round robin over the targets, so that all targets are written at the same time."""
    most = max(len(target.apis) for target in targets)
    return [[(t, t.apis[n]) for t in targets if n < len(t.apis)] for n in range(most)]


def _clients(job: Job, target: Target) -> Callable[[], Any]:
    """A function that gives the calling thread its client."""
    config = {"retries": retries(job)}
    if not job.options.get("per_thread"):
        shared = boto3_client(job, target, **config)
        return lambda: shared
    own = threading.local()

    def mine() -> Any:
        if not hasattr(own, "client"):
            own.client = boto3_client(job, target, **config)
        return own.client

    return mine


def _put(client: Callable[[], Any], job: Job, api: str) -> Exception | None:
    try:
        client().put_gateway_response(restApiId=api, responseType=job.response_type, **job.put)
    except (ClientError, BotoCoreError) as error:
        given_up: Exception = error
        return given_up
    return None
