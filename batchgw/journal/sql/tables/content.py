"""The journal's tables as what a database holds: they are made, or brought up to date, when it is opened."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.engine import Dialect

from batchgw.errors import JournalUnusable
from batchgw.journal.sql.database.connection import Rows
from batchgw.journal.sql.tables import damage
from batchgw.journal.sql.tables.keys import make_keys
from batchgw.journal.sql.tables.migrations import OLDEST, migrate
from batchgw.journal.sql.tables.schema import SCHEMA_VERSION, metadata, schema_version
from batchgw.version import VERSION


class JournalTables:
    """See `database.connection.Content`."""

    def is_ready(self, connection: Connection, location: str) -> bool:
        """Tell whether they are there, and of this version."""
        return _version_found(connection, location) == SCHEMA_VERSION

    def make_ready(self, connection: Connection, location: str) -> None:
        """Make them, or migrate them."""
        found = _version_found(connection, location)  # another process may have been faster
        if found is None:
            metadata.create_all(connection)
            make_keys(connection)
            connection.execute(insert(schema_version).values(version=SCHEMA_VERSION, written_by=VERSION))
        elif found < SCHEMA_VERSION:
            migrate(connection, found, SCHEMA_VERSION)

    def first_damage(self, rows: Rows, dialect: Dialect) -> str | None:
        """Look at every value."""
        return damage.first_damage(rows, dialect)


def _version_found(connection: Connection, location: str) -> int | None:
    """The schema version of the journal; None for an empty database.

    Raises JournalUnusable if the database is no journal, or one of a schema that batchgw cannot use.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if schema_version.name not in tables:
        raise JournalUnusable(
            f"{location} is a database of something else: it has tables, but they are no journal of "
            "batchgw's. Name another with --journal."
        )
    rows = connection.execute(select(schema_version)).all()
    if len(rows) == 1 and OLDEST <= rows[0].version <= SCHEMA_VERSION:
        found: int = rows[0].version
        return found
    raise JournalUnusable(
        _other_version(location, rows[0].version, rows[0].written_by) if rows else _no_version(location)
    )


def _other_version(location: str, found: int, writer: str) -> str:
    cure = "Use that version or a newer one" if found > SCHEMA_VERSION else "Use that version"
    return (
        f"The journal {location} was made by batchgw {writer} and has schema {found}; this batchgw "
        f"({VERSION}) knows schema {SCHEMA_VERSION}. {cure}, or name another with --journal."
    )


def _no_version(location: str) -> str:
    return f"The journal {location} does not say its schema version. Name another with --journal."
