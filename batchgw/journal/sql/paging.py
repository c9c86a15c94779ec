"""The REST APIs of a scope that have wanted changes, page by page, with those changes: see `direct`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, literal_column, or_, select

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.database.prepared import Cursor
from batchgw.journal.sql.tables.schema import apis, changes
from batchgw.model import RestApi, RestApiId, Scope

Row = Sequence[Any]


API: Final = ("id", "api", "name", "tags", "endpoint_types", "created", "wave")
"""The columns of an API that are read."""


class ApiRows(NamedTuple):
    """A REST API, the id of its row, and of each wanted change the columns that were asked for."""

    id: int
    api: RestApi
    changes: list[Row]
    wave: int | None


class Pages:
    """Reads pages. What is `wanted` of a change may hold parameters, in the order of their `names`.

    An API that has a wanted change comes with those for which `besides` is true, too.
    """

    def __init__(
        self,
        database: Database,
        wanted: ColumnElement[bool],
        columns: Sequence[ColumnElement[Any]],
        *,
        names: Sequence[str] = (),
        besides: ColumnElement[bool] | None = None,
    ) -> None:
        of_scope = apis.c.scope_id == bindparam("scope")
        given = wanted if besides is None else or_(wanted, besides)
        has_wanted = select(changes.c.id).where(changes.c.api_id == apis.c.id, wanted).exists()
        some = (
            select(*(apis.c[name] for name in API))
            .where(of_scope, apis.c.id > bindparam("after"), has_wanted)
            .order_by(apis.c.id)
            .limit(bindparam("limit"))
            .offset(literal_column("0"))  # SQLite has one with every limit: it would be a nameless parameter
        )
        theirs = (
            select(changes.c.api_id, *columns)
            .select_from(changes.join(apis))
            .where(of_scope, apis.c.id >= bindparam("first"), apis.c.id <= bindparam("last"), given)
            .order_by(changes.c.id)
        )
        self._apis: Final = database.query(some, ("scope", "after", *names, "limit"))
        self._changes: Final = database.query(theirs, ("scope", "first", "last", *names))

    def read(
        self,
        cursor: Cursor,
        scope: Scope,
        scope_id: int,
        *,
        after: int,
        limit: int,
        values: Sequence[Any] = (),
    ) -> list[ApiRows]:
        """Give the next `limit` APIs after row `after`, in the order of the plan.

        `values` are those of the parameters in what is wanted; texts among them must be escaped already.
        """
        found = self._apis.run(cursor, (scope_id, after, *values, limit))
        if not found:
            return []
        by_api: dict[int, list[Row]] = {row[0]: [] for row in found}
        theirs = self._changes.run(cursor, (scope_id, found[0][0], found[-1][0], *values))
        for api_id, *change in theirs:
            if api_id in by_api:  # it is not where it has nothing but what is given besides
                by_api[api_id].append(change)
        return [ApiRows(row[0], api_of(scope, row), by_api[row[0]], row[-1]) for row in found]


def api_of(scope: Scope, row: Row) -> RestApi:
    """Read an API from the columns `API`."""
    _, api, name, tags, endpoint_types, created, _ = row
    return RestApi(
        scope=scope,
        id=RestApiId(api),
        name=name,
        tags=tags,
        endpoint_types=tuple(endpoint_types),
        created=created,
    )
