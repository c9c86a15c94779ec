"""An HTTP server that costs next to nothing: canned answers on loopback, in a process of its own.

It checks nothing and throttles nothing, because it is the client that is measured. It ends when its standard
input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

Answer = Callable[[bytes, bytes, bytes], bytes]
"""Gives the whole answer to a request: its method, path and body."""

_REQUEST_ID = "6c1f2a3e-8d0b-4f59-9c1e-2f6a7b8c9d0e"


def response(status: str, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole answer, with the headers that API Gateway sends."""
    return (
        f"HTTP/1.1 {status}\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\nx-amzn-RequestId: {_REQUEST_ID}\r\n"
        f"x-amz-apigw-id: Q1w2E3r4T5y6U7i=\r\n\r\n"
    ).encode() + body


def sts_response(operation: str, result: str) -> bytes:
    """A whole answer of STS; `result` is XML."""
    xml = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{result}'
        f"</{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        f"</{operation}Response>"
    )
    return response("200 OK", xml.encode(), "text/xml")


class Connections:
    """How many connections are open now, and were at most, and have been opened in all."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0
        self.all = 0

    def opened(self) -> None:
        """Count one more."""
        self.open += 1
        self.all += 1
        self.most = max(self.most, self.open)

    def closed(self) -> None:
        """Count one less."""
        self.open -= 1


class Connection(asyncio.Protocol):
    """One connection: one request at a time, answered as soon as its body is complete.

    A server that needs a request's headers, or time for its answer, has a subclass with another `asked`.
    """

    def __init__(self, answer: Answer, connections: Connections) -> None:
        self._answer = answer
        self._connections = connections
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - TCP is one
        self._transport = transport
        self._connections.opened()

    def connection_lost(self, _error: Exception | None) -> None:
        """Count the connection as closed."""
        self._connections.closed()

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            complete = end + 4 + _content_length(head)
            if len(self._received) < complete:
                return
            body, self._received = self._received[end + 4 : complete], self._received[complete:]
            self.asked(head, body)

    def asked(self, head: bytes, body: bytes) -> None:
        """Answer a request."""
        method, path, _ = head.split(b" ", 2)
        self.write(self._answer(method, path, body))

    def write(self, answer: bytes) -> None:
        """Send an answer."""
        if self._transport is not None:
            self._transport.write(answer)


def _content_length(head: bytes) -> int:
    at = head.find(b"Content-Length: ")
    if at < 0:
        return 0
    end = head.find(b"\r\n", at)
    return int(head[at + 16 : end if end >= 0 else None])


async def serve(
    answer: Answer, connections: Connections | None = None, tls: ssl.SSLContext | None = None
) -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    counted = connections or Connections()
    await serve_connections(lambda: Connection(answer, counted), tls)


async def serve_connections(connection: Callable[[], Connection], tls: ssl.SSLContext | None = None) -> None:
    """Serve with connections of a kind of their own; otherwise as `serve`."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


@contextmanager
def served(module: str, arguments: Sequence[str] = (), *, scheme: str = "http") -> Iterator[str]:
    """Run a module that calls `serve`, as long as the block lasts. Gives the address."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101 - they were asked for
        assert process.stdout is not None  # noqa: S101 - as above
        try:
            yield f"{scheme}://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
