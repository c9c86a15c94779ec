"""A run's outcomes can be counted one account-region after another, and the sum is that of the whole run."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from batchgw.errors import RunUnknown
from batchgw.journal import Journal, RunState, ScopeCounts, Tally
from batchgw.model import Effort, PlanItem, UnreadScope
from tests.unit.journal.conftest import Opening
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    RESPONSE,
    THERE,
    applied,
    begun,
    create,
    import_plan,
    listed,
    no_op,
    open_changes,
    planned,
    reset,
    tallies,
)

pytestmark = pytest.mark.anyio


async def test_scopes_together_are_the_whole_run(journal: Journal) -> None:
    """One of three changes is made here; there, one API is as desired, and the listing broke off."""
    await begun(journal, planned(9, create()))
    run = await journal.begin(NEW_RUN)
    items: list[PlanItem] = [
        planned(1, create(), reset()),
        planned(2, create()),
        planned(3, no_op(), scope=THERE),
        UnreadScope(scope=THERE, code="ServiceFailure", message="page 2 failed"),
    ]
    await import_plan(run, items)
    first = (await open_changes(run))[0]
    run.record(first.id, applied(1, first, attempts=2))
    here = Tally(applied=1, undecided=2, effort=Effort(attempts=2, waited=0.25))
    there = Tally(unchanged=1)
    assert await listed(run.scope_counts()) == [
        ScopeCounts(scope=HERE, by_kind={RESPONSE: here}),
        ScopeCounts(scope=THERE, by_kind={RESPONSE: there}, unread="ServiceFailure: page 2 failed"),
    ]
    assert (await journal.find(run.id)).totals == Tally.added_up([here, there])


async def test_a_run_without_a_plan_has_no_counts(journal: Journal) -> None:
    run = await journal.begin(NEW_RUN)
    assert await listed(run.scope_counts()) == []
    with pytest.raises(RunUnknown):
        await listed(journal.run("20261122-900000").scope_counts())


async def test_totals_that_are_given_are_kept_as_they_are(journal: Journal) -> None:
    run = await begun(journal, planned(1, create()))
    await run.set_state(RunState.STOPPED)
    assert (await journal.find(run.id)).totals == Tally(undecided=1)
    given = Tally(applied=1)
    await run.set_state(RunState.DONE, totals=given)
    assert (await journal.find(run.id)).totals == given


async def test_what_was_recorded_is_committed_before_anything_is_counted(
    journal: Journal, another: Opening
) -> None:
    run = await begun(journal, planned(1))
    (pending,) = await run.pending(HERE)
    change = pending.changes[0]
    run.record(change.id, applied(1, change))
    async with another() as witness:
        theirs = witness.run(run.id)
        assert (await tallies(theirs))[HERE].applied == 0
        async with aclosing(run.scope_counts()) as counts:
            await anext(counts)
            assert (await tallies(theirs))[HERE].applied == 1
