"""What is about to be done is known before it is, how it ended soon after; and the sum is always right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.journal import Journal, PendingChange, Tally
from batchgw.model import (
    Applied,
    Effort,
    Failed,
    Held,
    NotAttempted,
    Outcome,
    Skipped,
    Unchanged,
)
from tests.unit.journal.conftest import Opening
from tests.unit.journal_plans import (
    HERE,
    THERE,
    api,
    applied,
    begun,
    create,
    listed,
    no_op,
    not_attempted,
    open_changes,
    planned,
    reset,
    tallies,
    update,
)

pytestmark = pytest.mark.anyio


class TestOutcomes:
    def every_kind(self, changes: list[PendingChange]) -> list[Outcome]:
        effort = Effort(attempts=3, throttles=2, waited=1.5, request_id="r-1")
        target, action = changes[0].change.target, changes[0].change.action
        return [
            Applied(api=api(0), target=target, action=action, effort=effort, verified_by_read=True),
            Unchanged(api=api(1), target=target, action=action),
            Failed(api=api(2), target=target, action=action, code="BadRequest", message="no", effort=effort),
            Skipped(api=api(3), target=target, action=action, code="ApiNotFound", message="", effort=effort),
            Held(api=api(4), target=target, action=action, code="Managed", message="cdk", effort=effort),
            NotAttempted(
                api=api(5), target=target, action=action, code="InDoubt", message="cut", effort=effort
            ),
        ]

    async def test_there_is_a_page_for_every_scope_so_that_others_have_a_turn_after_each(
        self, journal: Journal
    ) -> None:
        """To find that a scope has none takes as long as to find some."""
        run = await begun(journal, planned(0, update()), planned(1, update(), scope=THERE))
        assert [list(page) async for page in run.outcome_pages()] == [[], []]
        first = await open_changes(run)
        outcome = Unchanged(api=api(0), target=first[0].change.target, action=first[0].change.action)
        run.record(first[0].id, outcome)
        assert [list(page) async for page in run.outcome_pages()] == [[outcome], []]

    async def test_each_kind_comes_back_as_it_went_in(self, journal: Journal) -> None:
        run = await begun(journal, *(planned(n, update()) for n in range(7)))
        changes = await open_changes(run)
        outcomes = self.every_kind(changes)
        for change, outcome in zip(changes, outcomes, strict=False):
            run.record(change.id, outcome)
        assert await listed(run.outcomes()) == outcomes
        assert await tallies(run) == {
            HERE: Tally(
                applied=1,
                unchanged=1,
                failed=1,
                skipped=1,
                held=1,
                not_attempted=1,
                undecided=1,
                effort=Effort(attempts=15, throttles=10, waited=7.5),
            )
        }
        (counts,) = await listed(run.scope_counts())
        assert (counts.scope, counts.tally.expected, counts.tally.left) == (HERE, 7, 2)

    @pytest.mark.parametrize(
        ("kinds", "expected"),
        [
            (frozenset({"failed"}), [2]),
            (frozenset({"applied", "not_attempted", "held"}), [0, 4, 5]),
            (frozenset(), []),
        ],
    )
    async def test_some_kinds_only(
        self, journal: Journal, kinds: frozenset[str], expected: list[int]
    ) -> None:
        run = await begun(journal, *(planned(n, update()) for n in range(7)))
        changes = await open_changes(run)
        outcomes = self.every_kind(changes)
        for change, outcome in zip(changes, outcomes, strict=False):
            run.record(change.id, outcome)
        assert await listed(run.outcomes(kinds=kinds)) == [outcomes[n] for n in expected]

    async def test_an_unknown_kind_is_refused_at_once(self, journal: Journal) -> None:
        run = await begun(journal, planned(1))
        with pytest.raises(ValueError, match="aplied"):
            run.outcomes(kinds=frozenset({"aplied"}))

    async def test_pages_of_outcomes_are_complete(self, journal: Journal) -> None:
        """450 APIs are three pages, in each of two scopes."""
        run = await begun(
            journal,
            *(planned(n, no_op(), update()) for n in range(450)),
            *(planned(n, no_op(), scope=THERE) for n in range(400)),
        )
        found = [outcome.api async for outcome in run.outcomes()]
        assert found == [api(n) for n in range(450)] + [api(n, THERE) for n in range(400)]

    async def test_the_journal_can_be_written_while_outcomes_are_read(self, journal: Journal) -> None:
        run = await begun(journal, *(planned(n, no_op(), update()) for n in range(300)))
        changes = await open_changes(run)
        open_ones = iter(changes)
        async for _ in run.outcomes(kinds=frozenset({"unchanged"})):
            await run.intend([next(open_ones).id])
        assert all(change.intended for change in await open_changes(run))


class TestWriteAhead:
    async def test_an_intent_is_known_to_others_at_once_and_takes_outcomes_with_it(
        self, journal: Journal, another: Opening
    ) -> None:
        run = await begun(journal, planned(1, create(), update(), reset()))
        first, second, third = await open_changes(run)
        async with another() as other:
            run.record(first.id, applied(1, first))
            assert len(await open_changes(other.run(run.id))) == 3
            await run.intend([second.id])
            assert [(c.id, c.intended) for c in await open_changes(other.run(run.id))] == [
                (second.id, True),
                (third.id, False),
            ]

    async def test_outcomes_wait_in_memory_until_they_are_flushed(
        self, journal: Journal, another: Opening
    ) -> None:
        """To record never waits, however many there are: the recorder decides when to commit."""
        run = await begun(journal, *(planned(n, create()) for n in range(120)))
        async with another() as other:
            for change in await open_changes(run):
                run.record(change.id, applied(1, change))
            assert (await tallies(other.run(run.id)))[HERE].applied == 0
            await run.flush()
            assert (await tallies(other.run(run.id)))[HERE].applied == 120

    async def test_close_commits(self, another: Opening) -> None:
        async with another() as journal:
            run = await begun(journal, planned(1, create()))
            (change,) = await open_changes(run)
            run.record(change.id, applied(1, change))
        async with another() as journal:
            assert (await tallies(journal.run(run.id)))[HERE].applied == 1

    async def test_reading_sees_what_was_just_recorded(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        run.record(change.id, applied(1, change))
        assert await open_changes(run) == []
        assert (await journal.find(run.id)).totals.applied == 1

    async def test_an_intent_outlives_a_change_that_was_then_not_attempted(self, journal: Journal) -> None:
        """A call may have been sent in an earlier process: it is still to be verified."""
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        await run.intend([change.id])
        run.record(change.id, not_attempted("Stopped"))
        assert [c.intended for c in await open_changes(run)] == [True]

    async def test_an_intent_whose_call_was_not_made_can_be_taken_back(self, journal: Journal) -> None:
        """By who committed it, who alone can know; the outcome says why."""
        run = await begun(journal, planned(1, create(), update()))
        first, second = await open_changes(run)
        await run.intend([first.id, second.id])
        run.withdraw([second.id])
        run.record(second.id, not_attempted("Stopped"))
        assert [c.intended for c in await open_changes(run)] == [True, False]
        assert (await tallies(run))[HERE] == Tally(undecided=1, not_attempted=1)

    @pytest.mark.parametrize("before", [True, False], ids=["withdrawn before", "withdrawn after"])
    async def test_an_intent_of_whoever_has_taken_over_is_not_taken_back(
        self, journal: Journal, another: Opening, *, before: bool
    ) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        await run.intend([change.id])
        async with another() as successor:
            if before:
                run.withdraw([change.id])
            await successor.run(run.id).intend([change.id])
            if not before:
                run.withdraw([change.id])
            await run.flush()
            assert [c.intended for c in await open_changes(successor.run(run.id))] == [True]

    async def test_what_is_taken_up_again_is_undecided_not_not_attempted(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        run.record(change.id, not_attempted("Stopped"))
        await run.intend([change.id])
        assert (await tallies(run))[HERE] == Tally(undecided=1)
        assert await listed(run.outcomes()) == []

    async def test_the_last_reason_for_not_attempting_stands(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        for code in ("Stopped", "AccessDenied"):
            run.record(change.id, not_attempted(code))
            await run.flush()
        assert await listed(run.outcomes()) == [not_attempted("AccessDenied")]


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

    async def test_a_resume_adds_to_what_was_spent_before(self, journal: Journal, another: Opening) -> None:
        """5 attempts, then 2, then 1: 8 in all; the last request id stands."""
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        assert change.spent == Effort()
        first = Effort(attempts=5, throttles=1, waited=2.0, request_id="r-1")
        run.record(change.id, self.in_doubt(change, first))
        await run.flush()
        async with another() as other:
            (change,) = await open_changes(other.run(run.id))
            assert change.spent == first
            await other.run(run.id).intend([change.id])
            assert (await tallies(other.run(run.id)))[HERE].effort == replace(first, request_id=None)
            other.run(run.id).record(change.id, self.in_doubt(change, Effort(attempts=2, waited=0.5)))
        (change,) = await open_changes(run)
        assert change.spent == Effort(attempts=7, throttles=1, waited=2.5, request_id="r-1")
        run.record(change.id, applied(1, change))  # 1 attempt, 0.25 s
        (outcome,) = await listed(run.outcomes())
        assert isinstance(outcome, Applied)
        assert outcome.effort == Effort(attempts=8, throttles=1, waited=2.75, request_id="request-1")

    async def test_saying_it_twice_does_not_count_it_twice(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        for _ in range(2):
            run.record(change.id, self.in_doubt(change, Effort(attempts=5)))
            await run.flush()
        assert (await tallies(run))[HERE] == Tally(not_attempted=1, effort=Effort(attempts=5))

    async def test_a_process_that_dies_after_its_intent_loses_none_of_it(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        run.record(change.id, self.in_doubt(change, Effort(attempts=5)))
        await run.intend([change.id])
        (again,) = await open_changes(run)
        assert again.spent == Effort(attempts=5)

    async def test_what_turns_out_to_be_unchanged_has_cost_it_all_the_same(self, journal: Journal) -> None:
        run = await begun(journal, planned(1, create()))
        (change,) = await open_changes(run)
        run.record(change.id, self.in_doubt(change, Effort(attempts=5)))
        (change,) = await open_changes(run)
        unchanged = Unchanged(api=api(1), target=change.change.target, action=change.change.action)
        run.record(change.id, unchanged)
        assert (await tallies(run))[HERE] == Tally(unchanged=1, effort=Effort(attempts=5))

    async def test_what_has_failed_comes_with_what_is_left_of_its_api(self, journal: Journal) -> None:
        """Of an API with nothing left, nothing comes."""
        run = await begun(journal, *(planned(n, update(), create(), reset(), no_op()) for n in range(3)))
        changes = await open_changes(run)
        for change in (changes[1], *changes[3:6]):
            target, action = change.change.target, change.change.action
            run.record(change.id, Failed(api=api(0), target=target, action=action, code="No", message=""))
        run.record(changes[0].id, applied(0, changes[0]))
        first, last = await run.pending(HERE)
        assert [(each.changes, each.failed) for each in (first, last)] == [
            ((changes[2],), (changes[1],)),
            (tuple(changes[6:9]), ()),
        ]
