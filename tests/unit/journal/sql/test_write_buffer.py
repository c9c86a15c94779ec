"""What is recorded while a commit runs elsewhere waits for the next one, and nothing is lost by a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from batchgw.errors import JournalWriteFailed
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.journal import SqlJournal
from batchgw.journal.sql.run import SqlRun
from tests.unit.journal.sql.sqlite import opened
from tests.unit.journal_plans import (
    HERE,
    applied,
    begun,
    create,
    not_attempted,
    open_changes,
    place,
    planned,
    tallies,
)

pytestmark = pytest.mark.anyio

Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    journal = opened(place(tmp_path))
    yield journal
    await journal.close()


@pytest.fixture
async def run(journal: SqlJournal) -> SqlRun:
    run = await begun(journal, *(planned(n, create()) for n in range(3)))
    assert isinstance(run, SqlRun)
    return run


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets something happen during the next commit, once its rows are read and before it ends."""

    def during(happens: Callable[[], None]) -> None:
        write_rows = Database.write_rows

        def slow(self: Database, *work: object) -> list[int]:
            monkeypatch.setattr(Database, "write_rows", write_rows)
            happens()
            return write_rows(self, *work)  # type: ignore[arg-type]

        monkeypatch.setattr(Database, "write_rows", slow)

    return during


async def test_an_outcome_that_comes_during_a_commit_goes_into_the_next(
    run: SqlRun, meanwhile: Meanwhile
) -> None:
    first, second, _ = await open_changes(run)
    run.record(first.id, applied(0, first))
    meanwhile(lambda: run.record(second.id, applied(1, second)))
    await run.flush()
    assert await committed(run) == 1
    await run.flush()
    assert await committed(run) == 2


async def test_a_withdrawal_that_comes_during_a_commit_goes_into_the_next(
    run: SqlRun, meanwhile: Meanwhile
) -> None:
    first, second, third = await open_changes(run)
    await run.intend([first.id, second.id])
    run.withdraw([first.id])
    meanwhile(lambda: run.withdraw([second.id]))
    await run.intend([third.id])
    await run.flush()
    assert [change.intended for change in await open_changes(run)] == [False, False, True]


async def test_after_a_failure_it_all_waits_again_the_earlier_first(
    run: SqlRun, meanwhile: Meanwhile
) -> None:
    """What came meanwhile replaces only what it would have replaced without the failure."""

    def fail() -> None:
        run.record(first.id, not_attempted("Stopped"))  # weaker than what waits
        run.record(second.id, applied(1, second))  # stronger
        run.record(third.id, applied(2, third))
        run.withdraw([second.id])
        raise JournalWriteFailed("the disk is full")

    first, second, third = await open_changes(run)
    await run.intend([first.id, second.id])
    run.record(first.id, applied(0, first))
    run.record(second.id, not_attempted("Stopped"))
    run.withdraw([first.id])
    meanwhile(fail)
    with pytest.raises(JournalWriteFailed):
        await run.flush()
    buffer = run._store.buffer
    assert list(buffer._outcomes) == [first.id, second.id, third.id]
    assert list(buffer._withdrawn) == [first.id, second.id]
    await run.flush()
    assert await committed(run) == 3


async def committed(run: SqlRun) -> int:
    """Applied changes, as they stand in the database."""
    buffer = run._store.buffer
    waiting, buffer._outcomes = buffer._outcomes, {}
    applied = (await tallies(run))[HERE].applied
    buffer._outcomes = waiting
    return applied
