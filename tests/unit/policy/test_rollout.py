"""What `rollout` means, and what of it is refused, where."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from batchgw.errors import PolicyInvalid, Problem
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
from batchgw.policy.loader import load_policies

FULL = """\
version: 1
use: [hsts]
rollout:
  waves:
  - {size: 1}
  - {size: 5%}
  - {ou: /Staging/**, allow_empty: true}
  - {accounts: ["111122223333", pay-*]}
  - {tags: {tier: test}}
  - {stages: [test]}
  - {rest: true}
  order: accounts
  seed: 7
  bake: 10m
  gates:
  - prompt
  - {alarm: "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-errors", on_inconclusive: fail}
  - {command: [./smoke.sh, -v], timeout: 30s, name: smoke test, hold_for: 2h}
  - {metric: Latency, min_requests: 500, confidence: 99%, tolerance: 10%}
  - {calendar: "arn:aws:ssm:eu-west-1:111122223333:document/changes"}
  - probe
  hold_for: 30m
  max_failures: {per_scope: 5, per_wave: 2%, run: 10, scopes: 1}
  limits: {apis: 2000, percent: 30, resets: 0, status_changes: 50, stages: 200}
  on_failure: rollback-wave
  window:
  - {days: [mon-wed, sat], from: "09:00", to: "16:00", zone: Europe/Berlin}
  - {file: changes.ics}
  - {calendar: office}
  max_parallel_scopes: 20
  regions: {order: [eu-west-1]}
"""

HOLD = OnInconclusive.HOLD


def rollout(*texts: str) -> Rollout | None:
    names = [f"policies/{n}.yaml" for n in range(len(texts))]
    return load_policies(names, texts=texts).policy.rollout


def problems(*texts: str) -> Sequence[Problem]:
    try:
        return load_policies([f"{n}.yaml" for n in range(len(texts))], texts=texts).warnings
    except PolicyInvalid as invalid:
        return invalid.problems


def test_every_key_is_read() -> None:
    assert rollout(FULL) == Rollout(
        waves=(
            Wave(size=Amount(count=1)),
            Wave(size=Amount(percent=5.0)),
            Wave(ou=OuPattern.parse("/Staging/**"), allow_empty=True),
            Wave(accounts=("111122223333", "pay-*")),
            Wave(tags={"tier": "test"}),
            Wave(stages=("test",)),
            Wave(rest=True),
        ),
        order=WaveOrder.ACCOUNTS,
        seed="7",
        bake=600.0,
        gates=(
            Gate(name="prompt", check=PromptCheck(), on_inconclusive=HOLD, hold_for=1800.0),
            Gate(
                name="api-errors",
                check=AlarmCheck(alarm="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-errors"),
                on_inconclusive=OnInconclusive.FAIL,
                hold_for=1800.0,
            ),
            Gate(
                name="smoke test",
                check=CommandCheck(argv=("./smoke.sh", "-v"), timeout=30.0),
                hold_for=7200.0,
            ),
            Gate(
                name="Latency",
                check=MetricCheck(
                    metric=MetricName.LATENCY, min_requests=500, confidence=99.0, tolerance=10.0
                ),
                hold_for=1800.0,
            ),
            Gate(
                name="changes",
                check=CalendarCheck(calendar="arn:aws:ssm:eu-west-1:111122223333:document/changes"),
                hold_for=1800.0,
            ),
            Gate(name="probe", check=ProbeCheck(), hold_for=1800.0),
        ),
        max_failures=MaxFailures(
            per_scope=Amount(count=5),
            per_wave=Amount(percent=2.0),
            run=Amount(count=10),
            scopes=Amount(count=1),
        ),
        limits=Limits(apis=2000, percent=30.0, resets=0, status_changes=50, stages=200),
        on_failure=OnFailure.ROLLBACK_WAVE,
        windows=(
            WeekWindow(days=(0, 1, 2, 5), opens=540, closes=960, zone="Europe/Berlin"),
            FileWindow(path="policies/changes.ics"),
            CalendarWindow(arn="office"),
        ),
        max_parallel_scopes=20,
        regions=(Region("eu-west-1"),),
    )


def test_what_is_left_out_is_filled_in() -> None:
    text = "version: 1\nuse: [hsts]\nrollout: {window: {days: [fri-mon]}}"
    week = WeekWindow(days=(0, 4, 5, 6), opens=0, closes=1440, zone="UTC")
    assert rollout(text) == dataclasses.replace(Rollout(), windows=(week,))
    assert rollout("version: 1\nuse: [hsts]") is None


def test_the_digest_knows_the_rollout_and_is_as_before_without_one() -> None:
    plain, rolled = (
        load_policies(["p"], texts=[f"version: 1\nuse: [hsts]\n{more}"]).policy
        for more in ("", "rollout: {bake: 10m}")
    )
    assert plain.digest != rolled.digest
    assert dataclasses.replace(rolled, rollout=None).digest == plain.digest


def test_one_file_says_how_all_are_rolled_out() -> None:
    one, other = "version: 1\nuse: [hsts]", "version: 1\nrollout: {bake: 10m}"
    found = rollout(one, other)
    assert found is not None
    assert found.bake == 600.0
    (twice,) = problems(other + "\nuse: [hsts]", other)
    assert str(twice) == (
        "1.yaml:2:1: error: how the policy is rolled out stands at 0.yaml:2:10 already: say it in one file"
        " [rollout-twice]"
    )


@pytest.mark.parametrize(
    ("said", "column", "says"),
    [
        ("waves: [{size: 1}]", 18, "the last wave takes what the others leave: add {rest: true}"),
        ("waves: [{rest: true}, {size: 100%}]", 18, "no wave takes anything after the one with `rest`"),
        ("waves: [{size: 1, rest: true}]", 19, "a wave has exactly one of size, accounts, ou, tags, stages"),
        ("waves: [{size: 0}, {rest: true}]", 26, "a wave has at least one API: write 1"),
        ("waves: [{size: 0%}, {rest: true}]", 26, "a wave has at least one API: write 1"),
        ("waves: [{size: 5%}, {size: 1%}, {rest: true}]", 18, "each is larger than the last"),
        ("waves: [{size: five}, {rest: true}]", 26, "'five' is not a whole number from 0, such as 5"),
        ("waves: [{ou: Staging}, {rest: true}]", 24, "'Staging' is not an OU"),
        ("gates: [alarm]", 19, "'alarm' is not one of prompt, probe"),
        ("gates: [{prompt: true, alarm: a}]", 19, "a gate asks exactly one thing: prompt, probe, command"),
        ("gates: [{alarm: a, timeout: 5s}]", 19, "`timeout` means nothing to the gate `alarm`"),
        ("gates: [{command: []}]", 29, "an empty list could mean nothing or everything"),
        ("gates: [{metric: 5xxError}]", 28, "did you mean 5XXError?"),
        ("max_failures: {per_waves: 1}", 26, "did you mean per_wave?"),
        ("max_failures: {run: 101%}", 31, "'101%' is not a share such as 10%, of 100% at most"),
        ("limits: {percent: 300}", 29, "a share of all APIs is from 0 to 100, such as 30"),
        ("limits: {apis: -1}", 26, "'-1' is not a whole number from 0"),
        ("window: {days: [mo]}", 27, "'mo' is neither a day such as mon, nor days such as mon-thu"),
        ("window: {from: 9:00}", 26, "'9:00' is not a time of day such as 09:00"),
        ("window: {from: '24:00'}", 26, "a window opens at 00:00 of the next day"),
        ("window: {zone: Berlin}", 26, "'Berlin' is not a time zone such as Europe/Berlin"),
        ("window: {file: a.ics, calendar: b}", 19, "a window is by days and times, by a `file` or by a"),
        ("on_failure: rollback", 23, "'rollback' is not one of stop, rollback-wave, rollback-run"),
        ("max_parallel_scopes: 0", 32, "at least one account-region is worked on at a time"),
        ("bake: soon", 17, "'soon' is not a time such as 90s, 10m or 1h30m"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(said: str, column: int, says: str) -> None:
    (found,) = problems(f"version: 1\nuse: [hsts]\nrollout: {{{said}}}")
    assert says in found.message
    assert (found.line, found.column, found.severity) == (3, column, "error")
