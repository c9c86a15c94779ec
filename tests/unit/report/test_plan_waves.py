"""The waves of a plan on a screen and for machines, with times worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from batchgw.model import AccountId, PlannedApi, Region, RestApi, RestApiId, Scope
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import Gate, PromptCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.model.rollout.window import WeekWindow
from batchgw.planning.estimate import Estimate, Work, estimate
from batchgw.planning.plan_file.plan import Plan, PlanWriter
from batchgw.planning.totals import PlanTotals
from batchgw.report.rollout.plan_waves import PlanWaves
from batchgw.report.views.lines.waves import wave_lines
from batchgw.report.views.text import plain
from tests.unit.planning.test_planfile import HEADER, planned

ONE, OTHER = (Scope(account=AccountId(n * 12), region=Region("eu-west-1")) for n in "12")
ROLLOUT = Rollout(
    waves=(Wave(size=Amount(count=1)), Wave(accounts=(ONE.account,)), Wave(rest=True)),
    bake=600.0,
    gates=(Gate(name="prompt", check=PromptCheck()),),
)
CREATED = 1_796_290_200.0
"""Of the plan: Thursday 2026-12-03, 09:30 in UTC."""


def counted(
    tmp_path: Path, rollout: Rollout, estimated: Callable[[PlanTotals, Work], Estimate] = estimate
) -> PlanWaves:
    """70 APIs in one account-region and 20 in another, each with two changes."""
    with PlanWriter(tmp_path / "plan", replace(HEADER, rollout=rollout, created=CREATED)) as writer:
        for n in range(70):
            writer.write(planned(ONE, f"a{n}"))
        for n in range(20):
            writer.write(planned(OTHER, f"b{n}"))
        writer.write(PlannedApi(api=RestApi(scope=ONE, id=RestApiId("c")), changes=()))
    plan = Plan.of(writer)
    found = PlanWaves(plan.waves, plan.variants, begun=plan.header.created, estimated=estimated)
    for item in plan.items():
        found.add(item)
    return found


def test_the_table_has_what_each_wave_does_and_how_long_it_takes(tmp_path: Path) -> None:
    """138 changes in one account-region: 40 leave at once, and ten a second after them. 40 take no time."""
    text = [plain(each) for each in wave_lines(counted(tmp_path, ROLLOUT))]
    assert [" ".join(row.split()) for row in text[1:5]] == [
        "wave who APIs API-types scopes time done after",
        "1 1 1 2 1 under 1 s 10 min",
        "2 accounts 111111111111 69 138 1 9.8 s 20 min 10 s",
        "3 rest 20 40 1 under 1 s 30 min 10 s",
    ]
    assert text[5:] == ["  After each wave: 10 min of bake, the gate prompt."]


def test_machines_are_told_seconds(tmp_path: Path) -> None:
    second = counted(tmp_path, replace(ROLLOUT, waves=(Wave(rest=True),))).to_json()[0]
    assert second == {
        "wave": 1,
        "unit": "rest",
        "apis": 90,
        "targets": {"response": 180},
        "scopes": 2,
        "seconds": 10.0,  # 140 changes in the larger scope
        "ends_after": 610.0,
    }


def test_scopes_that_do_not_go_side_by_side_follow_each_other(tmp_path: Path) -> None:
    """10 s in one account-region, and 40 changes in the other leave at once."""
    alone = Rollout(waves=(Wave(rest=True),), max_parallel_scopes=1)
    (wave,) = counted(tmp_path, alone).figures
    assert wave.seconds(1) == wave.seconds(2) == 10.0


def test_a_wave_takes_as_long_as_the_quotas_of_the_run_make_it(tmp_path: Path) -> None:
    """140 changes in the larger account-region: 40 leave at once, and half of 100 a second after them."""
    of_the_run = partial(estimate, rate=100.0, burst=40.0, share=0.5)
    ((_, seconds, after),) = counted(tmp_path, Rollout(waves=(Wave(rest=True),)), of_the_run).times()
    assert (seconds, after) == (2.0, 2.0)


def test_windows_are_waited_for(tmp_path: Path) -> None:
    """The plan is made at 09:30, and the window opens at 10:00."""
    window = WeekWindow(days=(3,), opens=600, closes=660, zone="UTC")
    rolled = Rollout(waves=(Wave(rest=True),), windows=(window,))
    found = counted(tmp_path, rolled)
    ((_, seconds, after),) = found.times()
    assert (seconds, after) == (10.0, 1810.0)
    assert "  Calls are made only in the window thu 10:00-11:00 UTC." in [
        plain(each) for each in wave_lines(found)
    ]


def test_an_empty_wave_is_told_beside_the_table(tmp_path: Path) -> None:
    empty = Rollout(waves=(Wave(tags={"no": "such"}), Wave(rest=True)))
    assert any(
        "wave 1 (tags no=such) takes none of" in plain(each) for each in wave_lines(counted(tmp_path, empty))
    )


def test_without_a_rollout_nothing_is_said() -> None:
    assert not list(wave_lines(PlanWaves(None, (), begun=0.0)))
