"""The `locks` table: one run at a time per account-region, across the processes that share a journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from batchgw.journal.holder import Holder
from batchgw.journal.locks import Lock, broken, has_nothing_left, refuse_held
from batchgw.journal.records import RunState
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.images import batches
from batchgw.journal.sql.tables.schema import holder_of, locks, runs, scopes
from batchgw.model import AccountId, Region, Scope

_SCOPE: Final = ("account", "region")
_COLUMNS: Final = (*_SCOPE, "run_id", "token", *(field.name for field in fields(Holder)))


class Locks:
    """The locks this process takes and holds, each for a run. The run's row has its signs of life."""

    def __init__(self, database: Database, claims: Claims, clock: Callable[[], float]) -> None:
        self._database = database
        self._claims = claims
        self._clock = clock
        self._held: dict[str, set[Scope]] = {}
        self._insert = database.prepared(
            insert(locks).values({name: bindparam(name) for name in _COLUMNS}), _COLUMNS
        )

    def acquire(
        self, key: int, run: str, wanted: frozenset[Scope], *, force: bool, take_over_dead: bool
    ) -> frozenset[Scope]:
        """Take the run and all the scopes, or nothing. Raises ScopeLocked.

        Gives the scopes that were taken from other runs with something left to do. Those runs are stopped:
        their resumes find in the journal what this one has done meanwhile.
        """
        with self._database.write() as connection:
            accounts = {scope.account for scope in wanted}
            held = [lock for lock in _locks(connection, accounts) if lock.scope in wanted]
            mine = {lock.scope for lock in held if lock.token == self._claims.token and lock.run == run}
            theirs = [lock for lock in held if lock.scope not in mine]
            parent = connection.scalar(select(runs.c.parent).where(runs.c.id == key))
            own = {run, parent}  # a run that takes another back ends that one
            refuse_held(run, own, theirs, self._clock(), force=force, take_over_dead=take_over_dead)
            self._claims.take(connection, key)
            for ids in batches(lock.id for lock in theirs):
                connection.execute(delete(locks).where(locks.c.id.in_(ids)))
            with closing(connection.connection.cursor()) as cursor:
                self._insert.run(cursor, self._rows(key, wanted - mine))
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
            own = select(func.count()).where(locks.c.run_id == key, locks.c.token == self._claims.token)
            held = self._held.get(run, set())
            if connection.execute(own).scalar_one() < len(held):
                locked = _locks(connection, {scope.account for scope in held})
                others = [lock for lock in locked if lock.token != self._claims.token]
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

    def _rows(self, key: int, scopes: frozenset[Scope]) -> Sequence[Sequence[Any]]:
        """Give the rows of locks, in the order of `_COLUMNS`."""
        mine = {**self._claims.columns(), "run_id": key}
        same = [mine[name] for name in _COLUMNS if name not in _SCOPE]
        same = [escaped(value) if isinstance(value, str) else value for value in same]
        places = sorted([(scope.account, scope.region) for scope in scopes])
        return [(escaped(account), escaped(region), *same) for account, region in places]


def _locks(connection: Connection, accounts: Collection[str]) -> list[Lock]:
    """Give the locks in some accounts, as they were taken."""
    planned = select(scopes.c.id).where(scopes.c.run_id == runs.c.id).exists().label("planned")
    of_run = (runs.c.name, runs.c.state, runs.c.token.label("holds"), runs.c.heartbeat.label("seen"))
    found = select(locks, *of_run, planned).join(runs)
    rows = [
        row
        for some in batches(accounts)
        for row in connection.execute(found.where(locks.c.account.in_(some)))
    ]
    return [
        Lock(
            id=row.id,
            scope=Scope(account=AccountId(row.account), region=Region(row.region)),
            token=row.token,
            run=row.name,
            run_over=has_nothing_left(RunState(row.state), planned=row.planned),
            holder=_holder(row),
        )
        for row in sorted(rows, key=attrgetter("id"))
    ]


def _holder(row: Row[Any]) -> Holder:
    """Read a lock's holder. As long as it is the run's, too, the run's row has its last sign of life."""
    holder = holder_of(row)
    return replace(holder, heartbeat=max(row.seen, row.heartbeat)) if row.holds == row.token else holder
