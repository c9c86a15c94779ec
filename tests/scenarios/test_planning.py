"""Whole runs whose plans are incomplete. What was never read is not attempted, which is not a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from batchgw import api
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.operations import GetGatewayResponses, GetRestApis, RestApiPage
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import ConnectionFailed
from batchgw.journal import Journal, RunState, open_journal
from batchgw.model import (
    AccountId,
    ExplicitApi,
    NotAttempted,
    Outcome,
    RestApi,
    RestApiId,
    Scope,
    Selection,
    Selector,
    UnreadScope,
)
from batchgw.report.summary import Summary
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually

Script = Sequence[Mapping[str, object]]


def kinds(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(type(o).__name__ for o in outcomes)


class Around:
    """A plane that passes all calls on to another one."""

    def __init__(self, inner: ControlPlane) -> None:
        self.inner = inner

    async def current_account(self) -> AccountId:
        return await self.inner.current_account()

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        return await self.inner.send(request, execution)


class Paging(Around):
    """Lists three APIs a page. Each page begins with the last API of the page before.

    That happens if an API is created meanwhile. `circling` is the number of a page that points back to the
    page before it.
    """

    def __init__(self, inner: ControlPlane, *, circling: int | None = None) -> None:
        super().__init__(inner)
        self.circling = circling
        self.asked = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if not isinstance(request, GetRestApis):
            return await super().send(request, execution)
        self.asked += 1
        whole = await self.inner.send(GetRestApis(scope=request.scope))
        items = whole.items
        number = int(request.position or 0)
        page = items[max(0, 3 * number - 1) : 3 * number + 3]
        following = number - 1 if number == self.circling else number + 1
        position = str(following) if 3 * number + 3 < len(items) else None
        return cast("T", RestApiPage(items=page, position=position))


class Outage(Around):
    """A plane that loses its connection to a scope after some reads in it."""

    def __init__(self, inner: ControlPlane, scope: Scope, *, after: int) -> None:
        super().__init__(inner)
        self.scope = scope
        self.left = after
        self.over = False

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if request.scope == self.scope and not self.over:
            self.left -= isinstance(request, GetGatewayResponses)
            if self.left < 0:
                raise ConnectionFailed("the endpoint refuses connections")
        return await super().send(request, execution)


async def applied(estate: Estate, journal: Journal) -> tuple[Summary, list[Outcome]]:
    with await api.plan(estate.policy, plane=estate.plane) as plan:
        summary = await api.apply(plan, plane=estate.plane, journal=journal)
    return summary, await listed(journal.run(summary.run).outcomes())


def check_incomplete(estate: Estate, summary: Summary, outcomes: Sequence[Outcome], code: str) -> None:
    """Some APIs were read and not written, some were never read, none failed, and none is missing."""
    assert len(outcomes) == summary.expected == estate.expected
    assert summary.proves
    assert not estate.refute(outcomes)
    assert summary.exit_code == 4
    assert "Failed" not in kinds(outcomes)
    assert {o.code for o in outcomes if isinstance(o, NotAttempted)} == {code}
    assert summary.total.never_read > 0
    assert summary.left == summary.total.not_attempted - summary.total.never_read > 0


def test_credentials_that_expire_while_reading_leave_the_rest_not_attempted(tmp_path: Path) -> None:
    """A resume does only what was planned. A new run does the rest."""
    script: Script = [{"match": {"after": 6}, "fault": "expired_token"}]

    async def main() -> None:
        async with (
            Estate(apis=300, accounts=1, regions=1, script=script) as estate,
            open_journal(str(tmp_path / "journal.db")) as journal,
        ):
            summary, outcomes = await applied(estate, journal)
            check_incomplete(estate, summary, outcomes, "CredentialsExpired")
            assert set(summary.unread) == set(estate.scopes)
            assert (await journal.find(summary.run)).state is RunState.STOPPED

            estate.raw.engine.faults = parse([])
            resumed = await api.resume("last", plane=estate.paced(), journal=journal)
            assert resumed.run == summary.run
            assert (resumed.left, resumed.total.failed) == (0, 0)
            assert resumed.total.not_attempted == resumed.total.never_read == summary.total.never_read
            assert (resumed.exit_code, resumed.proves) == (4, True)
            assert (await journal.find(summary.run)).state is RunState.DONE
            assert not estate.refute(await listed(journal.run(resumed.run).outcomes()))

            estate.plane = estate.paced()
            again, outcomes = await applied(estate, journal)
            assert again.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_region_out_of_reach_while_reading_is_left_and_the_others_are_finished(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=120) as estate:
            lost = estate.scopes[0]
            outage = Outage(estate.raw, lost, after=12)
            estate.plane = PacedControlPlane(outage)
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary, outcomes = await applied(estate, journal)
                check_incomplete(estate, summary, outcomes, "ConnectionFailed")
                assert {o.api.scope for o in outcomes if isinstance(o, NotAttempted)} == {lost}
                assert set(summary.unread) == {lost}

                outage.over = True
                estate.plane = PacedControlPlane(outage)
                again, outcomes = await applied(estate, journal)
                assert again.exit_code == 0
                assert not estate.refute(outcomes)

    virtually(main)


def test_an_api_that_is_listed_on_two_pages_counts_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=20, accounts=1, regions=1) as estate:
            estate.plane = PacedControlPlane(Paging(estate.raw))
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary, outcomes = await applied(estate, journal)
            assert summary.exit_code == 0
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_listing_that_goes_in_a_circle_is_ended_and_its_apis_are_done(tmp_path: Path) -> None:
    """Pages 0, 1 and 2 list 9 of 20 APIs. Page 2 points to page 1, whose position was given before."""

    async def main() -> None:
        async with Estate(apis=20, accounts=1, regions=1) as estate:
            paging = Paging(estate.raw, circling=2)
            estate.plane = PacedControlPlane(paging)
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                summary, outcomes = await applied(estate, journal)
            assert paging.asked == 3
            assert len(outcomes) == summary.expected == 9 * len(estate.desired.types)
            assert not estate.refute(outcomes)
            assert summary.exit_code == 4
            assert "does not end" in summary.unread[estate.scopes[0]]

    virtually(main)


def test_discover_handles_double_apis_and_circles_in_the_same_way() -> None:
    async def main() -> None:
        async with Estate(apis=20, accounts=1, regions=1) as estate:
            for circling, apis, unread in ((None, 20, 0), (2, 9, 1)):
                plane = Paging(estate.raw, circling=circling)
                async with api.discover(estate.policy.targets, plane=plane) as found:
                    items = [item async for item in found]
                assert len({item.id for item in items if isinstance(item, RestApi)}) == apis
                assert len(items) == apis + unread
                assert sum(isinstance(item, UnreadScope) for item in items) == unread

    virtually(main)


@pytest.mark.parametrize("exclude", [(), (Selector(tags={"batchgw:exempt": "true"}),)])
def test_a_named_api_is_done_even_if_other_accounts_refuse(
    tmp_path: Path, exclude: tuple[Selector, ...]
) -> None:
    async def main() -> None:
        estate = Estate(apis=40)
        estate.denied = [estate.world.accounts[1]]
        async with estate:
            place = estate.scopes[0]
            scope_apis = estate.world.scope(place.account, place.region)
            name = RestApiId(scope_apis.id(next(iter(scope_apis.numbers()))))
            apis = Selection(explicit=(ExplicitApi(id=name),), exclude=exclude)
            policy = replace(estate.policy, targets=replace(estate.policy.targets, apis=apis))
            with await api.plan(policy, plane=estate.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    assert plan.totals.complete
                    summary = await api.apply(plan, plane=estate.plane, journal=journal)
                    outcomes = await listed(journal.run(summary.run).outcomes())
            assert {(o.api.scope, o.api.id) for o in outcomes} == {(place, name)}
            assert (summary.expected, summary.exit_code) == (len(estate.desired.types), 0)

    virtually(main)
