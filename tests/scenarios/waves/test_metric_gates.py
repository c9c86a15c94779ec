"""A metric gate compares the minutes of a wave's bake with those before it, and with the waves to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T, Wrapper
from batchgw.control_plane.operations.cloudwatch import GetMetricData
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import UsageError
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.rollout.measuring import LAG
from batchgw.journal import open_journal
from batchgw.journal.rollout_records import GateCheck, GateResult, Verdict
from batchgw.model import Desired, ResponseType, Rule, Settings
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import Gate, MetricCheck, MetricName
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.simulator.documents import Value
from batchgw.simulator.world.signals.written import signals
from tests.scenarios.deploying.staged import PROD, deploying
from tests.scenarios.waves.rolled import EPOCH, RolledEstate, clock
from tests.virtual import virtually

ERRORS = Gate(name="errors", check=MetricCheck(metric=MetricName.SERVER_ERRORS), hold_for=60.0)
TWO = (Wave(size=Amount(percent=40)), Wave(rest=True))
BAKE = 600.0

BEGIN = 900.0
"""Seconds after the first call at which the run begins: there is a time before it to compare with."""

FLAT: Sequence[Mapping[str, object]] = [{"requests": 100, "value": 0.01}]
RISEN: Sequence[Mapping[str, object]] = [*FLAT, {"at": BEGIN, "requests": 100, "value": 0.06}]


def estate(*, gate: Gate = ERRORS, bake: float = BAKE) -> RolledEstate:
    return RolledEstate(apis=8, accounts=1, regions=1, rollout=Rollout(waves=TWO, bake=bake, gates=(gate,)))


async def measure(
    world: RolledEstate,
    wave: Sequence[Mapping[str, object]],
    others: Sequence[Mapping[str, object]],
    *,
    metric: MetricName = MetricName.SERVER_ERRORS,
) -> None:
    """Let the stages of the first wave measure this, and all others that. Then it is time to begin."""
    with await api.plan(world.policy, plane=world.plane) as plan:
        world.waves = plan.waves
    assert world.waves is not None
    first = {id_ for ids in world.waves.members[0].values() for id_ in ids}
    names = [detail.attributes.name for id_, detail in world.details() if id_ in first]
    script = {
        "metrics": [
            *({"metric": metric.value, "api": name, "values": wave} for name in names),
            {"metric": metric.value, "values": others},
        ]
    }
    world.world.signals.script = signals(
        Value(value=script, source="signals"), accounts=world.world.accounts, regions=world.world.regions
    )
    await anyio.sleep(BEGIN - anyio.current_time())


async def asked(journal: Path, run: str) -> list[GateCheck]:
    async with open_journal(str(journal)) as opened:
        return await opened.run(run).checks()


@pytest.mark.parametrize(
    ("wave", "others", "result"),
    [
        (RISEN, FLAT, GateResult.FAIL),
        (RISEN, RISEN, GateResult.PASS),  # whatever it was, it has come to all
    ],
)
def test_a_wave_that_is_worse_than_the_rest_ends_the_run(
    tmp_path: Path,
    wave: Sequence[Mapping[str, object]],
    others: Sequence[Mapping[str, object]],
    result: GateResult,
) -> None:
    async def main() -> None:
        async with estate() as world:
            await measure(world, wave, others)
            summary, _ = await world.roll(tmp_path / "journal.db")
            assert summary.exit_code == (3 if result is GateResult.FAIL else 0), summary.halted
            checks = await asked(tmp_path / "journal.db", summary.run)
            assert [(each.wave, each.gate, each.result) for each in checks] == [(1, "errors", result)]
            at = world.seen.at  # the last of the compared minutes is read when it is old enough
            assert LAG - 60 <= checks[0].at - EPOCH - at[1, "asking"] <= LAG
            if result is GateResult.FAIL:
                assert summary.halted == f"gate errors failed after wave 1: {checks[0].said}"
                assert "worse with 100.0% certainty" in checks[0].said
                assert (2, "writing") not in at

    virtually(main)


def test_a_latency_is_compared_minute_by_minute(tmp_path: Path) -> None:
    gate = replace(ERRORS, check=MetricCheck(metric=MetricName.LATENCY, tolerance=10.0))
    flat: Sequence[Mapping[str, object]] = [{"requests": 100, "value": 100.0}]

    async def main() -> None:
        async with estate(gate=gate) as world:
            risen = [*flat, {"at": BEGIN, "requests": 100, "value": 150.0}]
            await measure(world, risen, flat, metric=MetricName.LATENCY)
            summary, _ = await world.roll(tmp_path / "journal.db")
            (check,) = await asked(tmp_path / "journal.db", summary.run)
            assert check.result is GateResult.FAIL
            assert "Latency: 100 to 150 ms in the wave, 100 to 100 ms in the waves to come" in check.said

    virtually(main)


class Incomplete(Wrapper):
    """CloudWatch, where it has not all."""

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        answer = await self._inner.send(request, execution)
        if isinstance(request, GetMetricData) and isinstance(answer, Page):
            broken = tuple([replace(each, status="InternalError") for each in answer.items])
            return replace(answer, items=broken)
        return answer


def test_what_cannot_be_told_holds_the_wave_until_somebody_promotes_it(tmp_path: Path) -> None:
    """A resume asks again. After the last wave nothing is compared: there are no waves to come."""
    few = [{"requests": 1, "value": 0.5}]

    async def main() -> None:
        async with estate() as world:
            await measure(world, few, FLAT)
            file = tmp_path / "journal.db"
            summary, _ = await world.roll(file)
            assert summary.exit_code == 3
            assert "wave 1 is held at gate errors (" in str(summary.halted)
            assert "in the wave, and 100 are needed" in str(summary.halted)
            world.plane = PacedControlPlane(Incomplete(world.raw), stop=world.stop, observer=world.observer)
            async with open_journal(str(file), clock=clock) as journal:
                again = await api.resume(
                    "last", plane=world.plane, journal=journal, conduct=Conduct(clock=clock)
                )
            assert "CloudWatch does not give all that stage prod" in str(again.halted)
            assert "(InternalError)" in str(again.halted)
            async with open_journal(str(file), clock=clock) as journal:
                await journal.run(summary.run).decide(1, Verdict.PROMOTE, who="ada")
            summary, _ = await world.go_on(file)
            assert (summary.exit_code, summary.left) == (0, 0), summary.halted
            checks = await asked(file, summary.run)
            assert {each.wave for each in checks} == {1}
            assert [each.said for each in checks if each.result is GateResult.PASS] == ["promoted by ada"]

    virtually(main)


def test_stages_of_apis_of_one_name_are_not_compared(tmp_path: Path) -> None:
    """CloudWatch tells APIs by their names, so it adds up what one of each wave has measured."""

    async def main() -> None:
        async with estate() as world:
            for _, detail in world.details():
                detail.attributes = replace(detail.attributes, name="twin")
            await measure(world, RISEN, RISEN)
            summary, _ = await world.roll(tmp_path / "journal.db")
            (check, *_) = await asked(tmp_path / "journal.db", summary.run)
            assert check.said == (
                "the wave has moved no stage that could be compared; 1 stage left out, whose API has the "
                "name of another one"
            )

    virtually(main)


def test_metrics_that_may_not_be_read_and_a_bake_without_a_whole_minute_tell_nothing(tmp_path: Path) -> None:
    script = [{"match": {"operation": "GetMetricData"}, "fault": "access_denied"}]

    async def main() -> None:
        world = replace(estate(), script=script)
        async with world:
            summary, _ = await world.roll(tmp_path / "one.db")
            assert f"the metrics of {world.scopes[0]} cannot be read" in str(summary.halted)
        async with estate(bake=30.0) as world:
            summary, _ = await world.roll(tmp_path / "two.db")
            assert "a bake of 30 s has no whole minute to compare" in str(summary.halted)

    virtually(main)


def test_a_metric_that_the_plan_moves_is_refused_before_the_first_write(tmp_path: Path) -> None:
    """A 403 that becomes a 500 is counted as a 5XXError."""
    desired = Desired(rules={ResponseType.WAF_FILTERED: Rule(settings=Settings(status_code="500"))})

    async def main() -> None:
        async with replace(estate(), desired=deploying(PROD, desired)) as world:
            before = world.customisations()
            with pytest.raises(UsageError, match=r"the gate errors could not tell anything.* into 5XX"):
                await world.roll(tmp_path / "journal.db")
            assert world.customisations() == before

    virtually(main)
