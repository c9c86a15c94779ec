"""What is left to do of a run, page by page. It is read while the run is under way: see `direct`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select

from batchgw.journal import standing
from batchgw.journal.contents import Contents
from batchgw.journal.database import Database
from batchgw.journal.records import PendingApi, PendingChange
from batchgw.journal.schema import apis, changes, escaped, scopes
from batchgw.model import Action, Change, GatewayResponse, ResponseType, RestApi, RestApiId, Scope, Settings

_PENDING = changes.c.rank < literal_column(str(standing.DECIDED))
"""Undecided or not attempted, but for what was never read."""

_SCOPE = select(scopes.c.id).where(
    scopes.c.run_id == bindparam("run"),
    scopes.c.account == bindparam("account"),
    scopes.c.region == bindparam("region"),
)
_APIS = (
    select(apis.c.id, apis.c.api, apis.c.name, apis.c.tags, apis.c.endpoint_types, apis.c.created)
    .where(
        apis.c.scope_id == bindparam("scope"),
        apis.c.id > bindparam("after"),
        select(changes.c.id).where(changes.c.api_id == apis.c.id, _PENDING).exists(),
    )
    .order_by(apis.c.id)
    .limit(bindparam("limit"))
    .offset(literal_column("0"))  # SQLite has one with every limit, and it would be a nameless parameter
)
_CHANGES = (
    select(
        changes.c.api_id,
        changes.c.id,
        changes.c.intended_at,
        changes.c.attempts,
        changes.c.throttles,
        changes.c.waited,
        changes.c.request_id,
        changes.c.type,
        changes.c.action,
        changes.c.before_id,
        changes.c.before_default,
        changes.c.after_id,
    )
    .select_from(changes.join(apis))
    .where(
        apis.c.scope_id == bindparam("scope"),
        apis.c.id >= bindparam("first"),
        apis.c.id <= bindparam("last"),
        _PENDING,
    )
    .order_by(changes.c.id)
)
_BEFORE, _AFTER = 9, 11
"""Columns of `_CHANGES` that name settings."""

_SAYS: Final = 7
"""The first column of `_CHANGES` that says what is to be made; those before are about this change alone."""


class Pending:
    """Reads pages of APIs with something left to do."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database = database
        self._contents = contents
        self._scope = database.query(_SCOPE, ("run", "account", "region"))
        self._apis = database.query(_APIS, ("scope", "after", "limit"))
        self._changes = database.query(_CHANGES, ("scope", "first", "last"))
        self._scopes: dict[tuple[int, Scope], int] = {}  # keys are never given out again, so they stay true

    def page(self, run: int, scope: Scope, *, after: int, limit: int) -> list[PendingApi]:
        """Give the next APIs of a scope, none of a scope that is not the run's."""
        with self._database.read() as connection:
            cursor = connection.connection.cursor()
            if (run, scope) not in self._scopes:
                found = self._scope.run(cursor, (run, escaped(scope.account), escaped(scope.region)))
                if not found:
                    return []
                self._scopes[run, scope] = found[0][0]
            of_scope = self._scopes[run, scope]
            rows = self._apis.run(cursor, (of_scope, after, limit))
            if not rows:
                return []
            to_do = self._changes.run(cursor, (of_scope, rows[0][0], rows[-1][0]))
            used = {row[_BEFORE] for row in to_do}.union(row[_AFTER] for row in to_do)
            changes_of = _Changes(self._contents.load(connection, used - {None}))
        by_api: dict[int, list[PendingChange]] = {row[0]: [] for row in rows}
        for row in to_do:
            by_api[row[0]].append(changes_of.pending(row))
        return [PendingApi(row=row[0], api=_api(scope, row), changes=tuple(by_api[row[0]])) for row in rows]


def _api(scope: Scope, row: Sequence[Any]) -> RestApi:
    _, api, name, tags, endpoint_types, created = row
    return RestApi(
        scope=scope,
        id=RestApiId(api),
        name=name,
        tags=tags,
        endpoint_types=tuple(endpoint_types),
        created=created,
    )


class _Changes:
    """Reads changes. Most of a page's are alike, and are then one object."""

    def __init__(self, settings: dict[int, Settings]) -> None:
        self._settings = settings
        self._read: dict[tuple[Any, ...], Change] = {}

    def pending(self, row: Sequence[Any]) -> PendingChange:
        """Read a change that is to be made."""
        _, id_, intended_at, *cost = row[:_SAYS]
        says = tuple(row[_SAYS:])
        change = self._read.get(says) or self._change(says)
        return PendingChange(
            id=id_, change=change, intended=intended_at is not None, spent=standing.effort(*cost)
        )

    def _change(self, says: tuple[Any, ...]) -> Change:
        type_, action, before_id, before_default, after_id = says
        before = GatewayResponse(
            type=ResponseType(type_), settings=self._settings[before_id], default_response=before_default
        )
        after = None if after_id is None else self._settings[after_id]
        change = Change(type=before.type, action=Action(action), before=before, after=after)
        return self._read.setdefault(says, change)
