"""Puts commits on the disk, in a thread of its own: whoever commits never waits for it.

SQLite in WAL mode with `synchronous = NORMAL` hands a commit to the operating system. It then survives the
death of the process, but no power cut. Two things are done here: once a run is about to write to the world,
the log is synced every second (`BEHIND`); and a log that has become long is moved into the database file,
which SQLite would do within somebody's commit, for 20 ms and more.
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
"""Rows written until it is time to move them: about 300 pages of the log, by calls, or 50, by an import."""

BEHIND: Final = 1.0
"""Seconds for which a commit may wait for its sync. To that comes the time of the sync itself."""

LEFT_TO_SQLITE: Final = 16_384
"""Pages in the log, 64 MB, above which whoever commits does it after all: it starts over only when all of it
was moved and nothing came meanwhile, which under full load may not happen by itself."""

TIMES: Final = 3
"""Attempts to move a log that is written to meanwhile."""

_UNABLE: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What a file system answers that cannot sync: there is nothing better to be had there."""


class Checkpoints:
    """Does it for one connection, which tells of its commits.

    A log that cannot be moved only gets longer. One that cannot be synced is told to whoever commits next.
    """

    def __init__(self, engine: Engine, connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._log = _log_of(connection)
        self._done = connection.total_changes
        self._stirred = Event()  # something is to be done
        self._urgent = Event()  # at once: the log is long, or this is the end
        self._syncing = False
        self._over = False
        self._failure: OSError | None = None
        self._thread: Thread | None = None

    def sync(self) -> None:
        """See that what was committed is on the disk, and from now on at most `BEHIND` seconds later.

        Waits for the disk, and may be called from any thread. Raises OSError.
        """
        if self._log is None:
            return
        if not self._syncing:
            _sync(self._log.parent)  # the file's own name
        _sync(self._log)
        self._syncing = True

    def committed(self) -> None:
        """See whether enough was written. Never waits. Raises OSError when an earlier sync failed."""
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
        """Come to an end: the last to close a database moves the rest. Raises OSError as `sync` does."""
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
        with suppress(DBAPIError, sqlite3.Error):  # SQLite then does it by itself, later
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
        while self._syncing and self._waited():  # what cannot be moved is synced all the same
            self._urgent.clear()
            self._sync_behind()

    def _waited(self) -> bool:
        """Wait for something to do, and for company unless it is urgent. Returns False at the end."""
        self._stirred.wait()
        self._urgent.wait(BEHIND)
        self._stirred.clear()  # before the sync: a commit that comes meanwhile asks for another
        return not self._over

    def _sync_behind(self) -> None:
        if self._syncing and self._log is not None:
            try:
                _sync(self._log)
            except OSError as error:
                self._failure = error


def _log_of(connection: sqlite3.Connection) -> Path | None:
    """Give the write-ahead log beside the database; None for one in memory."""
    (_, _, file), *_ = connection.execute("PRAGMA database_list").fetchall()
    return Path(f"{file}-wal") if file else None


def _sync(path: Path) -> None:
    """Wait until a file is on the disk. One that is not there any more was moved, which syncs it as well.

    Never the database file itself: closing it here would drop the locks that SQLite holds on it.
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
