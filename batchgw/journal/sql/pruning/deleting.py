"""Deletes runs, and what belongs to none any more: little in each transaction, so that no writer waits long.

A run of which a part is deleted is in state `planning` meanwhile: nobody takes what is left for its plan. A
process that dies in between leaves it so, and the next `prune` deletes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from batchgw.errors import ScopeLocked
from batchgw.journal.pruning import SILENT, PrunePart, may_work
from batchgw.journal.records import RunState
from batchgw.journal.sql.claims import Claims
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.pruning.choosing import of_run
from batchgw.journal.sql.runs import Runs
from batchgw.journal.sql.tables.images import batches
from batchgw.journal.sql.tables.schema import (
    apis,
    changes,
    decisions,
    deployed,
    gate_checks,
    holder_of,
    images,
    locks,
    runs,
    scopes,
    snapshots,
    waves,
)
from batchgw.model import AccountId

APIS: Final = 20
"""APIs of one transaction: about 500 rows, in 5 ms."""

ROWS: Final = 500
"""Rows of one transaction, where nothing belongs to them."""

_OF_RUN: Final = (waves, gate_checks, decisions, locks)
"""Tables whose rows are few for a run."""


class Deleting:
    """Deletes rows. Each step of its generators is one transaction."""

    def __init__(
        self, database: Database, claims: Claims, all_runs: Runs, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._claims = claims
        self._runs = all_runs
        self._clock = clock

    def delete(self, part: PrunePart) -> Iterator[int]:
        """Delete a part, and give how many targets have gone in each step.

        Raises ScopeLocked, with nothing deleted, where the run is no longer as it was looked at.
        """
        key = self._runs.key(part.run.id)
        with self._database.write() as connection:
            self._take(connection, key, part)
        yield 0
        while (gone := self._some_apis(key, part.accounts)) is not None:
            yield gone
        while self._some_scopes(key, part.accounts):
            yield 0
        with self._database.write() as connection:
            rest = connection.scalar(select(scopes.c.id).where(scopes.c.run_id == key).limit(1))
            if rest is None:
                for table in _OF_RUN:
                    connection.execute(delete(table).where(table.c.run_id == key))
                connection.execute(delete(runs).where(runs.c.id == key))
            else:
                self._claims.release(connection, key)
        if rest is None:
            self._runs.forget(part.run.id)
        else:
            self._runs.recount(part.run.id)
        yield 0

    def _take(self, connection: Connection, key: int, part: PrunePart) -> None:
        """Claim the run, if it still is as it was looked at."""
        row = connection.execute(select(runs).where(runs.c.id == key)).one_or_none()
        was = part.run
        if row is None or (row.state, row.finished) != (was.state.value, was.finished):
            raise ScopeLocked(
                f"run {was.id} was resumed or deleted by another process meanwhile: nothing more of it was "
                "deleted. Give the command again to see how it stands."
            )
        recently = row.heartbeat > self._clock() - SILENT
        self._claims.take(connection, key, unknown_refused=recently)
        changed: dict[str, object] = {"totals": None}
        if not part.accounts:
            changed["state"] = RunState.PLANNING.value
        connection.execute(update(runs).where(runs.c.id == key).values(changed))

    def _some_apis(self, key: int, accounts: Collection[AccountId]) -> int | None:
        """Delete some APIs, and tell how many targets these had; None where there is none left."""
        some = select(apis.c.id).select_from(scopes.join(apis)).where(of_run(key, accounts)).limit(APIS)
        with self._database.write() as connection:
            ids = list(connection.scalars(some))
            if not ids:
                return None
            connection.execute(delete(snapshots).where(snapshots.c.api_id.in_(ids)))
            gone = connection.execute(delete(changes).where(changes.c.api_id.in_(ids))).rowcount
            connection.execute(delete(apis).where(apis.c.id.in_(ids)))
        return gone

    def _some_scopes(self, key: int, accounts: Collection[AccountId]) -> int:
        some = select(scopes.c.id).where(of_run(key, accounts)).limit(ROWS)
        with self._database.write() as connection:
            ids = list(connection.scalars(some))
            return connection.execute(delete(scopes).where(scopes.c.id.in_(ids))).rowcount if ids else 0

    def unused_images(self) -> list[int] | None:
        """Find images that no change has; None while a plan may be entered, which may come to use them."""
        used = select(changes.c.before_id.label("id")).where(changes.c.before_id.is_not(None))
        used_after = select(changes.c.after_id).where(changes.c.after_id.is_not(None))
        with self._database.read() as connection:
            if self._is_planning(connection):
                return None
            unused = select(images.c.id).where(images.c.id.not_in(used.union(used_after)))
            return list(connection.scalars(unused.order_by(images.c.id)))

    def delete_images(self, ids: Collection[int], newest: object) -> Iterator[int | None]:
        """Delete images that were found unused, as long as no run was begun since: then None is given.

        `newest` is what `newest_run` gave before they were looked for.
        """
        for some in batches(ids):
            with self._database.write_unreferenced() as connection:
                if self._is_planning(connection) or _newest(connection) != newest:
                    yield None
                    return
                gone = connection.execute(delete(images).where(images.c.id.in_(some))).rowcount
            yield gone

    def newest_run(self) -> object:
        """Give what changes when a run is begun."""
        with self._database.read() as connection:
            return _newest(connection)

    def forget_deployed(self, before: float | None, accounts: Collection[AccountId]) -> Iterator[int]:
        """Delete what is remembered of deployments that were read before a moment, or are of accounts."""
        ways: list[ColumnElement[bool]] = [] if before is None else [deployed.c.at < before]
        if accounts:
            ways = [deployed.c.account.in_(some) for some in batches(sorted(accounts))]
        for way in ways:
            while True:
                with self._database.write() as connection:
                    ids = list(connection.scalars(select(deployed.c.id).where(way).limit(ROWS)))
                    connection.execute(delete(deployed).where(deployed.c.id.in_(ids)))
                if not ids:
                    break
                yield len(ids)

    def _is_planning(self, connection: Connection) -> bool:
        """Tell whether a process may enter a plan."""
        planning = select(runs).where(runs.c.state == RunState.PLANNING.value, runs.c.token.is_not(None))
        now = self._clock()
        return any(may_work(holder_of(row), now) for row in connection.execute(planning))


def _newest(connection: Connection) -> object:
    newest = select(func.max(runs.c.id), func.max(runs.c.started), func.count())
    return tuple(connection.execute(newest).one())
