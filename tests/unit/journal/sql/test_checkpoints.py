"""The log beside the database is emptied in time, by a thread nobody waits for and nothing depends on."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batchgw.journal import JournalRun, open_journal
from batchgw.journal.sql.database import checkpoints
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    applied,
    begun,
    create,
    import_plan,
    open_changes,
    place,
    planned,
    tallies,
)

pytestmark = pytest.mark.anyio

PATIENCE = 30.0
"""Seconds after which what should come has not."""


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def helpers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "batchgw journal"]


def kept_without_log(folder: Path) -> int:
    """Decided changes in the database file itself, without what is still in the log beside it."""
    alone = folder / "alone.db"
    shutil.copy(place(folder), alone)
    with closing(sqlite3.connect(alone)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM changes WHERE kind = 'applied'").fetchone()
        except sqlite3.DatabaseError:  # copied while it was written
            return 0
    return int(count)


async def work(run: JournalRun) -> None:
    for change in await open_changes(run):
        await run.intend([change.id])
        run.record(change.id, applied(1, change))
    await run.flush()


async def test_what_was_committed_moves_into_the_database_beside_the_work(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create()) for n in range(1_200)))
        await work(run)
        until(lambda: kept_without_log(tmp_path) >= 500)
    assert not Path(place(tmp_path) + "-wal").exists()
    assert helpers() == []


async def test_a_journal_that_is_hardly_written_has_no_thread(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create()) for n in range(20)))
        await work(run)
        assert helpers() == []


async def test_when_it_cannot_be_moved_the_journal_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(_connection: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(checkpoints, "_move", trouble)
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create()) for n in range(1_200)))
        until(lambda: helpers() == [])
        await work(run)
        assert (await tallies(run))[HERE].applied == 1_200
    async with open_journal(place(tmp_path)) as journal:
        assert (await tallies(journal.run(run.id)))[HERE].applied == 1_200


async def test_many_journals_close_without_leaving_anyone_behind(tmp_path: Path) -> None:
    for _ in range(5):
        async with open_journal(place(tmp_path)) as journal:
            run = await journal.begin(NEW_RUN)
            await import_plan(run, (planned(n) for n in range(800)))
            assert len(helpers()) <= 1
        assert helpers() == []
