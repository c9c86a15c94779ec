"""Scopes side by side, workers within each: at most one write is in flight per API."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import anyio

from batchgw.control_plane.paced import PacedControlPlane
from batchgw.errors import BatchgwError, Stopped
from batchgw.execution.recorder import Recorder
from batchgw.execution.writer import Writer
from batchgw.journal import Journal, PendingApi, PendingChange
from batchgw.model import Effort, NotAttempted, Outcome, RestApi, Scope, Skipped
from batchgw.pool import pooled

PAGE = 100
"""APIs fetched from the journal at a time: what bounds memory, whatever the size of the run."""


class Executor:
    """Makes every change of a run that is not decided yet."""

    def __init__(self, plane: PacedControlPlane, journal: Journal, run: str, recorder: Recorder) -> None:
        self._plane = plane
        self._journal = journal
        self._run = run
        self._recorder = recorder
        self._writer = Writer(plane, recorder)

    async def run(self, scopes: tuple[Scope, ...]) -> None:
        """Work until every change has an outcome. Raises JournalWriteFailed if one could not be kept."""
        async with anyio.create_task_group() as background:
            background.start_soon(self._recorder.keep_flushing)
            background.start_soon(self._recorder.keep_alive)
            try:
                async with anyio.create_task_group() as tasks:
                    for scope in scopes:
                        tasks.start_soon(self._work_on, scope)
            finally:  # also when cancelled: what is known by then is kept
                background.cancel_scope.cancel()
                self._recorder.close()

    async def _work_on(self, scope: Scope) -> None:
        async with aclosing(self._pending(scope)) as apis:
            await pooled(apis, self._bring_to_plan, workers=self._plane.pace.workers)

    async def _pending(self, scope: Scope) -> AsyncGenerator[PendingApi, None]:
        after = 0
        while page := self._journal.pending(self._run, scope, after=after, limit=PAGE):
            after = page[-1].row
            for api in page:
                yield api

    async def _bring_to_plan(self, pending: PendingApi) -> None:
        """Make an API's changes, one after the other. One that is gone is not asked again."""
        gone: Skipped | None = None
        for change in pending.changes:
            outcome: Outcome
            if gone is not None:
                outcome = replace(gone, type=change.change.type, action=change.change.action)
            else:
                turned_away = self._turned_away(pending.api, change)
                outcome = turned_away or await self._writer.make(pending.api, change)
            if isinstance(outcome, Skipped):
                gone = replace(outcome, effort=Effort())
            self._recorder.decide(change.id, outcome)

    def _turned_away(self, api: RestApi, pending: PendingChange) -> NotAttempted | None:
        """Decide, before any intent is written, that no call will be made."""
        why: BatchgwError | None = self._plane.limited.condemned.why(api.scope)
        if why is None and self._plane.stop.requested:
            why = Stopped("the run was asked to stop before it came to this")
        if why is None:
            return None
        return NotAttempted(
            api=api,
            type=pending.change.type,
            action=pending.change.action,
            code=type(why).__name__,
            message=str(why),
        )
