"""How rows are deleted: little by little, images with the last run that has them, and safe from a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from batchgw.journal import Journal, KeptFor, RunState, ToPrune, open_journal
from batchgw.journal.sql.journal import SqlJournal
from batchgw.journal.sql.pruning.deleting import APIS
from batchgw.journal.sql.tables.schema import metadata
from tests.unit.journal.conftest import NOON
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    begun,
    create,
    listed,
    no_op,
    open_changes,
    place,
    planned,
    reset,
    update,
)

pytestmark = pytest.mark.anyio

FORCED = ToPrune(forget_rollback=True)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path), clock=lambda: NOON) as opened:
        yield opened


def count(journal: Journal, table: str) -> int:
    assert isinstance(journal, SqlJournal)
    with journal._store.database.read() as connection:
        counting = select(func.count()).select_from(metadata.tables[table])
        return int(connection.execute(counting).scalar_one())


async def test_a_run_goes_a_few_apis_at_a_time_and_others_write_meanwhile(
    journal: Journal, tmp_path: Path
) -> None:
    run = await begun(journal, *(planned(n, no_op()) for n in range(2 * APIS + 1)))
    await run.set_state(RunState.DONE)
    await run.release()
    (part,) = await journal.prunable(ToPrune())
    steps = []
    async with open_journal(place(tmp_path), patience=0) as other, aclosing(journal.prune(part)) as deleting:
        async for gone in deleting:
            steps.append(gone)
            await begun(other, planned(0, no_op()))  # it does not wait for the database at all
    assert [each for each in steps if each] == [APIS, APIS, 1]
    assert count(journal, "apis") == count(journal, "runs") == len(steps)


async def test_a_run_that_is_half_deleted_is_no_run_and_the_next_prune_ends_it(tmp_path: Path) -> None:
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        run = await begun(journal, *(planned(n, update()) for n in range(2 * APIS)))
        for change in (await open_changes(run))[:-1]:
            await run.intend([change.id])
        await run.set_state(RunState.STOPPED)
        await run.release()
        (part,) = await journal.prunable(ToPrune(runs=frozenset({run.id}), forget_rollback=True))
        assert part.loses_rollback
        async with aclosing(journal.prune(part)) as deleting:
            await anext(deleting)
            assert await anext(deleting) == APIS
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        assert await journal.unfinished() == []
        assert (await journal.find(run.id)).state is RunState.PLANNING
        (part,) = await journal.prunable(ToPrune())
        assert (part.kept, part.targets) == (None, APIS)
        await listed(journal.prune(part))
        assert [count(journal, table) for table in ("runs", "scopes", "apis", "changes")] == [0, 0, 0, 0]


async def test_images_go_when_no_run_has_them(journal: Journal) -> None:
    first = await begun(journal, planned(0, create(), reset()))
    second = await begun(journal, planned(0, reset(), update()))
    for run in (first, second):
        await run.set_state(RunState.DONE)
        await run.release()
    before = count(journal, "images")
    assert (await journal.sweep()).images == 0
    one = ToPrune(runs=frozenset({first.id}))
    (part,) = await journal.prunable(one)
    await listed(journal.prune(part))
    assert (await journal.sweep()).images == 1  # what was before the first one's own change
    assert count(journal, "images") == before - 1
    again = await begun(journal, planned(1, create()))  # it is stored anew, and not taken from memory
    assert [each.change for each in await open_changes(again)] == [create()]
    assert await second.planned((await second.pending(HERE))[0].row) == (reset(), update())


async def test_no_image_goes_while_a_plan_is_entered(journal: Journal, tmp_path: Path) -> None:
    """Its process may count on one that is there."""
    async with open_journal(place(tmp_path), clock=lambda: NOON) as other:
        run = await journal.begin(NEW_RUN)
        async with run.importing():
            assert (await other.sweep()).images is None
            (part,) = await other.prunable(FORCED)
            assert part.kept is KeptFor.UNDER_WAY
        assert (await other.sweep()).images == 0


async def test_what_deployments_answer_with_goes_with_its_account_or_when_it_is_old(journal: Journal) -> None:
    live = await journal.live_memory()
    api = planned(0).api
    await live.keep(api, "d1", {"THROTTLED": "0123456789abcdef"})
    assert (await journal.sweep(before=NOON)).deployments == 0
    assert (await journal.sweep(before=NOON + 1)).deployments == 1
    assert await live.recall(api, "d1") is None
    await live.keep(api, "d1", {"THROTTLED": "0123456789abcdef"})
    assert (await journal.sweep(accounts=[HERE.account])).deployments == 1
