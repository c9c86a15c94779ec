"""Statements that run with every call: compiled once, and given to the driver with rows as they are.

What SQLAlchemy does for each execution and row costs several times what the database does for it. It still
writes the statement, in the database's own dialect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Insert, Update
from sqlalchemy.engine import Dialect


class Cursor(Protocol):
    """A driver's cursor, as PEP 249 has it."""

    @property
    def rowcount(self) -> int:
        """Rows the last statement has changed, in all."""
        ...

    def executemany(self, sql: str, rows: Sequence[Any], /) -> object:
        """Run a statement once for each row of values."""
        ...


class Prepared:
    """A statement that takes rows of plain values, in the order of `names`. Texts must be escaped already."""

    def __init__(self, statement: Insert | Update, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        if list(names) != list(getattr(compiled, "positiontup", None) or ()):
            raise ValueError(f"{compiled} does not take {names} in this order")
        self._sql: Final = str(compiled)

    def run(self, cursor: Cursor, rows: Sequence[Sequence[Any]]) -> int:
        """Run it on every row; give how many rows of the table were changed."""
        if not rows:
            return 0
        cursor.executemany(self._sql, rows)
        return cursor.rowcount
