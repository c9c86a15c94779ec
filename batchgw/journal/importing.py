"""A plan into the journal, as a stream: in chunks, each its own commit, and as a whole or not at all.

Until the last commit the run's state is `planning`. A run found in it has changed nothing in the world, and
its rows are dropped when it is imported again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from batchgw.errors import PlanUnreadable
from batchgw.journal.chunk import Chunk
from batchgw.journal.claims import Claims
from batchgw.journal.contents import Contents
from batchgw.journal.database import Database
from batchgw.journal.records import RunState
from batchgw.journal.schema import apis, changes, runs, scopes
from batchgw.model import PlanItem, Scope, UnreadScope

ID_BLOCK: Final = 5_000
"""Keys taken at a time."""


def import_plan(
    database: Database, contents: Contents, claims: Claims, run: int, items: Iterable[PlanItem], *, now: float
) -> None:
    """Write all items as rows of the run, which is then `applying`.

    Raises ScopeLocked when another process is at it, PlanUnreadable when an API comes twice, ValueError when
    the run has left `planning`, and whatever `items` raises.
    """
    with database.write() as connection:
        _claim(connection, claims, run)
        drop_rows(connection, run)
    begin_chunk = partial(Chunk, run, contents=contents, next_id=partial(next, _ids(database)), now=now)
    chunk = begin_chunk()
    known: dict[Scope, int] = {}
    for item in items:
        scope = item.scope if isinstance(item, UnreadScope) else item.api.scope
        if scope not in known:
            known[scope] = chunk.add_scope(scope)
        chunk.add(item, known[scope])
        if chunk.full:
            _write(database, chunk)
            chunk = begin_chunk()
    _write(database, chunk, and_then=partial(_finish, run=run))


def _ids(database: Database) -> Iterator[int]:
    while True:
        with database.write() as connection:
            block = database.take_ids(connection, ID_BLOCK)
        yield from block


def _claim(connection: Connection, claims: Claims, run: int) -> None:
    state = claims.take(connection, run, doubtful=False)
    if state is not RunState.PLANNING:
        raise ValueError(f"the run is {state}: its plan was imported already")


def drop_rows(connection: Connection, run: int) -> None:
    """Delete all that was imported for a run."""
    of_run = select(scopes.c.id).where(scopes.c.run_id == run)
    of_scopes = select(apis.c.id).where(apis.c.scope_id.in_(of_run))
    connection.execute(delete(changes).where(changes.c.api_id.in_(of_scopes)))
    connection.execute(delete(apis).where(apis.c.scope_id.in_(of_run)))
    connection.execute(delete(scopes).where(scopes.c.run_id == run))


def _write(database: Database, chunk: Chunk, *, and_then: Callable[[Connection], None] | None = None) -> None:
    try:
        with database.write() as connection:
            chunk.write(connection)
            if and_then is not None:
                and_then(connection)
    except IntegrityError as error:
        raise PlanUnreadable(
            "The plan lists a REST API twice in one account-region, so its changes cannot be kept apart. "
            "Nothing was changed; make the plan anew."
        ) from error
    chunk.settle()


def _finish(connection: Connection, *, run: int) -> None:
    connection.execute(update(runs).where(runs.c.id == run).values(state=RunState.APPLYING.value))
