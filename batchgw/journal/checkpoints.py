"""Moves commits from SQLite's write-ahead log into the database file, in a thread of its own.

Whoever commits would otherwise do it now and then, and wait for the disk meanwhile: 20 ms and more.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from threading import Event, Thread
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

ROWS: Final = 1_000
"""Rows written until it is time: about 300 pages of the log, by calls, or 50, by an import."""

LEFT_TO_SQLITE: Final = 16_384
"""Pages in the log, 64 MB, above which whoever commits does it after all: it starts over only when all of it
was moved and nothing came meanwhile, which under full load may not happen by itself."""

TIMES: Final = 3
"""Goes at a log that is written to meanwhile."""


class Checkpoints:
    """Does it for one connection, which tells of its commits. What fails here only leaves the log longer."""

    def __init__(self, engine: Engine, connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._done = connection.total_changes
        self._due = Event()
        self._over = False
        self._thread: Thread | None = None

    def committed(self) -> None:
        """See whether enough was written. Never waits."""
        if self._connection.total_changes - self._done < ROWS:
            return
        self._done = self._connection.total_changes
        if self._thread is None:
            self._start()
        self._due.set()

    def close(self) -> None:
        """Come to an end: the last to close a database moves the rest."""
        self._over = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        self._thread = Thread(target=self._work, name="batchgw journal", daemon=True)
        self._thread.start()
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {LEFT_TO_SQLITE}")

    def _work(self) -> None:
        with suppress(DBAPIError, sqlite3.Error):  # SQLite then does it as it always did, if later
            proxied = self._engine.raw_connection()
            try:
                while self._due.wait():
                    self._due.clear()
                    if self._over:  # asked after the signal is cleared: it may have been the last
                        break
                    _move(proxied.driver_connection)
            finally:
                proxied.close()


def _move(connection: object) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - the only driver behind this dialect
    for _ in range(TIMES):
        _busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if logged == moved:
            return
