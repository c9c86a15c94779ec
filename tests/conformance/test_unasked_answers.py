"""An answer that nobody asked for, on a kept connection, is not taken for the answer to the next request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
import pytest
from yarl import URL

from batchgw.control_plane.aws.connections import ConnectionPool
from batchgw.control_plane.aws.tls import tls_context

pytestmark = pytest.mark.asyncio

CONNECTIONS = 3


@dataclass
class Talker:
    """A server that answers each request with its path.

    On its first `unasked` connections it sends every answer twice.
    """

    unasked: int
    port: int = 0
    connections: int = 0
    said: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            yield

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talks = self.connections <= self.unasked
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1]
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path)
                writer.write(answer)
                await writer.drain()
                if talks:
                    await asyncio.sleep(0.05)  # by now the first answer was read, and its connection is idle
                    writer.write(answer)
                    await writer.drain()
                    self.said.set()
        writer.close()


async def asked(pool: ConnectionPool, talker: Talker, path: str) -> str:
    reply = await pool.exchange("GET", URL(f"http://127.0.0.1:{talker.port}{path}"), {}, None)
    return reply.body.decode()


@pytest.mark.parametrize("together", [1, CONNECTIONS])
async def test_an_answer_that_nobody_asked_for_is_not_that_of_the_next_request(together: int) -> None:
    talker = Talker(unasked=together)
    async with (
        talker.listening(),
        ConnectionPool(
            tls=tls_context(None), max_connections=CONNECTIONS, connect_timeout=5, read_timeout=5
        ) as pool,
    ):
        found: dict[str, str] = {}

        async def ask(path: str) -> None:
            found[path] = await asked(pool, talker, path)

        async with anyio.create_task_group() as tasks:
            for number in range(together):
                tasks.start_soon(ask, f"/first/{number}")
        await talker.said.wait()
        await asyncio.sleep(0.1)  # until the second answer has arrived
        for number in range(5):
            await ask(f"/then/{number}")
        assert found == {path: path for path in found}
        assert talker.connections == together + 1, "a connection without such an answer is kept"
