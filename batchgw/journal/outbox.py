"""Intents and outcomes on their way into the journal. An outcome waits here until it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, update

from batchgw.errors import ScopeLocked
from batchgw.journal import standing
from batchgw.journal.contents import batches
from batchgw.journal.database import Database
from batchgw.journal.records import PendingChange
from batchgw.journal.schema import changes
from batchgw.model import Effort, Outcome

FLUSH_COUNT: Final = 100
"""Outcomes that are committed at once without being asked to."""

_DECIDE = (
    update(changes)
    .where(changes.c.id == bindparam("b_id"), changes.c.rank < bindparam("b_replaces"))
    .values({name: bindparam(name) for name in standing.COLUMNS})
)
_INTEND = (
    update(changes)
    .where(changes.c.id.in_(bindparam("b_ids", expanding=True)), changes.c.rank < standing.DECIDED)
    .values({name: bindparam(name) for name in standing.OPEN} | {"intended_at": bindparam("b_now")})
)


class Outbox:
    """What was told to the journal and is not committed yet."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._waiting: dict[int, standing.Columns] = {}
        self._spent: dict[int, Effort] = {}

    def take_up(self, changes: Iterable[PendingChange]) -> None:
        """Note what they have cost already: their next outcomes cost that as well.

        An outcome is written with its whole cost, so that saying it twice does not count it twice.
        """
        self._spent.update(
            (change.id, change.spent) for change in changes if change.spent != standing.NOTHING
        )

    def record(self, change: int, outcome: Outcome) -> None:
        """Take an outcome; the stronger of two stands. Raises JournalWriteFailed when a commit fell due."""
        before = self._spent.get(change, standing.NOTHING)
        told = standing.columns(outcome, self._clock(), before=before)
        earlier = self._waiting.get(change)
        if earlier is None or earlier["rank"] < standing.replaces(told["rank"]):
            self._waiting[change] = told
        if len(self._waiting) >= FLUSH_COUNT:
            self.flush()

    def flush(self) -> None:
        """Commit what waits. Raises JournalWriteFailed, and it goes on waiting."""
        if not self._waiting:
            return
        with self._database.write() as connection:
            self._write_outcomes(connection)
        self._waiting.clear()

    def intend(self, ids: Sequence[int]) -> None:
        """Commit that calls are about to be made, and all outcomes with it.

        Raises JournalWriteFailed, and ScopeLocked when another process has decided or dropped one of the
        changes: then none of the calls may be made.
        """
        wanted = list(dict.fromkeys(ids))
        with self._database.write() as connection:
            self._write_outcomes(connection)
            open_still = sum(self._write_intents(connection, batch) for batch in batches(wanted))
        self._waiting.clear()
        if taken := len(wanted) - open_still:
            raise ScopeLocked(
                f"{taken} of {len(wanted)} changes about to be made were decided or dropped by another "
                "process meanwhile, so none was sent. Two processes worked on one run: see which with "
                "`batchgw runs show`, and resume it when only one is left."
            )

    def _write_outcomes(self, connection: Connection) -> None:
        if self._waiting:
            connection.execute(
                _DECIDE,
                [
                    {**told, "b_id": change, "b_replaces": standing.replaces(told["rank"])}
                    for change, told in self._waiting.items()
                ],
            )

    def _write_intents(self, connection: Connection, batch: list[int]) -> int:
        """Give how many of the changes were there and open."""
        values = {**standing.OPEN, "b_ids": batch, "b_now": self._clock()}
        return connection.execute(_INTEND, values).rowcount
