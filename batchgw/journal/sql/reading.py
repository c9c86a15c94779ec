"""Reads how a run ended: outcomes and counts, a page or a scope at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)

from batchgw.journal.ranking import DECIDED, KINDS, check_rank
from batchgw.journal.records import ApiTargets, RunTarget, ScopeCounts, Tally
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.paging import API, Pages, api_of
from batchgw.journal.sql.tables.columns import Count, escaped
from batchgw.journal.sql.tables.outcome_columns import READ_COLUMNS, outcome_of
from batchgw.journal.sql.tables.schema import apis, changes, images, scopes
from batchgw.model import AccountId, Action, Effort, Outcome, Region, Scope
from batchgw.model.kinds import KINDS as CHANGE_KINDS
from batchgw.model.kinds import target_of

FIRST_PAGE: Final = 19
"""APIs of the first page of outcomes."""

PAGE: Final = 200
"""APIs of a later page, at most."""

OUTCOMES: Final = 400
"""Outcomes of a page: as many as the first page can have. They take 3 ms, in which the event loop waits."""


def _counts(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            changes.c.kind,
            changes.c.rank,
            func.count().label("number"),
            func.sum(changes.c.attempts, type_=Count()).label("attempts"),
            func.sum(changes.c.throttles, type_=Count()).label("throttles"),
            func.sum(changes.c.waited).label("waited"),
            changes.c.change,
        )
        .select_from(scopes.join(apis).join(changes))
        .where(which)
        .group_by(changes.c.kind, changes.c.rank, changes.c.change)
    )


_COUNTS_OF_SCOPE: Final = _counts(scopes.c.id == bindparam("of"))
_COUNTS_OF_WAVE: Final = _counts(and_(scopes.c.id == bindparam("of"), apis.c.wave == bindparam("wave")))
_COUNTS_OF_RUN: Final = _counts(scopes.c.run_id == bindparam("of"))
SCOPES: Final = 500
"""Scopes that are read at once. They take 2 ms."""

_NAMES: Final = (scopes.c.account, scopes.c.region)
_SCOPES: Final = (
    select(scopes.c.id, *_NAMES, scopes.c.unread_code, scopes.c.unread_message)
    .where(
        scopes.c.run_id == bindparam("run"),
        tuple_(*_NAMES) > tuple_(bindparam("account", type_=Text), bindparam("region", type_=Text)),
    )
    .order_by(*_NAMES)
    .limit(literal_column(str(SCOPES)))
    .offset(literal_column("0"))  # as in `paging.py`
)
"""A page of a run's scopes, after the one of these names. The table has an index in this order."""


class ScopeRow(NamedTuple):
    """A scope, the id of its row, and why it could not be read, if it could not."""

    id: int
    scope: Scope
    unread: str | None


class ScopeCounter:
    """Counts outcomes, one scope after another."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scopes = database.query(_SCOPES, ("run", "account", "region"))
        self._counts = database.query(_COUNTS_OF_SCOPE, ("of",))
        self._of_wave = database.query(_COUNTS_OF_WAVE, ("of", "wave"))

    def scopes(self, run: int, *, after: Scope | None = None) -> list[ScopeRow]:
        """Give the next of the run's scopes, none after the last."""
        last = ("", "") if after is None else (escaped(after.account), escaped(after.region))
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            rows = self._scopes.run(cursor, (run, *last))
        return [
            ScopeRow(
                id_,
                Scope(account=AccountId(account), region=Region(region)),
                f"{code}: {message}" if code else None,
            )
            for id_, account, region, code, message in rows
        ]

    def count(self, row: ScopeRow, *, wave: int | None = None) -> ScopeCounts:
        """Count those of a scope, or of one wave in it."""
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            of_wave = None if wave is None else self._of_wave.run(cursor, (row.id, wave))
            counted = self._counts.run(cursor, (row.id,)) if of_wave is None else of_wave
            for *_, kind in counted:
                if kind not in CHANGE_KINDS:
                    raise ValueError(f"table changes: no change is of kind {kind!r}")
            return ScopeCounts(
                scope=row.scope,
                by_kind={
                    kind: _sum([row for row in counted if row[-1] == kind])
                    for kind in dict.fromkeys(row[-1] for row in counted)
                },
                unread=row.unread,
            )


