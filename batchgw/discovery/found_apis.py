"""Keeps the REST APIs that are found, each as it was found last, so that `explain --offline` need not ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.owners.signs import is_certain
from batchgw.journal import FactKind, OrganizationMemory
from batchgw.model import Owner, RestApi, RestApiId
from batchgw.model.shape import JSON, text
from batchgw.planning.plan_file.items import ItemReader, api_to_json

READER: Final = "REST APIs"
"""What REST APIs are remembered under, whoever has found them: an id names one API."""

PAGE: Final = 200
"""APIs written at a time."""


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
        self._owners: dict[str, dict[str, JSON]] = {}

    async def add(self, api: RestApi, *, asked: bool) -> None:
        """Take an API. Its owner was `asked` by calls, or it is what tags tell, which may not be all."""
        if self._memory is None:
            return
        self._waiting[api.id] = api_to_json(api)
        if asked and api.owner is not None:
            self._owners[api.id] = {"kind": api.owner.kind, "name": api.owner.name}
        if len(self._waiting) >= PAGE:
            await self.flush()

    async def flush(self) -> None:
        """Write those that wait. If that fails, no more are taken: each try may wait for other processes."""
        pages = {FactKind.API: self._waiting, FactKind.OWNER: self._owners}
        self._waiting, self._owners = {}, {}
        for kind, page in pages.items():
            memory = self._memory
            if page and memory is not None and not await memory.keep(kind, page, at=self._clock()):
                self._memory = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledApi:
    """An API as it was found last. `at` and `owner_at` are seconds since the epoch.

    `owner_at` is when calls were made to tell its owner; None where that is what tags tell, or not known.
    """

    api: RestApi
    at: float
    owner_at: float | None = None


async def recalled_api(memory: OrganizationMemory, api: RestApiId, *, owner: bool) -> RecalledApi | None:
    """Give an API as it was found last; None where it was not, or cannot be read.

    With `owner` it has none unless that is certain: tags do not tell all tools apart.
    """
    fact, asked = await memory.fact(FactKind.API, api), await memory.fact(FactKind.OWNER, api)
    if fact is None:
        return None
    try:
        found = ItemReader().api(fact.body)
        if asked is not None:
            told = Owner(kind=text(asked.body["kind"]), name=text(asked.body["name"]))
            return RecalledApi(api=replace(found, owner=told), at=fact.at, owner_at=asked.at)
    except (KeyError, TypeError, ValueError):
        return None
    if owner and not (found.owner and is_certain(found.owner)):
        found = replace(found, owner=None)
    return RecalledApi(api=found, at=fact.at)
