"""A schedule decides what may begin, and when. These runs use schedules that the package does not have."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.concurrency.clock import Moment
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import Stopped
from batchgw.events import CallSent, Event
from batchgw.execution.run import Job, enter, execute, holding
from batchgw.execution.schedule import AllAtOnce, Schedule
from batchgw.journal import Journal, NewRun, PendingApi, open_journal
from batchgw.model import RestApi, RestApiId, Scope
from batchgw.report.summary import Summary
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually

BAKE = 600.0
"""Seconds between the first API's end and the beginning of the others."""


class Writes:
    """Notes each write: its time, scope and API."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Scope, RestApiId | None]] = []

    def notify(self, event: Event) -> None:
        if isinstance(event, CallSent) and event.operation.startswith(("Put", "Delete")):
            self.sent.append((anyio.current_time(), event.scope, event.api))


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
    """One API of the first scope begins. All others wait until `open` is called, or a stop is asked for.

    `ended` is set when the first API has ended.
    """

    def __init__(self, stop: StopSignal) -> None:
        self._stop = stop
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
        self, scope: Scope, left: AsyncIterator[Sequence[PendingApi]]
    ) -> AsyncGenerator[Sequence[PendingApi], None]:
        page = await anext(left)
        if scope == self._first:
            yield page[:1]
            page = page[1:]
        with suppress(Stopped):
            await self._stop.heeded(self._open.wait)
        yield page
        async for following in left:
            yield following

    def api_ended(self, api: RestApi) -> None:  # noqa: ARG002 - the first that ends is the first that began
        self.ended.set()


async def applied(estate: Estate, journal: Journal, schedule: Schedule) -> Summary:
    """Plan and apply as `api.apply` does, but with the given schedule."""
    with await api.plan(estate.policy, plane=estate.plane) as plan:
        run = await journal.begin(
            NewRun(
                verb="apply",
                policy_source="policy.yaml",
                policy_digest=plan.header.policy_digest,
                desired=estate.desired,
            )
        )
        async with holding(run, estate.scopes, force=False, take_over_dead=False):
            await enter(plan.items(), run, estate.plane)
            job = Job(run=run, verb="apply", read_first=(), read_at=Moment.ago(0), schedule=schedule)
            return await execute(job, estate.plane)


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
            schedule = OneApiFirst(estate.stop)

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


@pytest.mark.parametrize("opened", [False, True])
def test_a_stop_ends_the_wait_and_a_resume_does_what_never_began(tmp_path: Path, *, opened: bool) -> None:
    """`opened`: the schedule lets the others begin at the moment of the stop."""

    async def main() -> None:
        writes = Writes()
        async with Estate(observer=writes) as estate:
            schedule = OneApiFirst(estate.stop)

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
