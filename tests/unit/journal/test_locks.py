"""Two runs never write to one account-region: who may take which lock, and what the others are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.errors import ScopeLocked
from batchgw.journal import Holder, Journal, Liveness, RunState, ScopeHeld
from batchgw.journal.holder import this_process
from batchgw.journal.locks import may_take
from tests.unit.journal.conftest import NOON, Opening
from tests.unit.journal.forged_locks import break_lock, leave_lock
from tests.unit.journal_plans import HERE, NEW_RUN, THERE, begun, import_plan, planned

pytestmark = pytest.mark.anyio


def dead() -> Holder:
    return replace(this_process(NOON), pid=2**22 + 1, heartbeat=NOON - 90, user="alice")


def elsewhere() -> Holder:
    return replace(dead(), host="build-7", boot="another", pid=4711)


@pytest.mark.parametrize(
    ("liveness", "own", "force", "allowed"),
    [
        (Liveness.ALIVE, False, False, False),
        (Liveness.ALIVE, False, True, False),
        (Liveness.ALIVE, True, False, False),
        (Liveness.ALIVE, True, True, False),
        (Liveness.DEAD, False, False, False),
        (Liveness.DEAD, False, True, True),
        (Liveness.DEAD, True, False, True),
        (Liveness.DEAD, True, True, True),
        (Liveness.UNKNOWN, False, False, False),
        (Liveness.UNKNOWN, False, True, True),
        (Liveness.UNKNOWN, True, False, False),
        (Liveness.UNKNOWN, True, True, True),
    ],
)
def test_who_may_take_a_lock_over(liveness: Liveness, *, own: bool, force: bool, allowed: bool) -> None:
    assert may_take(liveness, own=own, force=force) is allowed


class TestAcquire:
    async def test_all_or_none(self, journal: Journal) -> None:
        first, second = await journal.begin(NEW_RUN), await journal.begin(NEW_RUN)
        await first.acquire([THERE])
        with pytest.raises(ScopeLocked):
            await second.acquire([HERE, THERE])
        await first.acquire([HERE])

    async def test_released_locks_are_free(self, journal: Journal) -> None:
        first, second = await journal.begin(NEW_RUN), await journal.begin(NEW_RUN)
        await first.acquire([HERE, THERE])
        await first.release()
        await second.acquire([HERE, THERE])
        await first.release()  # holds nothing any more
        with pytest.raises(ScopeLocked):
            await first.acquire([HERE])

    async def test_closing_gives_all_locks_back(self, another: Opening) -> None:
        async with another() as journal:
            await (await journal.begin(NEW_RUN)).acquire([HERE])
        async with another() as journal:
            await (await journal.begin(NEW_RUN)).acquire([HERE])

    async def test_more_scopes_may_be_taken_later(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        await run.acquire([HERE])
        await run.acquire([HERE, THERE])
        await run.heartbeat()

    async def test_a_dead_holder_of_another_run_is_told_and_can_be_forced(self, journal: Journal) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        leave_lock(other, dead())
        with pytest.raises(ScopeHeld) as caught:
            await run.acquire([HERE])
        assert caught.value.liveness is Liveness.DEAD
        for word in ("is dead", f"batchgw resume {other.id}", "--take-over-dead", "90 s ago", "alice"):
            assert word in str(caught.value)
        await run.acquire([HERE], force=True)
        with pytest.raises(ScopeLocked):
            await other.acquire([HERE])

    async def test_a_holder_on_another_host_is_told_and_can_be_forced(self, journal: Journal) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        leave_lock(other, elsewhere())
        with pytest.raises(ScopeHeld) as caught:
            await run.acquire([HERE])
        assert caught.value.liveness is Liveness.UNKNOWN
        for word in ("cannot be told", "build-7", "pid 4711", "--force-lock", "90 s ago"):
            assert word in str(caught.value)
        await run.acquire([HERE], force=True)

    async def test_the_same_run_on_another_host_is_forced_too(self, journal: Journal) -> None:
        run = await begun(journal, planned(1))
        leave_lock(run, elsewhere())
        with pytest.raises(ScopeHeld):
            await run.acquire([HERE])
        await run.acquire([HERE], force=True)

    async def test_what_a_run_that_is_done_left_behind_is_swept_away(self, journal: Journal) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        leave_lock(other, dead())
        await other.set_state(RunState.DONE)
        await run.acquire([HERE])

    async def test_what_a_run_left_behind_that_died_before_its_plan_was_whole_is_swept_away(
        self, journal: Journal
    ) -> None:
        """It cannot be resumed, so nobody could be told to do that first."""
        run, other = await begun(journal, planned(1)), await journal.begin(NEW_RUN)
        leave_lock(other, dead())
        await run.acquire([HERE])

    async def test_many_locked_scopes_are_one_paragraph(self, journal: Journal) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        for scope in (HERE, THERE):
            leave_lock(other, dead(), scope)
        with pytest.raises(ScopeHeld, match=f"{HERE} and 1 more is held"):
            await run.acquire([THERE, HERE])

    async def test_one_process_does_not_run_two_runs_on_one_scope(
        self, journal: Journal, another: Opening
    ) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        await run.acquire([HERE])
        with pytest.raises(ScopeHeld):
            await other.acquire([HERE], force=True)
        async with another() as second:
            with pytest.raises(ScopeHeld):
                await second.run(run.id).acquire([HERE], force=True)


class TestHeartbeat:
    async def test_is_seen_by_others(self, another: Opening) -> None:
        now = [NOON]
        async with another(clock=lambda: now[0]) as journal:
            run = await begun(journal, planned(1))
            await run.acquire([HERE])
            now[0] += 15
            await run.heartbeat()
            now[0] += 5
            async with another(clock=lambda: now[0]) as other:
                assert (await other.find(run.id)).holder.heartbeat == NOON + 15
                with pytest.raises(ScopeHeld, match="last sign of life 5 s ago"):
                    await (await other.begin(NEW_RUN)).acquire([HERE])

    async def test_a_run_whose_lock_was_broken_learns_it(self, journal: Journal) -> None:
        run, other = await begun(journal, planned(1)), await begun(journal, planned(1))
        await run.acquire([HERE, THERE])
        break_lock(run, HERE)
        leave_lock(other, elsewhere())
        with pytest.raises(ScopeLocked, match=f"broken by run {other.id} .*build-7"):
            await run.heartbeat()


class TestImport:
    async def test_of_a_dead_process_is_done_again(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        leave_lock(run, dead())
        await import_plan(run, [planned(1)])

    async def test_of_another_process_is_not_disturbed(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        leave_lock(run, elsewhere())
        with pytest.raises(ScopeLocked, match=r"may still be planning in another process .*build-7"):
            await import_plan(run, [planned(1)])
