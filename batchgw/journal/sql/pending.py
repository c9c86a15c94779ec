"""What is left to do of a run, page by page. It is read while the run is under way."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select

from batchgw.journal import ranking
from batchgw.journal.records import PendingApi, PendingChange
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.paging import Pages, Row
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.schema import changes, scopes
from batchgw.journal.sql.tables.settings import Contents
from batchgw.model import Action, Change, GatewayResponse, ResponseChange, ResponseType, Scope, Settings

_PENDING = changes.c.rank < literal_column(str(ranking.DECIDED))
"""Undecided or not attempted, but for what was never read."""

_SCOPE = select(scopes.c.id).where(
    scopes.c.run_id == bindparam("run"),
    scopes.c.account == bindparam("account"),
    scopes.c.region == bindparam("region"),
)
_COLUMNS: Final = (
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
_BEFORE, _AFTER = 8, 10
"""Columns that name settings."""

_SAYS: Final = 6
"""The first column that says what is to be made; those before are about this change alone."""


class Pending:
    """Reads pages of APIs with something left to do."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database = database
        self._contents = contents
        self._scope = database.query(_SCOPE, ("run", "account", "region"))
        self._pages = Pages(database, _PENDING, _COLUMNS)
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
            page = self._pages.read(cursor, scope, self._scopes[run, scope], after=after, limit=limit)
            used = {row[column] for each in page for row in each.changes for column in (_BEFORE, _AFTER)}
            changes_of = _Changes(self._contents.load(connection, used - {None}))
            return [
                PendingApi(row=id_, api=api, changes=tuple(map(changes_of.pending, rows)))
                for id_, api, rows in page
            ]


class _Changes:
    """Reads changes. Most of a page's are alike, and are then one object."""

    def __init__(self, settings: dict[int, Settings]) -> None:
        self._settings = settings
        self._read: dict[tuple[Any, ...], Change] = {}

    def pending(self, row: Row) -> PendingChange:
        """Read a change that is to be made."""
        id_, intended_at, *cost = row[:_SAYS]
        says = tuple(row[_SAYS:])
        change = self._read.get(says) or self._change(id_, says)
        return PendingChange(
            id=id_, change=change, intended=intended_at is not None, spent=ranking.effort(*cost)
        )

    def _change(self, id_: int, says: tuple[Any, ...]) -> Change:
        type_, action, before_id, before_default, after_id = says
        if before_id not in self._settings or before_default is None:
            raise ValueError(f"table changes, row {id_}: {action} of {type_} does not say what was there")
        before = GatewayResponse(
            type=ResponseType(type_), settings=self._settings[before_id], default_response=before_default
        )
        after = None if after_id is None else self._settings.get(after_id)
        change = ResponseChange(type=before.type, action=Action(action), before=before, after=after)
        unsaid = after_id is None and change.action in {Action.CREATE, Action.UPDATE}
        if unsaid or (after is None and after_id is not None):  # it would pass for made
            raise ValueError(f"table changes, row {id_}: {action} of {type_} does not say what it makes")
        return self._read.setdefault(says, change)
