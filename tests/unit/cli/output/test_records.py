"""What machines and auditors read: a verdict with its figures, how a run ended, by whom, and when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


def ended(log: str) -> dict[str, Any]:
    """The log's last word."""
    return dict(json.loads(Path(log).read_text().splitlines()[-1]))


@pytest.mark.usefixtures("world")
def test_a_check_has_a_verdict_counts_and_a_percentage() -> None:
    drifted = batchgw("check", "policy.yaml", "-o", "json")
    counts = drifted.json["counts"]
    writes = counts["to_create"] + counts["to_update"] + counts["to_reset"]
    assert (drifted.code, drifted.json["verdict"], drifted.json["exit_code"]) == (2, "drift", 2)
    assert drifted.json["schema_version"] == 1
    assert (counts["apis"], counts["expected"], counts["as_desired"]) == (8, 16, 16 - writes)
    assert drifted.json["percent_as_desired"] == (16 - writes) * 6.25
    assert TIME.fullmatch(drifted.json["header"]["created"])
    assert all(TIME.fullmatch(item["api"]["created"]) for item in drifted.json["items"])
    assert batchgw("apply", "policy.yaml", "--yes").code == 0
    lines = batchgw("check", "policy.yaml", "-o", "jsonl").lines
    assert all(TIME.fullmatch(line["api"]["created"]) for line in lines if line["kind"] == "api")
    (verdict,) = (line for line in lines if line["kind"] == "verdict")
    assert verdict | {"counts": None} == {
        "kind": "verdict",
        "schema_version": 1,
        "verdict": "as_desired",
        "exit_code": 0,
        "counts": None,
        "percent_as_desired": 100.0,
    }


@pytest.mark.usefixtures("world")
def test_the_log_ends_with_how_the_run_ended() -> None:
    assert batchgw("check", "policy.yaml", "--log-file", "check.log").code == 2
    entry = ended("check.log")
    assert (entry["event"], entry["exit_code"], entry["expected"]) == ("batchgw.run.ended", 2, 16)
    done = batchgw("apply", "policy.yaml", "--yes", "-o", "json", "--log-file", "apply.log")
    entry = ended("apply.log")
    assert (entry["event"], entry["run"], entry["exit_code"]) == ("batchgw.run.ended", done.json["run"], 0)
    assert (entry["expected"], entry["applied"] + entry["unchanged"], entry["left"]) == (16, 16, 0)


@pytest.mark.usefixtures("world")
def test_an_error_is_the_logs_last_word_too() -> None:
    assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
    assert batchgw("apply", "policy.yaml", "--yes").code == 0
    assert batchgw("apply", "--plan", "saved", "--yes", "--log-file", "stale.log").code == 5
    entry = ended("stale.log")
    assert (entry["event"], entry["exit_code"], entry["error"]) == ("batchgw.run.ended", 5, "PlanStale")


def test_a_run_says_who_when_and_with_what_in_words(world: ReadyInfo) -> None:
    policy = Path("policy.yaml").read_text()
    own = f'accounts: ["{world.management_account}"]'
    Path("own.yaml").write_text(
        re.sub(r"accounts:.*", own, policy).replace("  role: OrganizationBatchgw\n", "")
    )
    assert batchgw("apply", "own.yaml", "--yes", "--region", "eu-west-1,us-east-1").code == 0
    shown = batchgw("runs", "show", "last")
    record = batchgw("runs", "show", "last", "-o", "json").json
    assert record["identity"].startswith(f"arn:aws:iam::{world.management_account}:")
    assert f"identity  {record['identity']}" in shown.out
    for option in ("regions = eu-west-1, us-east-1", f"planned_as = {record['options']['planned_as']}"):
        assert f" {option}\n" in shown.out
    assert TIME.fullmatch(record["started"])
    assert TIME.fullmatch(record["finished"])
    assert f"started   {record['started']}" in shown.out
    assert record["started"] in batchgw("runs", "list").out
