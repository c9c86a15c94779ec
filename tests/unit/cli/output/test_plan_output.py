"""A plan of any size is shown, and Ctrl-C is heeded while it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.cli.flags.options import Output
from batchgw.cli.output.console import Console
from batchgw.cli.output.plan import show_plan
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import Stopped
from batchgw.planning.estimate import Estimate
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from tests.unit.planning.test_planfile import DUBLIN, HEADER, planned
from tests.virtual import virtually

MANY = 3_000
"""APIs whose showing takes many turns, on any machine."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    with PlanWriter(tmp_path / "plan", HEADER) as writer:
        for number in range(MANY):
            writer.write(planned(DUBLIN, f"{number:010x}"))
    return Plan.of(writer)


@pytest.mark.parametrize("output", list(Output))
def test_it_is_shown_to_its_end(plan: Plan, output: Output, capsys: pytest.CaptureFixture[str]) -> None:
    """Both changes of each API are in the fold, which groups them: they are all alike."""

    async def main() -> list[int]:
        fold = await show_plan(
            plan, Console(color=False), output=output, code=2, work=Estimate(scopes={}), stop=StopSignal()
        )
        return [group.apis for group in fold.groups()]

    assert virtually(main) == [MANY, MANY]
    assert capsys.readouterr().out


@pytest.mark.parametrize("output", list(Output))
def test_a_stop_is_heeded_meanwhile(plan: Plan, output: Output) -> None:
    stop = StopSignal()

    async def main() -> None:
        stop.request()
        with pytest.raises(Stopped, match="not shown to its end"):
            await show_plan(
                plan, Console(color=False), output=output, code=2, work=Estimate(scopes={}), stop=stop
            )

    virtually(main)
