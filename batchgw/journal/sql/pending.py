"""What is left to do of a run, and what became of the rest, page by page, also while it is under way."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Final, NamedTuple

from sqlalchemy import Connection, and_, bindparam, literal_column, select

from batchgw.journal.ranking import DECIDED
from batchgw.journal.records import PendingApi, PendingChange, TracedApi, TracedChange
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.database.prepared import Cursor
from batchgw.journal.sql.paging import Pages, Row
from batchgw.journal.sql.tables.columns import escaped
from batchgw.journal.sql.tables.images import Images
from batchgw.journal.sql.tables.outcome_columns import effort_of
from batchgw.journal.sql.tables.schema import apis, changes, runs, scopes
from batchgw.model import Action, Change, RestApi, Scope
from batchgw.model.kinds import KINDS, target_of

KEPT: Final = 1_024
"""Changes that are kept after they were read, because most pages of a run contain the same ones."""

SMALL: Final = 4_000
"""Characters of a change's two images, up to which it is kept. Templates can be large."""

_PENDING = changes.c.rank < literal_column(str(DECIDED))
"""Undecided or not attempted, except for what was never read."""

_SCOPE = select(scopes.c.id).where(
    scopes.c.run_id == bindparam("run"),
    scopes.c.account == bindparam("account"),
    scopes.c.region == bindparam("region"),
)
_others = changes.alias()
_FAILED = and_(
    changes.c.kind == literal_column("'failed'"),
    changes.c.before_id.is_not(None),  # the plan itself has decided it otherwise: there is nothing to make
    select(_others.c.id)
    .where(_others.c.api_id == changes.c.api_id, _others.c.rank < literal_column(str(DECIDED)))
    .exists(),  # so that nothing is read of APIs that have nothing left to do
)
"""What has failed, of an API with something left to do."""

_PLANNED = changes.c.before_id.is_not(None)
"""What is planned. A target that the plan itself has decided has no images."""

_OWN: Final = ("kind", "id", "intended_at", "attempts", "throttles", "waited", "request_id")
"""The columns that are about one change alone."""


class _Stored(NamedTuple):
    """The columns that say what a change is. Most of a page's rows are alike in these."""

    change: str
    target: str
    action: str
    before_id: int | None
    after_id: int | None


_OF_API = (
    select(changes.c.id, *(changes.c[name] for name in _Stored._fields))
    .where(changes.c.api_id == bindparam("api"), _PLANNED)
    .order_by(changes.c.id)
)


_NEEDED = (
    select(
        runs.c.name,
        changes.c.id,
        *(changes.c[name] for name in ("kind", "rank", "intended_at")),
        *(changes.c[name] for name in _Stored._fields),
    )
    .select_from(runs.join(scopes).join(apis).join(changes))
    .where(
        scopes.c.account == bindparam("account"),
        scopes.c.region == bindparam("region"),
        apis.c.api == bindparam("api"),
        changes.c.change == bindparam("kind"),
        _PLANNED,
    )
    .order_by(runs.c.id.desc())
)
"""The changes of a kind that all runs have planned of an API, the newest run's first."""


