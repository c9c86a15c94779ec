"""The snapshots that runs take of APIs, one of each API. The table `snapshots`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam, select, update

from batchgw.journal.records import Snapshot
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import snapshots

_FIND = select(snapshots.c.deployment, snapshots.c.intended_at, snapshots.c.taken_at).where(
    snapshots.c.api_id == bindparam("api")
)
_KEEP = (
    update(snapshots)
    .where(snapshots.c.api_id == bindparam("b_api"))
    .values(deployment=bindparam("deployment"), taken_at=bindparam("taken_at"))
)
_AGAIN = (
    update(snapshots)
    .where(snapshots.c.api_id == bindparam("b_api"))
    .values(intended_at=bindparam("intended_at"))
)
_INTENDED: Final = ("api_id", "intended_at")


class Snapshots:
    """The `snapshots` table."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._find = database.query(_FIND, ("api",))
        insert = database.dialect.insert_missing(snapshots)
        self._intend = database.prepared(
            insert.values({name: bindparam(name) for name in _INTENDED}), _INTENDED
        )
        self._again = database.prepared(_AGAIN, ("intended_at", "b_api"))
        self._keep = database.prepared(_KEEP, ("deployment", "taken_at", "b_api"))

    def find(self, api: int) -> Snapshot | None:
        """Give the snapshot of the API in a row."""
        with self._database.read() as connection:
            rows = self._find.run(connection.connection.cursor(), (api,))
        if not rows:
            return None
        deployment, intended, _taken = rows[0]
        return Snapshot(deployment=deployment, age=max(0.0, self._clock() - intended))

    def intend(self, run: int, api: int) -> None:
        """Enter that a call for it may be made. Raises ScopeLocked where another process has the run."""
        with self._database.write() as connection:
            self._claims.check(connection, run)
            cursor, now = connection.connection.cursor(), self._clock()
            self._intend.run(cursor, [(api, now)])
            self._again.run(cursor, [(now, api)])

    def keep(self, api: int, deployment: str) -> None:
        """Enter what it is called."""
        with self._database.write() as connection:
            self._keep.run(connection.connection.cursor(), [(escaped(deployment), self._clock(), api)])
