"""The event loop's clock, read several times for every call; and the one form in which times are told."""

from __future__ import annotations

from asyncio import get_running_loop
from datetime import UTC, datetime

import anyio


def current_time() -> float:
    """Seconds of the running event loop's clock: what `anyio.current_time` tells, at an eighth of the cost.

    anyio looks up which library runs, and whose task, each time it is asked. Raises as it does where no event
    loop runs.
    """
    try:
        loop = get_running_loop()
    except RuntimeError:  # trio, or none at all
        return anyio.current_time()
    return loop.time()


def timestamp(seconds: float) -> str:
    """Render seconds since the epoch as ISO 8601, in UTC and whole seconds: 2026-11-29T21:40:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
