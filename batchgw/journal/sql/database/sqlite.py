"""SQLite: how its connections are set up, how its transactions begin, and what its errors mean."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from batchgw.errors import JournalUnusable
from batchgw.journal.sql.database.file_upkeep import FileUpkeep
from batchgw.journal.sql.database.location import Location

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for another process's transaction. A transaction of batchgw takes well under one second."""

WAL_PAUSE: Final = 0.02
"""Seconds between attempts to set a new file to WAL. Another process's attempt takes a few milliseconds."""

_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_AUTH: "access is denied",
    sqlite3.SQLITE_BUSY: "another process keeps it locked",
    sqlite3.SQLITE_LOCKED: "it is locked",
    sqlite3.SQLITE_PROTOCOL: "another process keeps it locked",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
    sqlite3.SQLITE_TOOBIG: "a value is too big for it",
    sqlite3.SQLITE_ERROR: "it is not as batchgw made it",
    sqlite3.SQLITE_SCHEMA: "it is not as batchgw made it",
    sqlite3.SQLITE_MISMATCH: "it is not as batchgw made it",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
}
"""What SQLite's primary result codes mean, in words for the user (sqlite.org/rescode.html)."""


_OF_ROWS: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_CONSTRAINT})
"""Primary result codes that the content of a row may have caused."""


class SQLite:
    """A journal in one file. It is in WAL mode, so that readers and the writer never block each other."""

    driver_error: type[Exception] = sqlite3.Error
    integrity_error: type[Exception] = sqlite3.IntegrityError

    def engine(self, url: URL, *, patience: float | None) -> Engine:
        """Make an engine whose connections are set up. Raises JournalUnusable for an unknown setting."""
        _check_settings(url)
        if patience is None:
            patience = float(str(url.query.get("timeout", BUSY_TIMEOUT)))
        in_threads = {"check_same_thread": False}  # the journal sees to it that they take turns
        engine = create_engine(url, connect_args={"timeout": patience, **in_threads})
        event.listen(engine, "connect", partial(_set_up, patience=patience))
        event.listen(engine, "begin", _begin)
        return engine

    def begin(self, connection: Connection, *, write: bool) -> AbstractContextManager[Any]:
        """Begin a transaction. One that writes locks at once: later, SQLite could not wait for the lock."""
        connection.info["batchgw.begin"] = "BEGIN IMMEDIATE" if write else "BEGIN"
        return connection.begin()

    @contextmanager
    def direct(self, connection: Connection) -> Iterator[sqlite3.Cursor]:
        """Begin a transaction that writes, with the driver's own cursor. An error rolls it back."""
        driver = _driver(connection)
        driver.execute("BEGIN IMMEDIATE")
        try:
            with closing(driver.cursor()) as cursor:  # at once: freed in another thread, it stops that one's
                yield cursor
            driver.commit()
        except BaseException:
            driver.rollback()
            raise

    @contextmanager
    def unreferenced(self, connection: Connection) -> Iterator[None]:
        """Switch the check of references off, which has no index for images, and on again."""
        driver = _driver(connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            driver.execute("PRAGMA foreign_keys = ON")

    def is_kept(self, connection: Connection) -> bool:
        """Whether the database has a file. One in memory and a temporary one have no file name."""
        _, _, file = _driver(connection).execute("PRAGMA database_list").fetchone()
        return bool(file)

    def upkeep(self, engine: Engine, connection: Connection, location: Location) -> FileUpkeep:
        """Sync and move the write-ahead log in a thread, so that no commit waits for the disk."""
        return FileUpkeep(engine, _driver(connection), location.file)

    def insert_missing(self, table: Table) -> Insert:
        """An INSERT that skips rows that are there already."""
        return insert(table).on_conflict_do_nothing()

    def is_misread(self, error: Exception) -> bool:
        """Whether the driver could not turn what a row holds into Python values."""
        said = error.orig if isinstance(error, DBAPIError) else error
        damaged = isinstance(said, sqlite3.OperationalError | sqlite3.DataError)
        return damaged and getattr(said, "sqlite_errorcode", None) is None

    def may_be_misread(self, error: Exception) -> bool:
        """Whether damaged content of a row may have caused the error: a sum too large, or keys that clash."""
        said = error.orig if isinstance(error, DBAPIError) else error
        return getattr(said, "sqlite_errorcode", 0) & 0xFF in _OF_ROWS

    def broken_reference(self, connection: Connection) -> str | None:
        """Check all rows that refer to another row. It takes half a second for a million rows."""
        found = _driver(connection).execute("PRAGMA foreign_key_check").fetchone()
        return None if found is None else f"table {found[0]}, row {found[1]}"

    def stored_rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        """The rows of a table. In a text, each byte that is not UTF-8 becomes a surrogate."""
        driver = _driver(connection)
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        before, driver.text_factory = driver.text_factory, _any_text
        try:
            yield from driver.execute(f'SELECT {names} FROM "{table.name}"')  # noqa: S608 - our own names
        finally:
            driver.text_factory = before

    def reason(self, error: Exception) -> str | None:
        """What is wrong with the file; None if nothing is, so that the error is batchgw's own fault."""
        if isinstance(error, OSError):
            return f"the disk does not take it ({error.strerror})"
        said = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(said, "sqlite_errorcode", None)
        if code is None:
            return f"it is damaged ({said})" if self.is_misread(error) else None
        primary = _REASONS.get(code & 0xFF)  # the low byte of an extended result code
        if code & 0xFF == sqlite3.SQLITE_CONSTRAINT and isinstance(error, DBAPIError):
            primary = "its rows contradict each other, so it is damaged"
        return None if primary is None else f"{primary} ({said})"


def _any_text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the only driver behind this dialect
    return driver


def _check_settings(url: URL) -> None:
    """Raise JournalUnusable for a URL with unknown settings, because SQLAlchemy would ignore them.

    With uri=true, SQLite itself reads the settings, so they are not checked here.
    """
    unknown = set() if "uri" in url.query else set(url.query) - {"timeout"}
    try:
        float(str(url.query.get("timeout", 0)))
    except ValueError:
        unknown.add("timeout")
    if unknown:
        raise JournalUnusable(
            f"The journal's URL has settings that cannot be used: {', '.join(sorted(unknown))}. SQLite takes "
            "timeout=SECONDS, to wait for another process. Correct --journal."
        )


def _set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry, *, patience: float) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - the only driver behind this dialect
    connection.isolation_level = None  # `_begin` begins transactions; the driver must not begin its own
    _turn_to_wal(connection, patience)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _turn_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Set the file to WAL mode. In a new file that changes it; in any other it does nothing.

    If several processes open a new journal at the same moment, SQLite does not heed its busy timeout here,
    so that no two of them wait for each other. So this function tries again, for `patience` seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(WAL_PAUSE)
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.info["batchgw.begin"])
