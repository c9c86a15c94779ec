"""A plan goes into the journal whole or not at all, and comes out as it went in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.errors import PlanUnreadable, Stopped
from batchgw.journal import Journal, RunState, ScopeRecord, Tally
from batchgw.journal.sql.chunk import ROWS
from batchgw.model import (
    Action,
    Failed,
    GatewayResponse,
    NotAttempted,
    PlanItem,
    PlannedApi,
    ResponseChange,
    ResponseType,
    RestApiId,
    Settings,
    Skipped,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.response_change import TARGETS
from tests.unit.journal_plans import (
    HERE,
    NEW_RUN,
    THERE,
    api,
    applied,
    begun,
    create,
    no_op,
    place,
    planned,
    reset,
    update,
)

NOON = 1_795_348_800.0  # 2026-11-22 12:00:00 UTC


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(place(tmp_path), clock=lambda: NOON) as journal:
        yield journal


def count(folder: Path, table: str) -> int:
    with sqlite3.connect(place(folder)) as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a test's own word
    connection.close()
    return int(rows)


def distinct(number: int) -> ResponseChange:
    settings = Settings(status_code="418", templates={"text/plain": f"teapot {number}"})
    before = GatewayResponse(type=ResponseType.WAF_FILTERED, settings=settings, default_response=False)
    return ResponseChange(type=before.type, action=Action.UPDATE, before=before, after=Settings())


class TestPlan:
    def test_pending_gives_back_what_was_planned(self, journal: Journal) -> None:
        items = [planned(1, create(), update(), reset()), planned(2, update())]
        run = begun(journal, *items)
        found = journal.pending(run, HERE)
        assert [each.api for each in found] == [item.api for item in items]
        assert [tuple(c.change for c in each.changes) for each in found] == [item.changes for item in items]
        assert not any(change.intended for each in found for change in each.changes)

    def test_only_what_needs_a_write_is_pending(self, journal: Journal) -> None:
        run = begun(journal, planned(1, no_op()), planned(2, no_op(), reset()))
        (only,) = journal.pending(run, HERE)
        assert [c.change for c in only.changes] == [reset()]

    def test_pages_follow_each_other_without_gap_or_overlap(self, journal: Journal) -> None:
        run = begun(journal, *(planned(n) for n in range(7)))
        seen: list[RestApiId] = []
        after = 0
        while page := journal.pending(run, HERE, after=after, limit=3):
            assert len(page) <= 3
            seen += [each.api.id for each in page]
            after = page[-1].row
        assert seen == [api(n).id for n in range(7)]

    def test_a_page_goes_on_although_the_one_before_it_was_decided_meanwhile(self, journal: Journal) -> None:
        run = begun(journal, *(planned(n, create()) for n in range(4)))
        first = journal.pending(run, HERE, limit=2)
        for each in first:
            journal.record(each.changes[0].id, applied(0, each.changes[0]))
        second = journal.pending(run, HERE, after=first[-1].row, limit=2)
        assert [each.api.id for each in second] == [api(2).id, api(3).id]

    def test_scopes_do_not_mix(self, journal: Journal) -> None:
        run = begun(journal, planned(1), planned(1, scope=THERE), planned(2))
        assert [each.api for each in journal.pending(run, THERE)] == [api(1, THERE)]
        other = begun(journal, planned(9, scope=THERE))
        assert [each.api for each in journal.pending(other, THERE)] == [api(9, THERE)]
        assert journal.pending(other, HERE) == []

    def test_what_could_not_be_read_is_decided_at_once(self, journal: Journal) -> None:
        targets = (TARGETS[ResponseType.DEFAULT_4XX], TARGETS[ResponseType.THROTTLED])
        gone = UnreadApi(api=api(1), targets=targets, code="ApiNotFound", message="it is gone")
        broken = UnreadApi(api=api(2), targets=targets[:1], code="ServiceFailure", message="no")
        run = journal.begin(NEW_RUN)
        journal.import_plan(run, [gone, broken])
        assert list(journal.outcomes(run)) == [
            Skipped(
                api=api(1), target=targets[0], action=Action.NO_OP, code="ApiNotFound", message="it is gone"
            ),
            Skipped(
                api=api(1), target=targets[1], action=Action.NO_OP, code="ApiNotFound", message="it is gone"
            ),
            Failed(api=api(2), target=targets[0], action=Action.NO_OP, code="ServiceFailure", message="no"),
        ]
        assert journal.pending(run, HERE) == []

    def test_what_was_never_asked_is_not_attempted_and_nothing_to_resume(self, journal: Journal) -> None:
        """Two types of an API whose scope was given up; beside it one change that a resume does take up."""
        targets = (TARGETS[ResponseType.DEFAULT_4XX], TARGETS[ResponseType.THROTTLED])
        denied = UnreadApi(api=api(1), targets=targets, code="AccessDenied", message="no")
        run = journal.begin(NEW_RUN)
        journal.import_plan(run, [denied, planned(2, create(), no_op())])
        assert list(journal.outcomes(run, kinds=frozenset({"not_attempted"}))) == [
            NotAttempted(api=api(1), target=t, action=Action.NO_OP, code="AccessDenied", message="no")
            for t in targets
        ]
        assert [each.api for each in journal.pending(run, HERE)] == [api(2)]
        tally = Tally(not_attempted=2, never_read=2, unchanged=1, undecided=1)
        assert journal.tally(run) == {HERE: tally}
        assert (tally.expected, tally.left) == (4, 1)
        assert journal.scopes(run) == (ScopeRecord(scope=HERE, expected=4, undecided=1),)
        journal.set_state(run, RunState.STOPPED)
        assert journal.run(run).totals == tally

    def test_an_unread_scope_is_kept_whether_or_not_some_of_its_apis_were_listed(
        self, journal: Journal
    ) -> None:
        run = journal.begin(NEW_RUN)
        journal.import_plan(
            run,
            [
                planned(1, create(), no_op()),
                UnreadScope(scope=HERE, code="ServiceFailure", message="page 2 failed"),
                UnreadScope(scope=THERE, code="AccessDenied", message="no GET /restapis"),
            ],
        )
        assert journal.scopes(run) == (
            ScopeRecord(
                scope=HERE,
                expected=2,
                undecided=1,
                unread_code="ServiceFailure",
                unread_message="page 2 failed",
            ),
            ScopeRecord(
                scope=THERE,
                expected=0,
                undecided=0,
                unread_code="AccessDenied",
                unread_message="no GET /restapis",
            ),
        )
        assert journal.tally(run) == {HERE: Tally(unchanged=1, undecided=1), THERE: Tally()}

    def test_many_chunks_and_new_settings_in_each(self, journal: Journal) -> None:
        """5,000 changes take three chunks; a before-image of its own for each API."""
        items = [
            planned(n, *(c for c in (create(), update(), reset(), no_op(), distinct(n)))) for n in range(1000)
        ]
        run = begun(journal, *items)
        assert journal.tally(run) == {HERE: Tally(unchanged=1000, undecided=4000)}
        pending = journal.pending(run, HERE, limit=1000)
        assert [each.changes[3].change for each in pending] == [distinct(n) for n in range(1000)]

    def test_equal_settings_are_stored_once(self, journal: Journal, tmp_path: Path) -> None:
        """WANTED, the 599 and the empty one; again in a second run and by a second process: no more."""
        begun(journal, *(planned(n, create(), update(), reset(), no_op()) for n in range(50)))
        begun(journal, planned(1, update()))
        with Journal.open(place(tmp_path)) as other:
            begun(other, planned(1, update()))
        assert count(tmp_path, "settings") == 3

    def test_settings_are_the_same_in_any_order_of_keys(self, journal: Journal, tmp_path: Path) -> None:
        one, other = {"gatewayresponse.header.A": "'1'", "gatewayresponse.header.B": "'2'"}, {}
        for key in reversed(one):
            other[key] = one[key]
        before = GatewayResponse(
            type=ResponseType.DEFAULT_4XX, settings=Settings(parameters=one), default_response=False
        )
        change = ResponseChange(
            type=before.type, action=Action.UPDATE, before=before, after=Settings(parameters=other)
        )
        begun(journal, planned(1, change))
        assert count(tmp_path, "settings") == 1

    def test_large_templates_do_not_gather_in_memory_until_a_chunk_has_all_its_rows(
        self, journal: Journal, tmp_path: Path
    ) -> None:
        """30 templates of 300,000 characters are 9 million: more than a chunk takes, so one is committed."""
        seen: list[int] = []

        def items() -> Iterator[PlannedApi]:
            for n in range(30):
                text = Settings(templates={"text/plain": f"{n:06d}" * 50_000})
                before = GatewayResponse(type=ResponseType.THROTTLED, settings=text, default_response=False)
                yield planned(
                    n, ResponseChange(type=before.type, action=Action.RESET, before=before, after=None)
                )
                seen.append(count(tmp_path, "apis"))

        journal.import_plan(journal.begin(NEW_RUN), items())
        assert max(seen) > 0

    def test_an_api_that_comes_twice_is_refused(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with pytest.raises(PlanUnreadable, match="twice"):
            journal.import_plan(run, [planned(1), planned(1)])
        assert journal.run(run).state is RunState.PLANNING

    def test_an_api_that_comes_again_much_later_is_refused_too(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        numbers = (*range(ROWS), 1, *range(ROWS, 2 * ROWS))  # in a chunk after the one it was committed with
        with pytest.raises(PlanUnreadable, match="twice"):
            journal.import_plan(run, map(planned, numbers))

    def test_the_same_id_in_two_scopes_is_two_apis(self, journal: Journal) -> None:
        run = begun(journal, planned(1), planned(1, scope=THERE))
        assert set(journal.tally(run)) == {HERE, THERE}


class TestUnfinishedImport:
    def broken(self) -> Iterator[PlanItem]:
        for n in range(2_000):
            yield planned(n)
        raise OSError("the plan's disk was pulled out")

    def test_stays_in_planning_and_can_be_imported_again(self, journal: Journal, tmp_path: Path) -> None:
        run = journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            journal.import_plan(run, self.broken())
        assert count(tmp_path, "changes") > 0
        assert journal.run(run).state is RunState.PLANNING
        journal.import_plan(run, [planned(1), planned(2, scope=THERE)])
        assert journal.run(run).state is RunState.APPLYING
        assert journal.tally(run) == {HERE: Tally(undecided=2), THERE: Tally(undecided=2)}

    def test_never_passes_for_a_whole_plan_once_the_run_has_ended(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            journal.import_plan(run, self.broken())
        journal.set_state(run, RunState.STOPPED)
        assert journal.run(run).totals.expected == 0
        assert journal.scopes(run) == ()

    def test_leaves_other_runs_alone(self, journal: Journal) -> None:
        whole = begun(journal, planned(1))
        run = journal.begin(NEW_RUN)
        with pytest.raises(OSError, match="pulled out"):
            journal.import_plan(run, self.broken())
        journal.set_state(run, RunState.STOPPED)
        assert journal.tally(whole) == {HERE: Tally(undecided=2)}

    def test_a_plan_is_imported_once(self, journal: Journal) -> None:
        run = begun(journal, planned(1))
        with pytest.raises(ValueError, match="imported already"):
            journal.import_plan(run, [planned(2)])


class TestImporting:
    def stopped(self, journal: Journal, run: str) -> None:
        with journal.importing(run) as load:
            load.add(planned(1))
            raise Stopped

    def test_the_plan_is_whole_when_the_block_has_ended(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with journal.importing(run) as load:
            load.add(planned(1))
            load.add(planned(2, scope=THERE))
            assert journal.run(run).state is RunState.PLANNING
        assert journal.run(run).state is RunState.APPLYING
        assert journal.tally(run) == {HERE: Tally(undecided=2), THERE: Tally(undecided=2)}

    def test_a_block_left_by_an_error_leaves_the_run_in_planning(self, journal: Journal) -> None:
        run = journal.begin(NEW_RUN)
        with pytest.raises(Stopped):
            self.stopped(journal, run)
        assert journal.run(run).state is RunState.PLANNING
        assert journal.tally(run) == {}

    def test_other_business_between_two_items(self, journal: Journal) -> None:
        """A heartbeat, and another run, whose rows do not mix with those that are on their way."""
        run = journal.begin(NEW_RUN)
        journal.acquire(run, [HERE])
        with journal.importing(run) as load:
            load.add(planned(1))
            journal.heartbeat(run)
            other = begun(journal, planned(3))
            load.add(planned(2))
        assert [each.api for each in journal.pending(run, HERE)] == [api(1), api(2)]
        assert [each.api for each in journal.pending(other, HERE)] == [api(3)]

    def test_nothing_is_added_to_a_plan_that_is_whole(self, journal: Journal) -> None:
        with journal.importing(journal.begin(NEW_RUN)) as load:
            load.add(planned(1))
        with pytest.raises(ValueError, match="imported already"):
            load.add(planned(2))
        with pytest.raises(ValueError, match="imported already"):
            load.commit()
