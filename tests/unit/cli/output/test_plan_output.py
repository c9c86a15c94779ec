"""A plan of any size is shown, and Ctrl-C is heeded while it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.cli.output.console import Console
from batchgw.concurrency.stop import StopSignal
from batchgw.errors import Stopped
from batchgw.planning.estimate import Estimate, estimate
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from batchgw.report.plan_report import PlanReport
from batchgw.report.views.forms import forms_of, view_of
from tests.unit.planning.test_planfile import DUBLIN, HEADER, planned
from tests.virtual import virtually

MANY = 3_000
"""APIs whose showing takes many time slices, on any machine."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    with PlanWriter(tmp_path / "plan", HEADER) as writer:
        for number in range(MANY):
            writer.write(planned(DUBLIN, f"{number:010x}"))
    return Plan.of(writer)


def report(plan: Plan, stop: StopSignal) -> PlanReport:
    return PlanReport(plan=plan, estimate=Estimate(scopes={}), estimated=estimate, exit_code=2, stop=stop)


@pytest.mark.parametrize("form", forms_of("plan"))
def test_it_is_shown_to_its_end(plan: Plan, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both changes of each API are in the fold, which groups them: they are all alike."""

    async def main() -> list[int]:
        shown = report(plan, StopSignal())
        await view_of(form, "plan", Console(color=False)).plan(shown)
        return [group.apis for group in shown.fold.groups()]

    assert virtually(main) == [MANY, MANY]
    assert capsys.readouterr().out


@pytest.mark.parametrize("form", forms_of("review"))
def test_it_is_shown_for_a_review_to_its_end(
    plan: Plan, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        await view_of(form, "review", Console(color=False)).review(report(plan, StopSignal()))

    virtually(main)
    shown = capsys.readouterr().out
    assert all(f"{number:010x}" in shown for number in range(MANY))


@pytest.mark.parametrize("form", forms_of("plan"))
def test_a_stop_ends_it_meanwhile(plan: Plan, form: str) -> None:
    stop = StopSignal()

    async def main() -> None:
        stop.request()
        with pytest.raises(Stopped, match="not shown to its end"):
            await view_of(form, "plan", Console(color=False)).plan(report(plan, stop))

    virtually(main)
