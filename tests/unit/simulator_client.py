"""A caller of the simulated service: operations by name, answers as JSON, refusals as a tuple."""

from __future__ import annotations

from typing import Any

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.world import World

ACCOUNT = "111111111111"
REGION = "eu-west-1"


class Client:
    """Calls operations in one account and region at a time that stands still."""

    def __init__(self, world: World | None = None, *, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.service = Service(world or World.empty(), now=lambda: self.now)

    def __call__(self, operation: str, **params: object) -> Any:  # the answer is JSON of any shape
        """Carry out an operation that is expected to succeed, and answer its body."""
        return self.service.dispatch(operation, ACCOUNT, REGION, params).body

    def status(self, operation: str, **params: object) -> int:
        """The HTTP status of a success."""
        return self.service.dispatch(operation, ACCOUNT, REGION, params).status

    def refusal(self, operation: str, **params: object) -> tuple[str, int, str]:
        """Carry out an operation that is expected to be refused: its code, status and message."""
        try:
            reply = self.service.dispatch(operation, ACCOUNT, REGION, params)
        except ServiceFault as fault:
            return fault.code, fault.status, fault.message
        raise AssertionError(f"{operation} was not refused but answered {reply}")

    def api(self, *, methods: bool = True) -> str:
        """Create an API, with one method that can be deployed unless that is not wanted."""
        created = self("CreateRestApi", name="orders")
        where = {"restApiId": created["id"], "resourceId": created["rootResourceId"], "httpMethod": "GET"}
        if methods:
            self("PutMethod", **where, authorizationType="NONE")
            self("PutIntegration", **where, type="MOCK")
        return str(created["id"])
