"""Stages are seen live by requests to them, as long after their move as the change takes to arrive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batchgw import api
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.data_plane import DataPlane, ProbeAnswer, ProbeRequest
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import UsageError
from batchgw.events import Event, StageLive
from batchgw.execution.probeable import ALIKE, FORBIDDEN, GREEDY, PRIVATE, UNSAID
from batchgw.journal import open_journal
from batchgw.model import Applied, Desired, Failed, ResponseType, Rule, Settings
from batchgw.model.deploy import Deploy, Verify
from batchgw.model.deployment.seen_live import SeenLive
from batchgw.simulator.world.api_state import Detail, Resource
from tests.scenarios.deploying.staged import StagedEstate, StoppingAfter, deploying, of_stages
from tests.virtual import virtually

PROBED = Deploy(stages=("prod*",), verify=Verify.PROBE)
BRANDED = Desired(
    rules={
        ResponseType.MISSING_AUTHENTICATION_TOKEN: Rule(
            settings=Settings(
                status_code="404",
                parameters={"gatewayresponse.header.X-Brand": "'acme'"},
                templates={
                    "application/json": '{"id":"$context.requestId","m":$context.error.messageString}'
                },
            )
        )
    }
)


class Seen:
    """Keeps what was told of stages."""

    def __init__(self) -> None:
        self.events: dict[str, StageLive] = {}

    def notify(self, event: Event) -> None:
        if isinstance(event, StageLive):
            self.events[event.api.id] = event


class Asked:
    """Counts the probes that go through, by API."""

    def __init__(self, inner: DataPlane) -> None:
        self._inner = inner
        self.requests: list[ProbeRequest] = []

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        self.requests.append(request)
        return await self._inner.get(request)


def greedy(detail: Detail) -> None:
    """Add a greedy route at the root, and let the stage serve it already."""
    root = detail.resources[detail.root]
    detail.resources["greedy"] = Resource(
        id="greedy",
        path="/{proxy+}",
        parent=root.id,
        part="{proxy+}",
        methods={"ANY": dict(root.methods["GET"])},
    )
    for stage in detail.stages.values():
        deployed = detail.deployments[stage.deployment]
        detail.deployments[stage.deployment] = replace(deployed, paths=detail.paths)


def test_a_probe_sees_each_stage_when_the_change_has_arrived(tmp_path: Path) -> None:
    seen = Seen()

    async def main() -> None:
        world = StagedEstate(
            apis=6, accounts=1, regions=1, desired=deploying(PROBED, BRANDED), propagation=4.0, observer=seen
        )
        async with world:
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            assert (summary.exit_code, summary.proves) == (0, True), summary.reasons
            stages = of_stages(outcomes)
            assert stages.keys() == {(id_, "prod") for id_ in seen.events}
            assert all(world.answers_as_configured(*key) for key in stages)
            assert {event.by for event in seen.events.values()} == {Verify.PROBE}
            for event in seen.events.values():
                assert event.seconds is not None
                assert 3.8 <= event.seconds <= 6.5  # probes leave 0, 0.5, 1.5, 3.5, 5.5 s after the move
            told = summary.seen_live
            assert told is not None
            assert (told.by_probe, told.by_export) == (len(stages), 0)
            assert str(told).startswith(f"Seen live: {len(stages)} stages by probe, after ")
            assert summary.to_json()["seen_live"] == told.to_json()

    virtually(main)


@pytest.mark.parametrize(
    ("reason", "by"), [(r, Verify.PROBE) for r in (PRIVATE, FORBIDDEN, GREEDY)] + [(GREEDY, Verify.BOTH)]
)
def test_a_stage_that_is_not_probeable_is_seen_by_its_export(tmp_path: Path, reason: str, by: Verify) -> None:
    seen = Seen()
    deploy = replace(PROBED, verify=by)

    async def main() -> None:
        desired = deploying(deploy, BRANDED)
        async with StagedEstate(apis=4, accounts=1, regions=1, desired=desired, observer=seen) as world:
            odd = next(id_ for id_, detail in world.details() if "prod" in detail.stages)
            detail = world.detail(odd)
            if reason == PRIVATE:
                detail.attributes = replace(detail.attributes, endpoint_type="PRIVATE")
            elif reason == FORBIDDEN:
                detail.attributes = replace(detail.attributes, endpoint_access_mode="STRICT")
            else:
                greedy(detail)
            asked = Asked(world.data_plane)
            with await api.plan(world.policy, plane=world.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(plan, plane=world.plane, journal=journal, data_plane=asked)
            assert summary.exit_code == 0, summary.reasons
            # An access mode is not in the journal: one answer tells it, before the stage is moved.
            assert [r.api.id for r in asked.requests].count(odd) == (reason == FORBIDDEN)
            assert (seen.events[odd].by, seen.events[odd].not_probeable) == (Verify.EXPORT, reason)
            others = [event for id_, event in seen.events.items() if id_ != odd]
            assert {event.by for event in others} == {by}
            assert f"(not probeable: 1: {reason})" in str(summary.seen_live)

    virtually(main)


def test_a_response_that_does_not_change_shows_nothing_and_one_the_plan_leaves_out_neither(
    tmp_path: Path,
) -> None:
    for number, (kind, reason) in enumerate(
        [(ResponseType.DEFAULT_5XX, UNSAID), (ResponseType.DEFAULT_4XX, ALIKE)]
    ):
        seen = Seen()
        vague = Settings(templates={"application/json": "#set($a = 1)$a"})
        desired = Desired(rules={kind: Rule(settings=vague)})

        async def main(
            desired: Desired = desired, seen: Seen = seen, reason: str = reason, number: int = number
        ) -> None:
            world = StagedEstate(
                apis=3, accounts=1, regions=1, desired=deploying(PROBED, desired), observer=seen
            )
            async with world:
                summary, _ = await world.apply(tmp_path / f"journal{number}.db")
                assert summary.exit_code == 0, summary.reasons
                assert reason in {event.not_probeable for event in seen.events.values()}
                assert {e.by for e in seen.events.values() if e.not_probeable} == {Verify.EXPORT}

        virtually(main)


@pytest.mark.parametrize("within", [5.0, 120.0])
def test_a_canary_bakes_only_after_it_has_answered(tmp_path: Path, within: float) -> None:
    """Where the change does not arrive in time, the canary is removed and the stage fails."""
    deploy = replace(PROBED, canary=(10.0, 100.0), bake=60.0, verify_within=within)

    async def main() -> None:
        desired = deploying(deploy, BRANDED)
        async with StagedEstate(apis=2, accounts=1, regions=1, desired=desired, propagation=20.0) as world:
            before = world.shows()
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            for (id_, name), outcome in of_stages(outcomes).items():
                assert world.detail(id_).stages[name].canary is None
                if within > 20:
                    assert isinstance(outcome, Applied)
                    assert world.answers_as_configured(id_, name)
                else:
                    assert isinstance(outcome, Failed)
                    assert outcome.code == "NotLive"
                    assert "from its canary, which gets 10 % of the requests" in outcome.message
                    assert outcome.message.endswith("The canary: it was removed")
                    assert world.shows()[id_, name] == before[id_, name]
            assert (summary.elapsed > 80) == (within > 20)

    virtually(main)


def test_a_stage_that_goes_on_answering_as_before_fails_and_says_in_what(tmp_path: Path) -> None:
    async def main() -> None:
        world = StagedEstate(
            apis=1, accounts=1, regions=1, desired=deploying(PROBED, BRANDED), propagation=1000.0
        )
        async with world:
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            (outcome,) = of_stages(outcomes).values()
            assert isinstance(outcome, Failed)
            assert "status 403 instead of 404; header x-brand is missing; another body" in outcome.message
            assert summary.exit_code == 1
            assert summary.seen_live is None or summary.seen_live == SeenLive()

    virtually(main)


def test_without_a_data_plane_nothing_is_written_and_a_resume_needs_one_too(tmp_path: Path) -> None:
    async def main() -> None:
        desired = deploying(PROBED, BRANDED)
        async with StagedEstate(apis=2, accounts=1, regions=1, desired=desired) as world:
            before = world.shows()
            with await api.plan(world.policy, plane=world.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    with pytest.raises(
                        UsageError, match=r"no data plane to ask: name the stages of an emulator"
                    ):
                        await api.apply(plan, plane=world.plane, journal=journal)
                    stopping = StoppingAfter(world.raw, 1)
                    paced = PacedControlPlane(stopping, stop=(stop := StopSignal()))
                    stopping.stop = stop
                    stopped = await api.apply(plan, plane=paced, journal=journal, data_plane=world.data_plane)
                    assert stopped.left
                    with pytest.raises(UsageError, match=r"verify: probe"):
                        await api.resume("last", plane=world.paced(), journal=journal)
            assert world.shows() == before
            summary, _ = await world.resume(tmp_path / "journal.db")
            assert summary.exit_code == 0, summary.reasons

    virtually(main)


def test_an_endpoint_that_is_closed_on_the_way_is_learned_from_its_answer(tmp_path: Path) -> None:
    """A resumed run does not know it, because the journal does not keep it."""
    seen = Seen()

    async def main() -> None:
        desired = deploying(PROBED, BRANDED)
        async with StagedEstate(apis=1, accounts=1, regions=1, desired=desired, observer=seen) as world:
            with await api.plan(world.policy, plane=world.plane) as plan:
                for _, detail in world.details():
                    detail.attributes = replace(detail.attributes, disable_execute_api_endpoint=True)
                    detail.stage_changed()
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    await api.apply(plan, plane=world.plane, journal=journal, data_plane=world.data_plane)
            (event,) = seen.events.values()
            assert event.by is Verify.EXPORT
            assert event.not_probeable == FORBIDDEN

    virtually(main)
