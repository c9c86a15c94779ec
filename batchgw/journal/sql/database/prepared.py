"""Statements that run often. They are compiled once, and then given to the driver directly.

SQLAlchemy writes them in the database's own dialect, but does not run them. If it did, it would compile each
at its first use, a step of some milliseconds in the event loop, and a row would cost half as much again
(`benchmarks.kept_for_speed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

Values = Sequence[Any] | Mapping[str, Any]
"""One value for each parameter of a statement: in their order, or by name where the driver wants names."""


class Cursor(Protocol):
    """A driver's cursor, as PEP 249 defines it."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement has changed in all."""
        ...

    def executemany(self, sql: str, rows: Sequence[Any], /) -> object:
        """Run a statement once for each row of values."""
        ...

    def execute(self, sql: str, values: Values, /) -> object:
        """Run a statement once."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """Return all rows that the last statement has found."""
        ...


class Prepared:
    """A statement that takes rows of values in the order of `names`. Texts must be escaped already."""

    def __init__(self, statement: Insert | Update, names: Sequence[str], dialect: Dialect) -> None:
        self._sql, self._names = _compiled(statement, names, dialect)

    def run(self, cursor: Cursor, rows: Sequence[Sequence[Any]]) -> int:
        """Run it on every row. Returns how many rows of the table were changed."""
        if not rows:
            return 0
        cursor.executemany(self._sql, rows if self._names is None else _named(self._names, rows))
        return cursor.rowcount


class Query:
    """A SELECT that takes values in the order of `names`. Texts must be escaped already.

    It returns rows with the values that SQLAlchemy would give, but as lists.
    """

    def __init__(self, statement: Select[Any], names: Sequence[str], dialect: Dialect) -> None:
        self._sql, self._names = _compiled(statement, names, dialect)
        readers = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        ]
        self._readers: Final = [(n, read) for n, read in enumerate(readers) if read is not None]

    def run(self, cursor: Cursor, values: Sequence[Any]) -> list[list[Any]]:
        """Return all rows that are found."""
        cursor.execute(self._sql, values if self._names is None else _named(self._names, [values])[0])
        rows = [list(row) for row in cursor.fetchall()]
        for n, read in self._readers:
            for row in rows:
                row[n] = read(row[n])
        return rows


def _compiled(
    statement: ClauseElement, names: Sequence[str], dialect: Dialect
) -> tuple[str, tuple[str, ...] | None]:
    """Write a statement in the driver's paramstyle. Give the names too, where its parameters have names."""
    compiled = statement.compile(dialect=dialect)
    in_order: Sequence[str] | None = getattr(compiled, "positiontup", None)
    takes = sorted(compiled.params) if in_order is None else list(in_order)
    if takes != (sorted(names) if in_order is None else list(names)):
        raise ValueError(f"{compiled} does not take {names} in this order")
    return str(compiled), tuple(names) if in_order is None else None


def _named(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]
