"""The `ids` table: the keys of all other rows, given out in blocks, each once."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, update

from batchgw.journal.sql.tables.schema import ids

_TAKE = update(ids).values(next=ids.c.next + bindparam("count"))
_NEXT = select(ids.c.next)


def make_keys(connection: Connection) -> None:
    """Begin to give out keys, in a new journal."""
    connection.execute(insert(ids).values(next=1))


def take_keys(connection: Connection, count: int) -> range:
    """Reserve `count` keys that were never given out before, for rows of any table."""
    connection.execute(_NEXT).scalar_one()  # raises if damaged: SQL would read 0, and keys repeat
    connection.execute(_TAKE, {"count": count})
    end: int = connection.execute(_NEXT).scalar_one()
    return range(end - count, end)
