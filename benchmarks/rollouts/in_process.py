"""aiobotocore without sockets: its requests go to the simulator in the same process, so time can be virtual.

Requests are built, signed, parsed and answered as over HTTP. Only the connection is left out.
"""

from __future__ import annotations

from typing import Any, Self

from aiobotocore.awsrequest import AioAWSResponse
from botocore.awsrequest import AWSPreparedRequest, HeadersDict

from batchgw.simulator.engine import Engine
from batchgw.simulator.over_http.authentication import Authenticator
from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.over_http.server import HttpService
from batchgw.simulator.world.world import World

ENDPOINT = "http://simulator"


class InProcess:
    """The simulator in the place of a connection pool, for `AioConfig(http_session_cls=...)`."""

    def __init__(self, engine: Engine, world: World) -> None:
        gate = Authenticator(world.keys, world.accounts, world.regions, check=False)
        self._service = HttpService(engine, gate)

    def __call__(self, **_settings: Any) -> Self:
        """Give a session: all are the same one."""
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send(self, request: AWSPreparedRequest) -> AioAWSResponse:
        """Answer a request."""
        answer = await self._service.answer(
            HttpCall(
                method=request.method,
                target=request.url.removeprefix(ENDPOINT),
                headers=_text(request.headers),
                body=request.body or b"",
            )
        )
        response = AioAWSResponse(request.url, answer.status, HeadersDict(answer.headers), None)
        response._content = answer.body  # noqa: SLF001 - what it would have read from its connection
        return response


def _text(headers: Any) -> HeadersDict:
    """Headers as a server has them: a signature's are bytes."""
    return HeadersDict(
        {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in headers.items()}
    )
