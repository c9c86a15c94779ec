"""APIs that moved since a plan was saved. The plan is refused, or those APIs are skipped and reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw import api
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.errors import PlanStale
from batchgw.journal import open_journal
from batchgw.model import OnStale, PlannedApi, ResponseType, RestApi, Settings
from batchgw.planning.plan_file.plan import Plan
from tests.scenarios.estate import Estate
from tests.unit.journal_plans import listed
from tests.virtual import virtually

THEIRS = Settings(status_code="418")
TYPES = 3
"""Response types of the policy."""


async def moved(estate: Estate, plan: Plan) -> tuple[RestApi, RestApi]:
    """Let somebody customise the first API of a plan, and delete the second."""
    first, second, *_ = (item.api for item in plan.items() if isinstance(item, PlannedApi))
    put = PutGatewayResponse(scope=first.scope, api=first.id, type=ResponseType.DEFAULT_4XX, settings=THEIRS)
    await estate.raw.send(put)
    scope_apis = estate.world.scope(second.scope.account, second.scope.region)
    scope_apis.delete(next(n for n in scope_apis.numbers() if scope_apis.id(n) == second.id))
    return first, second


@pytest.mark.parametrize("on_stale", OnStale)
def test_a_plan_with_moved_apis_is_refused_or_the_rest_is_applied(tmp_path: Path, on_stale: OnStale) -> None:
    async def main() -> None:
        async with Estate(apis=20) as estate:
            (await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "saved")).close()
            plan = Plan.open(tmp_path / "saved")
            first, second = await moved(estate, plan)
            before = estate.customisations()
            async with open_journal(str(tmp_path / "journal.db")) as journal:
                if on_stale is OnStale.REFUSE:
                    with pytest.raises(PlanStale, match="--on-stale skip"):
                        await api.apply(plan, plane=estate.paced(), journal=journal)
                    assert estate.customisations() == before
                    return
                done = await api.apply(plan, plane=estate.paced(), journal=journal, on_stale=on_stale)
                assert (done.proves, done.expected, done.left) == (True, 20 * TYPES, 0)
                assert (done.total.skipped, done.moved, done.exit_code) == (2 * TYPES, TYPES, 4)
                why = {(r.kind, r.code): r for r in done.reasons}
                assert set(why) == {("skipped", "MovedSincePlan"), ("skipped", "ApiNotFound")}
                assert "DEFAULT_4XX" in why["skipped", "MovedSincePlan"].message
                outcomes = await listed(journal.run(done.run).outcomes())
            assert estate.refute(outcomes) == []
            now = estate.customisations()
            assert all(now[key] == before[key] for key in before if key[0] == first.id)
            assert not any(key[0] == second.id for key in now)
            assert all(o.api.id in (first.id, second.id) for o in outcomes if type(o).__name__ == "Skipped")

    virtually(main)
