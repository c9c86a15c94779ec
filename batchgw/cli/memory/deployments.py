"""Keeps what deployments answer with for the next command. Where that fails, the command goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import anyio

from batchgw.cli.memory.quotas import PATIENCE
from batchgw.errors import JournalUnusable
from batchgw.journal import LiveMemory, open_journal
from batchgw.journal.live_memory import BriefLiveMemory
from batchgw.model import RestApi


class _OpenedOnceAsked:
    """A memory that is opened when it is asked for the first time. See `LiveMemory`."""

    def __init__(self, open_: Callable[[], Awaitable[LiveMemory]]) -> None:
        self._open = open_
        self._opened: LiveMemory | None = None
        self._opening = anyio.Lock()

    async def recall(self, api: RestApi, deployment: str) -> Mapping[str, str] | None:
        """Give the digests of a deployment."""
        return await (await self._memory()).recall(api, deployment)

    async def keep(self, api: RestApi, deployment: str, digests: Mapping[str, str]) -> None:
        """Remember them."""
        await (await self._memory()).keep(api, deployment, digests)

    async def _memory(self) -> LiveMemory:
        async with self._opening:  # many APIs are read at once
            if self._opened is None:
                self._opened = await self._open()
        return self._opened


@asynccontextmanager
async def remembering_deployments(
    journal: str | None, *, trouble: Callable[[str], None]
) -> AsyncIterator[LiveMemory]:
    """Open the journal once a deployment is looked at, with a connection that waits for nobody long.

    `trouble` is told why nothing can be remembered: then each deployment is read once a command.
    """
    async with AsyncExitStack() as stack:

        async def opened() -> LiveMemory:
            try:
                store = await stack.enter_async_context(open_journal(journal, patience=PATIENCE))
            except JournalUnusable as error:
                trouble(str(error))
                return BriefLiveMemory()
            return await store.live_memory(trouble=trouble)

        yield _OpenedOnceAsked(opened)
