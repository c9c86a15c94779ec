"""Intents and outcomes on their way into the journal. An outcome waits here until it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, literal_column, null, update

from batchgw.errors import ScopeLocked
from batchgw.journal import ranking
from batchgw.journal.records import PendingChange
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.schema import changes
from batchgw.model import Effort, Outcome

FLUSH_COUNT: Final = 100
"""Outcomes that are committed at once without being asked to."""

_OF_ID = changes.c.id == bindparam("b_id")

_DECIDE = (
    update(changes)
    .where(_OF_ID, changes.c.rank < bindparam("b_replaces"))
    .values({name: bindparam(name) for name in ranking.COLUMNS})
)
_INTEND = (
    update(changes)
    .where(_OF_ID, changes.c.rank < literal_column(str(ranking.DECIDED)))
    .values(
        {"intended_at": bindparam("b_now"), "rank": literal_column("0")}
        | dict.fromkeys(ranking.UNSAID, null())
    )
)
_WITHDRAW = (
    update(changes).where(_OF_ID, changes.c.intended_at == bindparam("b_when")).values(intended_at=null())
)


class Outbox:
    """What was told to the journal and is not committed yet."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._decide = database.prepared(_DECIDE, (*ranking.COLUMNS, "b_id", "b_replaces"))
        self._intend = database.prepared(_INTEND, ("b_now", "b_id"))
        self._withdraw = database.prepared(_WITHDRAW, ("b_id", "b_when"))
        self._waiting: dict[int, ranking.Told] = {}
        self._intended: dict[int, float] = {}  # by us and when, which tells our intents from all others
        self._withdrawn: dict[int, float] = {}
        self._spent: dict[int, Effort] = {}

    def take_up(self, changes: Iterable[PendingChange]) -> None:
        """Note what they have cost already: their next outcomes cost that as well.

        An outcome is written with its whole cost, so that saying it twice does not count it twice.
        """
        self._spent.update(
            (change.id, change.spent) for change in changes if change.spent is not ranking.NOTHING
        )

    def record(self, change: int, outcome: Outcome) -> None:
        """Take an outcome; the stronger of two stands. Raises JournalWriteFailed when a commit fell due."""
        before = self._spent.get(change, ranking.NOTHING)
        told = ranking.told(outcome, self._clock(), before=before)
        earlier = self._waiting.get(change)
        if earlier is None or earlier.rank < ranking.replaces(told.rank):
            self._waiting[change] = told
        if len(self._waiting) >= FLUSH_COUNT:
            self.flush()

    def withdraw(self, ids: Iterable[int]) -> None:
        """Take intents back, as far as they are ours; that, too, is committed with what comes next."""
        for change in ids:
            when = self._intended.pop(change, None)
            if when is not None:
                self._withdrawn[change] = when

    def flush(self) -> None:
        """Commit what waits. Raises JournalWriteFailed, and it goes on waiting."""
        if self._waiting or self._withdrawn:
            self._commit([])

    def intend(self, ids: Sequence[int]) -> None:
        """Commit that calls are about to be made, and all that waits with it.

        Raises JournalWriteFailed, and ScopeLocked when another process has decided or dropped one of the
        changes: then none of the calls may be made.
        """
        wanted = list(dict.fromkeys(ids))
        if taken := len(wanted) - self._commit(wanted):
            raise ScopeLocked(
                f"{taken} of {len(wanted)} changes about to be made were decided or dropped by another "
                "process meanwhile, so none was sent. Two processes worked on one run: see which with "
                "`batchgw runs show`, and resume it when only one is left."
            )

    def _commit(self, intended: Sequence[int]) -> int:
        """Commit what waits, and intents; give how many changes of these were there and open."""
        now = self._clock()
        outcomes = [(*told, change, ranking.replaces(told.rank)) for change, told in self._waiting.items()]
        *_, still_open = self._database.write_rows(
            (self._decide, outcomes),
            (self._withdraw, list(self._withdrawn.items())),
            (self._intend, [(now, change) for change in intended]),
        )
        for change in self._waiting:
            self._intended.pop(change, None)
        self._intended.update(dict.fromkeys(intended, now))
        self._waiting.clear()
        self._withdrawn.clear()
        return still_open
