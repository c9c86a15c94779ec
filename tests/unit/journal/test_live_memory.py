"""What a deployment answers with is read once, and remembered for the next command."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batchgw.journal import Journal, Snapshot, open_journal
from tests.unit.journal.conftest import NOON, Opening
from tests.unit.journal_plans import HERE, THERE, api, begun, create, no_op, planned, update

pytestmark = pytest.mark.anyio

DIGESTS = {"THROTTLED": "00ff", "WAF_FILTERED": "ab12"}


async def test_what_one_process_keeps_another_recalls(journal: Journal, another: Opening) -> None:
    memory = await journal.live_memory()
    assert await memory.recall(api(1), "dep1") is None
    await memory.keep(api(1), "dep1", DIGESTS)
    await memory.keep(api(1), "dep1", DIGESTS)
    async with another() as other:
        theirs = await other.live_memory()
        assert await theirs.recall(api(1), "dep1") == DIGESTS
        assert await theirs.recall(api(1), "dep2") is None
        assert await theirs.recall(api(1, THERE), "dep1") is None


async def test_a_damaged_memory_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    file, told = tmp_path / "journal.db", list[str]()
    async with open_journal(str(file)) as journal:
        await (await journal.live_memory()).keep(api(1), "dep1", DIGESTS)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE deployed SET digests = 'garbage'")
        connection.commit()
    async with open_journal(str(file)) as journal:
        memory = await journal.live_memory(trouble=told.append)
        for _ in range(2):
            assert await memory.recall(api(1), "dep1") is None
    assert len(told) == 1


async def test_a_snapshot_is_intended_before_it_is_known(journal: Journal, another: Opening) -> None:
    run = await begun(journal, planned(1, create(), no_op()), planned(2, update()))
    first, second = await run.pending(HERE)
    assert await run.snapshot(first.row) is None
    await run.intend_snapshot(first.row)
    await run.intend_snapshot(first.row)
    async with another() as other:
        theirs = other.run(run.id)
        assert await theirs.snapshot(first.row) == Snapshot()
        await run.keep_snapshot(first.row, "dep\\1")
        assert await theirs.snapshot(first.row) == Snapshot(deployment="dep\\1")
        assert await theirs.snapshot(second.row) is None


async def test_a_snapshot_knows_when_a_call_for_it_may_have_left_last(another: Opening) -> None:
    now = NOON
    async with another(clock=lambda: now) as journal:
        run = await begun(journal, planned(1, create()))
        (api_,) = await run.pending(HERE)
        ages = []
        for seconds in (0, 12, 5):
            await run.intend_snapshot(api_.row)
            now += seconds
            found = await run.snapshot(api_.row)
            ages.append(found and found.age)
        assert ages == [0, 12, 5]
