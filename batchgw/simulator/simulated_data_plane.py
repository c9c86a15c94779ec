"""The simulated data plane behind the client's own interface, without HTTP: for tests in virtual time."""

from __future__ import annotations

from batchgw.control_plane.data_plane import LONGEST_BODY, ProbeAnswer, ProbeRequest
from batchgw.simulator.data_plane.invocation import Invocation
from batchgw.simulator.engine import Engine


class SimulatedDataPlane:
    """Answers probes from the engine of a simulated world, such as that of a `SimulatedControlPlane`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        """Make one GET. There is always an answer."""
        host = f"{request.api.id}.execute-api.{request.api.scope.region}.simulated"
        invocation = Invocation.read("GET", f"/{request.stage}{request.path}", {"host": host})
        if invocation is None:
            raise ValueError(f"not the id of an API, or not a region: {request.api}")
        found = await self._engine.invoke(invocation)
        return ProbeAnswer(
            status=found.status,
            headers={name.lower(): value for name, value in found.headers.items()},
            body=found.body.encode()[:LONGEST_BODY].decode(errors="replace"),
        )
