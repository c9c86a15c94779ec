"""What a run's rows say: how it ended, and the counts. In pages, not a run at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from batchgw.journal import standing
from batchgw.journal.contents import batches
from batchgw.journal.records import ScopeRecord, Standing, Tally
from batchgw.journal.schema import apis, changes, scopes
from batchgw.model import (
    AccountId,
    Effort,
    Outcome,
    Region,
    RestApi,
    RestApiId,
    Scope,
)

FIRST_PAGE: Final = 19
"""APIs whose outcomes are read at a time to begin with."""

PAGE: Final = 200
"""The same at most, later."""

OUTCOMES: Final = 400
"""Outcomes read at a time, as the first page has them at most: 3 ms, in which an event loop stands still."""

_FINAL: Final = (changes.c.rank >= standing.DECIDED).label("final")


def scopes_of(connection: Connection, run: int) -> dict[int, Scope]:
    """Give the run's scopes by row id, in the order of their names."""
    rows = connection.execute(select(scopes).where(scopes.c.run_id == run))
    found = {row.id: Scope(account=AccountId(row.account), region=Region(row.region)) for row in rows}
    return dict(sorted(found.items(), key=lambda each: each[1]))


def scope_records(connection: Connection, run: int) -> tuple[ScopeRecord, ...]:
    """Give the run's scopes with their counts."""
    rows = {row.id: row for row in connection.execute(select(scopes).where(scopes.c.run_id == run))}
    tallies = tallies_of(connection, run)
    return tuple(
        ScopeRecord(
            scope=scope,
            expected=tallies[scope].expected,
            undecided=tallies[scope].left,
            unread_code=rows[id_].unread_code,
            unread_message=rows[id_].unread_message,
        )
        for id_, scope in scopes_of(connection, run).items()
    )


def standing_of(connection: Connection, scope_id: int, scope: Scope) -> Standing:
    """Count the API-types of one scope."""
    tally = sum((counted for _, counted in _counted(connection, scopes.c.id == scope_id)), Tally())
    row = connection.execute(select(scopes).where(scopes.c.id == scope_id)).one()
    unread = f"{row.unread_code}: {row.unread_message}" if row.unread_code else None
    return Standing(scope=scope, tally=tally, unread=unread)


def outcomes_page(
    connection: Connection, scope: Scope, scope_id: int, kinds: frozenset[str], *, after: int, limit: int
) -> tuple[list[Outcome], int | None]:
    """Give the outcomes of the next `limit` APIs of a scope, and where to go on: None after the last page."""
    statements = _Statements(changes.c.kind.in_(sorted(kinds)), *standing.TELLING)
    page = list(_page(connection, scope, scope_id, statements, after=after, limit=limit))
    outcomes = [standing.outcome(api, row) for _, api, rows in page for row in rows]
    return outcomes, page[-1][0] if len(page) == limit else None


def next_page(limit: int, outcomes: int) -> int:
    """How many APIs the next page should have, when one of `limit` has had so many outcomes."""
    return max(1, min(PAGE, limit * OUTCOMES // max(1, outcomes)))


def tallies_of(connection: Connection, run: int) -> dict[Scope, Tally]:
    """Count each scope's API-types; a scope without any is there too."""
    counted: dict[int, Tally] = {}
    for id_, tally in _counted(connection, scopes.c.run_id == run):
        counted[id_] = counted.get(id_, Tally()) + tally
    return {scope: counted.get(id_, Tally()) for id_, scope in scopes_of(connection, run).items()}


def tally_of_run(connection: Connection, run: int) -> Tally:
    """Count all of a run's API-types."""
    return sum(tallies_of(connection, run).values(), Tally())


def _counted(connection: Connection, which: ColumnElement[bool]) -> Iterator[tuple[int, Tally]]:
    """Give a scope's row id and a part of its tally, for the scopes that are meant."""
    for row in connection.execute(_counts(which)):
        effort = Effort(attempts=row.attempts, throttles=row.throttles, waited=row.waited)
        never_read = row.number if row.kind == "not_attempted" and row.final else 0
        yield (
            row.scope_id,
            Tally(**{row.kind or "undecided": row.number}, never_read=never_read, effort=effort),
        )


def _counts(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            apis.c.scope_id,
            changes.c.kind,
            _FINAL,
            func.count().label("number"),
            func.sum(changes.c.attempts).label("attempts"),
            func.sum(changes.c.throttles).label("throttles"),
            func.sum(changes.c.waited).label("waited"),
        )
        .select_from(scopes.join(apis).join(changes))
        .where(which)
        .group_by(apis.c.scope_id, changes.c.kind, _FINAL)
    )


class _Statements:
    """What reads a page: the next APIs of a scope with a wanted change, and those changes.

    Of a change it gives the API, and then `columns`.
    """

    def __init__(self, wanted: ColumnElement[bool], *columns: ColumnElement[Any]) -> None:
        has_wanted = select(changes.c.id).where(changes.c.api_id == apis.c.id, wanted).exists()
        self.apis = (
            select(apis)
            .where(apis.c.scope_id == bindparam("scope"), apis.c.id > bindparam("after"), has_wanted)
            .order_by(apis.c.id)
            .limit(bindparam("limit"))
        )
        self.changes = (
            select(changes.c.api_id, *columns)
            .where(changes.c.api_id.in_(bindparam("apis", expanding=True)), wanted)
            .order_by(changes.c.id)
        )


def _page(
    connection: Connection,
    scope: Scope,
    scope_id: int,
    statements: _Statements,
    *,
    after: int,
    limit: int,
) -> Iterator[tuple[int, RestApi, list[Row[Any]]]]:
    """Give the next `limit` APIs that have a wanted change, with those changes."""
    place = {"scope": scope_id, "after": after, "limit": limit}
    found = connection.execute(statements.apis, place).all()
    rows: dict[int, list[Row[Any]]] = {row.id: [] for row in found}
    for batch in batches(rows):
        for row in connection.execute(statements.changes, {"apis": batch}):
            rows[row[0]].append(row)
    for row in found:
        yield row.id, _api(scope, row), rows[row.id]


def _api(scope: Scope, row: Row[Any]) -> RestApi:
    return RestApi(
        scope=scope,
        id=RestApiId(row.api),
        name=row.name,
        tags=row.tags,
        endpoint_types=tuple(row.endpoint_types),
        created=row.created,
    )
