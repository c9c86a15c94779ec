"""The `limits` table: what was learned of quotas. A row is one bucket, as the last run has written it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, select, update

from batchgw.journal.quota_memory import Limit, Spent
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import limits
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota

ALL: Final = "*"
"""Stands for all regions, or all operations."""

UNMEASURED: Final = 0.0
"""Stands for a rate that nothing has measured."""

_KEY: Final = ("endpoint", "account", "region", "operation")
_TOTALS: Final = {"all_sent": "more_sent", "all_refused": "more_refused", "all_waited": "more_waited"}
"""Sums over all runs, and what is added to each."""

_OWN: Final = tuple(c.name for c in limits.c if c.name not in ("id", *_KEY, *_TOTALS))
"""What the last writer says."""

_OF_ENDPOINT = (
    select(limits)
    .where(limits.c.endpoint == bindparam("b_endpoint"), limits.c.id > bindparam("b_after"))
    .order_by(limits.c.id)
    .limit(bindparam("b_limit"))
)
_INSERTED: Final = tuple(c.name for c in limits.c if c.name != "id" and c.name not in _TOTALS)
_UPDATED: Final = (
    *(_TOTALS.get(c.name, c.name) for c in limits.c if c.name in (*_OWN, *_TOTALS)),
    *(f"b_{name}" for name in _KEY),
)
_UPDATE = (
    update(limits)
    .where(*(limits.c[name] == bindparam(f"b_{name}") for name in _KEY))
    .values(
        {name: bindparam(name) for name in _OWN}
        | {total: limits.c[total] + bindparam(more) for total, more in _TOTALS.items()}
    )
)


def all_limits(
    database: Database, *, accounts: Collection[str] = (), regions: Collection[str] = ()
) -> list[Limit]:
    """Give what is remembered of these accounts and regions, of all of them where none is named."""
    wanted = select(limits).where(*_chosen(accounts, regions)).order_by(*(limits.c[k] for k in _KEY))
    with database.read() as connection:
        return [_limit_of(row) for row in connection.execute(wanted)]


def forget_limits(
    database: Database, *, accounts: Collection[str] = (), regions: Collection[str] = ()
) -> int:
    """Drop what `all_limits` gives, and tell how many rows that were."""
    with database.write() as connection:
        return connection.execute(delete(limits).where(*_chosen(accounts, regions))).rowcount


@dataclass(slots=True)
class Page:
    """Some rows of the table.

    Attributes:
        limits: what could be read of them, by the ids of the rows.
        rows: how many rows there were.
        damage: what is wrong with the last row that could not be read; None where all could be.
    """

    limits: dict[int, Limit] = field(default_factory=dict)
    rows: int = 0
    damage: ValueError | None = None


def remembered(connection: Connection, endpoint: str, *, after: int, limit: int) -> Page:
    """Read what is known of the next buckets after a row. One damaged row does not hide the others."""
    page = Page()
    rows = connection.execute(_OF_ENDPOINT, {"b_endpoint": endpoint, "b_after": after, "b_limit": limit})
    while True:
        try:
            row = rows.fetchone()
            if row is None:
                return page
            page.limits[row.id] = _limit_of(row)
        except ValueError as error:
            page.damage = error
        page.rows += 1


def drop_older(connection: Connection, at: float) -> None:
    """Drop what nobody has written since `at`."""
    connection.execute(delete(limits).where(limits.c.at < at))


class Writing:
    """The statements that write rows: an INSERT that skips existing rows, and an UPDATE of all of them."""

    def __init__(self, database: Database) -> None:
        insert = database.dialect.insert_missing(limits).values({name: bindparam(name) for name in _INSERTED})
        self._insert: Final = database.prepared(insert, _INSERTED)
        self._update: Final = database.prepared(_UPDATE, _UPDATED)

    def write(
        self,
        connection: Connection,
        news: Mapping[BucketKey, tuple[Learned, Spent]],
        *,
        endpoint: str,
        share: float,
        at: float,
    ) -> None:
        """Write what was learned of each bucket, and what was spent since it was written last."""
        rows = [
            _key_columns(key, endpoint) | _row(learned, more) | {"share": share, "at": at}
            for key, (learned, more) in news.items()
        ]
        cursor = connection.connection.cursor()
        self._insert.run(cursor, [[row[name] for name in _INSERTED] for row in rows])
        self._update.run(cursor, [[row[name] for name in _UPDATED] for row in rows])


def _chosen(accounts: Collection[str], regions: Collection[str]) -> Iterable[ColumnElement[bool]]:
    named = ((limits.c.account, accounts), (limits.c.region, regions))
    return [column.in_(list(names)) for column, names in named if names]


def _key_columns(key: BucketKey, endpoint: str) -> dict[str, Any]:
    """Name the row, for either statement."""
    names = (endpoint, key.account, key.region or ALL, key.operation or ALL)
    columns = {name: escaped(value) for name, value in zip(_KEY, names, strict=True)}
    return columns | {f"b_{name}": value for name, value in columns.items()}


def _row(learned: Learned, more: Spent) -> dict[str, Any]:
    stated, belief = learned.stated, learned.belief
    return {
        "stated_rate": stated and stated.rate,
        "stated_burst": stated and stated.burst,
        "rate": belief.rate or UNMEASURED,
        "burst": belief.burst,
        "level": belief.level,
        "sent": learned.sent,
        "refused": learned.refused,
        "waited": learned.waited,
        "more_sent": more.calls,
        "more_refused": more.refused,
        "more_waited": more.waited,
    }


def _limit_of(row: Row[Any]) -> Limit:
    if (row.stated_rate is None) is not (row.stated_burst is None):
        raise ValueError(f"table limits, row {row.id}: of what was stated, rate or burst is missing")
    region, operation = (None if name == ALL else name for name in (row.region, row.operation))
    return Limit(
        endpoint=row.endpoint,
        key=BucketKey(row.account, region, operation),
        stated=None if row.stated_rate is None else Quota(row.stated_rate, row.stated_burst),
        share=row.share,
        belief=Belief(rate=row.rate or None, burst=row.burst, level=row.level),
        at=row.at,
        last=Spent(calls=row.sent, refused=row.refused, waited=row.waited),
        total=Spent(calls=row.all_sent, refused=row.all_refused, waited=row.all_waited),
    )
