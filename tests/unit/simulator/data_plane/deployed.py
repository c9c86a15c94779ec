"""An engine over one deployed API, and calls of it."""

from __future__ import annotations

import json
from typing import Any

from batchgw.simulator.data_plane.invocation import Answered, Invocation
from batchgw.simulator.engine import Engine
from batchgw.simulator.operations.service import Service
from batchgw.simulator.world.world import World
from tests.unit.simulator_client import ACCOUNT, REGION

NOW = 1_800_000_000.0


class Deployed:
    """One REST API with GET /, deployed to the stage prod."""

    def __init__(self, **options: Any) -> None:
        service = Service(World.empty(accounts=[ACCOUNT], regions=[REGION]), now=lambda: NOW)
        self.engine = Engine(service, **options)
        self._service = service
        created = self.now("CreateRestApi", name="orders", endpointConfiguration={"types": ["REGIONAL"]})
        self.api = str(created["id"])
        self.root = str(created["rootResourceId"])
        self.method("GET", self.root)
        self.deployment = str(self.now("CreateDeployment", stageName="prod")["id"])

    def now(self, operation: str, **params: object) -> Any:
        """Carry out an operation at once, as if it had been made before the world began."""
        given = params if operation == "CreateRestApi" else {"restApiId": self.api, **params}
        return self._service.dispatch(operation, ACCOUNT, REGION, given).body

    async def do(self, operation: str, **params: object) -> Any:
        """Make a call of the control plane."""
        reply = await self.engine.handle(operation, ACCOUNT, REGION, {"restApiId": self.api, **params})
        return reply.body

    def method(self, verb: str, resource: str, **settings: object) -> None:
        """Add a method without a backend."""
        where = {"resourceId": resource, "httpMethod": verb}
        self.now("PutMethod", **where, **{"authorizationType": "NONE", **settings})
        self.now("PutIntegration", **where, type="MOCK")

    def resource(self, parent: str, part: str) -> str:
        """Add a resource."""
        return str(self.now("CreateResource", parentId=parent, pathPart=part)["id"])

    def put(self, kind: str, **settings: object) -> None:
        """Customise a gateway response."""
        self.now("PutGatewayResponse", responseType=kind, **settings)

    def deploy(self) -> None:
        """Deploy to prod, as if it had been done before the world began."""
        self.now("CreateDeployment", stageName="prod")

    async def move(self, deployment: str) -> None:
        """Move prod to a deployment."""
        replace = {"op": "replace", "path": "/deploymentId", "value": deployment}
        await self.do("UpdateStage", stageName="prod", patchOperations=[replace])

    async def ask(
        self, path: str = "/nothing-here", method: str = "GET", *, stage: str = "prod", **more: Any
    ) -> Answered:
        """Call the API."""
        return await self.engine.invoke(
            Invocation(api=self.api, stage=stage, path=path, method=method, **more)
        )

    async def message(self, path: str = "/nothing-here", method: str = "GET", **more: Any) -> tuple[int, str]:
        """Call the API; give the status and the message of the answer."""
        found = await self.ask(path, method, **more)
        return found.status, str(json.loads(found.body)["message"])
