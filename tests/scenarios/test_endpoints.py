"""An endpoint that nobody can connect to is given up soon, and reported once. Outages are waited for."""

from __future__ import annotations

from pathlib import Path

import anyio

from batchgw import api
from batchgw.control_plane.stack import Pace
from batchgw.journal import open_journal
from batchgw.model import NotAttempted
from batchgw.report.views.lines.unread import unread_lines
from batchgw.report.views.text import plain
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually


def test_a_thousand_accounts_behind_an_endpoint_that_refuses_are_given_up_in_seconds() -> None:
    """Alone, each scope would try 8 times, for half a minute. Together, most try at most 4 times in 3 s."""

    async def main() -> None:
        script = [{"match": {}, "fault": "no_connection"}]
        async with Estate(apis=1000, accounts=1000, regions=1, script=script) as estate:
            began = anyio.current_time()
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert anyio.current_time() - began < 10
                assert len(plan.totals.unread_scopes) == 1000
                unread = {item.scope: f"{item.code}: {item.message}" for item in plan.items()}  # type: ignore[union-attr]
            statistics = estate.raw.engine.statistics
            calls = sum(
                statistics.of(scope.account, scope.region, "GetRestApis").calls for scope in estate.scopes
            )
            assert 1000 <= calls <= 5000  # without it: 8,000
            lines = [plain(each) for each in unread_lines(unread)]
            assert len(lines) == 4  # a blank one, the head, the reason once, the first of the scopes
            assert "EndpointUnreachable: cannot connect to https://apigateway." in lines[2]

    virtually(main)


def test_only_the_region_whose_endpoint_refuses_is_unread() -> None:
    async def main() -> None:
        estate = Estate(apis=200, accounts=20, regions=2)
        lost, well = estate.world.regions
        estate.script = [{"match": {"region": lost}, "fault": "no_connection"}]
        async with estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert {s.region for s in plan.totals.unread_scopes} == {lost}
                read = {s.region for s, totals in plan.totals.scopes.items() if totals.apis}
                assert read == {well}

    virtually(main)


def test_an_endpoint_that_has_answered_is_retried_through_an_outage(tmp_path: Path) -> None:
    """For 8 s nobody can connect. In the end all is done, and nothing was given up."""

    async def main() -> None:
        script = [{"match": {"operation": "Put*", "after": 4, "until": 12}, "fault": "no_connection"}]
        async with Estate(apis=400, accounts=8, regions=1, script=script, pace=Pace(attempts=12)) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            assert not estate.refute(outcomes)
            assert summary.exit_code == 0

    virtually(main)


def test_a_resume_does_what_an_unreachable_endpoint_left(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate(apis=100, accounts=10, regions=1) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                estate.plane = estate.paced()  # a new session: it has had no answer yet
                estate.raw.engine.faults = parse([{"match": {}, "fault": "no_connection"}])

                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(plan, plane=estate.plane, journal=journal)
                    outcomes = await listed(journal.run(summary.run).outcomes())
            left = [o for o in outcomes if isinstance(o, NotAttempted)]
            assert {o.code for o in left} == {"EndpointUnreachable"}
            assert summary.exit_code == 4
            assert len([r for r in summary.reasons if r.kind == "not attempted"]) == 1
            estate.raw.engine.faults = parse([])
            resumed, outcomes = await estate.resume(tmp_path / "journal.db")
            assert resumed.exit_code == 0
            assert not estate.refute(outcomes)

    virtually(main)
