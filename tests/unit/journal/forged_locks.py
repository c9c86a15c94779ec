"""Locks as other processes leave and break them, put into whichever journal it is."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, insert, update

from batchgw.journal import Holder, JournalRun
from batchgw.journal.locks import Lock
from batchgw.journal.sql.run import SqlRun
from batchgw.journal.sql.tables.schema import locks, runs
from batchgw.model import Scope
from tests.unit.journal.in_memory import InMemoryRun
from tests.unit.journal.suspending import SuspendingRun
from tests.unit.journal_plans import HERE

TOKEN = "another's"


def leave_lock(run: JournalRun, holder: Holder, scope: Scope = HERE) -> None:
    """Make another process the holder of the run, with a lock on a scope."""
    match run:
        case SuspendingRun():
            leave_lock(run.inner, holder, scope)
        case SqlRun():
            key = run._store.runs.key(run.id)
            row = {"account": scope.account, "region": scope.region, "run_id": key, "token": TOKEN}
            theirs = {"token": TOKEN, **asdict(holder)}
            with run._store.database.write() as connection:
                connection.execute(insert(locks).values(**row, **asdict(holder)))
                connection.execute(update(runs).where(runs.c.id == key).values(theirs))
        case InMemoryRun():
            run._data.locks[scope] = Lock(
                id=0, scope=scope, token=TOKEN, run=run.id, run_over=False, holder=holder
            )
            run.rows.token, run.rows.holder = TOKEN, holder
        case _:
            raise TypeError(run)


def break_lock(run: JournalRun, scope: Scope) -> None:
    """Take the lock on a scope away from the run, as a host does that cannot see this process."""
    match run:
        case SuspendingRun():
            break_lock(run.inner, scope)
        case SqlRun():
            with run._store.database.write() as connection:
                connection.execute(delete(locks).where(locks.c.account == scope.account))
        case InMemoryRun():
            del run._data.locks[scope]
        case _:
            raise TypeError(run)
