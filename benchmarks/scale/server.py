"""STS and API Gateway for any number of account-regions, on loopback and in a process of its own.

Every account has the role, and every account-region the same few REST APIs. Nothing is checked and nothing is
throttled: what is measured is the client. It ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchgw.model import ResponseType
from batchgw.simulator.world.customisation import NOTHING, customisation
from benchmarks.harness.cores import pin
from benchmarks.scale.policy import SETTINGS

BASE_ACCOUNT = "111111111111"
"""Whose the base credentials are."""

STATISTICS = "/_statistics"
"""Answers how many connections and calls there were."""

_SECRET, _TOKEN = "s" * 40, "t" * 360  # as long as the service's
_ACCOUNT = re.compile(rb"iam%3A%3A(\d{12})%3Arole")
_LIMIT = re.compile(rb"limit=(\d+)")


def response(status: str, body: bytes, content_type: str = "application/json") -> bytes:
    """An answer, whole."""
    return (
        f"HTTP/1.1 {status}\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nx-amzn-RequestId: 6c1f2a3e-8d0b-4f59-9c1e-2f6a7b8c9d0e\r\n\r\n"
    ).encode() + body


_PUT = {
    item["responseType"].encode(): response("201 Created", json.dumps(item).encode())  # type: ignore[attr-defined]
    for item in customisation(dict.fromkeys(ResponseType, SETTINGS)).wire_items
}
_UNCUSTOMISED = response("200 OK", json.dumps({"item": NOTHING.wire_items}).encode())


def assumed(account: str) -> bytes:
    """Keys of the role in an account, good for an hour."""
    return _sts(
        "AssumeRole",
        f"<AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/batchgw/bench</Arn></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>{_SECRET}</SecretAccessKey>"
        f"<SessionToken>{_TOKEN}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>",
    )


def page(apis: int) -> bytes:
    """A list of REST APIs, as long as the service's entries are."""
    items = [
        {
            "id": f"{number:010x}",
            "name": f"orders-{number}",
            "createdDate": 1_600_000_000 + number,
            "apiKeySource": "HEADER",
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            "disableExecuteApiEndpoint": False,
            "rootResourceId": f"{number:010x}",
            "tags": {"team": f"team-{number % 50}", "stage": "production"},
        }
        for number in range(apis)
    ]
    return response("200 OK", json.dumps({"item": items}).encode())


def _sts(operation: str, result: str) -> bytes:
    xml = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{result}'
        f"</{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        f"</{operation}Response>"
    )
    return response("200 OK", xml.encode(), "text/xml")


class World:
    """What is answered, and what was counted."""

    def __init__(self, apis: int) -> None:
        self._apis = apis
        self._pages: dict[int, bytes] = {}
        self._identity = _sts(
            "GetCallerIdentity",
            f"<Account>{BASE_ACCOUNT}</Account><Arn>arn:aws:iam::{BASE_ACCOUNT}:user/b</Arn>",
        )
        self.open = 0
        self.most = 0
        self.calls = 0

    def answer(self, method: bytes, path: bytes, body: bytes) -> bytes:
        """Answer a call by as little of it as will do."""
        if path == STATISTICS.encode():
            return response("200 OK", json.dumps({"connections": self.most, "calls": self.calls}).encode())
        self.calls += 1
        if method == b"PUT":
            return _PUT[path[path.rindex(b"/") + 1 :]]
        if method == b"POST":
            account = _ACCOUNT.search(body)
            return self._identity if account is None else assumed(account[1].decode())
        if path.endswith(b"/gatewayresponses"):
            return _UNCUSTOMISED
        limit = _LIMIT.search(path)
        return self._page(min(self._apis, int(limit[1])) if limit else self._apis)

    def _page(self, apis: int) -> bytes:
        if apis not in self._pages:
            self._pages[apis] = page(apis)
        return self._pages[apis]


class Connection(asyncio.Protocol):
    """One connection: a request at a time, answered as soon as its body is there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - TCP is one
        self._transport = transport
        self._world.open += 1
        self._world.most = max(self._world.most, self._world.open)

    def connection_lost(self, _error: Exception | None) -> None:
        """Count it out."""
        self._world.open -= 1

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole by now."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, whole = self._received[:end], end + 4 + _content_length(self._received[:end])
            if len(self._received) < whole:
                return
            body, self._received = self._received[end + 4 : whole], self._received[whole:]
            method, path, _ = head.split(b" ", 2)
            if self._transport is not None:
                self._transport.write(self._world.answer(method, path, body))


def _content_length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0


async def serve(apis: int, certificate: Path | None) -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    world = World(apis)
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(lambda: Connection(world), "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


@contextmanager
def served(*, apis: int, certificate: Path | None = None) -> Iterator[str]:
    """Serve for the length of the block, and give the address. With a certificate (and key) it is HTTPS."""
    command = [sys.executable, "-m", "benchmarks.scale.server", "--apis", str(apis)]
    command += [] if certificate is None else ["--certificate", str(certificate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101 - they were asked for
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            scheme = "http" if certificate is None else "https"
            yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apis", type=int, default=1)
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    pin("server")
    asyncio.run(serve(given.apis, given.certificate))
