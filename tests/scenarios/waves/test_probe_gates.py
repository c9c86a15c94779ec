"""A probe gate asks each stage that a wave has made live whether it answers as the policy says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchgw import api
from batchgw.control_plane.data_plane import DataPlane, ProbeAnswer, ProbeRequest
from batchgw.errors import ProbeFailed, UsageError
from batchgw.execution.probeable import PRIVATE
from batchgw.execution.rollout.conduct import Conduct
from batchgw.journal import open_journal
from batchgw.journal.rollout_records import GateCheck, GateResult
from batchgw.model import Desired, ResponseType, Rule, Settings
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import Gate, OnInconclusive, ProbeCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.report.summary import Summary
from tests.scenarios.deploying.staged import PROD, deploying
from tests.scenarios.waves.rolled import RolledEstate, clock
from tests.virtual import virtually

PROBE = Gate(name="probe", check=ProbeCheck(timeout=300.0), on_inconclusive=OnInconclusive.PASS)
TWO = (Wave(size=Amount(percent=60)), Wave(rest=True))
BRAND = Settings(status_code="404", parameters={"gatewayresponse.header.X-Brand": "'acme'"})
BRANDED = deploying(PROD, Desired(rules={ResponseType.MISSING_AUTHENTICATION_TOKEN: Rule(settings=BRAND)}))


class Through:
    """A data plane through which each answer goes."""

    def __init__(self, inner: DataPlane, change: Callable[[ProbeRequest, ProbeAnswer], ProbeAnswer]) -> None:
        self._inner = inner
        self._change = change
        self.requests: list[ProbeRequest] = []

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        self.requests.append(request)
        return self._change(request, await self._inner.get(request))


class Estate(RolledEstate):
    """Its policy says what a path without a route is answered with."""

    way: Through | None = None

    @property
    def data_plane(self) -> DataPlane:
        return self.way or super().data_plane

    def change(self, change: Callable[[ProbeRequest, ProbeAnswer], ProbeAnswer]) -> None:
        self.way = Through(super().data_plane, change)


def estate(*, gate: Gate = PROBE, desired: Desired = BRANDED, propagation: float = 0.0) -> Estate:
    return Estate(
        apis=8,
        accounts=1,
        regions=1,
        desired=desired,
        propagation=propagation,
        rollout=Rollout(waves=TWO, gates=(gate,)),
    )


async def rolled(world: Estate, file: Path) -> tuple[int, list[GateCheck]]:
    summary, _ = await world.roll(file)
    async with open_journal(str(file)) as journal:
        return summary.exit_code, await journal.run(summary.run).checks()


def test_stages_that_answer_as_the_policy_says_let_the_next_wave_begin(tmp_path: Path) -> None:
    """Each is asked after its wave, and given the time that a change takes to arrive."""

    async def main() -> None:
        async with estate(propagation=20.0) as world:
            world.change(lambda _, answer: answer)
            code, checks = await rolled(world, tmp_path / "journal.db")
            assert (code, [(each.wave, each.result) for each in checks]) == (
                0,
                [(1, GateResult.PASS), (2, GateResult.PASS)],
            )
            prods = {id_ for id_, detail in world.details() if "prod" in detail.stages}
            assert world.way is not None
            assert {(each.api.id, each.stage) for each in world.way.requests} == {(p, "prod") for p in prods}
            assert checks[0].said.endswith("stages answered as the policy says")

    virtually(main)


def test_stages_that_answer_otherwise_end_the_run_and_a_few_are_named(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate() as world:
            world.change(lambda _, answer: replace(answer, headers={}, status=403))
            code, (check,) = await rolled(world, tmp_path / "journal.db")
            first = sum("prod" in world.detail(a).stages for a in of_first(world))
            assert (code, check.result, first) == (3, GateResult.FAIL, 5)
            assert check.said.startswith("5 of 5 stages did not answer as the policy says: stage prod of ")
            assert "status 403 instead of 404, header x-brand is missing; " in check.said
            assert check.said.endswith("; and 2 more")

    virtually(main)


def of_first(world: Estate) -> list[str]:
    assert world.waves is not None
    return [api for apis in world.waves.members[0].values() for api in apis]


def silent(_request: ProbeRequest, _answer: ProbeAnswer) -> ProbeAnswer:
    raise ProbeFailed("no route to host")


def test_without_an_answer_it_cannot_tell(tmp_path: Path) -> None:
    """Nor where no stage may be asked, the plan does not speak of what is answered, or time runs out."""

    async def main() -> None:
        async with estate() as world:
            world.change(silent)
            _, checks = await rolled(world, tmp_path / "silent.db")
            assert {each.result for each in checks} == {GateResult.INCONCLUSIVE}
            assert "5 of 5 stages could not be asked: stage prod of " in checks[0].said
            assert "no route to host" in checks[0].said
        async with estate() as world:
            for _, detail in world.details():
                detail.attributes = replace(detail.attributes, endpoint_type="PRIVATE")
            _, checks = await rolled(world, tmp_path / "private.db")
            assert checks[0].said == f"no stage could be asked; not probeable: {PRIVATE} (5)"
        slow = replace(PROBE, check=ProbeCheck(timeout=5.0))
        async with estate(gate=slow, propagation=60.0) as world:
            _, checks = await rolled(world, tmp_path / "slow.db")
            assert checks[0].said == "no stage could be asked; not all were asked within 5.0 s"
            assert checks[0].result is GateResult.INCONCLUSIVE

    virtually(main)


def test_a_stop_ends_the_asking_and_a_resume_asks_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with estate(propagation=60.0) as world:

            def stop(_: ProbeRequest, answer: ProbeAnswer) -> ProbeAnswer:
                world.stop.request()
                return answer

            world.change(stop)
            summary, _ = await world.roll(tmp_path / "journal.db")
            assert summary.exit_code == 130
            assert world.seen.entered[-1] == (1, "asking")
            world.way = None
            summary, _ = await world.go_on(tmp_path / "journal.db")
            assert summary.exit_code == 0

    virtually(main)


def test_without_a_data_plane_nothing_is_written_unless_the_gate_is_skipped(tmp_path: Path) -> None:
    """A resume needs one as well."""

    async def main() -> None:
        async with estate() as world:
            before = world.shows()
            with await api.plan(world.policy, plane=world.plane) as plan:
                async with open_journal(str(tmp_path / "journal.db"), clock=clock) as journal:

                    async def apply(**more: Any) -> Summary:
                        conduct = Conduct(clock=clock, **more)
                        return await api.apply(plan, plane=world.plane, journal=journal, conduct=conduct)

                    with pytest.raises(UsageError, match=r"the gate probe probes stages, and there is no"):
                        await apply()
                    assert world.shows() == before
                    assert not await journal.runs()
                    assert (await apply(skip={"probe": "an emulator"}, stop_after=1)).exit_code == 3
                    with pytest.raises(UsageError, match=r"or skip it: --skip-gate probe --reason WHY$"):
                        await api.resume("last", plane=world.paced(), journal=journal)

    virtually(main)
