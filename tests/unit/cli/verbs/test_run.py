"""The verbs that make calls, against a simulated world over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from batchgw.cli.main import app
from batchgw.control_plane.aws import clients
from batchgw.control_plane.aws.fast_path import FastPath
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


@pytest.mark.usefixtures("world")
def test_plan_apply_check_and_plan_again() -> None:
    plan = batchgw("plan", "policy.yaml")
    assert plan.code == 2
    assert "+ CREATE DEFAULT_4XX" in plan.out
    assert "+ header X-Test: '1'" in plan.out
    apply = batchgw("apply", "policy.yaml", "--yes")
    assert apply.code == 0, apply.err
    assert "= 16 of 16 expected  every target accounted for" in apply.out
    check = batchgw("check", "policy.yaml")
    assert (check.code, check.out.splitlines()[-1]) == (0, "No drift. 8 APIs as desired.")


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("variable", "on"), [(None, True), ("1", True), ("0", False)])
def test_a_life_cycle_with_the_fast_path_off_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, *, on: bool
) -> None:
    """On the wire both ways are the same, so what tells them apart is whether one is made."""
    fast_paths: list[FastPath] = []

    class Noted(FastPath):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            fast_paths.append(self)

    monkeypatch.setattr(clients, "FastPath", Noted)
    if variable is not None:
        monkeypatch.setenv("BATCHGW_CLIENT_FAST_PATH", variable)
    assert batchgw("plan", "policy.yaml").code == 2
    apply = batchgw("apply", "policy.yaml", "--yes")
    assert apply.code == 0, apply.err
    assert "= 16 of 16 expected  every target accounted for" in apply.out
    assert batchgw("check", "policy.yaml").code == 0
    assert bool(fast_paths) is on


def test_the_page_of_the_client_names_the_flag_and_its_variable() -> None:
    page = (Path(__file__).parents[4] / "docs" / "client.md").read_text(encoding="utf-8")
    found: Any = typer.main.get_command(app)
    (option,) = [p for p in found.commands["apply"].params if p.name == "client_fast_path"]
    assert f"`{option.secondary_opts[0]}` (`{option.envvar}=0`)" in page


@pytest.mark.usefixtures("world")
def test_data_is_on_stdout_and_everything_else_on_stderr() -> None:
    plan = batchgw("plan", "policy.yaml", "--output", "json")
    assert len(plan.json["items"]) == 8
    assert "Reading: 8 of 8 APIs" in plan.err
    apply = batchgw("apply", "policy.yaml", "--yes", "-o", "json")
    assert apply.json["proves"] is True
    assert apply.json["expected"] == 16
    assert "Plan: " in apply.err
    assert "Journal: " not in apply.out


@pytest.mark.usefixtures("world")
def test_quiet_leaves_stderr_empty_when_all_is_well() -> None:
    assert batchgw("apply", "policy.yaml", "--yes", "--quiet").err == ""


@pytest.mark.usefixtures("world")
def test_a_plan_streams_as_json_lines_with_kinds() -> None:
    kinds = [record["kind"] for record in batchgw("plan", "policy.yaml", "-o", "jsonl").lines]
    assert kinds == [
        "plan",
        *["api"] * 8,
        "totals",
        "estimate",
        "customised",
        "extent",
        "verdict",
        "not-live",
    ]


@pytest.mark.usefixtures("world")
def test_an_apply_as_json_lines_gives_every_outcome_and_the_summary() -> None:
    *outcomes, summary = batchgw("apply", "policy.yaml", "--yes", "-o", "jsonl").lines
    assert len(outcomes) == 16
    assert {o["outcome"] for o in outcomes} == {"applied", "unchanged"}
    assert summary["kind"] == "summary"
    assert summary["applied"] == sum(o["outcome"] == "applied" for o in outcomes)


@pytest.mark.usefixtures("world")
def test_flags_choose_other_targets_than_the_policy() -> None:
    plan = batchgw("plan", "policy.yaml", "--region", "us-east-1", "--account", "222222222222", "-o", "json")
    assert list(plan.json["totals"]["scopes"]) == ["222222222222/us-east-1"]


@pytest.mark.usefixtures("world")
def test_variables_mirror_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHGW_REGION", "us-east-1,eu-west-1")
    monkeypatch.setenv("BATCHGW_ACCOUNT", "222222222222")
    monkeypatch.setenv("BATCHGW_OUTPUT", "json")
    scopes = batchgw("plan", "policy.yaml").json["totals"]["scopes"]
    assert list(scopes) == ["222222222222/us-east-1", "222222222222/eu-west-1"]


@pytest.mark.usefixtures("world")
def test_the_region_of_the_environment_stands_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\nresponses: {THROTTLED: {status: 429}}\n")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    scopes = batchgw("plan", "policy.yaml", "-o", "json").json["totals"]["scopes"]
    assert list(scopes) == ["111111111111/us-east-1"]


@pytest.mark.usefixtures("world")
def test_discover_prints_what_targets_reads() -> None:
    found = batchgw("discover", "policy.yaml", "-o", "jsonl")
    assert len(found.lines) == 8
    only = found.lines[5]
    put = batchgw(
        "put",
        "--type",
        "THROTTLED",
        "--status",
        "420",
        "--targets",
        "-",
        "--yes",
        "-o",
        "json",
        "--role-name",
        "OrganizationBatchgw",
        stdin=json.dumps(only) + "\n",
    )
    assert put.code == 0, put.err
    assert (put.json["verb"], put.json["applied"]) == ("put", 1)
    assert [s["account"] for s in put.json["scopes"]] == [only["account"]]


@pytest.mark.usefixtures("world")
def test_discover_as_one_json_array() -> None:
    assert len(batchgw("discover", "policy.yaml", "-o", "json").json) == 8
    assert batchgw("discover", "policy.yaml", "-o", "json", "--name", "no such").json == []


@pytest.mark.usefixtures("world")
def test_put_takes_both_spellings_and_default_takes_them_back() -> None:
    api = batchgw("discover", "--region", "eu-west-1", "-o", "jsonl").lines[0]["id"]
    common = [api, "--region", "eu-west-1", "--yes", "-o", "jsonl"]
    put = batchgw("put", "--type", "unauthorized", "--status-code", "401", *common,
                  "--header", "WWW-Authenticate=Bearer",
                  "--header-from", "X-O=method.request.header.Origin",
                  "--response-templates", '{"text/plain": "no"}')  # fmt: skip
    assert put.code == 0, put.err
    assert [line["action"] for line in put.lines[:-1]] == ["CREATE"]
    again = batchgw("put", "--type", "UNAUTHORIZED", *common, "--response-parameters",
                    '{"gatewayresponse.header.WWW-Authenticate": "\'Bearer\'",'
                    ' "gatewayresponse.header.X-O": "method.request.header.Origin"}',
                    "--template", "text/plain=no")  # fmt: skip
    assert [line["outcome"] for line in again.lines[:-1]] == ["unchanged"]
    reset = batchgw("put", "--type", "UNAUTHORIZED", "--default", *common)
    assert [line["action"] for line in reset.lines[:-1]] == ["RESET"]


@pytest.mark.usefixtures("world")
def test_an_unknown_api_is_a_failure_and_the_others_are_put() -> None:
    api = batchgw("discover", "--region", "eu-west-1", "-o", "jsonl").lines[0]["id"]
    put = batchgw("put", "--type", "THROTTLED", "--status", "420", "--region", "eu-west-1", "--yes",
                  "-o", "json", api, "doesnotxst")  # fmt: skip
    assert put.code == 1
    assert (put.json["applied"], put.json["failed"], put.json["proves"]) == (1, 1, True)


@pytest.mark.usefixtures("world")
def test_a_saved_plan_is_applied_whole_and_only_once() -> None:
    assert batchgw("plan", "policy.yaml", "--out", "p.plan", "--region", "eu-west-1").code == 2
    applied = batchgw("apply", "--plan", "p.plan", "--yes", "-o", "json")
    assert (applied.code, applied.json["expected"]) == (0, 8)
    stale = batchgw("apply", "--plan", "p.plan", "--yes")
    assert (stale.code, stale.out) == (5, "")
    assert stale.err.splitlines()[-1].startswith("Plan again") or "stale" in stale.err


@pytest.mark.usefixtures("world")
def test_selection_in_the_environment_does_not_stand_in_a_plan_s_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BATCHGW_REGION", "eu-west-1")
    monkeypatch.setenv("BATCHGW_NAME", "*")
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    monkeypatch.setenv("BATCHGW_TARGETS", "not-even-there.txt")
    applied = batchgw("apply", "--plan", "p.plan", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    assert applied.json["expected"] == 8


@pytest.mark.usefixtures("world")
def test_the_policy_beside_a_plan_must_be_its_own(tmp_path: Path) -> None:
    assert batchgw("plan", "policy.yaml", "--out", "p.plan", "--region", "eu-west-1").code == 2
    (tmp_path / "other.yaml").write_text(POLICY.replace('"1"', '"2"'))
    other = batchgw("apply", "other.yaml", "--plan", "p.plan", "--yes")
    assert (other.code, other.out) == (5, "")
    assert "made from another policy" in other.err
    assert batchgw("apply", "policy.yaml", "--plan", "p.plan", "--yes").code == 0


def test_the_external_id_of_a_role_is_needed_but_never_in_a_plan(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch, external_id="sesame-17"):
        assert batchgw("plan", "policy.yaml").code == 4
        assert batchgw("plan", "policy.yaml", "--external-id", "sesame-17", "--out", "p.plan").code == 2
        assert "sesame-17" not in (tmp_path / "p.plan").read_text()
        refused = batchgw("apply", "--plan", "p.plan", "--yes")
        assert (refused.code, "--external-id" in refused.err) == (64, True)
        applied = batchgw("apply", "--plan", "p.plan", "--yes", "--external-id", "sesame-17")
        assert applied.code == 0, applied.err
        shown = batchgw("runs", "show", "last", "-o", "json")
        assert "sesame-17" not in shown.out


def test_a_plan_whose_external_id_is_in_the_policy_names_the_policy_in_its_next_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY.replace("targets:", "targets:\n  external_id: sesame-17"))
    with served(monkeypatch, external_id="sesame-17"):
        planned = batchgw("plan", "policy.yaml", "--out", "p.plan")
        assert planned.code == 2, planned.err
        command = planned.err.splitlines()[-1].split()
        assert command == ["batchgw", "apply", "policy.yaml", "--plan", "p.plan"]
        assert batchgw(*command[1:], "--yes").code == 0


@pytest.mark.usefixtures("world")
def test_runs_are_listed_and_shown() -> None:
    assert batchgw("runs", "list", "-o", "json").json == []
    applied = batchgw("apply", "policy.yaml", "--yes", "-o", "json").json
    (listed,) = batchgw("runs", "list", "-o", "json").json
    assert (listed["run"], listed["state"], listed["expected"]) == (applied["run"], "done", 16)
    assert applied["run"] in batchgw("runs", "list").out
    shown = batchgw("runs", "show", applied["run"][:10], "-o", "json").json
    assert shown["summary"]["applied"] == applied["applied"]
    assert len(batchgw("runs", "show", "last", "-o", "jsonl").lines) == 17


def test_what_was_left_is_exit_4_and_is_resumed_with_the_recorded_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A write is in doubt and cannot be read back; the endpoint of the flag is remembered by the run."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    script = [
        {"match": {"operation": "PutGatewayResponse", "nth": 1}, "fault": "cut_after"},
        {"match": {"operation": "GetGatewayResponse"}, "fault": "bad_request"},
    ]
    (tmp_path / "faults.json").write_text(json.dumps(script))
    with served(monkeypatch, faults=tmp_path / "faults.json") as info:
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        applied = batchgw("apply", "policy.yaml", "--yes", "-o", "json", "--endpoint-url", info.endpoint)
        assert applied.json["proves"] is True
        assert applied.json["not_attempted"] > 0
        assert applied.code == (1 if applied.json["failed"] else 4)
        assert f"batchgw resume {applied.json['run']}" in applied.err
        resumed = batchgw("resume", applied.json["run"], "--yes", "-o", "json")
        assert resumed.json["not_attempted"] == 0, resumed.err


def test_a_log_file_holds_json_lines_and_no_secret(world: ReadyInfo, tmp_path: Path) -> None:
    assert batchgw("apply", "policy.yaml", "--yes", "--log-file", "run.log", "--log-level", "debug").code == 0
    text = (tmp_path / "run.log").read_text()
    names = {json.loads(line)["event"] for line in text.splitlines()}
    assert {"batchgw.phase.started", "batchgw.call.sent", "batchgw.outcome.applied"} <= names
    assert world.keys["111111111111"]["secret_access_key"] not in text


def test_hostile_names_do_nothing_to_a_terminal(world: ReadyInfo) -> None:
    import boto3  # noqa: PLC0415 - for this alone

    gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=world.endpoint)
    gateway.create_rest_api(name="\x1b[2Jowned\u202e[bold]", endpointConfiguration={"types": ["REGIONAL"]})
    for verb in ("discover", "plan"):
        shown = batchgw(verb, "policy.yaml", "--name", "*owned*")
        assert "\\x1b[2Jowned\\u202e[bold]" in shown.out
        assert "\x1b" not in shown.out
        assert "\u202e" not in shown.out


def test_discover_shows_the_tags_that_people_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of CloudFormation are longer than all else in a line; its stack is named as the owner."""
    clean_environment(monkeypatch, tmp_path)
    with served(monkeypatch, owned=1.0, apis=40):
        done = batchgw("discover", "--account", "111111111111", "--region", "eu-west-1")
        found = batchgw("discover", "--account", "111111111111", "--region", "eu-west-1", "-o", "jsonl").lines
    (stack, *_) = [each for each in found if "aws:cloudformation:stack-name" in each.get("tags", {})]
    (text,) = [text for text in done.out.splitlines() if stack["id"] in text]
    tags = " ".join(f"{key}={value}" for key, value in stack["tags"].items() if key in ("tier", "team"))
    endpoint = stack["endpointTypes"][0]
    owner = stack["tags"]["aws:cloudformation:stack-name"]
    assert text.endswith(f"  {endpoint:<8}  {stack['created'][:10]}  [cloudformation:{owner}]  {tags}")
