"""batchgw's control plane for AWS, alone or with limiter and retries, called by workers as in a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from batchgw.control_plane.aws import connect
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.control_plane.stack import Pace, PacedControlPlane
from benchmarks.client.task import CONNECTIONS, SCOPE, SETTINGS, Prepare, target, worked

PACE = Pace(rate=1e6, burst=1e6, workers=CONNECTIONS)
"""A quota so high that no call waits: only the limiter's own work remains."""


@asynccontextmanager
async def opened(url: str, *, fast_path: bool, paced: bool = False) -> AsyncIterator[Prepare]:
    """Connect, with or without the fast path."""
    async with connect(
        endpoint_url=url, region=SCOPE.region, max_connections=CONNECTIONS, fast_path=fast_path
    ) as aws:
        plane: ControlPlane = PacedControlPlane(aws, pace=PACE) if paced else aws

        async def call(number: int) -> None:
            api, kind = target(number)
            await plane.send(PutGatewayResponse(scope=SCOPE, api=api, type=kind, settings=SETTINGS))

        yield worked(call)
