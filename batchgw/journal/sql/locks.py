"""The `locks` table: one run at a time per account-region, across the processes that share a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from batchgw.journal.locks import Lock, broken, has_nothing_left, refuse_held
from batchgw.journal.records import RunState
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.images import batches
from batchgw.journal.sql.tables.schema import holder_of, locks, runs, scopes
from batchgw.model import AccountId, Region, Scope


class Locks:
    """The locks this process takes and holds, each for a run it works on."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._held: dict[str, set[Scope]] = {}

    def acquire(
        self, key: int, run: str, scopes: Iterable[Scope], *, force: bool, take_over_dead: bool
    ) -> frozenset[Scope]:
        """Take the run and all the scopes, or nothing. Raises ScopeLocked.

        Gives the scopes that were taken from other runs with something left to do. Those runs are stopped:
        their resumes find in the journal what this one has done meanwhile.
        """
        wanted = set(scopes)
        with self._database.write() as connection:
            held = [lock for lock in _locks(connection) if lock.scope in wanted]
            mine = {lock.scope for lock in held if lock.token == self._claims.token and lock.run == run}
            theirs = [lock for lock in held if lock.scope not in mine]
            refuse_held(run, theirs, self._clock(), force=force, take_over_dead=take_over_dead)
            self._claims.take(connection, key)
            for ids in batches(lock.id for lock in theirs):
                connection.execute(delete(locks).where(locks.c.id.in_(ids)))
            if rows := self._rows(key, wanted - mine):
                connection.execute(insert(locks), rows)
            taken = [lock for lock in theirs if lock.run != run and not lock.run_over]
            for names in batches({lock.run for lock in taken}):
                stopped = {"state": RunState.STOPPED.value, "finished": self._clock(), "token": None}
                connection.execute(update(runs).where(runs.c.name.in_(names)).values(stopped))
        self._held.setdefault(run, set()).update(wanted)
        return frozenset(lock.scope for lock in taken)

    def heartbeat(self, key: int, run: str) -> None:
        """Renew the run's sign of life. Raises ScopeLocked when a scope was taken from it: it must stop."""
        with self._database.write() as connection:
            self._claims.beat(connection, key)
            own = update(locks).where(locks.c.run_id == key, locks.c.token == self._claims.token)
            kept = connection.execute(own.values(heartbeat=self._clock())).rowcount
            held = self._held.get(run, set())
            if kept < len(held):
                others = [lock for lock in _locks(connection) if lock.token != self._claims.token]
                raise broken([lock for lock in others if lock.scope in held])

    def release(self, key: int, run: str) -> None:
        """Release what this process holds for the run, and the run."""
        with self._database.write() as connection:
            own = delete(locks).where(locks.c.run_id == key, locks.c.token == self._claims.token)
            connection.execute(own)
            self._claims.release(connection, key)
        self._held.pop(run, None)

    def release_all(self) -> None:
        """Release everything this process holds. One that holds nothing writes nothing."""
        if not self._claims.any:
            return
        with self._database.write() as connection:
            connection.execute(delete(locks).where(locks.c.token == self._claims.token))
            self._claims.release_all(connection)
        self._held.clear()

    def _rows(self, key: int, scopes: set[Scope]) -> list[dict[str, Any]]:
        mine = self._claims.columns()
        return [{**mine, "run_id": key, "account": s.account, "region": s.region} for s in sorted(scopes)]


def _locks(connection: Connection) -> list[Lock]:
    """Give all locks there are: a few thousand at most."""
    planned = select(scopes.c.id).where(scopes.c.run_id == runs.c.id).exists().label("planned")
    rows = connection.execute(
        select(locks, runs.c.name, runs.c.state, planned).join(runs).order_by(locks.c.id)
    )
    return [
        Lock(
            id=row.id,
            scope=Scope(account=AccountId(row.account), region=Region(row.region)),
            token=row.token,
            run=row.name,
            run_over=has_nothing_left(RunState(row.state), planned=row.planned),
            holder=holder_of(row),
        )
        for row in rows
    ]
