"""Calls that go to another account find no API there. Such APIs must not count as deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw import api
from batchgw.journal import open_journal
from batchgw.model import Applied, Failed, NotAttempted, OnStale, Skipped, Unchanged, UnreadApi
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually

OTHER = "999988887777"


@pytest.mark.parametrize("operation", ["Put*", "Delete*", "*GatewayResponse"])
def test_a_write_that_another_account_answers_gives_its_scope_up(tmp_path: Path, operation: str) -> None:
    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        match = {"operation": operation, "account": lost.account, "region": lost.region}
        estate.script = [{"match": match, "fault": {"other_account": OTHER}}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)
            assert not any(isinstance(o, Skipped) for o in outcomes)
            left = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert {o.api.scope for o in left} == {lost}
            assert {o.code for o in left} == {"OtherAccountAnswered"}
            assert all(f"meant for account {lost.account}" in o.message for o in left)
            assert all(f"answered by account {OTHER}" in o.message for o in left)
            assert summary.exit_code == 4

            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_a_read_that_another_account_answers_leaves_its_scope_unread() -> None:
    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        match = {"operation": "GetGatewayResponses", "account": lost.account, "region": lost.region}
        estate.script = [{"match": match, "fault": {"other_account": OTHER}}]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert plan.totals.unread_scopes == (lost,)
                assert not plan.totals.complete
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert {(u.code, u.kind) for u in unread} == {("OtherAccountAnswered", "not_attempted")}

    virtually(main)


def test_an_api_that_the_right_account_does_not_find_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate()
        scope_apis = next(iter(estate.world.scopes()))
        match = {"operation": ["Put*", "Delete*"], "api": scope_apis.id(0)}
        estate.script = [{"match": match, "fault": {"other_account": scope_apis.account}}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert {o.code for o in outcomes if isinstance(o, Skipped)} == {"ApiNotFound"}
            assert summary.exit_code == 0

    virtually(main)


def test_when_all_apis_of_a_scope_are_gone_they_are_left_to_a_resume(tmp_path: Path) -> None:
    """A single one would be skipped, with exit code 0. If all are gone, the account may be the wrong one."""

    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        match = {"operation": ["Put*", "Delete*"], "account": lost.account, "region": lost.region}
        estate.script = [{"match": match, "fault": {"other_account": lost.account}}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert len(outcomes) == summary.expected == estate.expected
            assert not estate.refute(outcomes)
            left = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert {o.api.scope for o in left} == {lost}
            assert {o.code for o in left} == {"AllGone"}
            assert not any(isinstance(o, Skipped) for o in outcomes)
            count = len({o.api.id for o in left})
            assert count > 1
            assert f"none of the {count} REST APIs" in left[0].message
            assert summary.exit_code == 4

            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)


def test_apis_that_are_gone_are_skipped_if_another_one_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate(apis=20, accounts=1, regions=1)
        scope_apis = next(iter(estate.world.scopes()))
        there = scope_apis.id(19)
        gone = [scope_apis.id(number) for number in range(19)]
        match = {"operation": ["Put*", "Delete*"], "api": gone}
        estate.script = [{"match": match, "fault": "delete_api"}]
        async with estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert {o.api.id for o in outcomes if isinstance(o, Applied)} == {there}
            assert {o.api.id for o in outcomes if not isinstance(o, Applied | Unchanged)} <= set(gone)
            assert not any(isinstance(o, NotAttempted) for o in outcomes)
            assert summary.exit_code == 0

    virtually(main)


def test_when_no_listed_api_of_a_scope_can_be_read_a_plan_is_incomplete() -> None:
    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        match = {"operation": "GetGatewayResponses", "account": lost.account, "region": lost.region}
        estate.script = [{"match": match, "fault": "delete_api"}]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                unread = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert {(u.api.scope, u.code, u.kind) for u in unread} == {(lost, "AllGone", "failed")}
                assert not plan.totals.complete

    virtually(main)


def test_with_on_stale_skip_a_scope_whose_apis_are_all_gone_fails(tmp_path: Path) -> None:
    async def main() -> None:
        estate = Estate()
        lost = estate.scopes[0]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                match = {"operation": "GetGatewayResponses", "account": lost.account, "region": lost.region}
                estate.raw.engine.faults = parse([{"match": match, "fault": {"other_account": lost.account}}])
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(
                        plan, plane=estate.plane, journal=journal, recheck=True, on_stale=OnStale.SKIP
                    )
                    outcomes = await listed(journal.run(summary.run).outcomes())
            bad = [o for o in outcomes if not isinstance(o, Applied | Unchanged)]
            assert {o.api.scope for o in bad} == {lost}
            assert {o.code for o in bad if isinstance(o, Failed)} == {"AllGone"}
            assert summary.exit_code == 1

    virtually(main)
