"""A run may hold thousands of account-regions. Nothing that is about all of them stops the event loop."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from sqlalchemy import select

from batchgw.errors import ScopeLocked
from batchgw.journal import Holder, Liveness, RunState, ScopeHeld
from batchgw.journal.sql import reading, store
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.journal import SqlJournal
from batchgw.journal.sql.locks import Locks
from batchgw.journal.sql.runs import Runs
from batchgw.journal.sql.tables.schema import locks
from batchgw.model import AccountId, Region, Scope, UnreadScope
from tests.unit.journal.sql.sqlite import database, open_sqlite, raw
from tests.unit.journal_plans import HERE, NEW_RUN, import_plan, listed, place

pytestmark = pytest.mark.anyio

PATIENCE = 10.0  # seconds for which the database waits until another task has run

MANY = [
    Scope(account=AccountId(f"{number:012}"), region=Region(region))
    for number in range(600)
    for region in ("us-east-1", "eu-west-1")
]


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    async with open_sqlite(place(tmp_path)) as journal:
        yield journal


class Slow:
    """Makes a method wait until another task has seen that it is under way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        self._busy, self._seen = threading.Event(), threading.Event()
        self.beside: list[bool] = []  # whether another task could run, each time
        method: Callable[..., Any] = getattr(owner, name)

        def slow(*given: Any, **named: Any) -> Any:
            self._busy.set()
            self.beside.append(self._seen.wait(PATIENCE))
            return method(*given, **named)

        monkeypatch.setattr(owner, name, slow)

    async def watch(self) -> None:
        while not self._busy.is_set():
            await anyio.lowlevel.checkpoint()
        self._seen.set()


async def test_other_tasks_run_while_many_locks_are_taken_and_released(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await journal.begin(NEW_RUN)
    for name in ("acquire", "release"):
        slow = Slow(monkeypatch, Locks, name)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow.watch)
            await (run.acquire(MANY) if name == "acquire" else run.release())
        assert slow.beside == [True], name


async def test_other_tasks_run_while_a_large_run_is_counted(
    journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends by an error counts its outcomes all at once."""
    run = await journal.begin(NEW_RUN)
    await run.acquire(MANY)
    slow = Slow(monkeypatch, Runs, "set_state")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.watch)
        await run.set_state(RunState.STOPPED)
    assert slow.beside == [True]


async def test_other_tasks_run_while_the_journal_of_a_large_run_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, Database, "close")
    async with anyio.create_task_group() as tasks, open_sqlite(place(tmp_path)) as journal:
        await (await journal.begin(NEW_RUN)).acquire(MANY)
        tasks.start_soon(slow.watch)
    assert slow.beside == [True]


async def test_many_locks_are_taken_all_or_none(tmp_path: Path, journal: SqlJournal) -> None:
    """The last of them is held by another run. Then that is asked for again, without it."""
    async with open_sqlite(place(tmp_path)) as another:
        first, second = await another.begin(NEW_RUN), await journal.begin(NEW_RUN)
        await first.acquire(MANY[-1:])
        with pytest.raises(ScopeHeld, match=str(MANY[-1])):
            await second.acquire(MANY)
        assert _locked(journal) == set(MANY[-1:])
        await second.acquire(MANY[:-1])
        assert _locked(journal) == set(MANY)
        await second.release()
        assert _locked(journal) == set(MANY[-1:])


async def test_nothing_else_is_written_between_the_locks_of_one_run(
    tmp_path: Path, journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that writes meanwhile waits for the transaction in the thread, and is no part of it."""
    run = await journal.begin(NEW_RUN)
    taking, begun = threading.Event(), threading.Event()
    rows = Locks._rows

    def slow(self: Locks, key: int, scopes: frozenset[Scope]) -> Any:
        taking.set()
        assert not begun.wait(0.2), "another transaction has begun within this one"
        return rows(self, key, scopes)

    async def write() -> None:
        while not taking.is_set():
            await anyio.lowlevel.checkpoint()
        await journal.begin(NEW_RUN)
        begun.set()
        async with open_sqlite(place(tmp_path)) as another:
            assert _locked(another) == set(MANY), "the locks were committed before"

    monkeypatch.setattr(Locks, "_rows", slow)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await run.acquire(MANY)
    assert begun.is_set()


async def test_few_locks_are_taken_at_once(journal: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread would cost more than they do."""

    async def in_thread(_work: Callable[[], object]) -> None:
        raise AssertionError("a thread was started")

    run = await journal.begin(NEW_RUN)
    monkeypatch.setattr(store, "in_thread", in_thread)
    await run.acquire([HERE])
    await run.release()


async def test_a_sign_of_life_writes_one_row_however_many_locks_there_are(journal: SqlJournal) -> None:
    run = await journal.begin(NEW_RUN)
    await run.acquire(MANY)
    before = raw(journal).total_changes
    await run.heartbeat()
    assert raw(journal).total_changes - before == 1


async def test_a_broken_lock_among_many_is_noticed(journal: SqlJournal) -> None:
    run = await journal.begin(NEW_RUN)
    await run.acquire(MANY)
    with database(journal).write() as connection:
        connection.execute(locks.delete().where(locks.c.account == MANY[7].account))
    with pytest.raises(ScopeLocked, match="was broken"):
        await run.heartbeat()


async def test_a_process_with_many_locks_is_looked_for_once(
    tmp_path: Path, journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it lives is in files of the system's: to read them for each lock took seconds."""
    looks: list[Holder] = []

    def liveness(self: Holder) -> Liveness:
        looks.append(self)
        return Liveness.ALIVE

    async with open_sqlite(place(tmp_path)) as another:
        await (await another.begin(NEW_RUN)).acquire(MANY)
        monkeypatch.setattr(Holder, "liveness", liveness)
        with pytest.raises(ScopeHeld, match=f"and {len(MANY) - 1} more is held"):
            await (await journal.begin(NEW_RUN)).acquire(MANY)
    assert len(looks) == 1


async def test_scopes_are_read_page_by_page_in_the_order_of_their_names(journal: SqlJournal) -> None:
    r"""A backslash is written as `\u005c`, which is elsewhere in the order of texts."""
    odd = [Scope(account=AccountId(name), region=Region("x")) for name in ("\\", "]", "[", "\\\\")]
    given = [*reversed(MANY), *odd]
    assert len(given) > 2 * reading.SCOPES
    run = await journal.begin(NEW_RUN)
    other = await journal.begin(NEW_RUN)
    await import_plan(other, [UnreadScope(scope=HERE, code="Gone", message="gone")])
    await import_plan(run, [UnreadScope(scope=each, code="Gone", message="gone") for each in given])
    counted = await listed(run.scope_counts())
    assert [each.scope for each in counted] == sorted(given)
    assert len(await listed(run.outcome_pages())) == len(given)


async def test_a_cursor_ends_with_its_transaction(journal: SqlJournal) -> None:
    """One that lived on would stop a later use of the same statement, when another thread frees it."""
    inner = database(journal)
    with inner.dialect.direct(inner._connection) as cursor:
        assert isinstance(cursor, sqlite3.Cursor)
        kept = cursor
    with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
        kept.execute("SELECT 1")


def _locked(journal: SqlJournal) -> set[Scope]:
    with database(journal).read() as connection:
        rows = connection.execute(select(locks.c.account, locks.c.region)).all()
    return {Scope(account=AccountId(row.account), region=Region(row.region)) for row in rows}
