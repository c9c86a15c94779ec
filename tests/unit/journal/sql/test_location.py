"""The journal is found where the user says, is its owner's only, and refuses what it does not understand."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batchgw.errors import JournalUnusable, JournalWriteFailed
from batchgw.journal import open_journal
from batchgw.journal.sql.database.location import Location, locate
from batchgw.journal.sql.tables.schema import SCHEMA_VERSION
from tests.unit.journal.sql.sqlite import database, open_sqlite, opened
from tests.unit.journal_plans import NEW_RUN, begun, place, planned

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BATCHGW_JOURNAL", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestPlace:
    @pytest.mark.parametrize(
        ("given", "environ", "expected"),
        [
            (None, {}, "HOME/.local/state/batchgw/journal.db"),
            (None, {"XDG_STATE_HOME": "/x"}, "/x/batchgw/journal.db"),
            (None, {"XDG_STATE_HOME": "relative"}, "HOME/.local/state/batchgw/journal.db"),
            (None, {"XDG_STATE_HOME": "/x", "BATCHGW_JOURNAL": "/y/j.db"}, "/y/j.db"),
            (None, {"BATCHGW_JOURNAL": ""}, "HOME/.local/state/batchgw/journal.db"),
            ("/z/j.db", {"BATCHGW_JOURNAL": "/y/j.db"}, "/z/j.db"),
            ("~/j.db", {}, "HOME/j.db"),
            ("j.db", {}, "CWD/j.db"),
            ("odd ?#%40.db", {}, "CWD/odd ?#%40.db"),
            ("sqlite:////z/j.db", {}, "/z/j.db"),
            ("sqlite:///j.db", {}, "CWD/j.db"),
            ("sqlite+pysqlite:////z/j.db?timeout=1", {}, "/z/j.db"),
        ],
    )
    def test_the_argument_then_the_variable_then_the_state_folder(
        self, given: str | None, environ: dict[str, str], expected: str, tmp_path: Path
    ) -> None:
        expected = expected.replace("HOME", str(tmp_path / "home")).replace("CWD", str(Path.cwd()))
        assert locate(given, environ).file == Path(expected)

    @pytest.mark.parametrize(
        "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:/x/j.db?mode=ro&uri=true"]
    )
    def test_some_urls_are_no_file_to_be_made(self, url: str) -> None:
        assert locate(url, {}).file is None

    async def test_the_default_is_made_for_its_owner_only(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            async with open_journal() as journal:
                await begun(journal, planned(1))
                folder = tmp_path / "home/.local/state/batchgw"
                assert mode(folder) == 0o700
                assert {mode(file) for file in folder.iterdir()} == {0o600}
                assert {file.name for file in folder.iterdir()} == {
                    "journal.db",
                    "journal.db-wal",
                    "journal.db-shm",
                }
        finally:
            os.umask(old)

    async def test_a_file_in_any_other_folder_is_for_its_owner_only_too(self, tmp_path: Path) -> None:
        async with open_journal(place(tmp_path)):
            assert mode(tmp_path / "journal.db") == 0o600

    async def test_the_database_is_set_up_for_a_writer_among_readers(self, tmp_path: Path) -> None:
        async with open_sqlite(place(tmp_path)) as journal:
            asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            with database(journal).read() as connection:
                found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked]
        assert found == ["wal", 1, 1, 10_000]  # synchronous 1 is NORMAL

    async def test_a_journal_without_a_file_works_as_long_as_it_is_open(self) -> None:
        async with open_journal("sqlite://") as journal:
            run = await begun(journal, planned(1))
            assert (await journal.find(run.id)).totals.undecided == 2

    async def test_readers_do_not_wait_for_a_writer(self, tmp_path: Path) -> None:
        async with open_journal(place(tmp_path)) as journal:
            run = await begun(journal, planned(1))
            writer = sqlite3.connect(place(tmp_path), isolation_level=None)
            writer.execute("BEGIN IMMEDIATE")
            assert (await journal.find(run.id)).totals.undecided == 2
            writer.close()


class TestMasking:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("postgresql://me:hunter2@db/j", "postgresql://me:***@db/j"),
            ("postgresql://db/j?password=hunter2", "postgresql://db/j?password=hidden"),
            ("postgresql://db/j?sslpassword=hunter2&x=1", "postgresql://db/j?sslpassword=hidden&x=1"),
        ],
    )
    def test_passwords_are_not_shown(self, url: str, shown: str) -> None:
        location = locate(url, {})
        assert location.masked == shown
        assert "hunter2" not in str(location)
        assert "hunter2" not in repr(location)

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://me:hunter2@db/j",
            "mysql+pymysql://me:hunter2@db/j",
            "postgresql://me:hunter2@db:port/j",
            "nonsense://hunter2",
            "sqlite+aiosqlite:///hunter2.db",
        ],
    )
    def test_nor_are_they_in_errors(self, url: str) -> None:
        with pytest.raises(JournalUnusable) as caught:
            opened(url)
        assert "hunter2" not in str(caught.value)

    async def test_a_journal_shows_its_url_and_its_place(self, tmp_path: Path) -> None:
        async with open_journal(place(tmp_path)) as journal:
            assert journal.url == f"sqlite:///{tmp_path}/journal.db"
            assert journal.location == f"{tmp_path}/journal.db"


class TestUnusable:
    @pytest.fixture(autouse=True)
    def none_left_open(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Whatever makes a journal unusable, its connection is closed; an error that is kept may keep it."""
        made: list[sqlite3.Connection] = []
        connect = sqlite3.dbapi2.connect

        def noted(*args: Any, **options: Any) -> sqlite3.Connection:
            made.append(connect(*args, **options))
            return made[-1]

        monkeypatch.setattr(sqlite3.dbapi2, "connect", noted)
        yield
        for connection in made:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")

    @pytest.fixture
    async def damaged(self, tmp_path: Path) -> Path:
        """A journal whose pages after the first are garbage."""
        async with open_journal(place(tmp_path)) as journal:
            await begun(journal, *(planned(n) for n in range(200)))
        file = tmp_path / "journal.db"
        content = file.read_bytes()
        file.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
        return file

    def refused(self, given: str, *says: str) -> None:
        with pytest.raises(JournalUnusable) as caught:
            opened(given)
        message = str(caught.value)
        assert all(word in message for word in (*says, "--journal")), message
        assert "\n" not in message

    def test_no_folder(self, tmp_path: Path) -> None:
        self.refused(
            str(tmp_path / "no/such/j.db"), "No such file or directory", f"mkdir -p {tmp_path}/no/such"
        )

    def test_a_folder(self, tmp_path: Path) -> None:
        self.refused(str(tmp_path), "Is a directory")

    def test_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        self.refused(str(tmp_path / "file/j.db"), "Not a directory")

    def test_the_state_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "home").touch()
        with pytest.raises(JournalUnusable, match=r"journal\.db cannot be opened"):
            opened(None)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_no_permission(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        self.refused(place(tmp_path), "Permission denied", "permissions")

    def test_not_a_database(self, tmp_path: Path) -> None:
        (tmp_path / "journal.db").write_text("version: 1\n" * 100)
        self.refused(place(tmp_path), "not an SQLite database", place(tmp_path))

    async def test_damaged(self, damaged: Path) -> None:
        self.refused(str(damaged), "damaged", str(damaged))

    def test_locked(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(place(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            self.refused(f"sqlite:///{place(tmp_path)}?timeout=0.05", "another process keeps it locked")

    def test_a_database_of_something_else(self, tmp_path: Path) -> None:
        with sqlite3.connect(place(tmp_path)) as connection:
            connection.execute("CREATE TABLE bookmarks (url TEXT)")
        connection.close()
        self.refused(place(tmp_path), "database of something else")

    @pytest.mark.parametrize(
        ("version", "cure"), [(SCHEMA_VERSION + 1, "or a newer one"), (0, "Use that version,")]
    )
    async def test_another_schema(self, tmp_path: Path, version: int, cure: str) -> None:
        await opened(place(tmp_path)).close()
        with sqlite3.connect(place(tmp_path)) as connection:
            connection.execute("UPDATE batchgw_schema SET version = ?, written_by = '9.9'", [version])
        connection.close()
        self.refused(
            place(tmp_path), f"schema {version}", f"knows schema {SCHEMA_VERSION}", "batchgw 9.9", cure
        )

    async def test_no_schema_version(self, tmp_path: Path) -> None:
        await opened(place(tmp_path)).close()
        with sqlite3.connect(place(tmp_path)) as connection:
            connection.execute("DELETE FROM batchgw_schema")
        connection.close()
        self.refused(place(tmp_path), "does not say its schema version")

    def test_another_database(self) -> None:
        self.refused("postgresql://db/journal", "'postgresql'", "SQLite")

    def test_a_setting_that_does_not_exist(self, tmp_path: Path) -> None:
        self.refused(f"sqlite:///{tmp_path}/j.db?tiemout=3", "tiemout")
        self.refused(f"sqlite:///{tmp_path}/j.db?timeout=long", "timeout=SECONDS")

    def test_an_unknown_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused("~nobody-of-that-name/j.db", "nobody-of-that-name")
        monkeypatch.undo()

    async def test_read_only(self, tmp_path: Path) -> None:
        await opened(place(tmp_path)).close()
        async with open_journal(f"sqlite:///file:{tmp_path}/journal.db?mode=ro&uri=true") as journal:
            assert await journal.runs() == []
            with pytest.raises(JournalWriteFailed, match="read-only"):
                await journal.begin(NEW_RUN)


def test_a_location_says_which_file_it_is(tmp_path: Path) -> None:
    location = locate(place(tmp_path), {})
    assert location == Location(url=location.url, file=tmp_path / "journal.db")
