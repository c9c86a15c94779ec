"""All targets of a run, APIs in the order of their ids: what two runs are compared by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.journal import ApiTargets, Journal
from batchgw.model import Action, ResponseType, SetAside, UnreadApi
from batchgw.model.response_change import TARGETS
from tests.unit.journal_plans import (
    HERE,
    THERE,
    api,
    applied,
    begun,
    create,
    no_op,
    open_changes,
    planned,
    reset,
    update,
)

pytestmark = pytest.mark.anyio

ASIDE = SetAside(target=TARGETS[ResponseType.UNAUTHORIZED], code="Held", message="why", ending="held")


async def test_each_target_says_what_was_planned_and_what_became_of_it(journal: Journal) -> None:
    unread = UnreadApi(api=api(2), targets=(create().target,), code="Unreadable", message="why")
    whole = replace(planned(1, create(), update(), reset()), set_aside=(ASIDE,))
    run = await begun(journal, unread, whole, planned(0, no_op(), scope=THERE))
    first, *_ = await open_changes(run)
    run.record(first.id, applied(1, first))
    targets = await run.targets(HERE)
    assert [each.api for each in targets] == [api(1), api(2)]  # and not as they were planned
    made, updated, back, aside = targets[0].targets
    assert [(each.action, each.kind) for each in (made, updated, back, aside)] == [
        (Action.CREATE, "applied"),
        (Action.UPDATE, None),
        (Action.RESET, None),
        (Action.NO_OP, "held"),
    ]
    assert made.after == updated.after is not None  # their images after it are equal
    assert back.after is aside.after is None
    assert [(each.target, each.kind) for each in targets[1].targets] == [(create().target, "failed")]


async def test_apis_come_page_by_page_in_the_order_of_their_ids(journal: Journal) -> None:
    run = await begun(journal, *(planned(n) for n in (7, 3, 9, 1, 5)))
    found: list[ApiTargets] = []
    while page := await run.targets(HERE, after=found[-1].api.id if found else "", limit=2):
        found += page
    assert [each.api for each in found] == [api(n) for n in (1, 3, 5, 7, 9)]
    assert {len(each.targets) for each in found} == {2}
    assert await run.targets(THERE) == []
