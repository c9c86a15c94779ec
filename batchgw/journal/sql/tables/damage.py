"""Where a journal is damaged: the first value that batchgw cannot have written.

It is looked for once reading has failed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.engine import Dialect

from batchgw.journal.ranking import check_rank
from batchgw.journal.sql.tables.columns import shown
from batchgw.journal.sql.tables.schema import changes, images, metadata
from batchgw.model import Desired
from batchgw.model.kinds import target_of

Read = Callable[[Any], object]

_KEYS: Final = ("id", "version")
"""What a row is called by; one that has none is counted."""

_DEEPER: Final[Mapping[str, Read]] = {"runs.desired": Desired.from_json}
"""What is read of some values later, once their column has taken them."""


def first_damage(rows: Callable[[Table], Iterable[Sequence[Any]]], dialect: Dialect) -> str | None:
    """Name table, row, column and value; None where every value could be batchgw's.

    `rows` gives the rows of a table as the driver has them, in the order of its columns. All of them are
    read, unless there is damage.
    """
    for table in metadata.sorted_tables:
        readers = [_reader(column, dialect) for column in table.columns]
        for number, row in enumerate(rows(table), 1):
            place = f"table {table.name}, row {_named(table, row, number)}"
            for column, read, value in zip(table.columns, readers, row, strict=True):
                if value is None and column.nullable:
                    continue
                try:
                    read(value)
                except Exception as error:  # noqa: BLE001 - whatever a reader stumbles over is damage
                    return f"{place}: {column.name} is {_why(error)}"
            if why := _contradiction(table, dict(zip(table.columns.keys(), row, strict=True))):
                return f"{place}: {why}"
    return None


def _contradiction(table: Table, row: Mapping[str, Any]) -> str | None:
    """Say how the values of a row contradict each other."""
    if table is images and hashlib.sha256(row["body"].encode()).digest() != row["digest"]:
        return "body is not what was stored"
    if table is changes:
        try:
            check_rank(row["kind"], row["rank"])
        except ValueError as error:
            return str(error)
        try:
            target_of(row["change"], row["target"])
        except (LookupError, ValueError):
            return f"target is {shown(row['target'])}, which no change of kind {shown(row['change'])} has"
    return None


def _named(table: Table, row: Sequence[Any], number: int) -> object:
    for name in _KEYS:
        if name in table.primary_key.columns:
            return row[list(table.columns.keys()).index(name)]
    return number


def _reader(column: Any, dialect: Dialect) -> Read:
    first = column.type.dialect_impl(dialect).result_processor(dialect, None) or _kind_of(column.type)
    deeper = _DEEPER.get(f"{column.table.name}.{column.name}")
    return first if deeper is None else lambda value: deeper(first(value))


def _kind_of(type_: Any) -> Read:
    """Make the reader of a column whose type reads nothing of its own: keys, and digests."""
    kind = type_.python_type

    def read(value: object) -> object:
        if type(value) is not kind:
            raise ValueError(f"{type(value).__name__}, not {kind.__name__}")
        return value

    return read


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
