"""A policy for an organisation, from the plan to the check: what differs by OU, and what is left alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from batchgw import api
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.journal import open_journal
from batchgw.model import (
    AccountId,
    Desired,
    EnabledRegions,
    PlannedApi,
    Policy,
    ResponseType,
    Rule,
    Settings,
    SkippedScope,
    Targets,
)
from batchgw.planning.plan_file.plan import Plan
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.world import account_id
from tests.scenarios.organization.found import EVERYTHING, plane_of
from tests.unit.rulebooks import ByName
from tests.virtual import virtually

T = ResponseType.THROTTLED
APIS = 40
MANAGEMENT, PROD, DEV, SUSPENDED = (account_id(n) for n in range(4))
ORGANIZATION = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(id=PROD, name="shop", ou=("Prod",), regions={"us-east-1": "DISABLED"}),
        AccountPlan(id=DEV, name="trial", ou=("Dev",)),
        AccountPlan(id=SUSPENDED, name="old", ou=("Prod",), state="SUSPENDED"),
    ),
    regions=("eu-west-1", "us-east-1"),
)
EVERYWHERE = Settings(status_code="429", parameters={"gatewayresponse.header.X": "'all'"})
IN_PROD = Settings(status_code="429", parameters={"gatewayresponse.header.X": "'prod'"})
DESIRED = Desired(rules={T: Rule(settings=EVERYWHERE)})
POLICY = Policy(
    desired=DESIRED,
    targets=Targets(organization=EVERYTHING, enabled_regions=EnabledRegions()),
    rulebook=ByName(DESIRED, {"*": {T: Rule(settings=IN_PROD)}}, ou="Prod", needs_account=True),
)


def test_what_an_api_is_to_be_depends_on_its_ou_and_what_is_off_is_left_alone(tmp_path: Path) -> None:
    plane = plane_of(ORGANIZATION, apis=APIS)

    def values() -> dict[str, Counter[str | None]]:
        """The header's values, by account, as the world has them."""
        found: dict[str, Counter[str | None]] = {}
        for scope in plane.engine.service.world.scopes():
            of = found.setdefault(scope.account, Counter())
            for number in scope.numbers():
                shown = gateway_responses.read_all(scope, scope.id(number))[T]
                own = None if shown.default_response else shown.settings
                of[own.parameters.get("gatewayresponse.header.X") if own else None] += 1
        return found

    async def main() -> None:
        before = values()
        with await api.plan(POLICY, plane=PacedControlPlane(plane), out=tmp_path / "plan"):
            pass
        saved = Plan.open(tmp_path / "plan")
        totals = saved.totals
        names = {each.name for each in totals.frozen.accounts.values()}
        assert names == {"management", "shop", "trial", "old"}
        assert totals.selected is not None
        assert totals.selected.accounts is not None
        assert (totals.selected.accounts.found, totals.selected.accounts.selected) == (4, 3)
        skipped = {str(i.scope): i.code for i in saved.items() if isinstance(i, SkippedScope)}
        assert (skipped.pop(f"{SUSPENDED}/*"), skipped[f"{PROD}/us-east-1"]) == ("SUSPENDED", "DISABLED")
        assert set(skipped.values()) == {"DISABLED"}  # most are regions that nobody here has enabled
        assert len(totals.looked_into) == 5
        assert totals.complete
        planned = [item for item in saved.items() if isinstance(item, PlannedApi)]
        assert {item.variant for item in planned} == {0, 1}
        assert all((item.variant == 1) == (item.api.scope.account == PROD) for item in planned)
        async with open_journal(str(tmp_path / "journal.db")) as journal:
            summary = await api.apply(saved, plane=PacedControlPlane(plane), journal=journal)
        assert (summary.exit_code, summary.proves, summary.expected) == (0, True, totals.total.apis)
        now = values()
        assert set(now[MANAGEMENT]) == set(now[DEV]) == {"'all'"}
        read = Counter(item.api.scope.account for item in planned)
        assert now[PROD]["'prod'"] == read[AccountId(PROD)] > 0
        assert set(now[PROD]) == {"'prod'"}
        assert now[SUSPENDED] == before[SUSPENDED]
        with await api.check(POLICY, plane=PacedControlPlane(plane)) as again:
            assert (again.totals.total.writes, again.totals.complete) == (0, True)

    virtually(main)
