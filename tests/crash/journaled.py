"""What a process has left in its journal. It is read from a copy, because opening a journal may repair it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from batchgw.errors import RunUnknown
from batchgw.journal import Journal, JournalRun, RunState, open_journal
from batchgw.model import Scope
from tests.at_once import at_once
from tests.crash.truth import Target
from tests.unit.journal_plans import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """The last run, as the journal has it.

    Attributes:
        run: its id; None if the journal has no run.
        state: its state.
        expected: how many outcomes it must have.
        applied: the API-types whose outcome is "applied".
        in_doubt: the API-types with an intent and no outcome: their write may have been sent.
    """

    run: str | None = None
    state: RunState | None = None
    expected: int = 0
    applied: frozenset[Target] = frozenset()
    in_doubt: frozenset[Target] = frozenset()

    @property
    def resumable(self) -> bool:
        """Whether the run has a whole plan, so that it can be resumed."""
        return self.run is not None and self.state is not RunState.PLANNING and self.expected > 0


def journaled_in(journal: Path) -> Journaled:
    """Read a journal. Nobody may write to it meanwhile."""
    return at_once(_journaled_in(journal))


async def _journaled_in(journal: Path) -> Journaled:
    if not journal.exists():
        return Journaled()
    with TemporaryDirectory() as folder:
        for part in journal.parent.glob(f"{journal.name}*"):  # the database, and what SQLite keeps beside it
            shutil.copy(part, folder)
        async with open_journal(str(Path(folder) / journal.name)) as copy:
            return await _read(copy)


async def _read(journal: Journal) -> Journaled:
    try:
        record = await journal.find("last")
    except RunUnknown:
        return Journaled()
    run = journal.run(record.id)
    return Journaled(
        run=record.id,
        state=record.state,
        expected=record.totals.expected,
        applied=frozenset(
            (outcome.api.id, outcome.target.name)
            for outcome in await listed(run.outcomes(kinds=frozenset({"applied"})))
        ),
        in_doubt=frozenset(
            [target async for counts in run.scope_counts() async for target in _in_doubt(run, counts.scope)]
        ),
    )


async def _in_doubt(run: JournalRun, scope: Scope) -> AsyncIterator[Target]:
    after = 0
    while page := await run.pending(scope, after=after):
        after = page[-1].row
        for api in page:
            for pending in api.changes:
                if pending.intended:
                    yield api.api.id, pending.change.target.name
