"""What a process has left in its journal, read from a copy: looking must not mend anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from batchgw.errors import RunUnknown
from batchgw.journal import Journal, RunState
from batchgw.model import Scope
from tests.crash.truth import Target


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
    if not journal.exists():
        return Wreck()
    with TemporaryDirectory() as folder:
        for part in journal.parent.glob(f"{journal.name}*"):  # the database, and what SQLite keeps beside it
            shutil.copy(part, folder)
        with Journal.open(str(Path(folder) / journal.name)) as copy:
            return _read(copy)


def _read(journal: Journal) -> Wreck:
    try:
        run = journal.run("last")
    except RunUnknown:
        return Wreck()
    scopes = journal.scopes(run.id)
    return Wreck(
        run=run.id,
        state=run.state,
        expected=run.totals.expected,
        applied=frozenset(
            (outcome.api.id, outcome.target.name)
            for outcome in journal.outcomes(run.id, kinds=frozenset({"applied"}))
        ),
        in_doubt=frozenset(
            target for record in scopes for target in _in_doubt(journal, run.id, record.scope)
        ),
    )


def _in_doubt(journal: Journal, run: str, scope: Scope) -> Iterator[Target]:
    after = 0
    while page := journal.pending(run, scope, after=after):
        after = page[-1].row
        for api in page:
            for pending in api.changes:
                if pending.intended:
                    yield api.api.id, pending.change.target.name
