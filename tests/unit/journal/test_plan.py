"""A plan goes into the journal whole or not at all, and comes out as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchgw.errors import PlanUnreadable, Stopped
from batchgw.journal import Journal, JournalRun, RunState, ScopeCounts, Tally
from batchgw.journal.sql.chunk import ROWS
from batchgw.model import (
    Action,
    Failed,
    GatewayResponse,
    NotAttempted,
    PlanItem,
    ResponseChange,
    ResponseType,
    RestApiId,
    SetAside,
    Settings,
    Skipped,
    SkippedScope,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.change import EXEMPT
from batchgw.model.response_change import TARGETS
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    RESPONSE,
    THERE,
    api,
    applied,
    begun,
    create,
    import_plan,
    listed,
    no_op,
    planned,
    reset,
    tallies,
    update,
)

pytestmark = pytest.mark.anyio


def distinct(number: int) -> ResponseChange:
    settings = Settings(status_code="418", templates={"text/plain": f"teapot {number}"})
    before = GatewayResponse(type=ResponseType.WAF_FILTERED, settings=settings, default_response=False)
    return ResponseChange(type=before.type, action=Action.UPDATE, before=before, after=Settings())


class TestPlan:
    async def test_pending_gives_back_what_was_planned(self, journal: Journal) -> None:
        items = [planned(1, create(), update(), reset()), planned(2, update())]
        run = await begun(journal, *items)
        found = await run.pending(HERE)
        assert [each.api for each in found] == [item.api for item in items]
        assert [tuple(c.change for c in each.changes) for each in found] == [item.changes for item in items]
        assert not any(change.intended for each in found for change in each.changes)

    async def test_only_what_needs_a_write_is_pending(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, no_op()), planned(2, no_op(), reset()))
        (only,) = await run.pending(HERE)
        assert [c.change for c in only.changes] == [reset()]

    async def test_pages_follow_each_other_without_gap_or_overlap(self, journal: Journal) -> None:
        run = await begun(journal, *(planned(n) for n in range(7)))
        seen: list[RestApiId] = []
        after = 0
        while page := await run.pending(HERE, after=after, limit=3):
            assert len(page) <= 3
            seen += [each.api.id for each in page]
            after = page[-1].row
        assert seen == [api(n).id for n in range(7)]

    async def test_a_page_goes_on_although_the_one_before_it_was_decided_meanwhile(
        self, journal: Journal
    ) -> None:
        run = await begun(journal, *(planned(n, create()) for n in range(4)))
        first = await run.pending(HERE, limit=2)
        for each in first:
            run.record(each.changes[0].id, applied(0, each.changes[0]))
        second = await run.pending(HERE, after=first[-1].row, limit=2)
        assert [each.api.id for each in second] == [api(2).id, api(3).id]

    async def test_scopes_do_not_mix(self, journal: Journal) -> None:
        run = await begun(journal, planned(1), planned(1, scope=THERE), planned(2))
        assert [each.api for each in await run.pending(THERE)] == [api(1, THERE)]
        other = await begun(journal, planned(9, scope=THERE))
        assert [each.api for each in await other.pending(THERE)] == [api(9, THERE)]
        assert await other.pending(HERE) == []

    async def test_what_could_not_be_read_is_decided_at_once(self, journal: Journal) -> None:
        targets = (TARGETS[ResponseType.DEFAULT_4XX], TARGETS[ResponseType.THROTTLED])
        gone = UnreadApi(api=api(1), targets=targets, code="ApiNotFound", message="it is gone")
        broken = UnreadApi(api=api(2), targets=targets[:1], code="ServiceFailure", message="no")
        run = await journal.begin(NEW_RUN)
        await import_plan(run, [gone, broken])
        assert await listed(run.outcomes()) == [
            Skipped(
                api=api(1), target=targets[0], action=Action.NO_OP, code="ApiNotFound", message="it is gone"
            ),
            Skipped(
                api=api(1), target=targets[1], action=Action.NO_OP, code="ApiNotFound", message="it is gone"
            ),
            Failed(api=api(2), target=targets[0], action=Action.NO_OP, code="ServiceFailure", message="no"),
        ]
        assert await run.pending(HERE) == []

    async def test_what_was_never_asked_is_not_attempted_and_nothing_to_resume(
        self, journal: Journal
    ) -> None:
        """Two types of an API whose scope was given up; beside it one change that a resume does take up."""
        targets = (TARGETS[ResponseType.DEFAULT_4XX], TARGETS[ResponseType.THROTTLED])
        denied = UnreadApi(api=api(1), targets=targets, code="AccessDenied", message="no")
        run = await journal.begin(NEW_RUN)
        await import_plan(run, [denied, planned(2, create(), no_op())])
        assert await listed(run.outcomes(kinds=frozenset({"not_attempted"}))) == [
            NotAttempted(api=api(1), target=t, action=Action.NO_OP, code="AccessDenied", message="no")
            for t in targets
        ]
        assert [each.api for each in await run.pending(HERE)] == [api(2)]
        tally = Tally(not_attempted=2, never_read=2, unchanged=1, undecided=1)
        assert await tallies(run) == {HERE: tally}
        assert (tally.expected, tally.left) == (4, 1)
        assert await listed(run.scope_counts()) == [ScopeCounts(scope=HERE, by_kind={RESPONSE: tally})]
        await run.set_state(RunState.STOPPED)
        assert (await journal.find(run.id)).totals == tally

    async def test_an_unread_scope_is_kept_whether_or_not_some_of_its_apis_were_listed(
        self, journal: Journal
    ) -> None:
        run = await journal.begin(NEW_RUN)
        await import_plan(
            run,
            [
                planned(1, create(), no_op()),
                UnreadScope(scope=HERE, code="ServiceFailure", message="page 2 failed"),
                UnreadScope(scope=THERE, code="AccessDenied", message="no GET /restapis"),
            ],
        )
        assert await listed(run.scope_counts()) == [
            ScopeCounts(
                scope=HERE,
                by_kind={RESPONSE: Tally(unchanged=1, undecided=1)},
                unread="ServiceFailure: page 2 failed",
            ),
            ScopeCounts(scope=THERE, by_kind={}, unread="AccessDenied: no GET /restapis"),
        ]

    async def test_many_chunks_and_new_settings_in_each(self, journal: Journal) -> None:
        """5,000 changes take three chunks; a before-image of its own for each API."""
        items = [
            planned(n, *(c for c in (create(), update(), reset(), no_op(), distinct(n)))) for n in range(1000)
        ]
        run = await begun(journal, *items)
        assert await tallies(run) == {HERE: Tally(unchanged=1000, undecided=4000)}
        pending = await run.pending(HERE, limit=1000)
        assert [each.changes[3].change for each in pending] == [distinct(n) for n in range(1000)]

    async def test_an_api_that_comes_twice_is_refused(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        with pytest.raises(PlanUnreadable, match="twice"):
            await import_plan(run, [planned(1), planned(1)])
        assert (await journal.find(run.id)).state is RunState.PLANNING

    async def test_an_api_that_comes_again_much_later_is_refused_too(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        numbers = (*range(ROWS), 1, *range(ROWS, 2 * ROWS))  # in a chunk after the one it was committed with
        with pytest.raises(PlanUnreadable, match="twice"):
            await import_plan(run, map(planned, numbers))

    async def test_the_same_id_in_two_scopes_is_two_apis(self, journal: Journal) -> None:
        run = await begun(journal, planned(1), planned(1, scope=THERE))
        assert set(await tallies(run)) == {HERE, THERE}


class TestUnfinishedImport:
    def broken(self) -> Iterator[PlanItem]:
        for n in range(2_000):
            yield planned(n)
        raise OSError("the plan's disk was pulled out")

    async def test_stays_in_planning_and_can_be_imported_again(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            await import_plan(run, self.broken())
        record = await journal.find(run.id)
        assert record.state is RunState.PLANNING
        assert record.totals.expected > 0
        await import_plan(run, [planned(1), planned(2, scope=THERE)])
        assert (await journal.find(run.id)).state is RunState.APPLYING
        assert await tallies(run) == {HERE: Tally(undecided=2), THERE: Tally(undecided=2)}

    async def test_never_passes_for_a_whole_plan_once_the_run_has_ended(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            await import_plan(run, self.broken())
        await run.set_state(RunState.STOPPED)
        assert (await journal.find(run.id)).totals.expected == 0
        assert await listed(run.scope_counts()) == []

    async def test_leaves_other_runs_alone(self, journal: Journal) -> None:
        whole = await begun(journal, planned(1))
        run = await journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            await import_plan(run, self.broken())
        await run.set_state(RunState.STOPPED)
        assert await tallies(whole) == {HERE: Tally(undecided=2)}

    async def test_a_plan_is_imported_once(self, journal: Journal) -> None:
        run = await begun(journal, planned(1))
        with pytest.raises(ValueError, match="imported already"):
            await import_plan(run, [planned(2)])


class TestImporting:
    async def stopped(self, run: JournalRun) -> None:
        async with run.importing() as plan:
            await plan.add(planned(1))
            raise Stopped

    async def test_the_plan_is_whole_when_the_block_has_ended(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        async with run.importing() as plan:
            await plan.add(planned(1))
            await plan.add(planned(2, scope=THERE))
            assert (await journal.find(run.id)).state is RunState.PLANNING
        assert (await journal.find(run.id)).state is RunState.APPLYING
        assert await tallies(run) == {HERE: Tally(undecided=2), THERE: Tally(undecided=2)}

    async def test_a_block_left_by_an_error_leaves_the_run_in_planning(self, journal: Journal) -> None:
        run = await journal.begin(NEW_RUN)
        with pytest.raises(Stopped):
            await self.stopped(run)
        assert (await journal.find(run.id)).state is RunState.PLANNING
        assert await tallies(run) == {}

    async def test_other_business_between_two_items(self, journal: Journal) -> None:
        """A heartbeat, and another run, whose rows do not mix with those that are on their way."""
        run = await journal.begin(NEW_RUN)
        await run.acquire([HERE])
        async with run.importing() as plan:
            await plan.add(planned(1))
            await run.heartbeat()
            other = await begun(journal, planned(3))
            await plan.add(planned(2))
        assert [each.api for each in await run.pending(HERE)] == [api(1), api(2)]
        assert [each.api for each in await other.pending(HERE)] == [api(3)]

    async def test_nothing_is_added_to_a_plan_that_is_whole(self, journal: Journal) -> None:
        async with (await journal.begin(NEW_RUN)).importing() as plan:
            await plan.add(planned(1))
        with pytest.raises(ValueError, match="imported already"):
            await plan.add(planned(2))
        with pytest.raises(ValueError, match="imported already"):
            await plan.commit()


class TestSetAside:
    ASIDE = tuple(
        SetAside(target=TARGETS[t], code=EXEMPT, message=f"see CHG-1, {t.value}")
        for t in (ResponseType.WAF_FILTERED, ResponseType.QUOTA_EXCEEDED)
    )

    async def test_each_target_that_is_set_aside_ends_skipped_with_its_reason(self, journal: Journal) -> None:
        """One API with a change and one that is all set aside; one that could not be read."""
        unread = UnreadApi(
            api=api(3),
            targets=(TARGETS[ResponseType.THROTTLED],),
            code="AccessDenied",
            message="no",
            set_aside=self.ASIDE[:1],
        )
        run = await begun(
            journal,
            replace(planned(1, reset()), set_aside=self.ASIDE[:1]),
            replace(planned(2), changes=(), set_aside=self.ASIDE),
            unread,
        )
        skipped = [o for o in await listed(run.outcomes()) if isinstance(o, Skipped)]
        assert {(o.api.id, o.target.name, o.code, o.message) for o in skipped} == {
            (api(1).id, "WAF_FILTERED", EXEMPT, "see CHG-1, WAF_FILTERED"),
            (api(2).id, "WAF_FILTERED", EXEMPT, "see CHG-1, WAF_FILTERED"),
            (api(2).id, "QUOTA_EXCEEDED", EXEMPT, "see CHG-1, QUOTA_EXCEEDED"),
            (api(3).id, "WAF_FILTERED", EXEMPT, "see CHG-1, WAF_FILTERED"),
        }
        tally = (await tallies(run))[HERE]
        assert (tally.skipped, tally.not_attempted, tally.never_read, tally.undecided) == (4, 1, 1, 1)
        assert (tally.expected, tally.left) == (6, 1)
        assert [each.api.id for each in await run.pending(HERE)] == [api(1).id]

    async def test_of_a_scope_that_is_skipped_nothing_is_kept(self, journal: Journal) -> None:
        off = SkippedScope(scope=THERE, code="RegionOff", message="off")
        run = await begun(journal, planned(1, reset()), off)
        assert list(await tallies(run)) == [HERE]
