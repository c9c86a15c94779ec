"""Which scope and which API of a run may begin, and when. The executor begins nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from batchgw.journal import PendingApi
from batchgw.model import RestApi, Scope


class Schedule(Protocol):
    """Decides what may begin. It may wait for as long as it likes before it yields.

    Everything must begin at some time. When the run is asked to stop, a schedule must wait no longer: what
    begins then is turned away without a call, and is not attempted.
    """

    def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        """Yield each of the run's scopes once, when work in it may begin."""
        ...

    def apis(
        self, scope: Scope, left: AsyncIterator[Sequence[PendingApi]]
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        """Yield each API of `left` once, some at a time, when these may begin, in this order.

        `left` are the scope's APIs with something left to do, read from the journal page by page. The
        generator is resumed by one task or another, so no cancel scope may be open while it yields.
        """
        ...

    def api_ended(self, api: RestApi) -> None:
        """Take note that each change of an API was made or decided."""
        ...

    def scope_ended(self, scope: Scope) -> None:
        """Take note that nothing is left to do in a scope."""
        ...


class AllAtOnce:
    """All scopes side by side, and the APIs of each in the journal's order.

    APIs that an earlier process has tried in vain come last. What kept them from being written may still be
    there, such as a denial that ended a run in this scope. It must not keep the others from being written.
    They are few: those that were in work then.
    """

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        """Yield all of them."""
        for scope in scopes:
            yield scope

    async def apis(
        self,
        scope: Scope,  # noqa: ARG002 - the same for each
        left: AsyncIterator[Sequence[PendingApi]],
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        """Yield each page without those that were tried, and these in the end."""
        tried: list[PendingApi] = []
        async for page in left:
            tried += [api for api in page if _was_tried(api)]
            yield [api for api in page if not _was_tried(api)]
        yield tried

    def api_ended(self, api: RestApi) -> None:
        """Nothing waits for it."""

    def scope_ended(self, scope: Scope) -> None:
        """Nothing waits for it."""


def _was_tried(api: PendingApi) -> bool:
    """Tell whether a call for the API was answered already, and not well: it would be decided otherwise."""
    return any(each.spent.attempts for each in api.changes)
