"""What is committed comes onto the disk a second later, and nobody waits for it; a failing disk is told."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgw.errors import JournalWriteFailed
from batchgw.journal import JournalRun, open_journal
from batchgw.journal.sql.database import checkpoints
from tests.unit.journal.sql.sqlite import opened
from tests.unit.journal.sql.test_checkpoints import helpers, until
from tests.unit.journal_plans import applied, begun, create, open_changes, place, planned

pytestmark = pytest.mark.anyio


class Disk:
    """Stands in for the disk under the log: counts its syncs, and fails them on demand."""

    def __init__(self, log: Path) -> None:
        self.syncs = 0
        self.error: int | None = None
        self._log = log
        self._sync = os.fsync

    def fsync(self, handle: int) -> None:
        if not self._log.exists() or not os.path.samestat(os.fstat(handle), self._log.stat()):
            self._sync(handle)
            return
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        self._sync(handle)
        self.syncs += 1


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(Path(place(tmp_path) + "-wal"))
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


async def decide_one(run: JournalRun) -> None:
    change = (await open_changes(run))[0]
    await run.intend([change.id])
    run.record(change.id, applied(1, change))
    await run.flush()


def more(disk: Disk) -> Callable[[], bool]:
    before = disk.syncs
    return lambda: disk.syncs > before


def test_a_commit_is_at_most_a_second_behind() -> None:
    """What the pages promise: intents and outcomes a power cut may take."""
    assert checkpoints.BEHIND == 1.0


async def test_once_synced_every_commit_is_synced_by_itself(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "BEHIND", 0.01)
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, *(planned(n, create()) for n in range(20)))
        assert disk.syncs == 0
        assert helpers() == []
        await run.sync()
        assert disk.syncs == 1
        for _ in range(3):
            synced = more(disk)
            await decide_one(run)
            until(synced)
    assert helpers() == []


async def test_closing_does_not_wait_for_the_second(tmp_path: Path, disk: Disk) -> None:
    async with open_journal(place(tmp_path)) as journal, open_journal(place(tmp_path)):  # so the log stays
        run = await begun(journal, planned(1, create()))
        await run.sync()
        await decide_one(run)
        synced = more(disk)
        await journal.close()
        assert synced()


async def test_a_disk_that_fails_stops_whoever_commits_next(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "BEHIND", 0.01)
    journal = opened(place(tmp_path))
    run = await begun(journal, *(planned(n, create()) for n in range(1_000)))
    await run.sync()
    disk.error = errno.EIO

    told: list[str] = []
    while not told:
        try:
            await decide_one(run)
        except JournalWriteFailed as error:
            told.append(str(error))
    assert "the disk does not take it (Input/output error)" in told[0]
    assert f"batchgw resume {run.id}" in told[0]
    with pytest.raises(JournalWriteFailed):
        await journal.close()
    assert helpers() == []


async def test_no_write_is_made_on_a_disk_that_cannot_keep_the_plan(tmp_path: Path, disk: Disk) -> None:
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, planned(1, create()))
        disk.error = errno.EIO
        with pytest.raises(JournalWriteFailed, match="the disk does not take it"):
            await run.sync()


async def test_a_file_system_that_cannot_sync_is_no_error(tmp_path: Path, disk: Disk) -> None:
    async with open_journal(place(tmp_path)) as journal:
        run = await begun(journal, planned(1, create()))
        disk.error = errno.EINVAL
        await run.sync()


async def test_a_journal_in_memory_has_nothing_to_sync(disk: Disk) -> None:
    async with open_journal("sqlite://") as journal:
        run = await begun(journal, planned(1, create()))
        await run.sync()
        assert disk.syncs == 0
