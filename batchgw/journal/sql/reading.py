"""What a run's rows say: how it ended, and the counts. In pages, not a run at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    select,
)

from batchgw.journal import ranking
from batchgw.journal.records import ScopeRecord, Standing, Tally
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.paging import Pages
from batchgw.journal.sql.tables.columns import Count
from batchgw.journal.sql.tables.schema import apis, changes, scopes
from batchgw.model import (
    AccountId,
    Effort,
    Outcome,
    Region,
    Scope,
)

FIRST_PAGE: Final = 19
"""APIs whose outcomes are read at a time to begin with."""

PAGE: Final = 200
"""The same at most, later."""

OUTCOMES: Final = 400
"""Outcomes read at a time, as the first page has them at most: 3 ms, in which an event loop stands still."""


def _counts(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            apis.c.scope_id,
            changes.c.kind,
            changes.c.rank,
            func.count().label("number"),
            func.sum(changes.c.attempts, type_=Count()).label("attempts"),
            func.sum(changes.c.throttles, type_=Count()).label("throttles"),
            func.sum(changes.c.waited).label("waited"),
        )
        .select_from(scopes.join(apis).join(changes))
        .where(which)
        .group_by(apis.c.scope_id, changes.c.kind, changes.c.rank)
    )


_COUNTS_OF_SCOPE: Final = _counts(scopes.c.id == bindparam("of"))
_COUNTS_OF_RUN: Final = _counts(scopes.c.run_id == bindparam("of"))
_SCOPES: Final = select(
    scopes.c.id, scopes.c.account, scopes.c.region, scopes.c.unread_code, scopes.c.unread_message
).where(scopes.c.run_id == bindparam("run"))


class ScopeRow(NamedTuple):
    """A scope, the id of its row, and why it could not be read, if it could not."""

    id: int
    scope: Scope
    unread_code: str | None
    unread_message: str | None


def scope_records(connection: Connection, run: int) -> tuple[ScopeRecord, ...]:
    """Give the run's scopes with their counts."""
    return tuple(
        ScopeRecord(
            scope=row.scope,
            expected=tally.expected,
            undecided=tally.left,
            unread_code=row.unread_code,
            unread_message=row.unread_message,
        )
        for row, tally in _tallied(connection, run)
    )


class Standings:
    """Counts the API-types of one scope after another."""

    def __init__(self, database: Database) -> None:
        self._scopes = database.query(_SCOPES, ("run",))
        self._counts = database.query(_COUNTS_OF_SCOPE, ("of",))

    def scopes(self, connection: Connection, run: int) -> list[ScopeRow]:
        """Give the run's scopes, in the order of their names."""
        return _scope_rows(self._scopes.run(connection.connection.cursor(), (run,)))

    def of(self, connection: Connection, row: ScopeRow) -> Standing:
        """Count those of a scope."""
        counted = self._counts.run(connection.connection.cursor(), (row.id,))
        unread = f"{row.unread_code}: {row.unread_message}" if row.unread_code else None
        return Standing(scope=row.scope, tally=sum(map(_tally, counted), Tally()), unread=unread)


class Outcomes:
    """Reads outcomes. Which kinds is said with a parameter each, so that the statements are made once."""

    _KINDS: Final = tuple(f"kind{number}" for number in range(len(ranking.KINDS)))

    def __init__(self, database: Database) -> None:
        wanted = changes.c.kind.in_([bindparam(name) for name in self._KINDS])
        self._pages = Pages(database, wanted, ranking.TELLING, names=self._KINDS)

    def page(
        self,
        connection: Connection,
        scope: Scope,
        scope_id: int,
        kinds: frozenset[str],
        *,
        after: int,
        limit: int,
    ) -> tuple[list[Outcome], int | None]:
        """Give those of the next `limit` APIs of a scope, and where to go on: None after the last page."""
        values = [*sorted(kinds), *[None] * (len(self._KINDS) - len(kinds))]  # nothing is IN (NULL)
        cursor = connection.connection.cursor()
        page = self._pages.read(cursor, scope, scope_id, after=after, limit=limit, values=values)
        outcomes = [ranking.outcome(api, row) for _, api, rows in page for row in rows]
        return outcomes, page[-1].id if len(page) == limit else None


def next_page(limit: int, outcomes: int) -> int:
    """How many APIs the next page should have, when one of `limit` has had so many outcomes."""
    return max(1, min(PAGE, limit * OUTCOMES // max(1, outcomes)))


def tallies_of(connection: Connection, run: int) -> dict[Scope, Tally]:
    """Count each scope's API-types; a scope without any is there too."""
    return {row.scope: tally for row, tally in _tallied(connection, run)}


def tally_of_run(connection: Connection, run: int) -> Tally:
    """Count all of a run's API-types."""
    return sum(tallies_of(connection, run).values(), Tally())


def _tallied(connection: Connection, run: int) -> list[tuple[ScopeRow, Tally]]:
    """Count the API-types of each of a run's scopes, in the order of their names."""
    counted: dict[int, Tally] = {}
    for row in connection.execute(_COUNTS_OF_RUN, {"of": run}):
        counted[row.scope_id] = counted.get(row.scope_id, Tally()) + _tally(row)
    scopes = _scope_rows(connection.execute(_SCOPES, {"run": run}))
    return [(row, counted.get(row.id, Tally())) for row in scopes]


def _scope_rows(rows: Iterable[Sequence[Any]]) -> list[ScopeRow]:
    """Read what `_SCOPES` gives, in the order of the scopes' names."""
    found = [
        ScopeRow(id_, Scope(account=AccountId(account), region=Region(region)), code, message)
        for id_, account, region, code, message in rows
    ]
    return sorted(found, key=lambda each: each.scope)


def _tally(counted: Sequence[Any]) -> Tally:
    """Read a row of `_counts`: a part of a scope's tally."""
    _, kind, rank, number, attempts, throttles, waited = counted
    ranking.check_rank(kind, rank)
    effort = Effort(attempts=attempts, throttles=throttles, waited=waited)
    never_read = number if kind == "not_attempted" and rank >= ranking.DECIDED else 0
    return Tally(**{kind or "undecided": number}, never_read=never_read, effort=effort)
