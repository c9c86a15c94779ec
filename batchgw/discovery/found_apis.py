"""Keeps the REST APIs that are found, each as it was found last, so that `explain --offline` need not ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from batchgw.discovery.organization.recollection import Remembering
from batchgw.journal import Fact, FactKind, OrganizationMemory
from batchgw.model import RestApi, RestApiId
from batchgw.model.shape import JSON
from batchgw.planning.plan_file.items import ItemReader, api_to_json

READER: Final = "REST APIs"
"""What REST APIs are remembered under, whoever has found them: an id names one API."""

PAGE: Final = 100
"""APIs written at a time: a few milliseconds, in which an event loop stands still."""


class FoundApis:
    """Takes APIs one by one, and writes them page by page. Never raises: what is kept may be lost.

    Args:
        memory: where they are kept; None: nowhere.
        clock: seconds since the epoch.
    """

    def __init__(self, memory: OrganizationMemory | None, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock
        self._waiting: dict[str, dict[str, JSON]] = {}

    async def add(self, api: RestApi) -> None:
        """Take an API, with its owner if that was asked."""
        if self._memory is None:
            return
        self._waiting[api.id] = api_to_json(api)
        if len(self._waiting) >= PAGE:
            await self.flush()

    async def flush(self) -> None:
        """Write those that wait. If that fails, no more are taken: each try may wait for other processes."""
        page, self._waiting = self._waiting, {}
        if page and self._memory is not None:
            written = await self._memory.keep(FactKind.API, page, at=self._clock())
            self._memory = self._memory if written else None


@asynccontextmanager
async def keeping_apis(remembering: Remembering | None) -> AsyncIterator[FoundApis]:
    """Keep the APIs that are added within the block. None: they are not kept."""
    if remembering is None:
        yield FoundApis(None, lambda: 0.0)
        return
    found = FoundApis(await remembering.open(READER), remembering.clock)
    try:
        yield found
    finally:
        await found.flush()


async def recalled_api(memory: OrganizationMemory, api: RestApiId) -> tuple[RestApi, Fact] | None:
    """Give an API as it was found last, and when; None where it was not, or cannot be read."""
    fact = await memory.fact(FactKind.API, api)
    if fact is None:
        return None
    try:
        return ItemReader().api(fact.body), fact
    except (KeyError, TypeError, ValueError):
        return None
