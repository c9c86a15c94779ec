"""What tests of SQLite's own behaviour need: a journal whose parts can be looked at and harmed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.journal import SqlJournal


def opened(url: str | None, *, clock: Callable[[], float] = time.time) -> SqlJournal:
    """A journal that the test closes itself."""
    return SqlJournal.open(url, clock=clock)


@asynccontextmanager
async def open_sqlite(url: str, *, clock: Callable[[], float] = time.time) -> AsyncIterator[SqlJournal]:
    """A journal for the length of a block."""
    journal = opened(url, clock=clock)
    try:
        yield journal
    finally:
        await journal.close()


def database(journal: SqlJournal) -> Database:
    """What the journal is made of."""
    return journal._store.database


def raw(journal: SqlJournal) -> sqlite3.Connection:
    """The driver's connection."""
    return cast("sqlite3.Connection", database(journal)._connection.connection.dbapi_connection)