class Pending:
    """Reads pages of APIs with something left to do, or with whatever was planned."""

    def __init__(self, database: Database, images: Images) -> None:
        self._database = database
        self._images = images
        self._scope = database.query(_SCOPE, ("run", "account", "region"))
        columns = [changes.c[name] for name in (*_OWN, *_Stored._fields)]
        self._pages = Pages(database, _PENDING, columns, besides=_FAILED)
        self._all = Pages(database, _PLANNED, columns)
        in_wave = apis.c.wave == bindparam("wave")
        of_wave = and_(_PENDING, in_wave)
        self._of_wave = Pages(database, of_wave, columns, besides=_FAILED, names=("wave",))
        self._all_of_wave = Pages(database, and_(_PLANNED, in_wave), columns, names=("wave",))
        self._needed = database.query(_NEEDED, ("account", "region", "api", "kind"))
        self._of_api = database.query(_OF_API, ("api",))
        self._scopes: dict[tuple[int, Scope], int] = {}  # keys are never given out again, so they stay true
        self._kept: dict[_Stored, Change] = {}

    def needed(self, api: RestApi, kind: str) -> list[tuple[str, Change]]:
        """Give what runs may still make or take back of an API, the newest run's first."""
        where = (escaped(api.scope.account), escaped(api.scope.region), escaped(api.id), kind)
        made: set[str] = set()
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            rows = []
            for run, row, outcome, rank, intended_at, *stored in self._needed.run(cursor, where):
                each = _Stored(*stored)
                applied = outcome == "applied" and each.action != Action.NO_OP
                touched = applied or intended_at is not None
                if rank < DECIDED or (touched and each.target not in made):
                    rows.append((run, row, each))
                if applied:
                    made.add(each.target)
            read = self._changes(connection, {each: row for _, row, each in rows})
            return [(run, read[each]) for run, _, each in rows]

    def forget_scopes(self) -> None:
        """Forget which rows the scopes of runs have, because a run was deleted."""
        self._scopes.clear()

    def page(
        self, run: int, scope: Scope, *, after: int, limit: int, wave: int | None = None
    ) -> list[PendingApi]:
        """Give the next APIs of a scope, none of a scope that is not the run's."""
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            scope_id = self._scope_id(cursor, run, scope)
            if scope_id is None:
                return []
            some = self._pages if wave is None else self._of_wave
            values = () if wave is None else (wave,)
            page = some.read(cursor, scope, scope_id, after=after, limit=limit, values=values)
            stored = {_stored(row): row[1] for each in page for row in each.changes}
            read = self._changes(connection, stored)
            return [
                PendingApi(
                    row=id_,
                    api=api,
                    changes=tuple([_pending(row, read) for row in rows if row[0] != "failed"]),
                    failed=tuple([_pending(row, read) for row in rows if row[0] == "failed"]),
                    wave=wave,
                )
                for id_, api, rows, wave in page
            ]

    def traced(
        self, run: int, scope: Scope, *, after: int, limit: int, wave: int | None = None
    ) -> list[TracedApi]:
        """Give the next APIs of a scope, with all that was planned and what became of it."""
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            scope_id = self._scope_id(cursor, run, scope)
            if scope_id is None:
                return []
            every = self._all if wave is None else self._all_of_wave
            values = () if wave is None else (wave,)
            page = every.read(cursor, scope, scope_id, after=after, limit=limit, values=values)
            read = self._changes(connection, {_stored(row): row[1] for each in page for row in each.changes})
            return [
                TracedApi(row=id_, api=api, changes=tuple([_traced(row, read) for row in rows]), wave=wave)
                for id_, api, rows, wave in page
            ]

    def planned(self, row: int) -> tuple[Change, ...]:
        """Give all changes of an API, whatever became of them."""
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            rows = self._of_api.run(cursor, (row,))
            stored = {_Stored(*each[1:]): each[0] for each in rows}
            read = self._changes(connection, stored)
            return tuple([read[_Stored(*each[1:])] for each in rows])

    def _scope_id(self, cursor: Cursor, run: int, scope: Scope) -> int | None:
        if (run, scope) not in self._scopes:
            found = self._scope.run(cursor, (run, escaped(scope.account), escaped(scope.region)))
            if not found:
                return None
            self._scopes[run, scope] = found[0][0]
        return self._scopes[run, scope]

    def _changes(self, connection: Connection, wanted: dict[_Stored, int]) -> dict[_Stored, Change]:
        """Read what changes are, each once. `wanted` names a row of each, for errors."""
        found = {stored: self._kept[stored] for stored in wanted if stored in self._kept}
        new = {stored: row for stored, row in wanted.items() if stored not in found}
        used = {id_ for stored in new for id_ in (stored.before_id, stored.after_id) if id_ is not None}
        bodies = self._images.load(connection, used)
        for stored, row in new.items():
            before = bodies.get(stored.before_id) if stored.before_id else None
            after = bodies.get(stored.after_id) if stored.after_id else None
            found[stored] = _read(stored, row, before, after)
            if len(before or "") + len(after or "") <= SMALL:
                self._kept[stored] = found[stored]
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return found


def _stored(row: Row) -> _Stored:
    return _Stored(*row[len(_OWN) :])


def _pending(row: Row, read: dict[_Stored, Change]) -> PendingChange:
    _, id_, intended_at, *cost = row[: len(_OWN)]
    return PendingChange(
        id=id_, change=read[_stored(row)], intended=intended_at is not None, spent=effort_of(*cost)
    )


def _traced(row: Row, read: dict[_Stored, Change]) -> TracedChange:
    kind, _, intended_at, *_ = row
    return TracedChange(change=read[_stored(row)], kind=kind, intended=intended_at is not None)


def _read(stored: _Stored, row: int, before: str | None, after: str | None) -> Change:
    """Read a change. Raises ValueError if an image is missing: it would look made, or like a reset."""
    makes = stored.after_id is not None or stored.action in (Action.CREATE, Action.UPDATE)
    if before is None or (makes and after is None):
        missing = "what was there" if before is None else "what it makes"
        raise ValueError(
            f"table changes, row {row}: {stored.action} of {stored.target} does not say {missing}"
        )
    return KINDS[stored.change].read(
        target_of(stored.change, stored.target),
        Action(stored.action),
        json.loads(before),
        None if after is None else json.loads(after),
    )
