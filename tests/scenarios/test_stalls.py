"""No step of a run blocks the event loop for long, however slow the disk and however many the scopes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from sqlalchemy import Connection

from batchgw import api
from batchgw.api import reading as api_reading
from batchgw.concurrency import time_slices
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import Stopped
from batchgw.execution.running import making as execution_making
from batchgw.execution.running import run as execution_run
from batchgw.journal import open_journal
from batchgw.journal.sql import chunk, reading
from batchgw.journal.sql.chunk import Chunk
from batchgw.journal.sql.importing import SqlPlanImport
from batchgw.model import PlanItem
from batchgw.report import summary
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import tallies
from tests.virtual import Steps, virtually

PATIENCE = 10.0  # seconds for which the disk waits until another task has run


def test_other_tasks_run_while_a_plan_goes_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This disk is ready only after another task has seen that it is busy."""
    busy, seen = threading.Event(), threading.Event()
    waits: list[bool] = []

    def fsync(_handle: int) -> None:
        busy.set()
        waits.append(seen.wait(PATIENCE))

    async def watch(written: anyio.Event) -> None:
        await written.wait()  # virtual time passes only while all tasks wait, so this one does not run before
        while not busy.is_set():
            await anyio.lowlevel.checkpoint()
        seen.set()

    async def main() -> None:
        written = anyio.Event()

        async def in_thread(work: Callable[[], None]) -> None:
            written.set()
            await time_slices.in_thread(work)

        monkeypatch.setattr(api_reading, "in_thread", in_thread)
        async with Estate(apis=20) as estate, anyio.create_task_group() as tasks:
            tasks.start_soon(watch, written)
            with await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan") as plan:
                assert plan.totals.total.apis == 20

    monkeypatch.setattr(os, "fsync", fsync)
    virtually(main)
    assert waits
    assert all(waits)


def test_other_tasks_run_between_scopes_in_which_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run begins and ends by reading the outcomes of every scope. Most scopes have none to report."""
    told: list[str] = []
    page = reading.OutcomeReader.page

    def noted(*given: Any, **named: Any) -> object:
        told.append("page")
        return page(*given, **named)

    async def main() -> None:
        async with Estate(apis=20, accounts=4) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(f"{tmp_path}/journal.db") as journal:
                    monkeypatch.setattr(reading.OutcomeReader, "page", noted)
                    for module in (execution_run, execution_making, summary):
                        monkeypatch.setattr(module, "TimeSlices", partial(TimeSlices, seconds=0.0))
                    Steps(told).begin()
                    await api.apply(plan, plane=estate.plane, journal=journal)

    virtually(main)
    pages = [number for number, each in enumerate(told) if each == "page"]
    assert len(pages) >= 2 * 4, "each scope at the beginning and at the end"
    assert all(later - sooner > 1 for sooner, later in pairwise(pages))


@pytest.mark.parametrize(
    ("owner", "name"), [(PacedControlPlane, "expect"), (summary, "_scope_summary")], ids=["begin", "sum up"]
)
def test_other_tasks_run_between_scopes_that_begin_and_that_are_summed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    """A limiter is made for each that begins."""
    told: list[str] = []
    each = getattr(owner, name)

    def noted(*given: Any) -> object:
        told.append("scope")
        return each(*given)

    async def main() -> None:
        async with Estate(apis=20, accounts=4) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(f"{tmp_path}/journal.db") as journal:
                    monkeypatch.setattr(owner, name, noted)
                    for module in (execution_run, execution_making, summary):
                        monkeypatch.setattr(module, "TimeSlices", partial(TimeSlices, seconds=0.0))
                    Steps(told).begin()
                    await api.apply(plan, plane=estate.plane, journal=journal)

    virtually(main)
    scopes = [number for number, each in enumerate(told) if each == "scope"]
    assert len(scopes) >= 4
    assert all(later - sooner > 1 for sooner, later in pairwise(scopes))


def test_a_commit_of_a_plan_takes_a_time_slice_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading items takes another slice: in one slice, the times of both would add up."""
    told: list[str] = []
    write, add = Chunk.write, SqlPlanImport.add

    def written(self: Chunk, connection: Connection) -> None:
        told.append("commit")
        write(self, connection)

    async def added(self: SqlPlanImport, item: PlanItem, *, wave: int | None = None) -> None:
        told.append("item")
        await add(self, item, wave=wave)

    async def main() -> None:
        async with Estate(apis=20) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(f"{tmp_path}/journal.db") as journal:
                    monkeypatch.setattr(Chunk, "write", written)
                    monkeypatch.setattr(SqlPlanImport, "add", added)
                    monkeypatch.setattr(chunk, "ROWS", 10)
                    monkeypatch.setattr(execution_run, "TimeSlices", partial(TimeSlices, seconds=inf))
                    Steps(told).begin()
                    await api.apply(plan, plane=estate.plane, journal=journal)

    virtually(main)
    commits = [number for number, each in enumerate(told) if each == "commit"]
    assert len(commits) >= 4
    for commit in commits:
        assert "item" not in (told[commit - 1], told[commit + 1])


def test_a_stop_is_heeded_while_a_plan_goes_into_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was changed yet, so nothing is left to resume."""
    added, add = [], SqlPlanImport.add

    async def main() -> None:
        async with Estate(apis=40) as estate:

            async def counted(self: SqlPlanImport, item: PlanItem, *, wave: int | None = None) -> None:
                added.append(item)
                if len(added) == 15:
                    estate.stop.request()
                await add(self, item, wave=wave)

            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with open_journal(f"{tmp_path}/journal.db") as journal:
                    monkeypatch.setattr(SqlPlanImport, "add", counted)
                    monkeypatch.setattr(chunk, "ROWS", 10)
                    monkeypatch.setattr(execution_run, "TimeSlices", partial(TimeSlices, seconds=inf))
                    with pytest.raises(Stopped):
                        await api.apply(plan, plane=estate.plane, journal=journal)
                    assert await tallies(journal.run((await journal.runs())[0].id)) == {}

    virtually(main)
    assert 15 <= len(added) < 30
