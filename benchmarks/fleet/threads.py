"""boto3 and a pool of threads: a session for each account, a client for each of its regions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.fleet.scan import Found, scan
from benchmarks.fleet.size import ROLE, Size

THREADS = 32


def check(url: str, ca: Path, size: Size) -> tuple[int, int]:
    """Check the accounts, each in one thread."""
    config = Config(max_pool_connections=THREADS)
    sts = boto3.Session().client("sts", endpoint_url=url, verify=str(ca), config=config)

    def account(number: str) -> Found:
        session = boto3.Session(**_assumed(sts, number))
        found = Found()
        for region in size.region_names:
            client = session.client("apigateway", region_name=region, endpoint_url=url, verify=str(ca))
            found += scan(client)
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        found = sum(pool.map(account, size.account_ids), Found())
    return found.read, found.drifted


def _assumed(sts: Any, account: str) -> dict[str, str]:
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    given = sts.assume_role(RoleArn=role, RoleSessionName="night")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
