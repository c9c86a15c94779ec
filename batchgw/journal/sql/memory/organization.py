"""What one command found of an organisation and its APIs is there for the next. The table `organization`.

Unlike the rest of the journal it may be lost: the organisation is asked again. So nothing that fails here
ends a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.journal.organization_memory import LONGEST, Fact, FactKind
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.memory.trying import Trying
from batchgw.journal.sql.tables.columns import canonical, escaped
from batchgw.journal.sql.tables.images import batches
from batchgw.journal.sql.tables.schema import WHOLE, organization
from batchgw.model.shape import JSON, count

PAGE: Final = 200
"""Rows read or written at a time: a few milliseconds, in which an event loop or another process waits."""

_KEY: Final = ("reader", "kind", "name")
_OWN: Final = ("body", "at")
_UPDATED: Final = (*_OWN, *(f"b_{name}" for name in _KEY))
_UPDATE = (
    update(organization)
    .where(*(organization.c[name] == bindparam(f"b_{name}") for name in _KEY))
    .values({name: bindparam(name) for name in _OWN})
)
_PAGE = (
    select(organization)
    .where(
        organization.c.reader == bindparam("b_reader"),
        organization.c.kind == bindparam("b_kind"),
        organization.c.id > bindparam("b_after"),
    )
    .order_by(organization.c.id)
    .limit(PAGE)
)


_ONE = select(organization).where(*(organization.c[name] == bindparam(f"b_{name}") for name in _KEY))
_READERS = (
    select(organization.c.reader)
    .group_by(organization.c.reader)
    .order_by(func.max(organization.c.at).desc(), organization.c.reader)
)


def readers(database: Database) -> list[str]:
    """Give all readers, who found something last first."""
    with database.read() as connection:
        return list(connection.execute(_READERS).scalars())


class SqlOrganizationMemory:
    """Remembers in a journal what `reader` finds. Never raises.

    Args:
        database: the journal's.
        reader: whose organisation, and by which role it is read.
        clock: seconds since the epoch.
        trouble: is told why nothing can be remembered, once.
    """

    def __init__(
        self,
        database: Database,
        *,
        reader: str,
        clock: Callable[[], float],
        trouble: Callable[[str], None] | None = None,
    ) -> None:
        self._database = database
        self._trying = Trying(database, trouble)
        self._reader = reader
        self._clock = clock
        self._is_tidy = False  # whether what is too old was dropped
        inserted = (*_KEY, *_OWN)
        insert = database.dialect.insert_missing(organization)
        self._insert = database.prepared(
            insert.values({name: bindparam(name) for name in inserted}), inserted
        )
        self._update = database.prepared(_UPDATE, _UPDATED)

    async def facts(self, kind: FactKind) -> Mapping[str, Fact]:
        """Give what is remembered."""
        return await self._facts(kind)

    async def fact(self, kind: FactKind, name: str) -> Fact | None:
        """Give what is remembered under one name."""
        found: list[Fact] = []

        def read() -> None:
            with self._database.read() as connection:
                given = {"b_reader": self._reader, "b_kind": kind, "b_name": name}
                rows = connection.execute(_ONE, given)
                found.extend(Fact(body=row.body, at=row.at) for row in rows)

        return found[0] if self._trying.tried(read) and found else None

    async def listed(self, kind: FactKind) -> Mapping[str, Fact] | None:
        """Give the last whole list. One that another process is about to replace is none."""
        whole = (await self._facts(WHOLE)).get(kind)
        if whole is None:
            return None
        rows = {name: fact for name, fact in (await self._facts(kind)).items() if fact.at == whole.at}
        return rows if len(rows) == _rows(whole) else None

    async def keep(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        """Write some facts."""
        return await self._write(kind, bodies, at)

    async def keep_list(self, kind: FactKind, bodies: Mapping[str, Mapping[str, JSON]], *, at: float) -> bool:
        """Write a whole list. It counts as one when its last row is there."""
        return (
            await self._drop(kind)
            and await self._write(kind, bodies, at)
            and await self._write(WHOLE, {kind: {"rows": len(bodies)}}, at)
        )

    async def _facts(self, kind: str) -> dict[str, Fact]:
        found: dict[str, Fact] = {}
        slices, after = TimeSlices(), 0
        while True:
            page = self._page(kind, after)
            found.update((row.name, Fact(body=row.body, at=row.at)) for row in page)
            if len(page) < PAGE:
                return found
            after = page[-1].id
            await slices.yield_if_due()

    def _page(self, kind: str, after: int) -> Sequence[Any]:
        page: list[Any] = []

        def read() -> None:
            with self._database.read() as connection:
                given = {"b_reader": self._reader, "b_kind": kind, "b_after": after}
                page.extend(connection.execute(_PAGE, given))

        return page if self._trying.tried(read) else ()

    async def _drop(self, kind: str) -> bool:
        """Drop a list."""

        def drop(connection: Connection) -> None:
            own = organization.c.reader == self._reader
            names = own & (organization.c.kind == WHOLE) & (organization.c.name == kind)
            connection.execute(delete(organization).where(names))
            connection.execute(delete(organization).where(own & (organization.c.kind == kind)))

        def write() -> None:
            with self._database.write() as connection:
                drop(connection)

        return self._trying.tried(write)

    def _drop_old(self) -> None:
        """Drop what is too old. Every row is looked at, and thousands may go: no other process waits long."""
        is_old = organization.c.at < self._clock() - LONGEST
        with self._database.read() as connection:
            old = connection.execute(select(organization.c.id).where(is_old)).scalars().all()
        for ids in batches(old):
            with self._database.write() as connection:
                connection.execute(delete(organization).where(organization.c.id.in_(ids), is_old))

    async def _write(self, kind: str, bodies: Mapping[str, Mapping[str, JSON]], at: float) -> bool:
        if bodies and not self._is_tidy:  # once a command
            self._is_tidy = True
            if not await self._trying.tried_in_thread(self._drop_old):
                return False
        left = iter(bodies.items())
        while page := list(islice(left, PAGE)):
            if not await self._trying.tried_in_thread(partial(self._write_page, kind, page, at)):
                return False
        return True

    def _write_page(self, kind: str, page: Sequence[tuple[str, Mapping[str, JSON]]], at: float) -> None:
        key = {"reader": escaped(self._reader), "kind": kind}
        rows = [{**key, "name": escaped(name), "body": canonical(body), "at": at} for name, body in page]
        with self._database.write() as connection:
            cursor = connection.connection.cursor()
            self._insert.run(cursor, [[row[name] for name in (*_KEY, *_OWN)] for row in rows])
            updated = [[row[name.removeprefix("b_")] for name in _UPDATED] for row in rows]
            self._update.run(cursor, updated)


def _rows(whole: Fact) -> int:
    """Say how many rows a whole list has; none that there could be, where that is not a number."""
    try:
        return count(whole.body["rows"])
    except (KeyError, TypeError):
        return -1
