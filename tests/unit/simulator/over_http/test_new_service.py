"""A service that is not simulated comes in as one module: its record, and its operations."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from batchgw.simulator.operations import service
from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import text
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService

SECRETS = AwsService(
    name="secretsmanager", protocol="json-1.1", throttled=("ThrottlingException", 400, "Rate exceeded")
)
OPTIONS = ServeOptions(apis=1, accounts=1, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0)


def get_secret_value(given: Input) -> Body:
    name = text(given.params, "SecretId")
    if name != "role":
        raise ServiceFault("ResourceNotFoundException", 400, f"{name} is not there")
    return {"Name": name, "SecretString": f"batchgw in {given.region}"}


OPERATIONS: dict[str, Operation] = {"GetSecretValue": answers(get_secret_value)}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the line in `SERVICES` does."""
    monkeypatch.setattr(service, "SERVICES", {**service.SERVICES, SECRETS: OPERATIONS})
    monkeypatch.setattr(service, "OPERATIONS", {**service.OPERATIONS, **OPERATIONS})
    monkeypatch.setattr(service, "_SERVICE_OF", {**service._SERVICE_OF, "GetSecretValue": SECRETS})
    monkeypatch.setattr("batchgw.simulator.over_http.server.SERVICES", service.SERVICES)


def test_boto3_calls_it() -> None:
    with running(OPTIONS) as served:
        (keys,) = served.keys.values()
        client = boto3.client(
            "secretsmanager",
            endpoint_url=served.endpoint,
            region_name=served.regions[0],
            aws_access_key_id=keys["access_key_id"],
            aws_secret_access_key=keys["secret_access_key"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        assert client.get_secret_value(SecretId="role")["SecretString"] == f"batchgw in {served.regions[0]}"
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.get_secret_value(SecretId="other")
