"""Intents and outcomes on their way into the journal. They wait here, in memory, until they are committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import bindparam, literal_column, null, update

from batchgw.journal.locks import decided_elsewhere
from batchgw.journal.ranking import DECIDED, replaces
from batchgw.journal.records import PendingChange
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.outcome_columns import (
    EMPTIED,
    NO_EFFORT,
    OUTCOME_COLUMNS,
    OutcomeColumns,
    columns_of,
)
from batchgw.journal.sql.tables.schema import changes
from batchgw.model import Effort, Outcome

_OF_ID = changes.c.id == bindparam("b_id")

_DECIDE = (
    update(changes)
    .where(_OF_ID, changes.c.rank < bindparam("b_replaces"))
    .values({name: bindparam(name) for name in OUTCOME_COLUMNS})
)
_INTEND = (
    update(changes)
    .where(_OF_ID, changes.c.rank < literal_column(str(DECIDED)))
    .values({"intended_at": bindparam("b_now"), "rank": literal_column("0")} | dict.fromkeys(EMPTIED, null()))
)
_WITHDRAW = (
    update(changes).where(_OF_ID, changes.c.intended_at == bindparam("b_when")).values(intended_at=null())
)


class WriteBuffer:
    """What the journal was given and has not committed yet."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._decide = database.prepared(_DECIDE, (*OUTCOME_COLUMNS, "b_id", "b_replaces"))
        self._intend = database.prepared(_INTEND, ("b_now", "b_id"))
        self._withdraw = database.prepared(_WITHDRAW, ("b_id", "b_when"))
        self._outcomes: dict[int, OutcomeColumns] = {}
        self._intended: dict[int, float] = {}  # when, which tells our intents from those of others
        self._withdrawn: dict[int, float] = {}
        self._spent: dict[int, Effort] = {}

    def take_up(self, changes: Iterable[PendingChange]) -> None:
        """Note what changes have cost already: their next outcomes include it.

        An outcome is written with its whole cost, so that to record it twice does not count it twice.
        """
        self._spent.update((change.id, change.spent) for change in changes if change.spent is not NO_EFFORT)

    def record(self, change: int, outcome: Outcome) -> None:
        """Take an outcome. Of two for one change, the one with the higher rank stands."""
        self._take(change, columns_of(outcome, self._clock(), before=self._spent.get(change, NO_EFFORT)))

    def withdraw(self, ids: Iterable[int]) -> None:
        """Withdraw intents of this process. The next commit contains that, too."""
        for change in ids:
            when = self._intended.pop(change, None)
            if when is not None:
                self._withdrawn[change] = when

    def flush(self) -> None:
        """Commit what waits. Raises JournalWriteFailed; then it all still waits."""
        if self._outcomes or self._withdrawn:
            self._commit([])

    def intend(self, ids: Sequence[int]) -> None:
        """Commit that calls are about to be made, and all that waits with it.

        Raises JournalWriteFailed, and ScopeLocked when another process has decided or dropped one of the
        changes: then none of the calls may be made.
        """
        wanted = list(dict.fromkeys(ids))
        if missing := len(wanted) - self._commit(wanted):
            raise decided_elsewhere(missing, len(wanted))

    def _take(self, change: int, columns: OutcomeColumns) -> None:
        earlier = self._outcomes.get(change)
        if earlier is None or earlier.rank < replaces(columns.rank):
            self._outcomes[change] = columns

    def _commit(self, intended: Sequence[int]) -> int:
        """Commit what waits, and intents; give how many changes of these were there and open."""
        now = self._clock()
        outcomes, self._outcomes = self._outcomes, {}
        withdrawn, self._withdrawn = self._withdrawn, {}
        try:
            *_, still_open = self._database.write_rows(
                (self._decide, [(*row, change, replaces(row.rank)) for change, row in outcomes.items()]),
                (self._withdraw, list(withdrawn.items())),
                (self._intend, [(now, change) for change in intended]),
            )
        except BaseException:
            self._put_back(outcomes, withdrawn)
            raise
        for change in outcomes:
            self._intended.pop(change, None)
        self._intended.update(dict.fromkeys(intended, now))
        return still_open

    def _put_back(self, outcomes: dict[int, OutcomeColumns], withdrawn: dict[int, float]) -> None:
        """Let what was not committed wait again, before what came meanwhile."""
        since, self._outcomes = self._outcomes, outcomes
        for change, columns in since.items():
            self._take(change, columns)
        self._withdrawn = withdrawn | self._withdrawn
