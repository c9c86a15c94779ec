"""A plan that configures nothing makes live what is configured, and is a plan file as any other."""

from __future__ import annotations

from pathlib import Path

from batchgw import api
from batchgw.journal import open_journal
from batchgw.model import Applied, Held, ResponseType, Settings, Skipped, Unchanged
from batchgw.planning.plan_file.plan import Plan
from batchgw.simulator.operations.apigateway import gateway_responses
from tests.scenarios.deploying.staged import PROD, StagedEstate, deploying, of_stages
from tests.scenarios.estate import DESIRED
from tests.unit.journal_plans import listed
from tests.virtual import virtually


def test_what_is_not_configured_is_left_alone_and_all_else_is_made_live(tmp_path: Path) -> None:
    """Opening the file derives each change again. It finds none that the policy does not make."""

    async def main() -> None:
        async with StagedEstate(apis=10, accounts=1, regions=1) as world:
            world.desired = DESIRED
            await world.apply(tmp_path / "journal.db")
            world.desired = deploying(PROD)
            astray, *_ = [id_ for id_, detail in world.details() if "prod" in detail.stages]
            theirs = Settings(status_code="418")
            gateway_responses.put(world.scope_of(astray), astray, ResponseType.DEFAULT_4XX, theirs)
            before = world.shows()
            with await api.plan(world.policy, plane=world.plane, out=tmp_path / "p.plan", configures=False):
                pass
            with Plan.open(tmp_path / "p.plan") as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(plan, plane=world.plane, journal=journal, recheck=True)
                    outcomes = await listed(journal.run(summary.run).outcomes())
            assert (summary.exit_code, summary.proves) == (2, True), summary.reasons
            stages = of_stages(outcomes)
            assert {key for key, outcome in stages.items() if isinstance(outcome, Held)} == {(astray, "prod")}
            assert world.shows()[astray, "prod"] == before[astray, "prod"]
            for key, outcome in stages.items():
                if key[0] != astray:
                    assert isinstance(outcome, Applied | Unchanged)
                    assert world.answers_as_configured(*key)
            responses = {(o.api.id == astray, type(o)) for o in outcomes if o.target.kind == "response"}
            assert responses == {(True, Skipped), (False, Unchanged)}

    virtually(main)
