"""The way back: a run is taken back by a run, and the world is as before, what others changed apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchgw import api
from batchgw.errors import UsageError
from batchgw.journal import open_journal
from batchgw.model import (
    Action,
    Applied,
    Desired,
    ExplicitApi,
    Failed,
    Held,
    Outcome,
    ResponseType,
    Rule,
    Settings,
)
from batchgw.model.deploy import Deploy
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.summary import Summary
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.world.api_state import Canary
from tests.scenarios.deploying.staged import StagedEstate, StoppingAfter, deploying, of_stages, state
from tests.unit.journal_plans import listed
from tests.virtual import virtually

CANARY = Deploy(stages=("prod*",), canary=(20.0, 100.0), bake=60.0)


@asynccontextmanager
async def planned_back(world: StagedEstate, journal: Path, run: str, **how: Any) -> AsyncIterator[Plan]:
    world.plane = world.paced()
    async with open_journal(str(journal)) as opened:
        with await api.rollback(run, plane=world.plane, journal=opened, **how) as plan:
            yield plan


async def taken_back(
    world: StagedEstate, journal: Path, run: str, **how: Any
) -> tuple[Summary, list[Outcome]]:
    async with planned_back(world, journal, run, **how) as plan, open_journal(str(journal)) as opened:
        Plan.open(plan.path)  # it agrees with itself
        summary = await api.apply(plan, plane=world.plane, journal=opened, verb="rollback")
        return summary, await listed(opened.run(summary.run).outcomes())


@pytest.mark.parametrize("deploy", [Deploy(stages=("prod*",)), CANARY], ids=["at once", "canary"])
def test_a_run_is_taken_back_and_the_way_back_is_a_run_that_is_taken_back_itself(
    tmp_path: Path, deploy: Deploy
) -> None:
    journal = tmp_path / "journal.db"

    async def main() -> None:
        async with StagedEstate(apis=12, accounts=1, regions=2, desired=deploying(deploy)) as world:
            _, detail = next((id_, d) for id_, d in world.details() if "prod" in d.stages)
            detail.stages["prod"].canary = Canary(deployment=detail.stages["prod"].deployment, percent=0.0)
            before = state(world)
            first, _ = await world.apply(journal)
            after = state(world)
            assert first.exit_code == 0
            assert after != before
            back, outcomes = await taken_back(world, journal, first.run)
            assert (back.exit_code, back.proves) == (0, True), back.reasons
            assert state(world) == before
            assert {type(each) for each in outcomes} == {Applied}
            async with open_journal(str(journal)) as opened:
                record = await opened.find(back.run)
            assert (record.verb, record.parent) == ("rollback", first.run)
            again, _ = await taken_back(world, journal, back.run)
            assert (again.exit_code, again.proves) == (0, True), again.reasons
            assert state(world) == after
            nothing, _ = await taken_back(world, journal, back.run)
            assert nothing.total.applied == 0
            assert {len(found) for found in world.snapshots(first.run).values()} <= {0, 1}
            assert not any(world.snapshots(back.run).values())
            assert not any(world.snapshots(again.run).values())

    virtually(main)


def test_what_others_changed_since_is_left_alone_unless_it_is_forced(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    theirs = Settings(status_code="418")

    async def main() -> None:
        async with StagedEstate(apis=10, accounts=1, regions=1) as world:
            before = state(world)
            first, outcomes = await world.apply(journal)
            moved = [key for key, outcome in of_stages(outcomes).items() if isinstance(outcome, Applied)]
            (edited, _), (restaged, _), *_ = moved
            gateway_responses.put(world.scope_of(edited), edited, ResponseType.DEFAULT_4XX, theirs)
            detail = world.detail(restaged)
            other = "theirs"
            detail.deployments[other] = replace(
                detail.deployments[detail.stages["prod"].deployment], id=other
            )
            detail.stages["prod"].deployment = other
            back, outcomes = await taken_back(world, journal, first.run)
            held = {(str(o.api.id), o.target.name): o for o in outcomes if isinstance(o, Held)}
            assert {key: o.code for key, o in held.items()} == {
                (edited, "DEFAULT_4XX"): "ChangedSince",
                (restaged, "prod"): "ConfiguredBack",
            }
            said = [each.message for each in held.values()]
            assert any("someone else changed DEFAULT_4XX since the run" in each for each in said)
            assert any("configured back, not live" in each for each in said)
            assert (back.exit_code, back.proves) == (2, True)
            now = state(world)
            assert now[edited][0][ResponseType.DEFAULT_4XX] == theirs
            assert now[restaged][1]["prod"][0] == other
            assert now[restaged][0] == before[restaged][0]
            now[edited] = now[restaged] = None
            assert now == {**before, edited: None, restaged: None}
            forced, _ = await taken_back(world, journal, first.run, force=True)
            assert (forced.exit_code, forced.proves) == (0, True), forced.reasons
            assert state(world) == before

    virtually(main)


@pytest.mark.parametrize("redeploy", [False, True])
def test_where_the_old_deployment_is_gone_the_responses_go_back_and_the_stage_is_told(
    tmp_path: Path, *, redeploy: bool
) -> None:
    journal = tmp_path / "journal.db"

    async def main() -> None:
        async with StagedEstate(apis=8, accounts=1, regions=1) as world:
            before = state(world)
            first, outcomes = await world.apply(journal)
            id_ = next(key[0] for key, o in of_stages(outcomes).items() if isinstance(o, Applied))
            detail, old = world.detail(id_), before[id_][1]["prod"][0]
            for stage in detail.stages.values():
                if stage.deployment == old:
                    stage.deployment = detail.stages["prod"].deployment
            del detail.deployments[old]
            back, outcomes = await taken_back(world, journal, first.run, redeploy=redeploy)
            assert back.proves
            stage_outcome = of_stages(outcomes)[id_, "prod"]
            assert state(world)[id_][0] == before[id_][0]
            if redeploy:
                assert isinstance(stage_outcome, Applied)
                assert world.answers_as_configured(id_, "prod")
                assert {i: len(f) for i, f in world.snapshots(back.run).items() if f} == {id_: 1}
            else:
                assert isinstance(stage_outcome, Held)
                assert (stage_outcome.code, back.exit_code) == ("ConfiguredBack", 2)
                assert f"the deployment {old}" in stage_outcome.message

    virtually(main)


def test_what_was_at_its_default_is_reset_and_what_was_customised_is_put(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    desired = Desired(rules={ResponseType.INTEGRATION_FAILURE: Rule(settings=Settings(status_code="502")),
                             ResponseType.THROTTLED: Rule(settings=Settings(status_code="430"))})  # fmt: skip

    async def main() -> None:
        async with StagedEstate(apis=1, accounts=1, regions=1, desired=desired) as world:
            ((id_, _),) = world.details()
            scope = world.scope_of(id_)
            headers = {"gatewayresponse.header.X-Own": "'1'"}
            own = Settings(parameters=headers)
            gateway_responses.put(scope, id_, ResponseType.INTEGRATION_FAILURE, own)
            first, _ = await world.apply(journal)
            async with planned_back(world, journal, first.run) as plan:
                (item,) = plan.items()
            changes = {c.target.name: c for c in item.changes}  # type: ignore[union-attr]
            assert changes["THROTTLED"].action is Action.RESET
            assert changes["THROTTLED"].after is None
            assert changes["INTEGRATION_FAILURE"].after == own  # without the 504 that it shows

    virtually(main)


def test_some_of_a_run_is_taken_back(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    script = [{"match": {"operation": "PutGatewayResponse", "type": "DEFAULT_5XX", "first": 2},
               "fault": "bad_request"}]  # fmt: skip

    async def main() -> None:
        async with StagedEstate(apis=10, accounts=1, regions=1, script=script) as world:
            before = state(world)
            first, outcomes = await world.apply(journal)
            failed = {o.api.id for o in outcomes if isinstance(o, Failed)}
            assert len(failed) == 2
            back, outcomes = await taken_back(world, journal, first.run, failed=True)
            assert {o.api.id for o in outcomes} == failed
            now = state(world)
            assert all(now[id_] == before[id_] for id_ in failed)
            rest = [id_ for id_ in now if now[id_] != before[id_]]
            named = ExplicitApi.parse(rest[0])
            back, outcomes = await taken_back(world, journal, first.run, apis=[named])
            assert {o.api.id for o in outcomes} == {rest[0]}
            assert back.exit_code == 0
            assert [id_ for id_ in rest if state(world)[id_] != before[id_]] == rest[1:]
            with pytest.raises(UsageError, match="changed nothing of nosuch0000"):
                await taken_back(world, journal, first.run, apis=[ExplicitApi.parse("nosuch0000")])

    virtually(main)


@pytest.mark.parametrize("calls", [3, 12, 20, 28, 36])
def test_a_run_that_was_stopped_anywhere_is_taken_back_by_one_that_is_stopped_and_resumed(
    tmp_path: Path, calls: int
) -> None:
    """Whatever the first has done: some responses, a canary on its way, or all."""
    journal = tmp_path / "journal.db"

    async def main() -> None:
        async with StagedEstate(apis=5, accounts=1, regions=1, desired=deploying(CANARY)) as world:
            before = state(world)
            simulated = world.raw
            for act in ("apply", "rollback"):
                stopping = StoppingAfter(simulated, calls if act == "apply" else max(1, calls // 3))
                world.raw = stopping  # type: ignore[assignment]
                world.plane = world.paced()
                stopping.stop = world.stop
                if act == "apply":
                    first, _ = await world.apply(journal)
                    assert first.proves
                    continue
                async with open_journal(str(journal)) as opened:
                    with await api.rollback(first.run, plane=world.plane, journal=opened) as plan:
                        back = await api.apply(plan, plane=world.plane, journal=opened)
                assert back.proves
                stopping.stop = None
                if back.left:
                    async with open_journal(str(journal)) as opened:
                        again = await api.resume(back.run, plane=world.paced(), journal=opened)
                    assert (again.exit_code, again.proves) == (0, True), again.reasons
            assert state(world) == before

    virtually(main)


def edit(world: StagedEstate, random: Random, moved: Sequence[str]) -> set[tuple[str, str]]:
    """Let others change some targets; give those."""
    touched = set()
    for id_ in moved:
        kind = random.choice(["none", "none", "response", "stage"])
        if kind == "response":
            type_ = random.choice([ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX])
            gateway_responses.put(world.scope_of(id_), id_, type_, Settings(status_code="417"))
            touched.add((id_, type_.value))
        elif kind == "stage":
            detail = world.detail(id_)
            stage = detail.stages["prod"]
            detail.deployments["theirs"] = replace(detail.deployments[stage.deployment], id="theirs")
            stage.deployment = "theirs"
            touched.add((id_, "prod"))
    return touched


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), apis=st.integers(1, 8), canary=st.booleans())
def test_a_rollback_restores_what_was_the_runs_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, seed: int, apis: int, *, canary: bool
) -> None:
    journal = tmp_path_factory.mktemp("back") / "journal.db"
    desired = deploying(CANARY if canary else Deploy(stages=("prod*",)))

    async def main() -> None:
        async with StagedEstate(apis=apis, accounts=1, regions=1, seed=seed, desired=desired) as world:
            before = state(world)
            first, outcomes = await world.apply(journal)
            moved = sorted(key[0] for key, o in of_stages(outcomes).items() if isinstance(o, Applied))
            ours = {(o.api.id, o.target.name) for o in outcomes if isinstance(o, Applied)}
            touched = edit(world, Random(seed), moved)
            left = state(world)
            back, outcomes = await taken_back(world, journal, first.run)
            assert back.proves
            assert {(o.api.id, o.target.name) for o in outcomes} == ours
            held = {(o.api.id, o.target.name) for o in outcomes if isinstance(o, Held)}
            assert held == touched & ours
            now = state(world)
            for id_ in before:
                for type_ in ResponseType:
                    whose = left if (id_, type_.value) in touched else before
                    assert now[id_][0].get(type_) == whose[id_][0].get(type_), (id_, type_)
                for name, shown in now[id_][1].items():
                    assert shown == (left if (id_, name) in touched else before)[id_][1][name], (id_, name)

    virtually(main)
