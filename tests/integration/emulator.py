"""The emulators: how each is started, which account its keys belong to, and boto3 clients for it."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.integration.server import ServerFailed, serving

MINISTACK_PYTHON = Path(sys.prefix) / "emulators" / "bin" / "python"
"""The environment that has MiniStack. `scripts/setup dev` makes it."""

IRELAND, VIRGINIA = REGIONS = ("eu-west-1", "us-east-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The credentials that sign a call."""

    access_key_id: str = "testing"
    secret_access_key: str = "testing"
    session_token: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Give them as the environment variables that every AWS tool reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        } | ({} if self.session_token is None else {"AWS_SESSION_TOKEN": self.session_token})


@cache  # making one takes longer than most tests spend on calls
def _client(url: str, service: str, region: str, keys: Keys) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A server that answers roughly as API Gateway and STS do. `keys` belong to `account`."""

    name: str
    url: str
    account: str
    keys: Keys = Keys()

    def read_back(self, deletes: int) -> int:
        """Give how many of so many DELETEs a read follows, since AWS answers otherwise (`deviations`)."""
        return deletes if self.name == "moto" else 0

    def client(self, service: str = "apigateway", region: str = IRELAND, keys: Keys | None = None) -> Any:
        """Make a plain boto3 client. It sends every call once, without validation."""
        return _client(self.url, service, region, keys or self.keys)

    def assume(self, account: str, role: str = "OrganizationBatchgw") -> Keys:
        """Give keys of a role in an account."""
        arn = f"arn:aws:iam::{account}:role/{role}"
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return Keys(
            access_key_id=given["AccessKeyId"],
            secret_access_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
        )

    def inside(self, account: str) -> Keys:
        """Give keys that may do everything in an account."""
        if account == self.account:
            return self.keys
        return self.assume(account) if self.name == "moto" else Keys(access_key_id=account)

    def post(self, path: str, body: bytes = b"") -> None:
        """Call the emulator's own API, which AWS does not have."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url + path, data=body, headers={"Content-Type": "text/plain"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
            pass


@contextmanager
def moto(folder: Path) -> Iterator[Emulator]:
    """Run moto's server. Keys that it has not issued belong to its default account."""
    with serving("moto.server", "-p", "0", folder=folder, environment={}) as url:
        yield Emulator(name="moto", url=url, account="123456789012")


@contextmanager
def ministack(folder: Path) -> Iterator[Emulator]:
    """Run MiniStack with what is needed and nothing else: no other listener, no Docker.

    It checks signatures and permissions. An access key of twelve digits is the root's of that account. The
    keys that it is given here are the root's of its default account.
    """
    environment = {
        **Keys().environment,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": "0",
        "SERVICES": "account,apigateway,ec2,iam,organizations,sts",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
    }
    if not MINISTACK_PYTHON.exists():
        raise ServerFailed(f"there is no {MINISTACK_PYTHON}: run scripts/setup dev")
    with serving("ministack", folder=folder, environment=environment, python=MINISTACK_PYTHON) as url:
        yield Emulator(name="ministack", url=url, account="000000000000")


RESET = {"moto": "/moto-api/reset", "ministack": "/_ministack/reset"}
"""The path of each at which it deletes everything it holds."""