class OutcomeReader:
    """Reads outcomes. Each wanted kind is a parameter, so that the statements are compiled once."""

    _KINDS: Final = tuple(f"kind{number}" for number in range(len(KINDS)))

    def __init__(self, database: Database) -> None:
        self._database = database
        wanted = changes.c.kind.in_([bindparam(name) for name in self._KINDS])
        self._pages = Pages(database, wanted, READ_COLUMNS, names=self._KINDS)

    def page(
        self, of: ScopeRow, kinds: frozenset[str], *, after: int, limit: int
    ) -> tuple[list[Outcome], int | None]:
        """Give those of the next `limit` APIs of a scope, and where to go on: None after the last page."""
        values = [*sorted(kinds), *[None] * (len(self._KINDS) - len(kinds))]  # nothing is IN (NULL)
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            page = self._pages.read(cursor, of.scope, of.id, after=after, limit=limit, values=values)
            outcomes = [outcome_of(api, row) for _, api, rows, _ in page for row in rows]
        return outcomes, page[-1].id if len(page) == limit else None


_OF_RUN: Final = (scopes.c.run_id == bindparam("run")) & (scopes.c.account == bindparam("account"))
_BY_ID: Final = (
    select(*(apis.c[name] for name in API))
    .select_from(apis.join(scopes))
    .where(_OF_RUN, scopes.c.region == bindparam("region"), apis.c.api > bindparam("after", type_=Text))
    .order_by(apis.c.api)
    .limit(bindparam("limit"))
    .offset(literal_column("0"))  # as in `paging.py`
)
"""A page of a scope's APIs in the order of their ids. The table has an index in this order."""

_TARGETS: Final = (
    select(
        changes.c.api_id,
        changes.c.change,
        changes.c.target,
        changes.c.action,
        changes.c.kind,
        images.c.digest,
    )
    .select_from(
        scopes.join(apis)
        .join(changes, changes.c.api_id == apis.c.id)
        .outerjoin(images, images.c.id == changes.c.after_id)
    )
    .where(
        _OF_RUN,
        scopes.c.region == bindparam("region"),
        apis.c.api >= bindparam("first", type_=Text),
        apis.c.api <= bindparam("last", type_=Text),
    )
)


class TargetReader:
    """Reads all targets of a run, APIs in the order of their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        of_scope = ("run", "account", "region")
        self._apis = database.query(_BY_ID, (*of_scope, "after", "limit"))
        self._targets = database.query(_TARGETS, (*of_scope, "first", "last"))

    def page(self, run: int, scope: Scope, *, after: str, limit: int) -> list[ApiTargets]:
        """Give the next APIs of a scope after the one of this id, none of a scope that is not the run's."""
        of_scope = (run, escaped(scope.account), escaped(scope.region))
        with self._database.read() as connection, closing(connection.connection.cursor()) as cursor:
            found = self._apis.run(cursor, (*of_scope, escaped(after), limit))
            if not found:
                return []
            each = [(row, api_of(scope, row)) for row in found]
            ends = (escaped(each[0][1].id), escaped(each[-1][1].id))
            theirs: dict[int, list[RunTarget]] = {row[0]: [] for row in found}
            for api_id, *target in self._targets.run(cursor, (*of_scope, *ends)):
                theirs[api_id].append(_target(*target))
        return [
            ApiTargets(row=row[0], api=api, targets=tuple(theirs[row[0]]), wave=row[-1]) for row, api in each
        ]


def _target(change: str, name: str, action: str, kind: str | None, digest: bytes | None) -> RunTarget:
    return RunTarget(
        target=target_of(change, name),
        action=Action(action),
        after=None if digest is None else digest.hex(),
        kind=kind,
    )


def in_order(found: Iterable[ScopeRow]) -> list[ScopeRow]:
    """Sort scopes by their names, which are almost in that order: the database has them escaped."""
    return sorted(found, key=lambda each: (each.scope.account, each.scope.region))


def next_page(limit: int, outcomes: int) -> int:
    """Give how many APIs the next page should have, when one of `limit` has had so many outcomes."""
    return max(1, min(PAGE, limit * OUTCOMES // max(1, outcomes)))


def tally_of_run(connection: Connection, run: int) -> Tally:
    """Count all of a run's outcomes at once."""
    return _sum(connection.execute(_COUNTS_OF_RUN, {"of": run}))


def _sum(rows: Iterable[Sequence[Any]]) -> Tally:
    return Tally.added_up(map(_tally, rows))


def _tally(counted: Sequence[Any]) -> Tally:
    """Read a row of `_counts`: a part of a scope's tally."""
    kind, rank, number, attempts, throttles, waited, _ = counted
    check_rank(kind, rank)
    effort = Effort(attempts=attempts, throttles=throttles, waited=waited)
    never_read = number if kind == "not_attempted" and rank >= DECIDED else 0
    return Tally(**{kind or "undecided": number}, never_read=never_read, effort=effort)
