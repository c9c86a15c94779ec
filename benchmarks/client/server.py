"""A control plane that costs next to nothing: canned answers on loopback, in a process of its own.

Started by `served()`, on a core of its own where the machine has two. It checks and throttles nothing: the
client's cost is what `client_cost` measures. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.model import DEFAULT_STATUS, ResponseType
from benchmarks.client.task import SCOPE, SETTINGS

_REQUEST_ID = b"x-amzn-RequestId: 6c1f2a3e-8d0b-4f59-9c1e-2f6a7b8c9d0e\r\n"


def response(status: str, body: bytes, content_type: bytes = b"application/json") -> bytes:
    """An answer, whole."""
    return (
        b"HTTP/1.1 %s\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
        b"Connection: keep-alive\r\n%sx-amz-apigw-id: Q1w2E3r4T5y6U7i=\r\n\r\n%s"
        % (status.encode(), content_type, len(body), _REQUEST_ID, body)
    )


def gateway_response(kind: ResponseType) -> dict[str, object]:
    """What the service tells of a customised type: as long as what the benchmark puts."""
    status = DEFAULT_STATUS.get(kind)
    return {
        "responseType": kind.value,
        **({} if status is None else {"statusCode": status}),
        **SETTINGS.to_json(),
        "defaultResponse": False,
    }


_PUT = {
    kind.value.encode(): response("201 Created", json.dumps(gateway_response(kind)).encode())
    for kind in ResponseType
}
_READ = response("200 OK", json.dumps({"item": [gateway_response(kind) for kind in ResponseType]}).encode())
_LIST = response("200 OK", b'{"item": []}')
_GONE = response("202 Accepted", b"")
_IDENTITY = response(
    "200 OK",
    f'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Account>{SCOPE.account}</Account><Arn>arn:aws:iam::{SCOPE.account}:user/b</Arn><UserId>b</UserId>"
    f"</GetCallerIdentityResult></GetCallerIdentityResponse>".encode(),
    b"text/xml",
)


def answer(method: bytes, path: bytes) -> bytes:
    """What is answered, chosen by as little as will do."""
    if method == b"PUT":
        return _PUT[path[path.rindex(b"/") + 1 :]]
    if method == b"POST":
        return _IDENTITY
    if method == b"DELETE":
        return _GONE
    if path.endswith(b"/gatewayresponses"):
        return _READ
    return _LIST if path.startswith(b"/restapis?") else _PUT[path[path.rindex(b"/") + 1 :]]


class Canned(asyncio.Protocol):
    """One connection: a request at a time, answered as soon as its body is there."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - TCP is one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole by now."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _content_length(head)
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            method, path, _ = head.split(b" ", 2)
            if self._transport is not None:
                self._transport.write(answer(method, path))


def _content_length(head: bytes) -> int:
    at = head.find(b"Content-Length: ")
    if at < 0:
        return 0
    end = head.find(b"\r\n", at)
    return int(head[at + 16 : end if end >= 0 else None])


async def serve() -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


def cores() -> tuple[set[int] | None, set[int] | None]:
    """The cores for the client and for the server; None and None where they cannot be told apart."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[-1]}) if len(usable) > 1 else (None, None)


def pin(core: set[int] | None) -> None:
    """Stay on a core."""
    if core is not None:
        os.sched_setaffinity(0, core)


@contextmanager
def served() -> Iterator[str]:
    """Serve for the length of the block, and give the address."""
    command = [sys.executable, "-m", "benchmarks.client.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            assert process.stdin is not None  # noqa: S101 - as above
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


if __name__ == "__main__":
    pin(cores()[1])
    asyncio.run(serve())
