"""The pace's flags: what they mean, what contradicts what, and what a plan or a run remembers of them."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis.strategies import sampled_from

from batchgw.cli.flags.options import ConnectionFlags, LogFlags, OutputFlags, RunFlags
from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_records import QuotaFile
from batchgw.cli.loading import plan_options
from batchgw.cli.run_options import run_options, with_run_options
from batchgw.cli.verb import verb
from batchgw.control_plane.stack import Pace
from batchgw.errors import UsageError
from batchgw.journal import KEPT_OPTIONS
from batchgw.model import Desired, Policy, Targets
from batchgw.throttle.quota import Quota, Scoping, Trust
from tests.unit.cli_driver import batchgw, clean_environment

FILE = QuotaFile(
    file="/etc/quotas.yaml", rate=20.0, share=0.5, operations={"CreateDeployment": Quota(0.5, 1)}
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "p.yaml").write_text("version: 1\nresponses: {THROTTLED: default}\n")


def flags(*, fast_path: bool | None = None, **pace: Any) -> RunFlags:
    return RunFlags(
        connection=ConnectionFlags(client_fast_path=fast_path),
        pace=PaceFlags(**pace),
        output=OutputFlags(),
        log=LogFlags(),
    )


def again(then: RunFlags, **now: Any) -> PaceFlags:
    """What a command takes up that finds a plan or a run with the flags `then`."""
    options = json.loads(json.dumps(run_options(then, Targets())))
    return with_run_options(flags(**now), options).pace


class TestMeaning:
    @pytest.mark.parametrize(
        ("settings", "trust"),
        [
            ({}, Trust.TRUSTED),
            ({"strict": True}, Trust.STRICT),
            ({"probe": True}, Trust.GUESS),
            ({"strict": True, "probe": False}, Trust.STRICT),
        ],
    )
    def test_how_far_the_quota_is_believed(self, settings: dict[str, bool], trust: Trust) -> None:
        assert chosen_pace(PaceFlags(**settings)).quotas.trust is trust  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("flag", "file", "polite"),
        [
            (None, None, False),
            (None, True, True),
            (False, True, False),
            (True, False, True),
            (True, None, True),
        ],
    )
    def test_whether_others_go_first(self, *, flag: bool | None, file: bool | None, polite: bool) -> None:
        quota_file = QuotaFile(file="/etc/quotas.yaml", polite=file)
        assert chosen_pace(PaceFlags(polite=flag, quota_file=quota_file)).quotas.polite == polite

    def test_an_unknown_quota(self) -> None:
        quotas = chosen_pace(PaceFlags(rate="unknown")).quotas
        assert quotas.total is None
        assert quotas.operations["CreateDeployment"].rate == 0.2

    def test_a_quota_of_the_whole_account(self) -> None:
        assert chosen_pace(PaceFlags(quota_scope=Scoping.ACCOUNT)).quotas.scoping is Scoping.ACCOUNT


class TestContradictions:
    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--strict", "--probe"], ["--strict", "--probe"]),
            (["--rate", "unknown", "--strict"], ["--rate", "--strict"]),
            (["--rate", "unknown", "--share", "0.5"], ["--rate", "--share"]),
            (["--rate", "unknown", "--burst", "5"], ["--rate", "--burst"]),
        ],
    )
    @pytest.mark.parametrize(
        "verb",
        [
            ["plan", "p.yaml"],
            ["discover"],
            ["apply", "p.yaml", "--yes"],
            ["apply", "p.yaml"],  # before it is found that nobody can be asked
            ["put", "--type", "THROTTLED", "--default", "a1b2c3"],
        ],
    )
    def test_they_are_usage_errors_that_name_the_flags(
        self, verb: list[str], arguments: list[str], named: list[str]
    ) -> None:
        done = batchgw(*verb, "--region", "eu-west-1", *arguments)
        assert (done.code, done.out) == (64, "")
        for name in named:
            assert name in done.err
        assert "--yes" not in done.err

    def test_a_variable_contradicts_as_a_flag_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BATCHGW_STRICT", "1")
        monkeypatch.setenv("BATCHGW_RATE", "unknown")
        assert "--strict" in batchgw("discover", "--region", "eu-west-1").err

    @given(
        rate=sampled_from([None, 5.0, "unknown"]),
        burst=sampled_from([None, 9.0]),
        share=sampled_from([None, 0.5, 1.0]),
        strict=sampled_from([None, False, True]),
        probe=sampled_from([None, False, True]),
        file=sampled_from([None, FILE, QuotaFile(file="q", rate="unknown")]),
    )
    def test_whatever_passes_here_passes_in_the_engine(self, file: QuotaFile | None, **flags: Any) -> None:
        with suppress(UsageError):
            pace = chosen_pace(PaceFlags(quota_file=file, **flags))
            assert pace.quotas.share == pace.share


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--rate", "fast"],
            "'fast' is not a rate: calls per second, such as 10 or 1/5; or `unknown`.",
        ),
        (["--rate", "0"], "'0' is not a rate: calls per second"),
        (["--rate", "1/0"], "'1/0' is not a rate"),
        (["--rate", "1/"], "'1/' is not a rate"),
        (["--rate", "1/2/3"], "'1/2/3' is not a rate"),
        (["--rate", "nan"], "'nan' is not a rate"),
        (["--rate", "inf"], "'inf' is not a rate"),
        (["--rate", "-3"], "'-3' is not a rate"),
        (["--burst", "0"], "'0' is not a burst: calls that may be made at once, 1 or more"),
        (["--quota-scope", "region"], "--quota-scope"),
        (["--share", "0"], "--share"),
        (["--patience", "0"], "--patience"),
    ],
)
def test_invalid_values_are_refused(arguments: list[str], said: str) -> None:
    done = batchgw("plan", "p.yaml", *arguments)
    assert done.code == 64
    assert said in done.err


def pace_by(*arguments: str) -> Pace:
    """What a verb makes of these arguments."""
    found: list[Pace] = []

    def take(pace: PaceFlags) -> None:
        found.append(chosen_pace(pace))

    app = typer.Typer()
    verb(app)(take)
    app(list(arguments), standalone_mode=False)
    (pace,) = found
    return pace


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10", 10.0),
        ("1/5", 0.2),
        (" 1 / 2 ", 0.5),
        ("Unknown", None),
        *((each, "refused") for each in ("1/", "/2", "1/0", "1/2/3", "0", "2e6", "fast", "")),
    ],
)
def test_a_rate_is_read_alike_in_a_flag_and_in_the_file(text: str, rate: float | str | None) -> None:
    Path("quotas.yaml").write_text(f"total: {{rate: '{text}'}}\n")
    found = []
    for arguments in (["--rate", text], ["--quota-file", "quotas.yaml"]):
        with suppress(typer.BadParameter, UsageError):
            found.append(pace_by(*arguments).rate)
    assert found == ([] if rate == "refused" else [rate, rate])


def test_a_share_and_a_burst_may_be_fractions_too() -> None:
    pace = pace_by("--share", "1/4", "--burst", "9/2")
    assert (pace.share, pace.burst) == (0.25, 4.5)


class TestRecorded:
    @pytest.mark.parametrize(
        "settings",
        [
            {"rate": 5.0, "burst": 9.0, "share": 0.25, "workers": 3, "attempts": 4, "patience": 60.0},
            {"rate": "unknown"},
            {"strict": True},
            {"strict": False, "probe": True},
            {"polite": True},
            {"quota_scope": Scoping.ACCOUNT},
            {"quota_file": FILE},
        ],
    )
    def test_every_flag_is_taken_up_again(self, settings: dict[str, Any]) -> None:
        assert again(flags(**settings)) == PaceFlags(**settings)

    def test_the_journal_keeps_every_flag_of_the_pace(self) -> None:
        assert {f.name for f in fields(PaceFlags)} | {"client_fast_path"} <= KEPT_OPTIONS

    def test_a_plan_keeps_what_the_file_said(self) -> None:
        options = plan_options(Policy(desired=Desired(rules={})), flags(quota_file=FILE), Targets())
        assert options["quota_file"] == {
            "file": "/etc/quotas.yaml",
            "total": {"rate": 20.0},
            "operations": {"CreateDeployment": {"rate": 0.5, "burst": 1}},
            "share": 0.5,
        }

    @pytest.mark.parametrize(
        ("then", "now", "expected"),
        [
            ({"rate": 5.0}, {"rate": 7.0}, {"rate": 7.0}),
            ({"strict": True}, {"strict": False}, {"strict": False}),
            ({"strict": True}, {"probe": True}, {"probe": True}),
            ({"probe": True}, {"strict": True}, {"strict": True}),
            ({"burst": 9.0}, {"rate": "unknown"}, {"rate": "unknown"}),
            ({"rate": "unknown"}, {"rate": 3.0}, {"rate": 3.0}),
            ({"quota_file": FILE}, {"rate": 3.0}, {"rate": 3.0, "quota_file": FILE}),
            (
                {"rate": 5.0, "burst": 9.0, "share": 1.0},
                {"quota_file": FILE},
                {"burst": 9.0, "quota_file": FILE},
            ),
        ],
    )
    def test_what_is_given_now_comes_before_it(
        self, then: dict[str, Any], now: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert again(flags(**then), **now) == PaceFlags(**expected)

    @pytest.mark.parametrize(
        ("then", "now", "expected"),
        [(False, None, False), (False, True, True), (None, None, None), (True, False, False)],
    )
    def test_the_client_s_way_too(
        self, *, then: bool | None, now: bool | None, expected: bool | None
    ) -> None:
        options = json.loads(json.dumps(run_options(flags(fast_path=then), Targets())))
        assert with_run_options(flags(fast_path=now), options).connection.client_fast_path is expected
