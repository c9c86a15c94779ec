"""What stands around the pipeline when only the pipeline is to be paid for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import cast

import anyio
import anyio.lowlevel

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.journal import PendingApi, PendingChange
from batchgw.model import AccountId, GatewayResponse, Outcome, PlannedApi, Scope, Settings
from benchmarks.pipeline.plans import TYPES, change


class Plane:
    """Answers every call `latency` seconds after it came; without one, when everyone else has had a turn."""

    def __init__(self, latency: float | None = None) -> None:
        self._latency = latency
        self._answers = {
            kind: GatewayResponse(
                type=kind, settings=change(kind, 0).after or Settings(), default_response=False
            )
            for kind in TYPES
        }

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Answer."""
        if execution is not None:
            execution.request_id = "0123abcd-0123-abcd-0123-0123456789ab"
        if self._latency is None:
            await anyio.lowlevel.checkpoint()
        else:
            await anyio.sleep(self._latency)
        return cast("T", self._answers[getattr(request, "type", TYPES[0])])

    async def current_account(self) -> AccountId:
        """Any account."""
        return AccountId("111111111111")


class Forgetful:
    """Stands where the journal does, knows what is to be done, and keeps nothing."""

    def __init__(self, items: Sequence[PlannedApi]) -> None:
        self._apis = [
            PendingApi(
                row=row,
                api=item.api,
                changes=tuple(
                    PendingChange(id=row * len(TYPES) + n, change=change, intended=False)
                    for n, change in enumerate(item.changes)
                ),
            )
            for row, item in enumerate(items, start=1)
        ]

    def pending(
        self,
        run: str,  # noqa: ARG002 - the journal's signature
        scope: Scope,  # noqa: ARG002 - as above
        *,
        after: int = 0,
        limit: int = 100,
    ) -> list[PendingApi]:
        """Give the next page."""
        return self._apis[after : after + limit]

    def intend(self, ids: Sequence[int]) -> None:
        """Forget."""

    def withdraw(self, ids: Sequence[int]) -> None:
        """Forget."""

    def record(self, id: int, outcome: Outcome) -> None:  # noqa: A002 - as the journal has it
        """Forget."""

    def flush(self) -> None:
        """Have nothing to commit."""

    def heartbeat(self, run: str) -> None:
        """Have no locks to hold."""


class Screen(io.StringIO):
    """A terminal that nobody looks at."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True
