"""What a process has left in its journal, read from a copy: looking must not mend anything."""

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
class Wreck:
    """The last run, as the journal tells it; `run` is None when it knows of none.

    `in_doubt` are the API-types of which it knows that a write may have been sent, and not what came of it.
    """

    run: str | None = None
    state: RunState | None = None
    expected: int = 0
    applied: frozenset[Target] = frozenset()
    in_doubt: frozenset[Target] = frozenset()

    @property
    def resumable(self) -> bool:
        """Whether the run came as far as having a plan."""
        return self.run is not None and self.state is not RunState.PLANNING and self.expected > 0


def wreck_of(journal: Path) -> Wreck:
    """Read a journal that nobody writes to at the moment."""
    return at_once(_wreck_of(journal))


async def _wreck_of(journal: Path) -> Wreck:
    if not journal.exists():
        return Wreck()
    with TemporaryDirectory() as folder:
        for part in journal.parent.glob(f"{journal.name}*"):  # the database, and what SQLite keeps beside it
            shutil.copy(part, folder)
        async with open_journal(str(Path(folder) / journal.name)) as copy:
            return await _read(copy)


async def _read(journal: Journal) -> Wreck:
    try:
        record = await journal.find("last")
    except RunUnknown:
        return Wreck()
    run = journal.run(record.id)
    return Wreck(
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
