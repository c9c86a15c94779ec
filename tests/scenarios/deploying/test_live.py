"""What a run configures it makes live: one snapshot of each API, and the chosen stages moved to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T, Wrapper
from batchgw.control_plane.operations import CreateDeployment, PutGatewayResponse
from batchgw.journal import open_journal
from batchgw.model import (
    Applied,
    Desired,
    Failed,
    Held,
    NotAttempted,
    ResponseType,
    Rule,
    Settings,
    Unchanged,
)
from batchgw.model.deploy import Deploy
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.traffic.quota import QuotaRules
from batchgw.simulator.world.api_state import Canary
from tests.scenarios.deploying.staged import PROD, StagedEstate, StoppingAfter, deploying, of_stages
from tests.scenarios.estate import CORS
from tests.virtual import virtually


def test_each_chosen_stage_is_live_and_no_other_is_touched(tmp_path: Path) -> None:
    async def main() -> None:
        async with StagedEstate(apis=24, accounts=1, regions=2) as world:
            before = world.shows()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            stages = of_stages(outcomes)
            assert summary.exit_code == 0, summary.reasons
            assert summary.proves
            assert stages.keys() == {key for key in before if key[1] == "prod"}
            moved = {key for key, outcome in stages.items() if isinstance(outcome, Applied)}
            assert moved
            for key, shown in world.shows().items():
                assert (shown != before[key]) == (key in moved), key
            assert all(world.answers_as_configured(*key) for key in stages)
            taken = world.snapshots(summary.run)
            assert {id_: len(found) for id_, found in taken.items()} == {
                id_: int((id_, "prod") in moved) for id_ in taken
            }
            again, outcomes = await world.apply(tmp_path / "journal.db")
            assert again.exit_code == 0
            assert {type(outcome) for outcome in outcomes} == {Unchanged}

    virtually(main)


FIVE = Desired(rules={kind: Rule(settings=CORS) for kind in list(ResponseType)[:5]})


class Order(Wrapper):
    """Notes the order of the writes."""

    def __init__(self, inner: ControlPlane) -> None:
        super().__init__(inner)
        self.writes: list[str] = []

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if request.operation.writes:
            self.writes.append(request.operation.name)
        return await self._inner.send(request, execution)


def test_the_first_deployment_leaves_before_all_apis_have_their_responses(tmp_path: Path) -> None:
    """The API with the fewest changes left goes first, so that the slow lane has work early."""

    async def main() -> None:
        world = StagedEstate(apis=12, accounts=1, regions=1, desired=deploying(PROD, FIVE))
        async with world:
            order = Order(world.raw)
            world.raw = order  # type: ignore[assignment] # only what is sent through it is asked for
            world.plane = world.paced()
            await world.apply(tmp_path / "journal.db")
            first = order.writes.index("CreateDeployment")
            assert first < 25
            assert len(order.writes) > 70

    virtually(main)


def test_a_stage_that_is_named_and_not_there_fails_and_is_not_made(tmp_path: Path) -> None:
    async def main() -> None:
        world = StagedEstate(apis=12, accounts=1, regions=1, desired=deploying(Deploy(stages=("dev",))))
        async with world:
            before = world.shows()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            stages = of_stages(outcomes)
            assert len(stages) == 12
            assert summary.proves
            lacking = {key for key, outcome in stages.items() if isinstance(outcome, Failed)}
            assert lacking == {key for key in stages if key not in before}
            assert {stages[key].code for key in lacking} == {"NoSuchStage"}  # type: ignore[union-attr]
            assert world.shows().keys() == before.keys()
            assert summary.exit_code == 1

    virtually(main)


def test_other_peoples_edits_hold_a_stage_back_unless_they_may_be_shipped(tmp_path: Path) -> None:
    async def main() -> None:
        async with StagedEstate(apis=8, accounts=1, regions=1) as world:
            edited = next(id_ for id_, detail in world.details() if "prod" in detail.stages)
            root = world.detail(edited).resources[world.detail(edited).root]
            root.methods["DELETE"] = {**root.methods["GET"], "httpMethod": "DELETE"}
            before = world.shows()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            held = of_stages(outcomes)[edited, "prod"]
            assert isinstance(held, Held)
            assert held.code == "ForeignEdits"
            assert "DELETE / added" in held.message
            assert world.shows()[edited, "prod"] == before[edited, "prod"]
            assert (summary.exit_code, summary.total.held, summary.proves) == (2, 1, True)
            with await api.plan(world.policy, plane=world.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    shipped = await api.apply(plan, plane=world.plane, journal=journal, ship_pending=True)
            assert shipped.exit_code == 0
            assert world.answers_as_configured(edited, "prod")

    virtually(main)


def test_a_canary_takes_its_steps_and_its_time_and_is_gone_in_the_end(tmp_path: Path) -> None:
    deploy = Deploy(stages=("prod*",), canary=(10.0, 50.0, 100.0), bake=600.0)

    async def main() -> None:
        async with StagedEstate(apis=6, accounts=1, regions=1, desired=deploying(deploy)) as world:
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves) == (0, True), summary.reasons
            assert 1200 <= summary.elapsed < 1400
            for (id_, name), outcome in of_stages(outcomes).items():
                assert isinstance(outcome, Applied)
                assert outcome.effort.attempts >= 5
                assert world.detail(id_).stages[name].canary is None
                assert world.answers_as_configured(id_, name)

    virtually(main)


def test_a_stage_whose_canary_carries_traffic_is_held_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with StagedEstate(apis=8, accounts=1, regions=1) as world:
            (first, second, *_) = [id_ for id_, detail in world.details() if "prod" in detail.stages]
            for id_, percent in ((first, 10.0), (second, 0.0)):
                stage = world.detail(id_).stages["prod"]
                stage.canary = Canary(deployment=stage.deployment, percent=percent)
            before = world.shows()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            held, left_over = of_stages(outcomes)[first, "prod"], of_stages(outcomes)[second, "prod"]
            assert isinstance(held, Held)
            assert held.code == "CanaryCarriesTraffic"
            assert "10 % of the traffic" in held.message
            assert world.shows()[first, "prod"] == before[first, "prod"]
            assert isinstance(left_over, Applied | Unchanged)
            assert summary.exit_code == 2

    virtually(main)


def test_an_api_whose_responses_are_not_all_in_place_is_not_deployed(tmp_path: Path) -> None:
    """A resume deploys it where they are by then."""
    script = [{"match": {"operation": "PutGatewayResponse", "type": "DEFAULT_5XX", "first": 2},
               "fault": "bad_request"}]  # fmt: skip

    async def main() -> None:
        async with StagedEstate(apis=10, accounts=1, regions=1, script=script) as world:
            before = world.shows()
            _, outcomes = await world.apply(tmp_path / "journal.db")
            failed = {o.api.id for o in outcomes if isinstance(o, Failed)}
            assert len(failed) == 2
            stages = of_stages(outcomes)
            for key in stages:
                if key[0] in failed:
                    left = stages[key]
                    assert isinstance(left, NotAttempted)
                    assert left.code == "BeforeNotMade"
                    assert world.shows()[key] == before[key]
            for id_ in failed:
                wanted = world.desired.rules[ResponseType.DEFAULT_5XX].settings
                assert wanted is not None
                gateway_responses.put(world.scope_of(id_), id_, ResponseType.DEFAULT_5XX, wanted)
            summary, outcomes = await world.resume(tmp_path / "journal.db")
            assert summary.left == 0
            assert all(world.answers_as_configured(*key) for key in stages)
            assert {len(found) for found in world.snapshots(summary.run).values()} <= {0, 1}

    virtually(main)


def test_somebody_who_changes_a_response_before_the_snapshot_is_not_deployed_over(tmp_path: Path) -> None:
    """The responses are read back right before it."""

    async def main() -> None:
        async with StagedEstate(apis=4, accounts=1, regions=1) as world:
            edited = next(id_ for id_, detail in world.details() if "prod" in detail.stages)
            scope = world.scope_of(edited)
            theirs = Settings(status_code="418")

            class Meddling(Wrapper):
                async def send(self, request: Request[T], execution: Execution | None = None) -> T:
                    answer = await self._inner.send(request, execution)
                    if isinstance(request, PutGatewayResponse) and request.api == edited:
                        gateway_responses.put(scope, edited, ResponseType.DEFAULT_4XX, theirs)
                    return answer

            before = world.shows()
            world.raw = Meddling(world.raw)  # type: ignore[assignment]
            world.plane = world.paced()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            held = of_stages(outcomes)[edited, "prod"]
            assert isinstance(held, Held)
            assert (held.code, summary.exit_code) == ("ChangedMeanwhile", 2)
            assert "someone else changed DEFAULT_4XX" in held.message
            assert world.shows()[edited, "prod"] == before[edited, "prod"]

    virtually(main)


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "service_error"])
def test_a_snapshot_whose_answer_is_lost_is_found_and_not_taken_twice(tmp_path: Path, fault: str) -> None:
    script: Sequence[Mapping[str, object]] = [
        {"match": {"operation": "CreateDeployment", "first": 1, "per": "api"}, "fault": fault}
    ]

    async def main() -> None:
        async with StagedEstate(apis=8, accounts=1, regions=1, script=script) as world:
            summary, _ = await world.apply(tmp_path / "journal.db")
            assert summary.exit_code == 0, summary.reasons
            assert {len(found) for found in world.snapshots(summary.run).values()} <= {0, 1}

    virtually(main)


class PulledOut(BaseException):
    """The process is gone."""


class Dying(Wrapper):
    """The process dies once its first CreateDeployment has left; `left` has the call, which goes on."""

    left: Request[object] | None = None

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        if isinstance(request, CreateDeployment) and self.left is None:
            self.left = request
            raise PulledOut
        return await self._inner.send(request, execution)


def test_a_snapshot_that_is_taken_after_its_process_died_is_waited_for(tmp_path: Path) -> None:
    """A supervisor resumes the run at once, and the call of the dead process is not carried out yet."""

    async def main() -> None:
        free = QuotaRules(per_operation={})  # it had its token when it left
        async with StagedEstate(apis=4, accounts=1, regions=1, quota=free) as world:
            simulated = world.raw
            world.raw = dying = Dying(simulated)  # type: ignore[assignment]
            world.plane = world.paced()
            with pytest.raises(PulledOut):
                await world.apply(tmp_path / "journal.db")
            assert dying.left is not None
            world.raw = simulated
            world.plane = world.paced()
            async with anyio.create_task_group() as tasks:

                async def land(call: Request[object]) -> None:
                    await anyio.sleep(8)
                    await simulated.send(call)

                tasks.start_soon(land, dying.left)
                summary, _ = await world.resume(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves) == (0, True), summary.reasons
            assert {len(found) for found in world.snapshots(summary.run).values()} <= {0, 1}

    virtually(main)


@pytest.mark.parametrize("calls", range(5, 90, 6))
def test_a_run_that_is_stopped_anywhere_is_finished_by_a_resume(tmp_path: Path, calls: int) -> None:
    desired = deploying(Deploy(stages=("*",), canary=(20.0, 100.0), bake=30.0))

    async def main() -> None:
        async with StagedEstate(apis=6, accounts=1, regions=1, desired=desired) as world:
            before = world.shows()
            stopping = StoppingAfter(world.raw, calls)
            world.raw = stopping  # type: ignore[assignment]
            world.plane = world.paced()
            stopping.stop = world.stop
            first, outcomes = await world.apply(tmp_path / "journal.db")
            assert first.proves
            if first.left:
                stopping.stop = None
                summary, outcomes = await world.resume(tmp_path / "journal.db")
                assert (summary.exit_code, summary.proves) == (0, True), summary.reasons
            stages = of_stages(outcomes)
            assert stages.keys() == before.keys()
            assert all(world.answers_as_configured(*key) for key in stages)
            assert all(
                stage.canary is None for _, detail in world.details() for stage in detail.stages.values()
            )
            assert {len(found) for found in world.snapshots(first.run).values()} <= {0, 1}

    virtually(main)


def test_what_a_snapshot_costs_is_told_with_its_first_stage(tmp_path: Path) -> None:
    """Else fewer calls would be told than were made."""

    async def main() -> None:
        async with StagedEstate(apis=6, accounts=1, regions=1) as world:
            summary, _ = await world.apply(tmp_path / "journal.db")
            (scope,) = world.scopes
            counted = ("CreateDeployment", "UpdateStage", "PutGatewayResponse", "DeleteGatewayResponse")
            made = world.engine.statistics
            calls = sum(
                made.of(scope.account, scope.region, name).calls for name in (*counted, "GetDeployment")
            )
            assert summary.total.effort.attempts >= calls > 6

    virtually(main)
