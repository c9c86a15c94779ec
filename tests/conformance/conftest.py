"""A small empty world over HTTP, and boto3 clients pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from batchgw.control_plane.aws import clients
from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running

EMPTY = ServeOptions(apis=0, accounts=1, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0)


@pytest.fixture(params=[True, False], ids=["fast", "stock"])
def each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test twice: with connections that use the fast path, and with connections that do not."""
    if not request.param:
        monkeypatch.setattr(clients, "FastPath", lambda *_: None)


@pytest.fixture
def empty_world() -> Iterator[ReadyInfo]:
    """One account (111111111111) in one region (eu-west-1), without APIs, quota and latency."""
    with running(EMPTY) as ready:
        yield ready


@pytest.fixture
def apigateway(empty_world: ReadyInfo) -> Iterator[Any]:
    """A client of the empty world that does not check parameters."""
    client = client_for(empty_world, "apigateway", parameter_validation=False)
    yield client
    client.close()


def client_for(
    ready: ReadyInfo, service: str, *, account: str | None = None, parameter_validation: bool = True
) -> Any:
    """A boto3 client with an account's own key (the first one's by default), without retries."""
    key = ready.keys[account or ready.accounts[0]]
    return boto3.client(
        service,
        region_name=ready.regions[0],
        endpoint_url=ready.endpoint,
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=parameter_validation),
    )
