"""What differs from database to database, behind a few methods. The rest of the journal is portable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import URL, Connection, Engine, Insert, Table

from batchgw.errors import JournalUnusable
from batchgw.journal.sql.database.prepared import Cursor
from batchgw.journal.sql.database.sqlite import SQLite


class Upkeep(Protocol):
    """What a database wants done now and then."""

    def sync(self) -> None:
        """See that what was committed survives a power cut; what comes, shortly after. Raises OSError."""
        ...

    def committed(self) -> None:
        """Something was committed. Never waits. Raises OSError when what came before is not safe."""
        ...

    def close(self) -> None:
        """The connection is about to be closed. Raises OSError as `sync` does."""
        ...


class Dialect(Protocol):
    """A kind of database. Its driver's errors are all `driver_error`."""

    @property
    def driver_error(self) -> type[Exception]:
        """The root of PEP 249's errors, as the driver has it."""
        ...

    @property
    def integrity_error(self) -> type[Exception]:
        """PEP 249's error for a row that a constraint refuses, as the driver has it."""
        ...

    def engine(self, url: URL, *, patience: float | None) -> Engine:
        """Make an engine whose connections are set up. Raises JournalUnusable for an unknown setting.

        `patience` is seconds to wait for other processes; None: the URL's, or the usual ones.
        """
        ...

    def begin(self, connection: Connection, *, write: bool) -> AbstractContextManager[Any]:
        """Begin a transaction; one that writes has its right to do so from the start, or waits for it."""
        ...

    def direct(self, connection: Connection) -> AbstractContextManager[Cursor]:
        """Begin a transaction that writes, on the driver itself; commit it, or take it back on an error."""
        ...

    def copy(self, connection: Connection, to: Path) -> None:
        """Write all that is committed to a new database, for its owner only."""
        ...

    def is_kept(self, connection: Connection) -> bool:
        """Tell whether what is committed is still there once the connection is closed."""
        ...

    def upkeep(self, engine: Engine, connection: Connection) -> Upkeep:
        """Begin to look after the database."""
        ...

    def insert_missing(self, table: Table) -> Insert:
        """Give an INSERT that passes over rows that are there already."""
        ...

    def reason(self, error: Exception) -> str | None:
        """Say what is wrong with the database; None when nothing is, and the error is ours."""
        ...

    def is_misread(self, error: Exception) -> bool:
        """Tell whether the driver could not make a value of what a row holds."""
        ...

    def may_be_misread(self, error: Exception) -> bool:
        """Tell whether the database may have stumbled over what a row holds."""
        ...

    def orphan(self, connection: Connection) -> tuple[str, int] | None:
        """Give table and row of what belongs to a row that is not there; None where nothing does."""
        ...

    def rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        """Give the rows of a table as they are, even what is no value of any of its columns."""
        ...


_DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": SQLite(), "sqlite+pysqlite": SQLite()}


def dialect_of(url: URL) -> Dialect:
    """Choose by the URL's scheme. Raises JournalUnusable for one that is not known."""
    try:
        return _DIALECTS[url.drivername]
    except KeyError:
        raise JournalUnusable(
            f"The journal cannot be kept in {url.drivername!r}: this batchgw knows SQLite. "
            "Give a file, or a URL such as sqlite:////var/lib/batchgw/journal.db, with --journal."
        ) from None
