"""Which scope and which API of a run may begin, and when. The executor begins nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Protocol

from batchgw.errors import HeldBack
from batchgw.journal import PendingApi
from batchgw.model import Outcome, RestApi, Scope


class Schedule(Protocol):
    """Decides what may begin, and may end the run before all of it has begun. Each run needs a new one.

    It may wait for as long as it likes before it yields: the run's locks are renewed meanwhile, and a stop
    ends the wait. The generators are resumed by one task or another, so no cancel scope may be open while
    they yield.
    """

    def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        """Yield each of the run's scopes once, when work in it may begin."""
        ...

    def apis(
        self, scope: Scope, left: AsyncIterable[Sequence[PendingApi]]
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        """Yield each API of `left` once, some at a time, when these may begin, in this order.

        `left` are the scope's APIs with something left to do that were not yielded yet. Each iteration reads
        them from the journal, page by page. So a schedule that chooses some of them first keeps none of the
        others in memory, and iterates again for them. That costs one more reading: some 20 us a change.
        """
        ...

    def held_back(self, scope: Scope) -> HeldBack | None:
        """Say why nothing more may begin in a scope; None as long as something may.

        It is asked before each API begins, also after that was yielded. Once there is a reason, the rest of
        the scope is not attempted, with the name of the error's class as its code: a resume takes it up. What
        has begun comes to its end. A generator that ends before it has yielded everything must have a reason,
        and one that waits must end its wait when there is a reason.
        """
        ...

    def decided(self, outcome: Outcome) -> None:
        """Take note of an outcome, as soon as it is known, and before its API has ended.

        Where an API is denied or gone, that may turn out to be so of its whole scope. Then the run counts it
        as not attempted.
        """
        ...

    def api_ended(self, api: RestApi) -> None:
        """Take note that each change of an API that was yielded was made or decided."""
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
        left: AsyncIterable[Sequence[PendingApi]],
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        """Yield each page without those that were tried, and these in the end."""
        tried: list[PendingApi] = []
        async for page in left:
            tried += [api for api in page if _was_tried(api)]
            yield [api for api in page if not _was_tried(api)]
        yield tried

    def held_back(self, scope: Scope) -> HeldBack | None:  # noqa: ARG002 - the same for each
        """Let everything begin."""
        return None

    def decided(self, outcome: Outcome) -> None:
        """Nothing depends on it."""

    def api_ended(self, api: RestApi) -> None:
        """Nothing waits for it."""

    def scope_ended(self, scope: Scope) -> None:
        """Nothing waits for it."""


def _was_tried(api: PendingApi) -> bool:
    """Tell whether a call for the API was answered already, and not well: it would be decided otherwise."""
    return any(each.spent.attempts for each in api.changes)
