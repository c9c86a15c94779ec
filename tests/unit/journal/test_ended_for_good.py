"""A run that is taken back or aborted is ended for good: what was left of it is skipped, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.journal import Journal, RunState
from batchgw.journal.records import ONLY
from batchgw.model import Failed, ResponseType, SetAside, Skipped
from batchgw.model.response_change import TARGETS
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    applied,
    begun,
    create,
    listed,
    no_op,
    open_changes,
    planned,
    update,
)

pytestmark = pytest.mark.anyio

ASIDE = SetAside(target=TARGETS[ResponseType.UNAUTHORIZED], code="Held", message="why", ending="failed")


async def test_what_is_left_is_skipped_and_what_is_decided_stays(journal: Journal) -> None:
    items = [planned(0, create(), update(), no_op()), replace(planned(1, create()), set_aside=(ASIDE,))]
    run = await begun(journal, *items)
    first, second, *_ = await open_changes(run)
    await run.intend([first.id, second.id])
    run.record(first.id, applied(0, first))
    assert await run.close("TakenBack", "run x takes its run back") == 2
    outcomes = await listed(run.outcomes())
    skipped = [o for o in outcomes if isinstance(o, Skipped)]
    assert {(o.code, o.message) for o in skipped} == {("TakenBack", "run x takes its run back")}
    assert len(skipped) == 2
    assert sum(isinstance(o, Failed) for o in outcomes) == 1
    record = await journal.find(run.id)
    assert record.state is RunState.DONE
    assert record.finished is not None
    assert (record.totals.left, record.totals.skipped) == (0, 2)
    traced = await run.traced(HERE)
    assert [change.touched for change in traced[0].changes] == [True, True, False]  # it may have been made
    assert await run.close("TakenBack", "again") == 0


async def test_a_run_knows_those_that_take_it_back(journal: Journal) -> None:
    run = await begun(journal, planned(0, create()))
    assert await journal.children(run.id) == []
    back = await journal.begin(replace(NEW_RUN, parent=run.id, options={ONLY: {"wave": 2}}))
    part = await journal.begin(replace(NEW_RUN, parent=run.id, options={ONLY: {"apis": ["abc"]}}))
    some = await journal.begin(replace(NEW_RUN, parent=run.id, options={ONLY: {"failed": True}}))
    children = await journal.children(run.id)
    assert [(each.id, each.ends_parent) for each in children] == [
        (back.id, True),
        (part.id, False),
        (some.id, False),
    ]
    assert not (await journal.find(run.id)).ends_parent
