"""The records of a rollout: what they bring back from JSON, and what they refuse."""

from __future__ import annotations

import json

import pytest

from batchgw.model import OuPattern, Region
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.gate import (
    AlarmCheck,
    CalendarCheck,
    CommandCheck,
    Gate,
    MetricCheck,
    MetricName,
    OnInconclusive,
    ProbeCheck,
    PromptCheck,
)
from batchgw.model.rollout.limits import Limits, MaxFailures, OnFailure
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave, WaveOrder
from batchgw.model.rollout.window import CalendarWindow, FileWindow, WeekWindow

FULL = Rollout(
    waves=(
        Wave(size=Amount(count=1)),
        Wave(size=Amount(percent=2.5), allow_empty=True),
        Wave(accounts=("111122223333", "sandbox-*")),
        Wave(ou=OuPattern.parse("/Staging/**")),
        Wave(tags={"tier": "test*"}),
        Wave(stages=("test", "dev-*")),
        Wave(rest=True),
    ),
    order=WaveOrder.REGIONS,
    seed="7",
    bake=600.0,
    gates=(
        Gate(name="prompt", check=PromptCheck()),
        Gate(name="smoke", check=CommandCheck(argv=("./smoke.sh", "-v"), timeout=30.0)),
        Gate(name="alarm", check=AlarmCheck(alarm="api-errors"), on_inconclusive=OnInconclusive.FAIL),
        Gate(name="probe", check=ProbeCheck()),
        Gate(name="metric", check=MetricCheck(metric=MetricName.LATENCY, tolerance=10.0), hold_for=60.0),
        Gate(name="calendar", check=CalendarCheck(calendar="arn:aws:ssm:eu-west-1:1:document/c")),
    ),
    max_failures=MaxFailures(per_scope=Amount(count=5), per_wave=Amount(percent=2.0)),
    limits=Limits(apis=2000, percent=30.0, resets=0),
    on_failure=OnFailure.ROLLBACK_WAVE,
    windows=(
        WeekWindow(days=(0, 3), opens=540, closes=960, zone="Europe/Berlin"),
        FileWindow(path="freeze.ics"),
        CalendarWindow(arn="office"),
    ),
    max_parallel_scopes=4,
    regions=(Region("eu-west-1"),),
)


@pytest.mark.parametrize("rollout", [FULL, Rollout()])
def test_json_brings_the_same_rollout_back(rollout: Rollout) -> None:
    assert Rollout.from_json(json.loads(json.dumps(rollout.to_json()))) == rollout


@pytest.mark.parametrize(
    ("amount", "whole", "down", "up"),
    [
        (Amount(count=5), 3, 5, 5),
        (Amount(percent=2.0), 290, 5, 6),  # 5.8
        (Amount(percent=7.0), 100, 7, 7),  # with floats it would be 7.000000000000001
        (Amount(percent=0.1), 1000, 1, 1),
        (Amount(percent=100.0), 7, 7, 7),
        (Amount(percent=50.0), 0, 0, 0),
    ],
)
def test_shares_are_worked_out_exactly(amount: Amount, whole: int, down: int, up: int) -> None:
    assert (amount.down(whole), amount.up(whole)) == (down, up)


def test_a_wave_has_one_unit() -> None:
    for wrong in ({}, {"rest": True, "stages": ["a"]}):
        with pytest.raises(ValueError, match="exactly one unit"):
            Wave.from_json(wrong)  # type: ignore[arg-type]


def test_waves_say_what_they_are() -> None:
    assert [str(wave) for wave in FULL.waves] == [
        "1",
        "2.5%",
        "accounts 111122223333, sandbox-*",
        "ou /Staging/**",
        "tags tier=test*",
        "stages test, dev-*",
        "rest",
    ]


@pytest.mark.parametrize("wrong", [{}, {"count": -1}, {"percent": 101}, {"count": 1, "percent": 1}])
def test_an_amount_is_a_count_or_a_share(wrong: dict[str, int]) -> None:
    with pytest.raises((TypeError, ValueError)):
        Amount.from_json(wrong)


@pytest.mark.parametrize("wrong", [{"days": []}, {"days": [7]}, {"opens": 1440}, {"closes": 1441}])
def test_a_window_is_within_a_week_and_a_day(wrong: dict[str, object]) -> None:
    right = {"days": (0,), "opens": 0, "closes": 1440, "zone": "UTC"}
    with pytest.raises(ValueError, match="a window"):
        WeekWindow(**{**right, **wrong})  # type: ignore[arg-type]
