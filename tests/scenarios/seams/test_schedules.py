"""A schedule decides what may begin, and when. These runs use schedules that the package does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from contextlib import aclosing
from itertools import groupby
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.stack import Pace
from batchgw.errors import HeldBack
from batchgw.events import CallSent, Event
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.execution.writing.recorder import HEARTBEAT
from batchgw.journal import Journal, PendingApi, RunState, open_journal
from batchgw.model import Failed, NotAttempted, Outcome, RestApi, RestApiId, Scope
from batchgw.report.summary import Summary
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually

BAKE = 600.0
"""Seconds between the end of the first wave and the beginning of the next."""

START = 1_700_000_000.0
"""When a run begins, in seconds since the epoch."""


class Writes:
    """Notes each write: its time, scope and API."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Scope, RestApiId | None]] = []

    def notify(self, event: Event) -> None:
        if isinstance(event, CallSent) and event.operation.startswith(("Put", "Delete")):
            self.sent.append((anyio.current_time(), event.scope, event.api))

    @property
    def scopes(self) -> set[Scope]:
        return {scope for _, scope, _ in self.sent}


class OneScopeAfterTheOther(AllAtOnce):
    """A scope begins when the one before it has ended."""

    def __init__(self) -> None:
        self._ended = anyio.Event()

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        for scope in scopes:
            self._ended = anyio.Event()
            yield scope
            await self._ended.wait()

    def scope_ended(self, scope: Scope) -> None:  # noqa: ARG002 - only one is under way
        self._ended.set()


