"""What was learned of quotas: a row a bucket, of whichever run wrote it last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, select, update

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import limits
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota

ALL: Final = "*"
"""In the place of a region or an operation: all of them."""

UNMEASURED: Final = 0.0
"""In the place of a rate that nothing has measured."""

_PLACE: Final = ("endpoint", "account", "region", "operation")
_TOTALS: Final = {"all_sent": "more_sent", "all_refused": "more_refused", "all_waited": "more_waited"}
"""Sums over all runs, and what is added to each."""

_OWN: Final = tuple(c.name for c in limits.c if c.name not in ("id", *_PLACE, *_TOTALS))
"""What the last writer says."""

_OF_ACCOUNT = select(limits).where(
    limits.c.endpoint == bindparam("b_endpoint"), limits.c.account == bindparam("b_account")
)
_INSERTED: Final = tuple(c.name for c in limits.c if c.name != "id" and c.name not in _TOTALS)
_UPDATED: Final = (
    *(_TOTALS.get(c.name, c.name) for c in limits.c if c.name in (*_OWN, *_TOTALS)),
    *(f"b_{name}" for name in _PLACE),
)
_UPDATE = (
    update(limits)
    .where(*(limits.c[name] == bindparam(f"b_{name}") for name in _PLACE))
    .values(
        {name: bindparam(name) for name in _OWN}
        | {total: limits.c[total] + bindparam(more) for total, more in _TOTALS.items()}
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Calls, how many of them the quota refused, and the seconds they have waited for their turns."""

    calls: int = 0
    refused: int = 0
    waited: float = 0.0

    @classmethod
    def of(cls, learned: Learned) -> Spent:
        """Give what a run has spent on a bucket."""
        return cls(calls=learned.sent, refused=learned.refused, waited=learned.waited)

    def since(self, earlier: Spent) -> Spent:
        """What was added."""
        return Spent(
            calls=self.calls - earlier.calls,
            refused=self.refused - earlier.refused,
            waited=self.waited - earlier.waited,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is remembered of a bucket.

    Attributes:
        endpoint: whose quota it is: an address, or "" for AWS itself.
        stated: the quota as the last run was told; None for an unknown one.
        share: the part of its rate that was ours.
        belief: what was learned, as it was at that time.
        at: when, in seconds since the epoch.
        last: what the last run has spent.
        total: what all runs have spent.
    """

    endpoint: str
    key: BucketKey
    stated: Quota | None
    share: float
    belief: Belief
    at: float
    last: Spent
    total: Spent

    def level(self, now: float) -> float:
        """Calls the bucket holds at `now`, if nobody has called since."""
        refilled = self.belief.level + (self.belief.rate or 0.0) * max(0.0, now - self.at)
        return min(self.belief.burst, max(0.0, refilled))


class Limits:
    """All that is remembered, of all endpoints. Raises as the journal does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> list[Limit]:
        """Give what is remembered of these accounts and regions, of all of them where none is named.

        A bucket that all regions of an account share goes by the region "*".
        """
        wanted = select(limits).where(*_chosen(accounts, regions)).order_by(*(limits.c[k] for k in _PLACE))
        with self._database.read() as connection:
            return [_limit_of(row) for row in connection.execute(wanted)]

    def forget(self, *, accounts: Collection[str] = (), regions: Collection[str] = ()) -> int:
        """Drop what `all` gives, and say how much it was."""
        with self._database.write() as connection:
            return connection.execute(delete(limits).where(*_chosen(accounts, regions))).rowcount


def remembered(connection: Connection, endpoint: str, account: str) -> dict[BucketKey, Limit]:
    """Read what is known of an account's buckets."""
    rows = connection.execute(_OF_ACCOUNT, {"b_endpoint": endpoint, "b_account": account})
    return {limit.key: limit for limit in map(_limit_of, rows)}


def drop_older(connection: Connection, at: float) -> None:
    """Drop what nobody has written since `at`."""
    connection.execute(delete(limits).where(limits.c.at < at))


class Writing:
    """What writes rows: an INSERT that passes over those that are there, and an UPDATE of them all."""

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
            _place(key, endpoint) | _row(learned, more) | {"share": share, "at": at}
            for key, (learned, more) in news.items()
        ]
        cursor = connection.connection.cursor()
        self._insert.run(cursor, [[row[name] for name in _INSERTED] for row in rows])
        self._update.run(cursor, [[row[name] for name in _UPDATED] for row in rows])


def _chosen(accounts: Collection[str], regions: Collection[str]) -> Iterable[ColumnElement[bool]]:
    named = ((limits.c.account, accounts), (limits.c.region, regions))
    return [column.in_(list(names)) for column, names in named if names]


def _place(key: BucketKey, endpoint: str) -> dict[str, Any]:
    """Name the row, for either statement."""
    names = (endpoint, key.account, key.region or ALL, key.operation or ALL)
    place = {name: escaped(value) for name, value in zip(_PLACE, names, strict=True)}
    return place | {f"b_{name}": value for name, value in place.items()}


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
