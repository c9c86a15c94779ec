"""How batchgw makes puts and deployments: one pipeline for each API, first its puts, then its deployment.

All pipelines run at the same time. The limiter's queue decides whose call is next: that of the API with the
fewest puts left. So the first API is ready long before the others, and the slow deployments start early and
never wait. In round robin all APIs would get ready late, at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import anyio

from batchgw.control_plane.interface import Execution
from batchgw.control_plane.operations import CreateDeployment, PutGatewayResponse
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import CallError
from batchgw.model import ResponseType, RestApiId, Scope, Settings

SETTINGS = Settings(
    parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    templates={
        "application/json": '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
    },
)
"""What every put carries."""


class Order(StrEnum):
    """Which API's call is sent next."""

    DEPTH_FIRST = "depth first"
    ROUND_ROBIN = "round robin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipelines:
    """The pipelines of one account-region's APIs. `given_up` counts calls that were given up, by error."""

    plane: PacedControlPlane
    scope: Scope
    types: Sequence[ResponseType]
    order: Order
    given_up: Counter[str] = field(default_factory=Counter)

    async def run(self, apis: Sequence[RestApiId]) -> None:
        """Make the puts and the deployment of every API."""
        self.plane.expect(self.scope, len(apis) * (len(self.types) + 1))
        async with anyio.create_task_group() as tasks:
            for api in apis:
                tasks.start_soon(self._pipeline, api)

    async def _pipeline(self, api: RestApiId) -> None:
        """Make the puts of an API, then deploy it if all of them succeeded."""
        made = [
            await self._send(
                PutGatewayResponse(scope=self.scope, api=api, type=kind, settings=SETTINGS),
                left=len(self.types) - done,
            )
            for done, kind in enumerate(self.types)
        ]
        if all(made):
            await self._send(CreateDeployment(scope=self.scope, api=api), left=0)
        else:
            self.given_up["NotDeployed"] += 1
            self.plane.decided(self.scope)

    async def _send(self, request: PutGatewayResponse | CreateDeployment, *, left: int) -> bool:
        priority = float(left) if self.order is Order.DEPTH_FIRST else 0.0
        try:
            await self.plane.send(request, Execution(priority=priority))
        except CallError as error:
            self.given_up[error.code] += 1
            return False
        finally:
            self.plane.decided(self.scope)
        return True
