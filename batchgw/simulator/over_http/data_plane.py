"""The data plane over HTTP: which requests are calls of a deployed API, and the answers to them."""

from __future__ import annotations

from typing import Protocol

from batchgw.simulator.data_plane.invocation import Answered, Invocation
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall


class Invoked(Protocol):
    """What answers calls of deployed APIs: the engine."""

    async def invoke(self, invocation: Invocation) -> Answered:
        """Answer one."""
        ...


class HttpDataPlane:
    """Answers the requests that are about a deployed API. No key is asked for, and no signature is read."""

    def __init__(self, engine: Invoked) -> None:
        self._engine = engine

    async def answer(self, call: HttpCall) -> HttpAnswer | None:
        """Answer a request; None for one that is about something else."""
        if "/_user_request_" not in call.path and ".execute-api." not in call.headers.get("Host", ""):
            return None
        invocation = Invocation.read(
            call.method, call.target, {name.lower(): value for name, value in call.headers.items()}
        )
        if invocation is None:
            return None
        found = await self._engine.invoke(invocation)
        return HttpAnswer(status=found.status, headers=found.headers, body=found.body.encode())
