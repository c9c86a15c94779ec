"""`rollback`, `retry` and `abort --rollback` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.unit.cli_driver import batchgw, clean_environment, served

POLICY = """\
version: 1
targets: {regions: [eu-west-1]}
responses: {THROTTLED: {status: 429, headers: {Retry-After: "2"}}}
rollout:
  waves: [{size: 2}, {size: 60%}, {rest: true}]
"""
"""Ten APIs, of which seven are not as it says."""


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clean_environment(monkeypatch, tmp_path)
    path = tmp_path / "waves.yaml"
    path.write_text(POLICY)
    return path


def refusing(folder: Path, first: int) -> Path:
    """Write a script by which the first puts are refused for good."""
    path = folder / "faults.json"
    match = {"operation": "PutGatewayResponse", "first": first}
    path.write_text(json.dumps([{"match": match, "fault": "bad_request"}]))
    return path


def answers() -> dict[str, Any]:
    """What every API answers when it is throttled."""
    gateway = boto3.client("apigateway", region_name="eu-west-1")
    found = {}
    for api in gateway.get_rest_apis()["items"]:
        answer = gateway.get_gateway_response(restApiId=api["id"], responseType="THROTTLED")
        answer.pop("ResponseMetadata")
        found[api["id"]] = answer
    return found


def test_a_run_is_taken_back_in_part_and_as_a_whole(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        before = answers()
        assert batchgw("apply", policy, "--yes").code == 0
        after = answers()
        assert after != before
        unasked = batchgw("rollback", "last")
        assert (unasked.code, "Give --yes" in unasked.err) == (64, True)
        nothing = batchgw("rollback", "last", "--yes", "--wave", "7")
        assert (nothing.code, "there is no wave 7" in nothing.err) == (64, True)
        odd = batchgw("rollback", "last", "--yes", "--api", "a b")
        assert (odd.code, "--api" in odd.err) == (64, True)
        wave = batchgw("rollback", "last", "--yes", "--wave", "1", "-o", "json")
        assert wave.code == 0, wave.err
        assert (wave.json["verb"], wave.json["applied"]) == ("rollback", 2)
        assert sum(answers()[id_] == before[id_] != after[id_] for id_ in before) == 2
        runs = batchgw("runs", "list", "-o", "json").json
        assert [run["verb"] for run in runs] == ["rollback", "apply"]
        whole = batchgw("rollback", runs[1]["run"], "--yes")
        assert whole.code == 0, whole.err
        assert "The way back of run" in whole.err
        assert answers() == before
        again = batchgw("rollback", runs[1]["run"], "--yes")
        assert again.code == 0, again.err
        forth = batchgw("rollback", batchgw("runs", "list", "-o", "json").json[1]["run"], "--yes")
        assert forth.code == 0, forth.err
        assert answers() != before


def test_what_others_changed_since_is_left_alone_and_told_unless_forced(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        before = answers()
        assert batchgw("apply", policy, "--yes").code == 0
        run = batchgw("runs", "show", "last", "-o", "json").json["run"]
        edited = next(id_ for id_, answer in answers().items() if answer != before[id_])
        gateway = boto3.client("apigateway", region_name="eu-west-1")
        gateway.put_gateway_response(restApiId=edited, responseType="THROTTLED", statusCode="418")
        back = batchgw("rollback", run, "--yes")
        assert (back.code, "someone else changed THROTTLED since the run" in back.out) == (2, True), back.out
        assert answers()[edited]["statusCode"] == "418"
        forced = batchgw("rollback", run, "--yes", "--force", "--api", edited)
        assert forced.code == 0, forced.err
        assert answers() == before


def test_what_has_failed_is_tried_again(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = refusing(policy.parent, first=2)
    with served(monkeypatch, apis=10, accounts=1, regions=1, faults=faults):
        assert batchgw("apply", policy, "--yes").code == 1
        bare = batchgw("retry", "last", "--yes")
        assert (bare.code, "--failed" in bare.err) == (64, True)
        unasked = batchgw("retry", "last", "--failed")
        assert (unasked.code, "Give --yes" in unasked.err) == (64, True)
        retried = batchgw("retry", "last", "--failed", "--yes", "-o", "json")
        assert (retried.code, retried.json["failed"]) == (0, 0), retried.err
        assert batchgw("check", policy).code == 0
        assert batchgw("retry", "last", "--failed").code == 0  # nothing to ask for


def test_a_budget_takes_the_run_back_by_itself(policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy.write_text(POLICY + "  max_failures: {run: 0}\n  on_failure: rollback-run\n")
    faults = refusing(policy.parent, first=20)
    with served(monkeypatch, apis=10, accounts=1, regions=1, faults=faults):
        before = answers()
        halted = batchgw("apply", policy, "--yes")
        assert halted.code == 3
        assert "and taken back by run" in halted.out
        assert ", rollback, " in halted.out
        assert answers() == before
        first, back = batchgw("runs", "list", "-o", "json").json[::-1]
        assert batchgw("resume", first["run"], "--yes").code == 64
        assert batchgw("runs", "show", back["run"], "-o", "json").json["takes_back"] == first["run"]


def test_a_held_run_that_nobody_waits_for_is_aborted_and_taken_back(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text(POLICY + "  gates: [prompt]\n")
    with served(monkeypatch, apis=10, accounts=1, regions=1):
        before = answers()
        assert batchgw("apply", policy, "--yes").code == 3
        assert answers() != before
        unasked = batchgw("abort", "last", "--rollback")
        assert (unasked.code, "Give --yes" in unasked.err) == (64, True)
        back = batchgw("abort", "last", "--rollback", "--yes", "--reason", "slow")
        assert back.code == 0, back.err
        assert "It is taken back now." in back.err
        assert answers() == before
        (_, first) = batchgw("runs", "list", "-o", "json").json
        again = batchgw("abort", first["run"], "--rollback", "--yes")  # as often as one likes
        assert (again.code, "has decided so already" in again.err) == (0, True), again.err
        other = batchgw("promote", first["run"])
        assert (other.code, "has decided about wave 1" in other.err) == (64, True)
        assert batchgw("resume", first["run"], "--yes").code == 64
