"""Puts commits on the disk. A thread of its own does that, so no commit waits for the disk.

SQLite in WAL mode with `synchronous = NORMAL` only hands a commit to the operating system. The commit then
survives the death of the process, but not a power cut. So two things are done here:

- Once a run is about to make its first change, the log is synced within a second of each commit (`BEHIND`).
- When the log has become long, it is moved into the database file. SQLite would do that within a commit,
  which would then take 20 ms and more.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

ROWS: Final = 1_000
"""Rows after which the log is moved: about 300 of its pages if calls write them, 50 if an import does."""

BEHIND: Final = 1.0
"""Seconds until the sync of a commit begins, at most. The sync itself takes time, too."""

LEFT_TO_SQLITE: Final = 16_384
"""Pages in the log (64 MB) above which SQLite moves it within a commit after all. The log starts over only if
all of it was moved and nothing was written meanwhile. Under full load the thread may never achieve that."""

TIMES: Final = 3
"""Attempts to move the whole log, while commits add to it."""

_UNABLE: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""Errors of a file system that cannot sync. They are ignored, because nothing better can be done there."""


class Checkpoints:
    """Syncs and moves the log of one connection. The connection reports its commits.

    If the log cannot be moved, it only gets longer. If it cannot be synced, the next commit fails.
    """

    def __init__(self, engine: Engine, connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._log = _log_of(connection)
        self._done = connection.total_changes
        self._stirred = Event()  # there is work for the thread
        self._urgent = Event()  # it must be done at once: the log is long, or the connection is closed
        self._syncing = False
        self._over = False
        self._failure: OSError | None = None
        self._thread: Thread | None = None

    def sync(self) -> None:
        """Put what was committed on the disk. From now on, each commit follows within `BEHIND` seconds.

        Waits for the disk, and may be called from any thread. Raises OSError.
        """
        if self._log is None:
            return
        if not self._syncing:
            _sync(self._log.parent)  # the folder, so that the file's name survives, too
        _sync(self._log)
        self._syncing = True

    @property
    def changed(self) -> int:
        """How many rows were changed since the connection was opened."""
        return self._connection.total_changes

    def committed(self) -> None:
        """Wake the thread if there is work for it. Never waits. Raises OSError if an earlier sync failed."""
        if self._failure is not None:
            raise self._failure
        if self._connection.total_changes - self._done >= ROWS:
            self._done = self._connection.total_changes
            self._urgent.set()
        elif not self._syncing or self._stirred.is_set():
            return
        if self._thread is None:
            self._start()
        self._stirred.set()

    def close(self) -> None:
        """End the thread, and sync once more. Raises OSError as `sync` does.

        The log is not moved here: SQLite moves it when the last connection to the database is closed.
        """
        self._over = True
        self._urgent.set()
        self._stirred.set()
        if self._thread is not None:
            self._thread.join()
        if self._syncing and self._log is not None:
            _sync(self._log)

    def _start(self) -> None:
        self._thread = Thread(target=self._work, name="batchgw journal", daemon=True)
        self._thread.start()
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {LEFT_TO_SQLITE}")

    def _work(self) -> None:
        with suppress(DBAPIError, sqlite3.Error):  # SQLite then moves the log by itself, later
            proxied = self._engine.raw_connection()
            try:
                while self._waited():
                    if self._urgent.is_set():
                        self._urgent.clear()
                        _move(proxied.driver_connection)
                    self._sync_behind()
            finally:
                proxied.close()
            return
        while self._syncing and self._waited():  # a log that cannot be moved is still synced
            self._urgent.clear()
            self._sync_behind()

    def _waited(self) -> bool:
        """Wait for work. Unless it is urgent, wait for more commits, too: one sync serves them all.

        Returns False at the end.
        """
        self._stirred.wait()
        self._urgent.wait(BEHIND)
        self._stirred.clear()  # before the sync, so that a commit during it asks for another sync
        return not self._over

    def _sync_behind(self) -> None:
        if self._syncing and self._log is not None:
            try:
                _sync(self._log)
            except OSError as error:
                self._failure = error


def _log_of(connection: sqlite3.Connection) -> Path | None:
    """The path of the write-ahead log beside the database; None for a database in memory."""
    (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
    return Path(f"{file}-wal") if file else None


def _sync(path: Path) -> None:
    """Wait until a file is on the disk. If the log is gone, SQLite has moved and synced all of it.

    Never call this for the database file itself: closing it would drop the locks that SQLite holds on it.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
    finally:
        os.close(handle)


def _move(connection: object) -> None:
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - the only driver behind this dialect
    for _ in range(TIMES):
        _busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if logged == moved:
            return
