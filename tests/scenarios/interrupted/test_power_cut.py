"""After a power cut, what was not synced is gone. The run, its plan and its before-images are still there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.journal import RunState, open_journal
from batchgw.model import Applied
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import tallies
from tests.virtual import virtually

WORK = "journal.db"


class Disk:
    """What a power cut would leave of a journal: copies of its files, made when its log was last synced."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = folder / f"{WORK}-wal"
        self.kept = folder / "kept"
        self.syncs = 0
        sync = os.fsync

        def noted(handle: int) -> None:
            sync(handle)
            if self.log.exists() and os.path.samestat(os.fstat(handle), self.log.stat()):
                self._keep(folder)

        monkeypatch.setattr(os, "fsync", noted)

    def _keep(self, folder: Path) -> None:
        self.syncs += 1
        self.kept.mkdir(exist_ok=True)
        for name in (WORK, self.log.name):
            shutil.copy(folder / name, self.kept / name)


class CopiesAtFirstWrite:
    """A plane that copies what the disk holds when the first write comes."""

    def __init__(self, behind: Estate, disk: Disk, left: Path) -> None:
        self._send = behind.raw.send
        self.current_account = behind.raw.current_account
        self._disk = disk
        self._left = left

    async def send(
        self,
        request: Request[T],
        execution: Execution | None = None,  # noqa: ARG002
    ) -> T:
        if isinstance(request, PutGatewayResponse) and not self._left.exists():
            assert self._disk.syncs, "nothing was synced before the first write"
            shutil.copytree(self._disk.kept, self._left)
        return await self._send(request)


def reboot(journal: Path) -> None:
    """Make a journal look as if its processes had run before the machine was started."""
    with closing(sqlite3.connect(journal)) as connection:
        for table in ("runs", "locks"):
            connection.execute(f"UPDATE {table} SET boot = 'the one before'")  # noqa: S608 - two names of our own
        connection.commit()


def test_before_the_first_write_a_run_and_its_before_images_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, left = Disk(tmp_path, monkeypatch), tmp_path / "left"

    async def main() -> None:
        async with Estate() as estate:
            whole = Path(tmp_path / WORK)
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(str(whole)) as journal:
                    plane = CopiesAtFirstWrite(estate, disk, left)
                    summary = await api.apply(plan, plane=plane, journal=journal)
            reboot(left / WORK)
            async with open_journal(str(left / WORK)) as journal:
                assert (await journal.find(summary.run)).state is RunState.APPLYING
                assert (
                    sum(t.expected for t in (await tallies(journal.run(summary.run))).values())
                    == estate.expected
                )
            resumed, outcomes = await estate.resume(left / WORK)
            assert (resumed.run, resumed.exit_code, resumed.proves) == (summary.run, 0, True)
            assert estate.refute(outcomes) == []
            assert all(o.verified_by_read for o in outcomes if isinstance(o, Applied))

    virtually(main)
