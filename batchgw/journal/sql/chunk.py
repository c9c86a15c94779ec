"""Some rows of a plan on their way into the journal. Only rows are kept, not the items they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, assert_never

from sqlalchemy import Connection, Insert, Table, bindparam, insert, update

from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.columns import canonical, escaped
from batchgw.journal.sql.tables.images import Images, digest_of
from batchgw.journal.sql.tables.outcome_columns import UNDECIDED, PlannedOutcome, never_read, unchanged
from batchgw.journal.sql.tables.schema import apis, changes, scopes
from batchgw.model import (
    Action,
    Change,
    PlannedApi,
    RestApi,
    Scope,
    SetAside,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.shape import JSON
from batchgw.model.target import Target

ROWS: Final = 250
"""Rows of one commit. It takes 3 ms, in which other processes and the event loop wait. Ten times as many rows
would save only 5 %."""

TEXT: Final = 8_000_000
"""Characters of new images with which a chunk is full, even with fewer rows: templates can be large."""

_SCOPE: Final = ("id", "run_id", "account", "region")
_API: Final = ("id", "scope_id", "api", "name", "tags", "endpoint_types", "created", "wave")
_CHANGE: Final = (
    *("id", "api_id", "change", "target", "action", "before_id", "after_id"),
    *("rank", "kind", "code", "message", "decided_at"),
)
"""What is written of a change; the rest stays at its default."""

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


class _Change(NamedTuple):
    """A row of the `changes` table, with the digests of its images in place of their ids."""

    id: int
    api_id: int
    target: Target
    action: Action
    before: bytes | None
    after: bytes | None
    outcome: PlannedOutcome


class Chunk:
    """Collects rows until it is `full`, and writes them at once."""

    def __init__(
        self,
        run: int,
        *,
        images: Images,
        statements: Statements,
        next_id: Callable[[], int],
        now: float,
    ) -> None:
        self._run = run
        self._statements = statements
        self._images = images
        self._next_id = next_id
        self._now = now
        self._text = 0
        self._scopes: list[tuple[Any, ...]] = []
        self._unread: list[tuple[Any, ...]] = []
        self._apis: list[tuple[Any, ...]] = []
        self._changes: list[_Change] = []
        self._digests: dict[str, bytes] = {}  # of images, by their text: most images of a chunk are equal
        self._ids: dict[bytes, int] = {}  # of images, by their digests
        self._bodies: dict[bytes, str] = {}  # of those that may have to be stored

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

    def add(self, item: PlannedApi | UnreadApi | UnreadScope, scope_id: int, wave: int | None = None) -> None:
        """Take an item, and the wave that has its API."""
        match item:
            case PlannedApi():
                api_id = self._add_api(item.api, scope_id, wave)
                for change in item.changes:
                    self._add_change(change, api_id)
                self._add_set_aside(item.set_aside, api_id)
            case UnreadApi():
                self._add_unread_api(item, self._add_api(item.api, scope_id))
            case UnreadScope():
                self._unread.append((escaped(item.code), escaped(item.message), scope_id))
            case _:
                assert_never(item)

    def write(self, connection: Connection) -> None:
        """Write all rows. Call `committed` once that is committed."""
        self._ids |= self._images.store(connection, self._bodies)
        rows = [
            (
                row.id,
                row.api_id,
                row.target.kind,
                escaped(row.target.name),
                row.action.value,
                row.before and self._ids[row.before],
                row.after and self._ids[row.after],
                *row.outcome,
            )
            for row in self._changes
        ]
        cursor = connection.connection.cursor()
        self._statements.scopes.run(cursor, self._scopes)
        self._statements.unread.run(cursor, self._unread)
        self._statements.apis.run(cursor, self._apis)
        self._statements.changes.run(cursor, rows)

    def committed(self) -> None:
        """Remember the images that are now known to be stored."""
        self._images.remember(self._ids)

    def _add_api(self, api: RestApi, scope_id: int, wave: int | None = None) -> int:
        id_ = self._next_id()
        self._apis.append(
            (
                id_,
                scope_id,
                escaped(api.id),
                escaped(api.name),
                canonical(api.tags) if api.tags else "{}",  # what they mostly are needs no encoder
                canonical(api.endpoint_types) if api.endpoint_types else "[]",
                api.created,
                wave,
            )
        )
        return id_

    def _add_change(self, change: Change, api_id: int) -> None:
        before, after = change.images()
        outcome = unchanged(self._now) if change.action is Action.NO_OP else UNDECIDED
        after_digest = None if after is None else self._image(after)
        self._changes.append(
            _Change(
                self._next_id(),
                api_id,
                change.target,
                change.action,
                self._image(before),
                after_digest,
                outcome,
            )
        )

    def _add_unread_api(self, item: UnreadApi, api_id: int) -> None:
        outcome = never_read(item.kind, self._now, code=item.code, message=item.message)
        for target in item.targets:  # nobody knows what would have been done
            self._changes.append(_Change(self._next_id(), api_id, target, Action.NO_OP, None, None, outcome))
        self._add_set_aside(item.set_aside, api_id)

    def _add_set_aside(self, set_aside: Sequence[SetAside], api_id: int) -> None:
        for each in set_aside:
            outcome = never_read(each.ending, self._now, code=each.code, message=each.message)
            self._changes.append(
                _Change(self._next_id(), api_id, each.target, Action.NO_OP, None, None, outcome)
            )

    def _image(self, image: JSON) -> bytes:
        """Store the image with this chunk, if it is not stored yet. Returns its digest."""
        body = canonical(image)
        if body in self._digests:
            return self._digests[body]
        digest = self._digests[body] = digest_of(body)
        known = self._images.known(digest)
        if known is None:
            self._bodies[digest] = body
            self._text += len(body)
        else:
            self._ids[digest] = known
        return digest
