"""What a journal remembers of quotas, for tests that are no coroutines."""

from __future__ import annotations

import time
from collections.abc import Callable

from batchgw.journal import Limit, open_journal
from batchgw.throttle.memory import Learned
from tests.at_once import at_once


def remember(
    *learned: Learned, url: str | None = None, endpoint: str = "", clock: Callable[[], float] = time.time
) -> None:
    """Write what a run has learned."""

    async def write() -> None:
        async with open_journal(url, clock=clock) as journal:
            assert await (await journal.quota_memory(endpoint=endpoint)).save(learned)

    at_once(write())


def remembered(url: str | None = None) -> list[Limit]:
    """Read what is remembered."""

    async def read() -> list[Limit]:
        async with open_journal(url) as journal:
            return await journal.limits()

    return at_once(read())
