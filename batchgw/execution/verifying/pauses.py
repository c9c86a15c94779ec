"""When a stage is looked at, and why it does not count as live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import anyio

from batchgw.concurrency.stop import StopSignal

LONGEST: Final = 15.0
"""Seconds of the longest pause between two looks."""

NOT_LIVE: Final = "NotLive"
"""Code of a stage that was moved, and does not answer as the API is configured."""

NOT_SEEN: Final = "NotSeenLive"
"""Code of a stage that was moved, and of which nobody could see in time what it answers with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLive:
    """Why a stage does not count as live."""

    code: str
    message: str


async def looks(
    within: float, stop: StopSignal, *, pause: float, longest: float = LONGEST
) -> AsyncGenerator[None, None]:
    """Yield for each look, now and for `within` seconds, the last one at their end.

    The first pause lasts `pause` seconds, and each is twice the one before, up to `longest`. Raises Stopped.
    """
    end = anyio.current_time() + within
    while True:
        yield
        left = end - anyio.current_time()
        if left <= 0:
            return
        await stop.sleep(min(pause, left))
        pause = min(2 * pause, longest)
