"""The interface to one kind of database. What differs between them is behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from sqlalchemy import URL, Connection, Engine, Insert, Table

from batchgw.errors import JournalUnusable
from batchgw.journal.sql.database.location import Location
from batchgw.journal.sql.database.prepared import Cursor
from batchgw.journal.sql.database.sqlite import SQLite


class Upkeep(Protocol):
    """What a database needs as long as it is open: syncs, and a look whether it is still there."""

    def sync(self) -> None:
        """Make commits safe from a power cut: past ones now, later ones soon after. Raises OSError."""
        ...

    def committed(self) -> None:
        """Something was committed. Never waits. Raises OSError if an earlier commit is not safe."""
        ...

    @property
    def changed(self) -> int:
        """How many rows were changed since it was opened."""
        ...

    def lost(self) -> str | None:
        """If the database is gone from its place: where `save` could put what it held. It costs little."""
        ...

    def save(self, to: str) -> None:
        """Write all that is committed to a new database at a place that `lost` has named.

        Only its owner can read it. Raises an error of the driver.
        """
        ...

    def close(self) -> None:
        """The connection is about to be closed. Raises OSError as `sync` does."""
        ...


class Dialect(Protocol):
    """A kind of database."""

    @property
    def driver_error(self) -> type[Exception]:
        """The driver's class for the root of PEP 249's errors. All of its errors are of this class."""
        ...

    @property
    def integrity_error(self) -> type[Exception]:
        """The driver's class for PEP 249's IntegrityError: a constraint refuses a row."""
        ...

    def engine(self, url: URL, *, patience: float | None) -> Engine:
        """Make an engine whose connections are set up. Raises JournalUnusable for an unknown setting.

        `patience` is seconds to wait for other processes. If None, the URL says it, or else a default.
        """
        ...

    def begin(self, connection: Connection, *, write: bool) -> AbstractContextManager[Any]:
        """Begin a transaction. If it writes, first wait until no other process's transaction does."""
        ...

    def direct(self, connection: Connection) -> AbstractContextManager[Cursor]:
        """Begin a transaction that writes, with the driver's own cursor. An error rolls it back."""
        ...

    def unreferenced(self, connection: Connection) -> AbstractContextManager[None]:
        """Begin to delete rows without a look for others that refer to them. No transaction is open."""
        ...

    def is_kept(self, connection: Connection) -> bool:
        """Whether what is committed is still there after the connection is closed."""
        ...

    def upkeep(self, engine: Engine, connection: Connection, location: Location) -> Upkeep:
        """Begin the maintenance of the database."""
        ...

    def insert_missing(self, table: Table) -> Insert:
        """An INSERT that skips rows that are there already."""
        ...

    def reason(self, error: Exception) -> str | None:
        """What is wrong with the database; None if nothing is, so that the error is batchgw's own fault."""
        ...

    def is_misread(self, error: Exception) -> bool:
        """Whether the driver could not turn what a row holds into Python values."""
        ...

    def may_be_misread(self, error: Exception) -> bool:
        """Whether damaged content of a row may have caused the database's error."""
        ...

    def broken_reference(self, connection: Connection) -> str | None:
        """Which row refers to a missing row, in words; None if none does, or the database never allows it."""
        ...

    def stored_rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        """The rows of a table as they are stored, even values that its columns do not allow."""
        ...


_DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": SQLite(), "sqlite+pysqlite": SQLite()}


def dialect_of(url: URL) -> Dialect:
    """The dialect for the URL's scheme. Raises JournalUnusable for an unknown scheme."""
    try:
        return _DIALECTS[url.drivername]
    except KeyError:
        raise JournalUnusable(
            f"The journal cannot be kept in {url.drivername!r}: this batchgw knows SQLite. "
            "Give a file, or a URL such as sqlite:////var/lib/batchgw/journal.db, with --journal."
        ) from None
