"""A journal of an earlier batchgw is opened without loss, by one process or by many at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from batchgw.errors import JournalUnusable
from batchgw.journal import Journal, RunState, Tally
from batchgw.journal.sql.tables.schema import SCHEMA_VERSION, metadata
from batchgw.model import Effort
from tests.unit.journal_plans import HERE, applied, open_changes, place

VERSION_1 = Path(__file__).parent / "journals" / "version-1.sql"
"""Two APIs with two changes each, one of them made; as the first batchgw wrote it."""


def earlier(folder: Path) -> Path:
    """Give a journal of version 1."""
    file = folder / "journal.db"
    connection = sqlite3.connect(file)
    connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    connection.close()
    return file


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """The tables of a database: name, type and nullability of their columns."""
    connection = sqlite3.connect(file)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
    connection.close()
    return found


def test_a_run_of_version_1_is_still_there_and_goes_on(tmp_path: Path) -> None:
    earlier(tmp_path)
    with Journal.open(place(tmp_path)) as journal:
        run = journal.run("last")
        assert (run.state, run.options["profile"]) == (RunState.APPLYING, "audit")
        assert journal.tally(run.id)[HERE] == Tally(
            applied=1, undecided=3, effort=Effort(attempts=1, waited=0.25)
        )
        change = open_changes(journal, run.id)[0]
        journal.record(change.id, applied(1, change))
    with Journal.open(place(tmp_path)) as journal:
        assert journal.tally(run.id)[HERE].applied == 2


def test_its_tables_become_those_of_a_new_journal(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    file = earlier(tmp_path)
    assert set(tables(file)) == {name for name in metadata.tables if name != "limits"}
    for folder in (tmp_path, tmp_path / "new"):
        Journal.open(place(folder)).close()
    assert tables(file) == tables(tmp_path / "new" / "journal.db")


def test_the_version_is_written_once(tmp_path: Path) -> None:
    file = earlier(tmp_path)
    for _ in range(2):
        Journal.open(place(tmp_path)).close()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM batchgw_schema").fetchall() == [(SCHEMA_VERSION,)]
    connection.close()


def test_a_step_that_fails_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    file = earlier(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE limits (foreign_to_us)")
    connection.close()
    with pytest.raises(Exception, match="limits"):
        Journal.open(place(tmp_path))
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM batchgw_schema").fetchall() == [(1,)]
    connection.execute("DROP TABLE limits")
    connection.close()
    Journal.open(place(tmp_path)).close()


def test_many_processes_may_be_first(tmp_path: Path) -> None:
    earlier(tmp_path)
    code = "import sys; from batchgw.journal import Journal; Journal.open(sys.argv[1]).runs(); print('fine')"
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
        Journal.open(place(tmp_path))
