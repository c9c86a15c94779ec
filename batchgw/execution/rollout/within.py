"""What of a wave may begin: within its budgets, its windows and its order of regions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing

import anyio

from batchgw.errors import BudgetExceeded, HeldBack
from batchgw.execution.rollout.opening import Opening
from batchgw.execution.schedule import AllAtOnce
from batchgw.journal import PendingApi
from batchgw.model import Failed, NotAttempted, Outcome, Region, Scope
from batchgw.model.change import ENDS_SCOPE
from batchgw.planning.rollout.budgets import Budgets


class WithinWave(AllAtOnce):
    """The schedule of one wave.

    Args:
        budgets: are told each failure.
        opening: says whether calls may be made.
        most: account-regions side by side; None: all.
        regions: those to begin with, one after the other; the others follow together.
    """

    def __init__(
        self, budgets: Budgets, opening: Opening, *, most: int | None, regions: Sequence[Region]
    ) -> None:
        self._budgets = budgets
        self._opening = opening
        self._most = most
        self._regions = regions
        self._open: set[Scope] = set()
        self._ended = anyio.Event()
        self.why: HeldBack | None = None
        """Why nothing more may begin; None as long as something may."""

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        """Yield them region by region, as far as that is asked for, and no more at a time than may be."""
        first = [[scope for scope in scopes if scope.region == region] for region in self._regions]
        rest = [scope for scope in scopes if scope.region not in self._regions]
        for group in (*first, rest):
            for scope in group:
                await self._until(lambda: self._most is None or len(self._open) < self._most)
                if self.held_back(scope) is not None:
                    return
                self._open.add(scope)
                yield scope
            if group is not rest:
                await self._until(lambda: not self._open)

    async def apis(
        self, scope: Scope, left: AsyncIterable[Sequence[PendingApi]]
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        """Yield each page as the windows allow it."""
        async with aclosing(super().apis(scope, left)) as pages:
            async for page in pages:
                await self._opening.wait()
                if self.held_back(scope) is not None:
                    return
                yield page

    def held_back(self, scope: Scope) -> HeldBack | None:  # noqa: ARG002 - the run stops as a whole
        """Say why nothing more may begin: once that is so, it stays so."""
        if self.why is None:
            self.why = self._opening.why_not()
        return self.why

    def decided(self, outcome: Outcome) -> None:
        """Count a failure, and an account-region that was given up."""
        if isinstance(outcome, Failed):
            self._budgets.failed(outcome.api.scope, outcome.target.kind)
        elif isinstance(outcome, NotAttempted) and outcome.code in ENDS_SCOPE:
            self._budgets.gave_up(outcome.api.scope)
        else:
            return
        said = self._budgets.exceeded()
        if said is not None and self.why is None:
            self.why = BudgetExceeded(
                f"{said}: the run has stopped, and what was under way has finished. Find out why they fail; "
                "a resume goes on with what is left, and counts anew"
            )

    def scope_ended(self, scope: Scope) -> None:
        """Let the next account-region begin."""
        self._open.discard(scope)
        self._ended.set()

    async def _until(self, ready: Callable[[], bool]) -> None:
        while not ready() and self.why is None:
            self._ended = anyio.Event()
            await self._ended.wait()


class Refusing(AllAtOnce):
    """The schedule of a wave that does not begin, and why."""

    def __init__(self, why: HeldBack) -> None:
        self._why = why

    def held_back(self, scope: Scope) -> HeldBack | None:  # noqa: ARG002 - the same for each
        """Say why."""
        return self._why
