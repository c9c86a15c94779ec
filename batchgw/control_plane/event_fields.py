"""What every event about a call says of it."""

from __future__ import annotations

from typing import TypedDict

from batchgw.control_plane.interface import Request
from batchgw.model import RestApiId, Scope


class CallFields(TypedDict):
    """The fields that say which call an event is about."""

    scope: Scope
    service: str
    operation: str
    api: RestApiId | None
    target: str | None


def of_call(request: Request[object]) -> CallFields:
    """Give them for a call."""
    return CallFields(
        scope=request.scope,
        service=request.operation.service,
        operation=request.operation.name,
        api=request.api_id,
        target=request.target,
    )
