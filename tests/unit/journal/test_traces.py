"""What a run has planned and what became of it, for a run that takes it back; and what failed, once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.journal import Journal, RunState, TracedApi
from batchgw.model import Action, Failed, ResponseType, SetAside
from batchgw.model.response_change import TARGETS
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    api,
    applied,
    begun,
    create,
    listed,
    no_op,
    open_changes,
    planned,
    reset,
    tallies,
    update,
)

pytestmark = pytest.mark.anyio

ASIDE = SetAside(target=TARGETS[ResponseType.UNAUTHORIZED], code="Held", message="why", ending="failed")


async def test_each_api_comes_with_all_that_was_planned_and_what_became_of_it(journal: Journal) -> None:
    items = [
        planned(0, create(), update(), reset(), no_op()),
        planned(1, update(), scope=THERE),
        replace(planned(2, reset()), set_aside=(ASIDE,)),
    ]
    run = await begun(journal, *items)
    first, second, *_ = await open_changes(run)
    await run.intend([first.id, second.id])
    run.record(first.id, applied(0, first))
    traced = await run.traced(HERE) + await run.traced(THERE)
    assert [(each.api, [c.change for c in each.changes]) for each in traced] == [
        (api(0), [create(), update(), reset(), no_op()]),
        (api(2), [reset()]),
        (api(1, THERE), [update()]),
    ]
    assert [(c.kind, c.intended, c.touched) for c in traced[0].changes] == [
        ("applied", True, True),
        (None, True, True),
        (None, False, False),
        ("unchanged", False, False),
    ]
    for each in traced:
        assert await run.planned(each.row) == tuple(c.change for c in each.changes)


async def test_many_apis_come_page_by_page(journal: Journal) -> None:
    run = await begun(journal, *(planned(n, update()) for n in range(50)))
    traced: list[TracedApi] = []
    while page := await run.traced(HERE, after=traced[-1].row if traced else 0, limit=20):
        traced += page
    assert [each.api for each in traced] == [api(n) for n in range(50)]
    assert await run.traced(THERE) == []


async def test_the_apis_of_one_wave_come_alone(journal: Journal) -> None:
    run = await journal.begin(NEW_RUN)
    async with run.importing() as plan:
        for n in range(6):
            await plan.add(planned(n, update()), wave=1 + n % 2)
        await plan.add(planned(6, no_op()))
    of_two = [await run.traced(HERE, limit=2, wave=2)]
    of_two.append(await run.traced(HERE, after=of_two[0][-1].row, wave=2))
    assert [[(each.api, each.wave) for each in page] for page in of_two] == [
        [(api(1), 2), (api(3), 2)],
        [(api(5), 2)],
    ]
    assert [each.wave for each in await run.traced(HERE)] == [1, 2, 1, 2, 1, 2, None]


async def test_a_run_knows_the_one_that_it_takes_back(journal: Journal) -> None:
    first = await begun(journal, planned(0))
    second = await journal.begin(replace(NEW_RUN, verb="rollback", parent=first.id))
    assert [(run.id, run.parent) for run in await journal.runs()] == [(second.id, first.id), (first.id, None)]


async def test_what_failed_is_undecided_again_and_the_rest_stands(journal: Journal) -> None:
    item = replace(planned(0, create(), update(), no_op()), set_aside=(ASIDE,))
    run = await begun(journal, item)
    done, failed = await open_changes(run)
    await run.intend([done.id, failed.id])
    run.record(done.id, applied(0, done))
    run.record(failed.id, Failed(api=api(0), target=failed.change.target, action=Action.UPDATE,
                                 code="BadRequest", message="no"))  # fmt: skip
    await run.set_state(RunState.DONE)
    assert (await tallies(run))[HERE].failed == 2
    assert await run.reopen() == 1
    record = await journal.find(run.id)
    assert (record.state, record.finished, record.totals.left) == (RunState.APPLYING, None, 1)
    again = await open_changes(run)
    assert [(each.id, each.intended) for each in again] == [(failed.id, True)]
    assert {(o.target, type(o).__name__) for o in await listed(run.outcomes())} == {
        (done.change.target, "Applied"),
        (no_op().target, "Unchanged"),
        (ASIDE.target, "Failed"),
    }


async def test_where_nothing_failed_nothing_is_reopened(journal: Journal) -> None:
    run = await begun(journal, planned(0, no_op()))
    await run.set_state(RunState.DONE)
    assert await run.reopen() == 0
    assert (await journal.find(run.id)).state is RunState.DONE
