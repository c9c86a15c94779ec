"""STS and API Gateway with canned answers, for any number of account-regions.

Every account has the role, and every account-region the same few REST APIs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchgw.model import ResponseType
from batchgw.simulator.world.customisation import NOTHING, customisation
from benchmarks.harness import canned
from benchmarks.harness.canned import Connections, response, sts_response
from benchmarks.harness.cores import pin
from benchmarks.scale.policy import SETTINGS

BASE_ACCOUNT = "111111111111"
"""The account of the base credentials."""

STATISTICS = "/_statistics"
"""Answers how many connections were open at most, and how many calls there were."""

_SECRET, _TOKEN = "s" * 40, "t" * 360  # as long as the service's
_ACCOUNT = re.compile(rb"iam%3A%3A(\d{12})%3Arole")
_LIMIT = re.compile(rb"limit=(\d+)")

_PUT = {
    item["responseType"].encode(): response("201 Created", json.dumps(item).encode())  # type: ignore[attr-defined]
    for item in customisation(dict.fromkeys(ResponseType, SETTINGS)).wire_items
}
_UNCUSTOMISED = response("200 OK", json.dumps({"item": NOTHING.wire_items}).encode())
IDENTITY = sts_response(
    "GetCallerIdentity",
    f"<Account>{BASE_ACCOUNT}</Account><Arn>arn:aws:iam::{BASE_ACCOUNT}:user/b</Arn>",
)
"""Whose keys the base credentials are."""


_OTHERS = {
    b"/listRegions": response(
        "200 OK", b'{"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED"}]}'
    ),
    b"Action=DescribeRegions": response(
        "200 OK",
        b'<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo><item>'
        b"<regionName>eu-west-1</regionName><optInStatus>opt-in-not-required</optInStatus></item></regionInfo>"
        b"</DescribeRegionsResponse>",
        "text/xml",
    ),
    b"Action=DescribeStackResources": sts_response("DescribeStackResources", "<StackResources/>"),
    b'{"MaxResults": 20}': response("200 OK", b'{"Roots": []}'),
}
"""What other services answer, by the path or by what the body begins with. The last is of organizations."""


def assumed(account: str) -> bytes:
    """Keys of the role in an account. They do not expire."""
    return sts_response(
        "AssumeRole",
        f"<AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/batchgw/bench</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>{_SECRET}</SecretAccessKey>"
        f"<SessionToken>{_TOKEN}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
    )


def page(apis: int, first: int = 0) -> bytes:
    """A page of REST APIs, numbered from `first` on. Its entries are as long as the service's."""
    items = [
        {
            "id": f"{number:010}",
            "name": f"orders-{number}",
            "createdDate": 1_600_000_000 + number,
            "apiKeySource": "HEADER",
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            "disableExecuteApiEndpoint": False,
            "rootResourceId": f"{number:010}",
            "tags": {"team": f"team-{number % 50}", "stage": "production"},
        }
        for number in range(first, first + apis)
    ]
    return response("200 OK", json.dumps({"item": items}).encode())


class World:
    """The answers, and what was counted. `apis` is the number of REST APIs in each account-region."""

    def __init__(self, apis: int) -> None:
        self._apis = apis
        self._pages: dict[int, bytes] = {}
        self.connections = Connections()
        self.calls = 0

    def answer(self, method: bytes, path: bytes, body: bytes) -> bytes:
        """Choose the answer by as few comparisons as possible."""
        if path == STATISTICS.encode():
            counted = {"connections": self.connections.most, "calls": self.calls}
            return response("200 OK", json.dumps(counted).encode())
        self.calls += 1
        if method == b"PUT":
            return _PUT[path[path.rindex(b"/") + 1 :]]
        if method == b"POST":
            account = _ACCOUNT.search(body)
            if account is not None:
                return assumed(account[1].decode())
            return _OTHERS.get(path if path != b"/" else body.partition(b"&")[0], IDENTITY)
        if path.endswith(b"/gatewayresponses"):
            return _UNCUSTOMISED
        limit = _LIMIT.search(path)
        return self._page(min(self._apis, int(limit[1])) if limit else self._apis)

    def _page(self, apis: int) -> bytes:
        if apis not in self._pages:
            self._pages[apis] = page(apis)
        return self._pages[apis]


async def serve(apis: int, certificate: Path | None) -> None:
    """Serve until standard input ends."""
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    world = World(apis)
    await canned.serve(world.answer, world.connections, tls)


@contextmanager
def served(*, apis: int, certificate: Path | None = None) -> Iterator[str]:
    """Serve as long as the block lasts, and give the address. With a certificate (and key) it is HTTPS."""
    arguments = ["--apis", str(apis)]
    arguments += [] if certificate is None else ["--certificate", str(certificate)]
    scheme = "http" if certificate is None else "https"
    with canned.served("benchmarks.scale.server", arguments, scheme=scheme) as url:
        yield url


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apis", type=int, default=1)
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    pin("server")
    asyncio.run(serve(given.apis, given.certificate))
