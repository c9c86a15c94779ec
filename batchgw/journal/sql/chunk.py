"""Some rows of a plan on their way into the journal: rows, not the items they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never

from sqlalchemy import Connection, Insert, Table, bindparam, insert, update

from batchgw.journal import ranking
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import canonical, escaped
from batchgw.journal.sql.tables.schema import apis, changes, scopes
from batchgw.journal.sql.tables.settings import Contents
from batchgw.model import (
    Action,
    Change,
    PlanItem,
    PlannedApi,
    ResponseChange,
    RestApi,
    Scope,
    Settings,
    UnreadApi,
    UnreadScope,
)

ROWS: Final = 250
"""Rows of one commit: 3 ms, in which other processes and the event loop wait. Ten times as many save 5 %."""

TEXT: Final = 8_000_000
"""Characters of new settings that fill a chunk of fewer rows: templates can be large."""

_SCOPE: Final = ("id", "run_id", "account", "region")
_API: Final = ("id", "scope_id", "api", "name", "tags", "endpoint_types", "created")
_CHANGE: Final = (
    *("id", "api_id", "type", "action", "before_id", "before_default", "after_id"),
    *("rank", "kind", "code", "message", "decided_at"),
)
"""What is written of a change; the rest stays at its default."""

_Wording = tuple[Any, ...]
"""All but the first two, which are about one row alone. A settings' mark stands for its id to begin with."""

_UNREAD: Final = ("unread_code", "unread_message", "b_id")
_MARK_UNREAD = (
    update(scopes)
    .where(scopes.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in _UNREAD[:-1]})
)


class Statements:
    """What writes a plan's rows, compiled once for a journal."""

    def __init__(self, database: Database) -> None:
        self.scopes: Final = database.prepared(_insert(scopes, _SCOPE), _SCOPE)
        self.unread: Final = database.prepared(_MARK_UNREAD, _UNREAD)
        self.apis: Final = database.prepared(_insert(apis, _API), _API)
        self.changes: Final = database.prepared(_insert(changes, _CHANGE), _CHANGE)


def _insert(table: Table, names: Sequence[str]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in names})


class Chunk:
    """Collects rows until it is `full`, and writes them at once."""

    def __init__(
        self,
        run: int,
        *,
        contents: Contents,
        statements: Statements,
        next_id: Callable[[], int],
        now: float,
    ) -> None:
        self._run = run
        self._statements = statements
        self._contents = contents
        self._next_id = next_id
        self._now = now
        self._text = 0
        self._scopes: list[tuple[Any, ...]] = []
        self._unread: list[tuple[Any, ...]] = []
        self._apis: list[tuple[Any, ...]] = []
        self._changes: list[tuple[int, int, int]] = []  # row, API, and place of the wording
        self._wordings: list[_Wording] = []
        self._places: dict[int, tuple[tuple[Change, ...], range]] = {}  # by the object, which APIs share
        self._settings: dict[bytes, int] = {}
        self._bodies: dict[bytes, str] = {}

    @property
    def full(self) -> bool:
        """Whether it is time to write."""
        rows = len(self._changes) + len(self._apis) + len(self._unread)
        return rows >= ROWS or self._text >= TEXT

    def add_scope(self, scope: Scope) -> int:
        """Take a scope that is not in the journal yet; give its id."""
        id_ = self._next_id()
        self._scopes.append((id_, self._run, escaped(scope.account), escaped(scope.region)))
        return id_

    def add(self, item: PlanItem, scope_id: int) -> None:
        """Take an item."""
        match item:
            case PlannedApi():
                api_id = self._add_api(item.api, scope_id)
                places = self._places_of(item.changes)
                self._changes.extend([(self._next_id(), api_id, place) for place in places])
            case UnreadApi():
                self._add_unread_api(item, self._add_api(item.api, scope_id))
            case UnreadScope():
                self._unread.append((escaped(item.code), escaped(item.message), scope_id))
            case _:
                assert_never(item)

    def write(self, connection: Connection) -> None:
        """Write all rows. Call `settle` once that is committed."""
        self._settings |= self._contents.store(connection, self._bodies)
        wordings = list(map(self._with_ids, self._wordings))
        cursor = connection.connection.cursor()
        self._statements.scopes.run(cursor, self._scopes)
        self._statements.unread.run(cursor, self._unread)
        self._statements.apis.run(cursor, self._apis)
        rows = [(id_, api_id, *wordings[place]) for id_, api_id, place in self._changes]
        self._statements.changes.run(cursor, rows)

    def settle(self) -> None:
        """Remember what is now known to be in the journal."""
        self._contents.remember(self._settings)

    def _add_api(self, api: RestApi, scope_id: int) -> int:
        id_ = self._next_id()
        self._apis.append(
            (
                id_,
                scope_id,
                escaped(api.id),
                escaped(api.name),
                canonical(api.tags) if api.tags else "{}",  # mostly, and it needs no encoder
                canonical(api.endpoint_types) if api.endpoint_types else "[]",
                api.created,
            )
        )
        return id_

    def _places_of(self, changes: tuple[Change, ...]) -> range:
        """Take the wordings of an API's changes, where they are not taken yet; give their places."""
        known = self._places.get(id(changes))
        if known is not None:
            return known[1]
        begin = len(self._wordings)
        self._wordings.extend(map(self._wording_of, changes))
        places = range(begin, len(self._wordings))
        self._places[id(changes)] = changes, places
        return places

    def _wording_of(self, change: Change) -> _Wording:
        if not isinstance(change, ResponseChange):
            raise TypeError(f"the journal has no columns for a change of kind {change.target.kind}")
        verdict = ranking.unchanged(self._now) if change.action is Action.NO_OP else ranking.UNDECIDED
        return (
            change.type.value,
            change.action.value,
            self._mark(change.before.settings),
            change.before.default_response,
            None if change.after is None else self._mark(change.after),
            *verdict,
        )

    def _with_ids(self, wording: _Wording) -> _Wording:
        """Put the settings' ids, which are known by now, into the places of their marks."""
        type_, action, before, default, after, *verdict = wording
        ids = (None if mark is None else self._settings[mark] for mark in (before, after))
        return (type_, action, next(ids), default, next(ids), *verdict)

    def _add_unread_api(self, item: UnreadApi, api_id: int) -> None:
        verdict = ranking.never_read(item.kind, self._now, code=item.code, message=item.message)
        action = Action.NO_OP.value  # what it would have been was never found out
        for target in item.targets:
            self._changes.append((self._next_id(), api_id, len(self._wordings)))
            self._wordings.append((target.name, action, None, None, None, *verdict))

    def _mark(self, content: Settings) -> bytes:
        """See that the settings will be stored; give the mark that stands for their id until then."""
        mark = self._contents.mark(content)
        if mark not in self._settings and mark not in self._bodies:
            known = self._contents.known(mark)
            if known is None:
                body = canonical(content.to_json())
                self._bodies[mark] = body
                self._text += len(body)
            else:
                self._settings[mark] = known
        return mark
