"""The library of batchgw with an emulator, at a pace that does not slow a test down."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from batchgw import (
    ControlPlane,
    Event,
    Observer,
    Pace,
    PacedControlPlane,
    Plan,
    Policy,
    StopSignal,
    connect,
    load_policy,
)
from batchgw.control_plane.aws import AwsControlPlane
from batchgw.events import CallSent
from batchgw.model import Action, PlannedApi, ResponseChange
from batchgw.model.response_change import responses
from batchgw.throttle.quota import SERVICES, Quota
from tests.integration.emulator import IRELAND, Emulator
from tests.integration.fleet import Address

FAST = Pace(rate=1000.0, burst=1000.0, services={service: Quota(1000.0, 1000.0) for service in SERVICES})


@asynccontextmanager
async def connected(
    emulator: Emulator, *, role: str | None = None, observer: Observer | None = None
) -> AsyncIterator[AwsControlPlane]:
    """Open the control plane, with the keys of the environment. `observer` gets events of credentials."""
    async with connect(endpoint_url=emulator.url, region=IRELAND, role=role, observer=observer) as plane:
        yield plane


def paced(
    plane: ControlPlane, *, observer: Observer | None = None, stop: StopSignal | None = None
) -> PacedControlPlane:
    return PacedControlPlane(plane, pace=FAST, observer=observer, stop=stop)


def policy(text: str) -> Policy:
    """Read a policy from a text, as from a file."""
    return load_policy("policy.yaml", text=text).policy


def changes(plan: Plan) -> dict[Address, dict[str, ResponseChange]]:
    """Give the changes of a plan by region and kind, and then by response type."""
    return {
        (item.api.scope.region, item.api.name.removeprefix("orders-")): {
            c.type.value: c for c in responses(item.changes)
        }
        for item in plan.items()
        if isinstance(item, PlannedApi)
    }


def pending(plan: Plan) -> dict[Address, Mapping[str, Action]]:
    """Give what is to be written, by region and kind: an empty dict if everything is as desired."""
    found = {
        at: {name: c.action for name, c in by_type.items() if c.action is not Action.NO_OP}
        for at, by_type in changes(plan).items()
    }
    return {at: actions for at, actions in found.items() if actions}


class Calls:
    """Counts the attempts that left, by operation, and the writes by their target."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.writes: Counter[tuple[str | None, str | None]] = Counter()

    def notify(self, event: Event) -> None:
        if isinstance(event, CallSent):
            self.operations[event.operation] += 1
            if event.operation in {"PutGatewayResponse", "DeleteGatewayResponse"}:
                self.writes[event.api, event.target] += 1
