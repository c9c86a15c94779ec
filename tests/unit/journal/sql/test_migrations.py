"""A journal of an earlier batchgw is opened without loss, by one process or by many at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from batchgw.errors import JournalUnusable
from batchgw.journal import RunState, Tally, open_journal
from batchgw.journal.sql.tables.schema import SCHEMA_VERSION, metadata
from batchgw.model import Effort
from tests.unit.journal.sql.sqlite import opened
from tests.unit.journal_plans import (
    HERE,
    api,
    applied,
    begun,
    create,
    listed,
    no_op,
    open_changes,
    place,
    planned,
    reset,
    tallies,
    update,
)

pytestmark = pytest.mark.anyio

JOURNALS = Path(__file__).parent / "journals"
"""Journals as earlier versions wrote them.

1: two APIs with two changes each, one of them made.
2: three APIs, and a quota. Of the first API one change is made, one failed, one is open and one unchanged. Of
the second one is intended and one open. The third was never read.
3 and 4: the same as 2.
"""

EARLIER = tuple(range(1, SCHEMA_VERSION))

NEW = {"decisions", "deployed", "gate_checks", "snapshots", "waves"}
"""Tables of this version alone."""

KEPT = set(metadata.tables) - {"images", "limits", "organization"} - NEW
"""Tables that every version has, by their names."""

TABLES = {
    1: KEPT | {"settings"},
    2: KEPT | {"settings", "limits"},
    3: KEPT | {"images", "limits"},
    4: KEPT | {"images", "limits", "organization"},
}
"""Names of the tables of each earlier version."""


def earlier(folder: Path, version: int = 1) -> Path:
    """Give a journal of an earlier version."""
    file = folder / "journal.db"
    connection = sqlite3.connect(file)
    connection.executescript((JOURNALS / f"version-{version}.sql").read_text(encoding="utf-8"))
    connection.close()
    return file


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """The tables of a database: name, type and nullability of their columns."""
    connection = sqlite3.connect(file)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
    connection.close()
    return found


def images(folder: Path) -> int:
    with closing(sqlite3.connect(place(folder))) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM images").fetchone()
    return int(rows)


async def test_a_run_of_version_1_is_still_there_and_goes_on(tmp_path: Path) -> None:
    earlier(tmp_path)
    async with open_journal(place(tmp_path)) as journal:
        record = await journal.find("last")
        run = journal.run(record.id)
        assert (record.state, record.options["profile"]) == (RunState.APPLYING, "audit")
        assert (await tallies(journal.run(record.id)))[HERE] == Tally(
            applied=1, undecided=3, effort=Effort(attempts=1, waited=0.25)
        )
        change = (await open_changes(run))[0]
        run.record(change.id, applied(1, change))
    async with open_journal(place(tmp_path)) as journal:
        assert (await tallies(journal.run(record.id)))[HERE].applied == 2


@pytest.mark.parametrize("version", EARLIER[1:])
async def test_a_run_of_a_later_version_is_still_there_and_goes_on(tmp_path: Path, version: int) -> None:
    """Every change is as it was planned, with its before-image, its intent and its outcome."""
    earlier(tmp_path, version)
    async with open_journal(place(tmp_path)) as journal:
        record = await journal.find("last")
        run = journal.run(record.id)
        expected = Tally(
            applied=1,
            unchanged=1,
            failed=1,
            not_attempted=1,
            never_read=1,
            undecided=3,
            effort=Effort(attempts=1, waited=0.25),
        )
        assert await tallies(run) == {HERE: expected}
        assert record.totals == expected
        outcomes = await listed(run.outcomes())
        assert [(o.api.id, o.target, type(o).__name__) for o in outcomes] == [
            (api(1).id, create().target, "Applied"),
            (api(1).id, update().target, "Failed"),
            (api(1).id, no_op().target, "Unchanged"),
            (api(3).id, create().target, "NotAttempted"),
        ]
        first, second = await run.pending(HERE)
        assert (first.api, second.api) == (api(1), api(2))
        assert [change.change for change in (*first.changes, *second.changes)] == [reset(), create(), reset()]
        assert [change.intended for change in second.changes] == [True, False]
        assert [limit.belief.rate for limit in await journal.limits()] == [7.0]
        await run.acquire([HERE])
        for each in (*first.changes, *second.changes):
            await run.intend([each.id])
            run.record(each.id, applied(1, each))
        await run.set_state(RunState.DONE)
        newer = await begun(journal, planned(1, create(), update()))
        assert len(await open_changes(newer)) == 2
        await journal.unfinished()


@pytest.mark.parametrize("version", EARLIER)
async def test_its_tables_become_those_of_a_new_journal(tmp_path: Path, version: int) -> None:
    (tmp_path / "new").mkdir()
    file = earlier(tmp_path, version)
    assert set(tables(file)) == TABLES[version]
    for folder in (tmp_path, tmp_path / "new"):
        await opened(place(folder)).close()
    assert tables(file) == tables(tmp_path / "new" / "journal.db")


@pytest.mark.parametrize("version", EARLIER[1:])
async def test_images_that_are_planned_again_are_those_that_were_brought_along(
    tmp_path: Path, version: int
) -> None:
    """One spelling of an image, whether a migration wrote it or an import."""
    earlier(tmp_path, version)
    async with open_journal(place(tmp_path)) as journal:
        before = images(tmp_path)
        await begun(journal, planned(1, create(), update(), reset(), no_op()))
        assert images(tmp_path) == before


async def test_the_version_is_written_once(tmp_path: Path) -> None:
    file = earlier(tmp_path)
    for _ in range(2):
        await opened(place(tmp_path)).close()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM batchgw_schema").fetchall() == [(SCHEMA_VERSION,)]
    connection.close()


async def test_a_step_that_fails_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    file = earlier(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE limits (foreign_to_us)")
    connection.close()
    with pytest.raises(Exception, match="limits"):
        opened(place(tmp_path))
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM batchgw_schema").fetchall() == [(1,)]
    connection.execute("DROP TABLE limits")
    connection.close()
    await opened(place(tmp_path)).close()


def test_many_processes_may_be_first(tmp_path: Path) -> None:
    earlier(tmp_path)
    code = (
        "import anyio, sys; from tests.unit.journal.sql.sqlite import opened; "
        "anyio.run(opened(sys.argv[1]).runs); print('fine')"
    )
    command = [sys.executable, "-c", code, place(tmp_path)]
    crowd = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in crowd] == ["fine\n"] * 4


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1])
def test_a_version_that_no_step_leads_from_is_refused(tmp_path: Path, version: int) -> None:
    connection = sqlite3.connect(earlier(tmp_path))
    connection.execute("UPDATE batchgw_schema SET version = ?", [version])
    connection.commit()
    connection.close()
    with pytest.raises(JournalUnusable, match=f"has schema {version}"):
        opened(place(tmp_path))
