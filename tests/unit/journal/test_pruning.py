"""What may be deleted of a journal: old runs, and an account's part of them, but nothing that is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.errors import RunUnknown, ScopeLocked
from batchgw.journal import Journal, JournalRun, KeptFor, NewRun, RunState, ToPrune
from batchgw.journal.rollout_records import GateResult, Verdict, WaveState
from batchgw.model import Scope
from tests.unit.journal.conftest import NOON, Opening
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
    update,
)

pytestmark = pytest.mark.anyio

ALL = ToPrune()
FORCED = ToPrune(forget_rollback=True)


async def done(run: JournalRun, *scopes: Scope) -> JournalRun:
    """The run, ended with all its changes made."""
    for scope in scopes or (HERE,):
        for each in await open_changes(run, scope):
            await run.intend([each.id])
            run.record(each.id, applied(0, each, scope=scope))
    await run.set_state(RunState.DONE)
    await run.release()
    return run


async def stopped(run: JournalRun) -> JournalRun:
    await run.set_state(RunState.STOPPED)
    await run.release()
    return run


async def kept(journal: Journal, wanted: ToPrune = ALL) -> dict[str, tuple[KeptFor | None, str | None]]:
    return {part.run.id: (part.kept, part.by) for part in await journal.prunable(wanted)}


async def prune(journal: Journal, wanted: ToPrune = ALL) -> int:
    """Delete what may be deleted; give how many targets that were."""
    gone = 0
    for part in await journal.prunable(wanted):
        if part.kept is None:
            gone += sum([n async for n in journal.prune(part)])
    return gone


async def test_the_newest_run_that_made_a_change_is_kept_for_its_rollback(journal: Journal) -> None:
    first = await done(await begun(journal, planned(0, create(), reset())))
    second = await done(await begun(journal, planned(0, create()), planned(1, no_op())))
    third = await done(await begun(journal, planned(0, reset())))
    assert await kept(journal) == {
        first.id: (None, None),  # two newer runs together have made its changes anew
        second.id: (KeptFor.ROLLBACK, None),
        third.id: (KeptFor.ROLLBACK, None),
    }
    assert await prune(journal) == 2
    assert [run.id for run in await journal.runs()] == [third.id, second.id]
    with pytest.raises(RunUnknown):
        await journal.find(first.id)
    assert (await tallies(second))[HERE].expected == 2


async def test_a_change_that_a_newer_run_only_may_have_made_can_be_taken_back(journal: Journal) -> None:
    run = await done(await begun(journal, planned(0, create())))
    newer = await begun(journal, planned(0, create()))
    (change,) = await open_changes(newer)
    await newer.intend([change.id])
    await stopped(newer)
    assert (await kept(journal))[run.id] == (KeptFor.ROLLBACK, None)


async def test_what_a_rollback_needs_goes_when_that_is_asked_for(journal: Journal) -> None:
    run = await done(await begun(journal, planned(0)))
    (part,) = await journal.prunable(FORCED)
    assert (part.kept, part.loses_rollback, part.targets) == (None, True, 2)
    assert await prune(journal, FORCED) == 2
    assert await journal.runs() == []
    nothing = await done(await begun(journal, planned(0, no_op())))
    assert [(p.run.id, p.loses_rollback) for p in await journal.prunable(FORCED)] == [(nothing.id, False)]
    del run


async def test_only_runs_that_ended_long_ago_are_meant(another: Opening) -> None:
    now = [NOON]
    async with another(clock=lambda: now[0]) as journal:
        old = await done(await begun(journal, planned(0, no_op())))
        now[0] += 100.0
        await done(await begun(journal, planned(0, no_op())))
        assert list(await kept(journal, ToPrune(ended_before=NOON + 100.0))) == [old.id]
        assert await kept(journal, ToPrune(ended_before=NOON)) == {}


async def test_an_unfinished_run_is_deleted_when_it_is_named(journal: Journal) -> None:
    run = await stopped(await begun(journal, planned(0)))
    assert await kept(journal, FORCED) == {run.id: (KeptFor.UNFINISHED, None)}
    assert await prune(journal, ToPrune(runs=frozenset({run.id}))) == 2
    assert await journal.runs() == []


async def test_a_run_under_way_is_never_deleted(another: Opening) -> None:
    async with another(clock=lambda: NOON) as theirs, another(clock=lambda: NOON) as ours:
        run = await begun(theirs, planned(0))
        named = ToPrune(runs=frozenset({run.id}), forget_rollback=True)
        assert await kept(ours, named) == {run.id: (KeptFor.UNDER_WAY, None)}


async def test_a_run_that_was_resumed_since_it_was_looked_at_is_left_alone(journal: Journal) -> None:
    run = await stopped(await begun(journal, planned(0)))
    (part,) = await journal.prunable(ToPrune(runs=frozenset({run.id})))
    await done(run)
    with pytest.raises(ScopeLocked):
        await listed(journal.prune(part))
    assert (await tallies(run))[HERE].applied == 2


async def test_an_older_run_that_can_be_resumed_keeps_what_newer_ones_have_decided(journal: Journal) -> None:
    older = await stopped(await begun(journal, planned(0, update())))
    newer = await done(await begun(journal, planned(0, no_op())))
    elsewhere = await done(await begun(journal, planned(0, no_op(), scope=THERE)))
    assert await kept(journal) == {
        older.id: (KeptFor.UNFINISHED, None),
        newer.id: (KeptFor.NEWER, older.id),
        elsewhere.id: (None, None),
    }
    both = ToPrune(runs=frozenset({older.id, newer.id}))
    assert await kept(journal, both) == {older.id: (None, None), newer.id: (None, None)}


async def test_a_run_is_kept_while_the_one_that_takes_it_back_is_unfinished(journal: Journal) -> None:
    first = await done(await begun(journal, planned(0, no_op())))
    back: NewRun = replace(NEW_RUN, verb="rollback", parent=first.id)
    rollback = await journal.begin(back)
    await import_plan(rollback, [planned(1, update())])
    await stopped(rollback)
    assert (await kept(journal))[first.id] == (KeptFor.TAKEN_BACK, rollback.id)
    await done(rollback)
    assert (await kept(journal))[first.id] == (None, None)


async def test_an_account_s_data_goes_from_all_runs_and_the_rest_stays(journal: Journal) -> None:
    both = await begun(journal, planned(0, no_op()), planned(1, create(), no_op(), scope=THERE))
    await done(both, THERE)
    alone = await done(await begun(journal, planned(0, no_op(), scope=THERE)), THERE)
    other = await done(await begun(journal, planned(0, create())))
    account = ToPrune(accounts=frozenset({THERE.account}))
    assert await kept(journal, account) == {both.id: (KeptFor.ROLLBACK, None), alone.id: (None, None)}
    assert await prune(journal, replace(account, forget_rollback=True)) == 3
    assert {run.id: run.totals.expected for run in await journal.runs()} == {both.id: 1, other.id: 1}
    assert list(await tallies(both)) == [HERE]
    assert (await journal.find(both.id)).state is RunState.DONE


async def test_nothing_of_a_deleted_run_is_left(journal: Journal) -> None:
    """So that the next run, which may get its row, has none of it."""
    run = await begun(journal, *(planned(n) for n in range(50)))
    (first, *_) = await run.pending(HERE)
    await run.intend_snapshot(first.row)
    await run.keep_snapshot(first.row, "d1")
    await run.set_wave(1, WaveState.PASSED)
    await run.note_check(1, "prompt", GateResult.PASS, said="yes")
    await run.decide(1, Verdict.PROMOTE, who="me")
    await done(run)
    assert await prune(journal, FORCED) == 100
    swept = await journal.sweep()
    assert swept.images is not None
    again = await begun(journal, planned(0, scope=THERE))
    assert (await again.waves(), await again.checks(), await again.decisions()) == ([], [], [])
    assert await again.pending(HERE) == []
    assert len(await open_changes(again, THERE)) == 2


async def test_changes_that_a_run_may_make_or_take_back_are_known_by_api(journal: Journal) -> None:
    """Of two runs that made a change, the newer one; and all that a run has left to do."""
    await done(await begun(journal, planned(0, create(), reset())))
    second = await done(await begun(journal, planned(0, create(), no_op()), planned(1, update())))
    third = await stopped(await begun(journal, planned(0, update())))
    found = await journal.needed_changes(planned(0).api, RESPONSE)
    assert [(run, change) for run, change in found if run in (second.id, third.id)] == [
        (third.id, update()),
        (second.id, create()),
    ]
    assert [change for run, change in found if run not in (second.id, third.id)] == [reset()]
    assert await journal.needed_changes(planned(0, scope=THERE).api, RESPONSE) == []
    assert await journal.open_runs() == {third.id}