class OneApiFirst(AllAtOnce):
    """One API of the first scope begins. All others wait until `open` is called.

    `ended` is set when the first API has ended.
    """

    def __init__(self) -> None:
        self._first: Scope | None = None
        self.ended = anyio.Event()
        self._open = anyio.Event()

    def open(self) -> None:
        self._open.set()

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        self._first = scopes[0]
        for scope in scopes:
            yield scope

    async def apis(
        self, scope: Scope, left: AsyncIterable[Sequence[PendingApi]]
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        if scope == self._first:
            page = await anext(aiter(left))
            yield page[:1]
        await self._open.wait()
        async for page in left:
            yield page

    def api_ended(self, api: RestApi) -> None:  # noqa: ARG002 - the first that ends is the first that began
        self.ended.set()


def is_canary(tags: object) -> bool:
    return isinstance(tags, dict) and tags.get("tier") == "partner"


class Canaries(AllAtOnce):
    """The APIs with a tag begin first, in all scopes. The others begin `BAKE` seconds later."""

    def __init__(self) -> None:
        self._choosing = 0
        self.canaries = 0
        self._under_way = 0
        self.baking = anyio.Event()

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        self._choosing = len(scopes)
        for scope in scopes:
            yield scope

    async def apis(
        self,
        scope: Scope,  # noqa: ARG002 - the same for each
        left: AsyncIterable[Sequence[PendingApi]],
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        async for page in left:
            canaries = [each for each in page if is_canary(each.api.tags)]
            self.canaries += len(canaries)
            self._under_way += len(canaries)
            yield canaries
        self._choosing -= 1
        self._note()
        await self.baking.wait()
        await anyio.sleep(BAKE)
        async for page in left:
            assert not any(is_canary(each.api.tags) for each in page), "one that has begun comes once more"
            yield page

    def api_ended(self, api: RestApi) -> None:  # noqa: ARG002 - they are counted
        self._under_way -= 1
        self._note()

    def _note(self) -> None:
        if not self._choosing and not self._under_way:
            self.baking.set()


class BudgetSpent(HeldBack):
    """Too many targets failed."""


class Budget(OneScopeAfterTheOther):
    """A wave is a scope. When more than `most` targets have failed, nothing more begins.

    `ends`: it yields nothing more then. It need not do so, because what it yields is turned away.
    """

    def __init__(self, most: int, *, ends: bool) -> None:
        super().__init__()
        self._most = most
        self._ends = ends
        self._failed = 0
        self._spent: BudgetSpent | None = None

    async def scopes(self, scopes: Sequence[Scope]) -> AsyncGenerator[Scope, None]:
        async with aclosing(super().scopes(scopes)) as in_turn:
            async for scope in in_turn:
                if self._ends and self._spent:
                    return
                yield scope

    async def apis(
        self,
        scope: Scope,  # noqa: ARG002 - the same for each
        left: AsyncIterable[Sequence[PendingApi]],
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        async for page in left:
            if self._ends and self._spent:
                return
            yield page

    def held_back(self, scope: Scope) -> HeldBack | None:  # noqa: ARG002 - one budget for all
        return self._spent

    def decided(self, outcome: Outcome) -> None:
        self._failed += isinstance(outcome, Failed)
        if self._failed > self._most and self._spent is None:
            self._spent = BudgetSpent(f"{self._failed} targets failed; the budget is {self._most}")


class BudgetOfEachScope(AllAtOnce):
    """A scope in which a target has failed is held back; the others go on."""

    def __init__(self) -> None:
        self.spent: set[Scope] = set()

    def held_back(self, scope: Scope) -> HeldBack | None:
        return BudgetSpent("a target failed here") if scope in self.spent else None

    def decided(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self.spent.add(outcome.api.scope)


class CanariesWithBudgets(BudgetOfEachScope, Canaries):
    """Both: where a canary fails, the others of its scope do not begin, and the wave ends all the same."""

    def __init__(self) -> None:
        BudgetOfEachScope.__init__(self)
        Canaries.__init__(self)


class NothingBegins(AllAtOnce):
    """Holds everything back from the beginning."""

    def held_back(self, scope: Scope) -> HeldBack | None:  # noqa: ARG002 - the same for each
        return BudgetSpent("nothing may begin")


async def applied(estate: Estate, journal: Journal, schedule: Schedule) -> Summary:
    """Plan and apply with the given schedule."""
    with await api.plan(estate.policy, plane=estate.plane) as plan:
        return await api.apply(plan, plane=estate.plane, journal=journal, schedule=schedule)


def test_one_scope_after_the_other(tmp_path: Path) -> None:
    async def main() -> None:
        writes = Writes()
        async with Estate(observer=writes) as estate, open_journal(str(tmp_path / "journal.db")) as journal:
            summary = await applied(estate, journal, OneScopeAfterTheOther())
            assert (summary.exit_code, summary.expected) == (0, estate.expected)
            assert not estate.refute(await listed(journal.run(summary.run).outcomes()))
        in_turn = [scope for scope, _ in groupby(scope for _, scope, _ in writes.sent)]
        assert len(in_turn) == len(set(in_turn)) == len(estate.scopes)

    virtually(main)


def test_one_api_first_and_the_rest_ten_minutes_later(tmp_path: Path) -> None:
    async def main() -> None:
        writes = Writes()
        async with Estate(observer=writes) as estate:
            schedule = OneApiFirst()

            async def bake() -> None:
                await schedule.ended.wait()
                await anyio.sleep(BAKE)
                schedule.open()

            async with open_journal(str(tmp_path / "journal.db")) as journal:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(bake)
                    summary = await applied(estate, journal, schedule)
                assert (summary.exit_code, summary.expected) == (0, estate.expected)
                assert not estate.refute(await listed(journal.run(summary.run).outcomes()))
        first = writes.sent[0][2]
        of_first = [at for at, _, id_ in writes.sent if id_ == first]
        others = [at for at, _, id_ in writes.sent if id_ != first]
        assert min(others) - max(of_first) >= BAKE

    virtually(main)


def test_a_wave_by_tag_bakes_while_the_locks_are_renewed(tmp_path: Path) -> None:
    """The schedule keeps the others out of memory meanwhile: it reads them from the journal once more."""

    async def main() -> None:
        writes = Writes()
        ages: list[float] = []

        def wall() -> float:
            return START + anyio.current_time()

        async with (
            Estate(observer=writes) as estate,
            open_journal(str(tmp_path / "journal.db"), clock=wall) as journal,
        ):
            schedule = Canaries()

            async def watch() -> None:
                await schedule.baking.wait()
                with anyio.move_on_after(BAKE):
                    while True:
                        await anyio.sleep(BAKE / 20)
                        ages.append(wall() - (await journal.find("last")).holder.heartbeat)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watch)
                summary = await applied(estate, journal, schedule)
            assert (summary.exit_code, summary.expected) == (0, estate.expected)
            outcomes = await listed(journal.run(summary.run).outcomes())
            assert not estate.refute(outcomes)
        canaries = {each.api.id for each in outcomes if is_canary(each.api.tags)}
        first = [at for at, _, id_ in writes.sent if id_ in canaries]
        others = [at for at, _, id_ in writes.sent if id_ not in canaries]
        assert 0 < schedule.canaries <= len(canaries)
        assert min(others) - max(first) >= BAKE
        assert len(ages) >= 19
        assert max(ages) <= HEARTBEAT

    virtually(main)


@pytest.mark.parametrize("opened", [False, True])
def test_a_stop_ends_the_wait_and_a_resume_does_what_never_began(tmp_path: Path, *, opened: bool) -> None:
    """`opened`: the schedule lets the others begin at the moment of the stop."""

    async def main() -> None:
        writes = Writes()
        async with Estate(observer=writes) as estate:
            schedule = OneApiFirst()

            async def stop() -> None:
                await schedule.ended.wait()
                estate.stop.request()
                if opened:
                    schedule.open()

            async with open_journal(str(tmp_path / "journal.db")) as journal:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(stop)
                    summary = await applied(estate, journal, schedule)
                assert summary.exit_code == 130
                assert summary.total.undecided == 0
                assert len({id_ for *_, id_ in writes.sent}) == 1
                left = [
                    c
                    for s in estate.scopes
                    for each in await journal.run(summary.run).pending(s)
                    for c in each.changes
                ]
                assert left
                assert not any(change.intended for change in left)
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert (resumed.exit_code, resumed.expected) == (0, estate.expected)
            assert not estate.refute(outcomes)

    virtually(main)


@pytest.mark.parametrize("ends", [False, True])
def test_a_wave_whose_budget_is_spent_ends_the_run_and_a_resume_finishes_it(
    tmp_path: Path, *, ends: bool
) -> None:
    async def main() -> None:
        writes = Writes()
        most, workers = 2, 3
        async with Estate(observer=writes, apis=200, pace=Pace(workers=workers)) as estate:
            estate.raw.engine.faults = parse([{"match": {"operation": "Put*"}, "fault": "bad_request"}])
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary = await applied(estate, journal, Budget(most, ends=ends))
                assert summary.exit_code == 3
                assert (summary.held_back, summary.stopped, summary.proves) == (True, False, True)
                assert len(writes.scopes) == 1, "nothing began outside of the wave"
                begun = {id_ for *_, id_ in writes.sent}
                assert most < summary.total.failed <= 3 * len(begun)
                assert len(begun) <= most + workers, "what has begun comes to its end, and no more begins"
                outcomes = await listed(journal.run(summary.run).outcomes())
                assert not estate.refute(outcomes)
                rest = [each for each in outcomes if isinstance(each, NotAttempted)]
                assert len(rest) == summary.left > 0
                assert {(each.code, each.message) for each in rest} == {
                    ("BudgetSpent", "3 targets failed; the budget is 2")
                }
                assert not begun & {each.api.id for each in rest}
                assert (await journal.find(summary.run)).state is RunState.STOPPED

                estate.raw.engine.faults = parse([])
                estate.plane = estate.paced()
                resumed = await api.resume(
                    "last", plane=estate.plane, journal=journal, schedule=OneScopeAfterTheOther()
                )
                assert (resumed.left, resumed.total.failed) == (0, summary.total.failed)
                assert resumed.exit_code == 1, "what failed before stays so"
                assert (resumed.held_back, resumed.proves) == (False, True)
                assert not estate.refute(await listed(journal.run(summary.run).outcomes()))

    virtually(main)


def test_a_budget_of_each_scope_holds_that_scope_back_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=200, pace=Pace(workers=2)) as estate:
            ill = estate.scopes[0]
            match = {"operation": "Put*", "account": ill.account, "region": ill.region}
            estate.raw.engine.faults = parse([{"match": match, "fault": "bad_request"}])
            schedule = BudgetOfEachScope()
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                async with (
                    open_journal(str(tmp_path / "journal.db")) as journal,
                    api.applying(plan, plane=estate.plane, journal=journal, schedule=schedule) as run,
                ):
                    told = [each async for each in run]
            assert run.summary.exit_code == 3
            assert schedule.spent == {ill}
            ended = Counter((each.api.scope, type(each)) for each in told)
            assert {scope for scope, kind in ended if kind is NotAttempted} == {ill}
            assert not estate.refute(told)

            async with open_journal(str(tmp_path / "journal.db")) as journal:
                estate.raw.engine.faults = parse([])
                estate.plane = estate.paced()
                resuming = api.resuming(
                    "last", plane=estate.plane, journal=journal, schedule=BudgetOfEachScope()
                )
                async with resuming as run:
                    told = [each async for each in run]
            assert told
            assert {each.api.scope for each in told} == {ill}
            assert run.summary.left == 0

    virtually(main)


def test_a_wave_ends_although_some_of_it_was_held_back(tmp_path: Path) -> None:
    async def main() -> None:
        writes = Writes()
        async with (
            Estate(apis=300, pace=Pace(workers=2), observer=writes) as estate,
            open_journal(str(tmp_path / "journal.db")) as journal,
        ):
            ill = estate.scopes[0]
            match = {"operation": "Put*", "account": ill.account, "region": ill.region}
            estate.raw.engine.faults = parse([{"match": match, "fault": "bad_request"}])
            summary = await applied(estate, journal, CanariesWithBudgets())
            assert (summary.exit_code, summary.proves) == (3, True)
            left = {each.scope for each in summary.scopes if each.tally.left}
            assert left == {ill}
            outcomes = await listed(journal.run(summary.run).outcomes(kinds=frozenset({"not_attempted"})))
            assert any(is_canary(each.api.tags) for each in outcomes)
            assert any(not is_canary(each.api.tags) for each in outcomes)

    virtually(main)


def test_what_may_have_been_made_stays_in_doubt_when_it_is_held_back(tmp_path: Path) -> None:
    script: list[Mapping[str, object]] = [
        {"match": {"operation": "Put*", "probability": 0.2}, "fault": "cut_after"},
        {"match": {"operation": "GetGatewayResponse"}, "fault": {"service_error": 500}},
    ]

    async def main() -> None:
        async with (
            Estate(script=script, pace=Pace(attempts=2)) as estate,
            open_journal(str(tmp_path / "journal.db")) as journal,
        ):
            summary = await applied(estate, journal, AllAtOnce())
            in_doubt = {each.code: each.count for each in summary.reasons}["InDoubt"]
            estate.plane = estate.paced()
            calls = estate.raw.engine.statistics.total.calls
            resumed = await api.resume("last", plane=estate.plane, journal=journal, schedule=NothingBegins())
            assert estate.raw.engine.statistics.total.calls == calls
            assert resumed.exit_code == 3
            assert {each.code: each.count for each in resumed.reasons}["InDoubt"] == in_doubt
            assert not estate.refute(await listed(journal.run(summary.run).outcomes()))

    virtually(main)
