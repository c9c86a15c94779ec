"""Clients of boto3 and aioboto3 for the contestants: with the job's keys, or with a role in the account."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from benchmarks.peers.job import Job, Target

CONNECTIONS = 32
"""Connections of each client: as many as threads. The default of ten would be the first limit."""


def client_arguments(job: Job, target: Target, **config: Any) -> dict[str, Any]:
    """Keyword arguments of `client("apigateway", ...)` for a target, the same for boto3 and aioboto3."""
    return {
        "region_name": target.region,
        "endpoint_url": job.endpoint,
        "config": {"max_pool_connections": CONNECTIONS, **config},
        **_credentials(job, target.account),
    }


def boto3_client(job: Job, target: Target, **config: Any) -> Any:
    """A boto3 client with a session of its own, because threads must not share a session."""
    arguments = client_arguments(job, target, **config)
    arguments["config"] = Config(**arguments["config"])
    return boto3.Session().client("apigateway", **arguments)


def retries(job: Job) -> dict[str, Any]:
    """The contestant's retry configuration: `{"mode": ..., "total_max_attempts": ...}`."""
    return dict(job.options["retries"])


def _credentials(job: Job, account: str) -> dict[str, str]:
    if job.role is None:
        return {
            "aws_access_key_id": job.keys.access_key_id,
            "aws_secret_access_key": job.keys.secret_access_key,
        }
    sts = boto3.client(
        "sts",
        region_name=job.targets[0].region,
        endpoint_url=job.endpoint,
        aws_access_key_id=job.keys.access_key_id,
        aws_secret_access_key=job.keys.secret_access_key,
    )
    role = f"arn:aws:iam::{account}:role/{job.role}"
    given = sts.assume_role(RoleArn=role, RoleSessionName="benchmark")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
