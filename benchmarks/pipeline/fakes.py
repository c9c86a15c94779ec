"""A control plane and a journal that cost nothing, so that only the pipeline between them is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import anyio
import anyio.lowlevel

from batchgw.control_plane.interface import Execution, Request, T
from batchgw.journal import PendingApi, PendingChange
from batchgw.model import AccountId, GatewayResponse, Outcome, PlannedApi, Scope, Settings
from benchmarks.pipeline.plans import TYPES, change


class Plane:
    """Answers every call after `latency` seconds, or as soon as the other tasks have run once."""

    def __init__(self, latency: float | None = None) -> None:
        self._latency = latency
        self._answers = {
            kind: GatewayResponse(
                type=kind, settings=change(kind, 0).after or Settings(), default_response=False
            )
            for kind in TYPES
        }

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Answer a call."""
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


class NoJournal:
    """In the place of the journal: it knows the pending changes, and keeps nothing."""

    id = "run"

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

    async def pending(
        self,
        scope: Scope,  # noqa: ARG002 - the journal's signature
        *,
        after: int = 0,
        limit: int = 100,
        wave: int | None = None,  # noqa: ARG002 - as above
    ) -> list[PendingApi]:
        """Give the next page."""
        return self._apis[after : after + limit]

    async def intend(self, ids: Sequence[int]) -> None:
        """Keep nothing."""

    def withdraw(self, ids: Sequence[int]) -> None:
        """Keep nothing."""

    def record(self, change: int, outcome: Outcome) -> None:
        """Keep nothing."""

    async def flush(self) -> None:
        """Do nothing: there is nothing to commit."""

    async def heartbeat(self) -> None:
        """Do nothing: there are no locks."""
