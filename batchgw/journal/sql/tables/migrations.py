"""From the tables of an earlier batchgw to today's, step by step, each with the version it leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, update

from batchgw.journal.sql.tables.schema import limits, schema_version
from batchgw.version import VERSION


def _remember_limits(connection: Connection) -> None:
    """To 2: what is learned of quotas. A version that changes this table freezes it here as it is now."""
    limits.create(connection)


_STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {2: _remember_limits}
"""What leads to a version from the one before."""

OLDEST: Final = min(_STEPS) - 1
"""The first version that can be brought up to date."""


def migrate(connection: Connection, found: int, wanted: int) -> None:
    """Change the tables from version `found` to `wanted`, within the caller's transaction."""
    for version in range(found + 1, wanted + 1):
        _STEPS[version](connection)
    connection.execute(update(schema_version).values(version=wanted, written_by=VERSION))
