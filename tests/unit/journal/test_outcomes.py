"""What is about to be done is known before it is, how it ended soon after; and the sum is always right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.journal import Journal, PendingChange, ScopeRecord, Tally
from batchgw.journal.sql.reading import OUTCOMES, PAGE
from batchgw.model import (
    Applied,
    Effort,
    Failed,
    NotAttempted,
    Outcome,
    ResponseType,
    Skipped,
    Unchanged,
)
from tests.unit.journal_plans import (
    HERE,
    THERE,
    api,
    applied,
    begun,
    create,
    no_op,
    not_attempted,
    open_changes,
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


class TestOutcomes:
    def every_kind(self, changes: list[PendingChange]) -> list[Outcome]:
        effort = Effort(attempts=3, throttles=2, waited=1.5, request_id="r-1")
        target, action = changes[0].change.target, changes[0].change.action
        return [
            Applied(api=api(0), target=target, action=action, effort=effort, verified_by_read=True),
            Unchanged(api=api(1), target=target, action=action),
            Failed(api=api(2), target=target, action=action, code="BadRequest", message="no", effort=effort),
            Skipped(api=api(3), target=target, action=action, code="ApiNotFound", message="", effort=effort),
            NotAttempted(
                api=api(4), target=target, action=action, code="InDoubt", message="cut", effort=effort
            ),
        ]

    def test_there_is_a_page_for_every_scope_so_that_others_have_a_turn_after_each(
        self, journal: Journal
    ) -> None:
        """To find that a scope has none takes as long as to find some."""
        run = begun(journal, planned(0, update()), planned(1, update(), scope=THERE))
        assert [list(page) for page in journal.outcome_pages(run)] == [[], []]
        first, _ = open_changes(journal, run), open_changes(journal, run, scope=THERE)
        outcome = Unchanged(api=api(0), target=first[0].change.target, action=first[0].change.action)
        journal.record(first[0].id, outcome)
        assert [list(page) for page in journal.outcome_pages(run)] == [[outcome], []]

    @pytest.mark.parametrize("types", [1, 2, 21])
    def test_a_page_holds_as_many_apis_as_their_outcomes_let_it(self, journal: Journal, types: int) -> None:
        """Whatever the number of types, so many outcomes at most are read while others wait."""
        types_ = list(ResponseType)[:types]
        run = begun(journal, *(planned(n, *map(no_op, types_)) for n in range(700)))
        pages = [len(page) for page in journal.outcome_pages(run)]
        assert sum(pages) == 700 * types
        assert max(pages) <= OUTCOMES
        assert len(pages) <= 3 + 700 * types / min(OUTCOMES - types, PAGE * types)

    def test_each_kind_comes_back_as_it_went_in(self, journal: Journal) -> None:
        run = begun(journal, *(planned(n, update()) for n in range(6)))
        changes = open_changes(journal, run)
        outcomes = self.every_kind(changes)
        for change, outcome in zip(changes, outcomes, strict=False):
            journal.record(change.id, outcome)
        assert list(journal.outcomes(run)) == outcomes
        assert journal.tally(run) == {
            HERE: Tally(
                applied=1,
                unchanged=1,
                failed=1,
                skipped=1,
                not_attempted=1,
                undecided=1,
                effort=Effort(attempts=12, throttles=8, waited=6.0),
            )
        }
        assert journal.tally(run)[HERE].expected == 6
        assert journal.scopes(run) == (ScopeRecord(scope=HERE, expected=6, undecided=2),)

    @pytest.mark.parametrize(
        ("kinds", "expected"),
        [
            (frozenset({"failed"}), [2]),
            (frozenset({"applied", "not_attempted"}), [0, 4]),
            (frozenset(), []),
        ],
    )
    def test_some_kinds_only(self, journal: Journal, kinds: frozenset[str], expected: list[int]) -> None:
        run = begun(journal, *(planned(n, update()) for n in range(6)))
        changes = open_changes(journal, run)
        outcomes = self.every_kind(changes)
        for change, outcome in zip(changes, outcomes, strict=False):
            journal.record(change.id, outcome)
        assert list(journal.outcomes(run, kinds=kinds)) == [outcomes[n] for n in expected]

    def test_an_unknown_kind_is_refused_at_once(self, journal: Journal) -> None:
        run = begun(journal, planned(1))
        with pytest.raises(ValueError, match="aplied"):
            journal.outcomes(run, kinds=frozenset({"aplied"}))

    def test_pages_of_outcomes_are_complete(self, journal: Journal) -> None:
        """450 APIs are three pages, in each of two scopes."""
        run = begun(
            journal,
            *(planned(n, no_op(), update()) for n in range(450)),
            *(planned(n, no_op(), scope=THERE) for n in range(400)),
        )
        found = [outcome.api for outcome in journal.outcomes(run)]
        assert found == [api(n) for n in range(450)] + [api(n, THERE) for n in range(400)]

    def test_the_journal_can_be_written_while_outcomes_are_read(self, journal: Journal) -> None:
        run = begun(journal, *(planned(n, no_op(), update()) for n in range(300)))
        changes = open_changes(journal, run)
        for number, _ in enumerate(journal.outcomes(run, kinds=frozenset({"unchanged"}))):
            journal.intend([changes[number].id])
        assert all(change.intended for change in open_changes(journal, run))


class TestWriteAhead:
    def test_an_intent_is_known_to_others_at_once_and_takes_outcomes_with_it(
        self, journal: Journal, tmp_path: Path
    ) -> None:
        run = begun(journal, planned(1, create(), update(), reset()))
        first, second, third = open_changes(journal, run)
        with Journal.open(place(tmp_path)) as other:
            journal.record(first.id, applied(1, first))
            assert len(open_changes(other, run)) == 3
            journal.intend([second.id])
            assert [(c.id, c.intended) for c in open_changes(other, run)] == [
                (second.id, True),
                (third.id, False),
            ]

    def test_the_hundredth_outcome_commits_them_all(self, journal: Journal, tmp_path: Path) -> None:
        run = begun(journal, *(planned(n, create()) for n in range(120)))
        changes = open_changes(journal, run)
        with Journal.open(place(tmp_path)) as other:
            for change in changes[:99]:
                journal.record(change.id, applied(1, change))
            assert other.tally(run)[HERE].applied == 0
            journal.record(changes[99].id, applied(1, changes[99]))
            assert other.tally(run)[HERE].applied == 100

    def test_close_commits(self, tmp_path: Path) -> None:
        with Journal.open(place(tmp_path)) as journal:
            run = begun(journal, planned(1, create()))
            (change,) = open_changes(journal, run)
            journal.record(change.id, applied(1, change))
        with Journal.open(place(tmp_path)) as journal:
            assert journal.tally(run)[HERE].applied == 1

    def test_reading_sees_what_was_just_recorded(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.record(change.id, applied(1, change))
        assert open_changes(journal, run) == []
        assert journal.run(run).totals.applied == 1

    def test_an_intent_outlives_a_change_that_was_then_not_attempted(self, journal: Journal) -> None:
        """A call may have been sent in an earlier process: it is still to be verified."""
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.intend([change.id])
        journal.record(change.id, not_attempted("Stopped"))
        assert [c.intended for c in open_changes(journal, run)] == [True]

    def test_an_intent_whose_call_was_not_made_can_be_taken_back(self, journal: Journal) -> None:
        """By who committed it, who alone can know; the outcome says why."""
        run = begun(journal, planned(1, create(), update()))
        first, second = open_changes(journal, run)
        journal.intend([first.id, second.id])
        journal.withdraw([second.id])
        journal.record(second.id, not_attempted("Stopped"))
        assert [c.intended for c in open_changes(journal, run)] == [True, False]
        assert journal.tally(run)[HERE] == Tally(undecided=1, not_attempted=1)

    @pytest.mark.parametrize("before", [True, False], ids=["told before", "told after"])
    def test_an_intent_of_whoever_has_taken_over_is_not_taken_back(
        self, journal: Journal, tmp_path: Path, *, before: bool
    ) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.intend([change.id])
        with Journal.open(place(tmp_path)) as successor:
            if before:
                journal.withdraw([change.id])
            successor.intend([change.id])
            if not before:
                journal.withdraw([change.id])
            journal.flush()
            assert [c.intended for c in open_changes(successor, run)] == [True]

    def test_what_is_taken_up_again_is_undecided_not_not_attempted(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.record(change.id, not_attempted("Stopped"))
        journal.intend([change.id])
        assert journal.tally(run)[HERE] == Tally(undecided=1)
        assert list(journal.outcomes(run)) == []

    def test_the_last_reason_for_not_attempting_stands(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        for code in ("Stopped", "AccessDenied"):
            journal.record(change.id, not_attempted(code))
            journal.flush()
        assert list(journal.outcomes(run)) == [not_attempted("AccessDenied")]


class TestEffort:
    """What was spent on a change stays spent, whoever takes it up and however it ends."""

    def in_doubt(self, change: PendingChange, effort: Effort) -> NotAttempted:
        return NotAttempted(
            api=api(1),
            target=change.change.target,
            action=change.change.action,
            code="InDoubt",
            message="cut",
            effort=effort,
        )

    def test_a_resume_adds_to_what_was_spent_before(self, journal: Journal, tmp_path: Path) -> None:
        """5 attempts, then 2, then 1: 8 in all; the last request id stands."""
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        assert change.spent == Effort()
        first = Effort(attempts=5, throttles=1, waited=2.0, request_id="r-1")
        journal.record(change.id, self.in_doubt(change, first))
        journal.flush()
        with Journal.open(place(tmp_path)) as other:
            (change,) = open_changes(other, run)
            assert change.spent == first
            other.intend([change.id])
            assert other.tally(run)[HERE].effort == replace(first, request_id=None)
            other.record(change.id, self.in_doubt(change, Effort(attempts=2, waited=0.5)))
        (change,) = open_changes(journal, run)
        assert change.spent == Effort(attempts=7, throttles=1, waited=2.5, request_id="r-1")
        journal.record(change.id, applied(1, change))  # 1 attempt, 0.25 s
        (outcome,) = journal.outcomes(run)
        assert isinstance(outcome, Applied)
        assert outcome.effort == Effort(attempts=8, throttles=1, waited=2.75, request_id="request-1")

    def test_saying_it_twice_does_not_count_it_twice(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        for _ in range(2):
            journal.record(change.id, self.in_doubt(change, Effort(attempts=5)))
            journal.flush()
        assert journal.tally(run)[HERE] == Tally(not_attempted=1, effort=Effort(attempts=5))

    def test_a_process_that_dies_after_its_intent_loses_none_of_it(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.record(change.id, self.in_doubt(change, Effort(attempts=5)))
        journal.intend([change.id])
        (again,) = open_changes(journal, run)
        assert again.spent == Effort(attempts=5)

    def test_what_turns_out_to_be_unchanged_has_cost_it_all_the_same(self, journal: Journal) -> None:
        run = begun(journal, planned(1, create()))
        (change,) = open_changes(journal, run)
        journal.record(change.id, self.in_doubt(change, Effort(attempts=5)))
        (change,) = open_changes(journal, run)
        unchanged = Unchanged(api=api(1), target=change.change.target, action=change.change.action)
        journal.record(change.id, unchanged)
        assert journal.tally(run)[HERE] == Tally(unchanged=1, effort=Effort(attempts=5))
