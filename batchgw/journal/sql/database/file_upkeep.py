"""The upkeep of a journal in an SQLite file. If the file is gone, what it held is saved beside its place."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

from batchgw.journal.sql.database.checkpoints import Checkpoints


class FileUpkeep(Checkpoints):
    """Keeps an eye on the file, too. `file` is its path; None for a journal without a file, never lost."""

    def __init__(self, engine: Engine, connection: sqlite3.Connection, file: Path | None) -> None:
        super().__init__(engine, connection)
        self._opened = None if file is None else OpenedFile(file)

    def lost(self) -> str | None:
        """If the file was deleted, moved or replaced: where `save` puts what it held."""
        if self._opened is None or not self._opened.lost_now():
            return None
        return str(self._opened.rescue)

    def save(self, to: str) -> None:
        """Write all that is committed to a new file. The open file can be read, even if it was deleted."""
        try:
            os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise sqlite3.OperationalError(f"{to}: {error.strerror}") from error
        self._connection.execute("VACUUM INTO ?", (to,))


class OpenedFile:
    """The file that was opened. It knows its path, device and inode."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._identity = _identity(file)
        self._lost = False

    @property
    def rescue(self) -> Path:
        """Where a copy goes: beside the file, or into the working directory if the file's folder is gone."""
        folder = self._file.parent
        return (folder if folder.is_dir() else Path.cwd()) / f"{self._file.name}.rescued-{os.getpid()}"

    def lost_now(self) -> bool:
        """Check whether the file was deleted, moved or replaced. It costs a microsecond or two."""
        self._lost = self._lost or _identity(self._file) != self._identity
        return self._lost


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a third of the time of Path.stat, on every commit
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
