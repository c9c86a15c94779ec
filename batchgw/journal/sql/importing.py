"""Writes a plan into the journal as a stream, in chunks. Each chunk is a commit of its own.

Until the last commit the run's state is `planning`. A run found in that state has written nothing to AWS, and
its rows are dropped when it is imported again. So the journal has a whole plan or none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select, update

from batchgw.errors import PlanUnreadable
from batchgw.journal.records import RunState
from batchgw.journal.sql.chunk import Chunk, Statements
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database, Refusal
from batchgw.journal.sql.tables.images import Images
from batchgw.journal.sql.tables.keys import take_keys
from batchgw.journal.sql.tables.schema import apis, changes, runs, scopes, snapshots
from batchgw.model import PlanItem, Scope, SkippedScope
from batchgw.model.change import scope_of

ID_BLOCK: Final = 5_000
"""Keys taken at a time."""


class SqlPlanImport:
    """See `interface.PlanImport`."""

    def __init__(
        self, database: Database, images: Images, statements: Statements, run: int, *, now: float
    ) -> None:
        self._database = database
        self._run = run
        ids = partial(next, _ids(database))
        self._begin_chunk = partial(Chunk, run, images=images, statements=statements, next_id=ids, now=now)
        self._chunk = self._begin_chunk()
        self._scopes: dict[Scope, int] = {}
        self._finished = False

    @property
    def full(self) -> bool:
        """Whether so many rows wait that it is time to `commit` them."""
        return self._chunk.full

    async def add(self, item: PlanItem, *, wave: int | None = None) -> None:
        """Take an item. If enough rows wait, they are committed first."""
        self._refuse_when_finished()
        if isinstance(item, SkippedScope):
            return  # nothing is expected of it
        if self.full:
            await self.commit()
        scope = scope_of(item)
        if scope not in self._scopes:
            self._scopes[scope] = self._chunk.add_scope(scope)
        self._chunk.add(item, self._scopes[scope], wave)

    async def commit(self) -> None:
        """Commit what waits."""
        self._refuse_when_finished()
        _write(self._database, self._chunk)
        self._chunk = self._begin_chunk()

    async def finish(self) -> None:
        """Commit the rest; with it the run is `applying`."""
        self._finished = True
        _write(self._database, self._chunk, and_then=partial(_finish, run=self._run))

    def _refuse_when_finished(self) -> None:
        if self._finished:
            raise ValueError("the plan was imported already: nothing can be added to it")


@asynccontextmanager
async def importing(
    database: Database,
    images: Images,
    statements: Statements,
    claims: Claims,
    run: int,
    *,
    now: float,
) -> AsyncIterator[SqlPlanImport]:
    """Import a run's plan; see `interface.JournalRun.importing`."""
    with database.write() as connection:
        _claim(connection, claims, run)
        drop_rows(connection, run)
    images.forget()  # from now on nobody deletes any: see `pruning`
    plan = SqlPlanImport(database, images, statements, run, now=now)
    yield plan
    await plan.finish()


def _ids(database: Database) -> Iterator[int]:
    while True:
        with database.write() as connection:
            block = take_keys(connection, ID_BLOCK)
        yield from block


def _claim(connection: Connection, claims: Claims, run: int) -> None:
    state = claims.take(connection, run, unknown_refused=True)
    if state is not RunState.PLANNING:
        raise Refusal(f"the run is {state}: its plan was imported already")


def drop_rows(connection: Connection, run: int) -> None:
    """Delete all that was imported for a run: most often nothing."""
    of_run = select(scopes.c.id).where(scopes.c.run_id == run)
    if connection.scalar(of_run.limit(1)) is None:
        return
    of_scopes = select(apis.c.id).where(apis.c.scope_id.in_(of_run))
    connection.execute(delete(snapshots).where(snapshots.c.api_id.in_(of_scopes)))
    connection.execute(delete(changes).where(changes.c.api_id.in_(of_scopes)))
    connection.execute(delete(apis).where(apis.c.scope_id.in_(of_run)))
    connection.execute(delete(scopes).where(scopes.c.run_id == run))


def _write(database: Database, chunk: Chunk, *, and_then: Callable[[Connection], None] | None = None) -> None:
    try:
        with database.write() as connection:
            chunk.write(connection)
            if and_then is not None:
                and_then(connection)
    except database.dialect.integrity_error as error:
        raise PlanUnreadable(
            "The plan lists a REST API twice in one account-region, so its changes cannot be kept apart. "
            "Nothing was changed; make the plan anew."
        ) from error
    chunk.committed()


def _finish(connection: Connection, *, run: int) -> None:
    connection.execute(update(runs).where(runs.c.id == run).values(state=RunState.APPLYING.value))
