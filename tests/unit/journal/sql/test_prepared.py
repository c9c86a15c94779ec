"""A prepared statement runs with every paramstyle of PEP 249, and takes its values in one order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import asyncpg, psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect

from batchgw.journal.sql.database.prepared import Prepared, Query
from batchgw.journal.sql.tables.schema import changes

UPDATE = (
    update(changes)
    .where(changes.c.id == bindparam("b_id"), changes.c.code != literal_column("'100%'"))
    .values({"rank": bindparam("rank"), "kind": bindparam("kind")})
)
ORDER = ("rank", "kind", "b_id")
SELECT = select(changes.c.id, changes.c.code).where(
    changes.c.api_id == bindparam("api"), changes.c.id > bindparam("after")
)


class Cursor:
    """A driver's cursor that puts values into statements, as text, and remembers these."""

    rowcount = 2

    def __init__(self, style: str) -> None:
        self._style = style
        self.run: list[str] = []

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any]) -> None:
        sql = re.sub(r"::[A-Z]+", "", sql)
        find, each = FILLED[self._style]
        left = iter(values)
        self.run.append(re.sub(find, lambda match: repr(each(match, values, left)), sql).replace("%%", "%"))

    def executemany(self, sql: str, rows: Sequence[Any]) -> None:
        for row in rows:
            self.execute(sql, row)

    def fetchall(self) -> Sequence[Sequence[Any]]:
        return [(7, r"a \u005c b")]


FILLED: dict[str, tuple[str, Callable[[re.Match[str], Any, Any], Any]]] = {
    "qmark": (r"\?", lambda _, __, left: next(left)),
    "format": ("%s", lambda _, __, left: next(left)),
    "numeric": (r":(\d+)", lambda match, values, _: values[int(match[1]) - 1]),
    "numeric_dollar": (r"\$(\d+)", lambda match, values, _: values[int(match[1]) - 1]),
    "named": (r":(\w+)", lambda match, values, _: values[match[1]]),
    "pyformat": (r"%\((\w+)\)s", lambda match, values, _: values[match[1]]),
}
"""How each style names a parameter, and what stands for it."""

DIALECTS: dict[str, DefaultDialect] = {
    **{style: postgresql.dialect(paramstyle=style) for style in FILLED},  # type: ignore[no-untyped-call]
    "psycopg": psycopg.dialect(),  # type: ignore[no-untyped-call]
    "asyncpg": asyncpg.dialect(),  # type: ignore[no-untyped-call]
}

dialects = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@dialects
def test_every_row_is_written_with_its_values(dialect: DefaultDialect) -> None:
    cursor = Cursor(dialect.paramstyle)
    assert Prepared(UPDATE, ORDER, dialect).run(cursor, [(1, "failed", 12), (3, "applied", 13)]) == 2
    assert cursor.run == [
        "UPDATE changes SET rank=1, kind='failed' WHERE changes.id = 12 AND changes.code != '100%'",
        "UPDATE changes SET rank=3, kind='applied' WHERE changes.id = 13 AND changes.code != '100%'",
    ]


@dialects
def test_rows_that_are_found_are_read_as_sqlalchemy_reads_them(dialect: DefaultDialect) -> None:
    cursor = Cursor(dialect.paramstyle)
    assert Query(SELECT, ("api", "after"), dialect).run(cursor, (5, 9)) == [[7, r"a \ b"]]
    assert cursor.run == [
        "SELECT changes.id, changes.code \nFROM changes \nWHERE changes.api_id = 5 AND changes.id > 9"
    ]


@dialects
@pytest.mark.parametrize("names", [("rank", "kind"), (*ORDER, "more"), ("rank", "kind", "id")])
def test_other_names_than_the_statement_takes_are_refused(dialect: Dialect, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="does not take"):
        Prepared(UPDATE, names, dialect)


@pytest.mark.parametrize("style", ["qmark", "format", "numeric", "numeric_dollar"])
def test_another_order_is_refused_where_there_are_no_names(style: str) -> None:
    with pytest.raises(ValueError, match="in this order"):
        Prepared(UPDATE, ("b_id", "rank", "kind"), DIALECTS[style])
