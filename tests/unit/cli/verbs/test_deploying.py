"""Stages on the command line: an apply makes them live, `deploy` makes live what is configured."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest

from batchgw.cli.confirm import question
from batchgw.errors import ScopeLocked
from batchgw.journal.sql.run import SqlRun
from batchgw.model import (
    AccountId,
    Action,
    Change,
    Desired,
    GatewayResponse,
    PlannedApi,
    Policy,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
    Variant,
)
from batchgw.model.deployment.stage_change import StageChange, StageImage, StageMove
from batchgw.planning.plan_file.plan import PlanHeader, PlanWriter
from batchgw.planning.totals import PlanTotals
from batchgw.report.plan_fold import PlanFold
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli.output.test_stopped import enters, interrupted
from tests.unit.cli_driver import POLICY, Result, batchgw, clean_environment, served

DEPLOYING = POLICY + "deploy: {stages: ['prod*']}\n"
"""Six of the eight APIs have a stage prod. None answers as this policy says."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "configures.yaml").write_text(POLICY)
    (tmp_path / "policy.yaml").write_text(DEPLOYING)
    unhurried(monkeypatch, tmp_path)
    with served(monkeypatch) as info:
        yield info


def unhurried(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let nobody wait for AWS's quota of deployments, which `served` does not have."""
    (folder / "quotas.yaml").write_text("operations: {CreateDeployment: {rate: 1000, burst: 1000}}\n")
    monkeypatch.setenv("BATCHGW_QUOTA_FILE", str(folder / "quotas.yaml"))


def of_stages(done: Result) -> dict[str, int]:
    """How the stages of a run ended, those of outcomes that there are."""
    counts = done.json["kinds"]["stage"]
    return {kind: n for kind, n in counts.items() if n and kind not in ("counted_as", "expected")}


def calls_of(world: ReadyInfo, operation: str) -> int:
    """How many calls of an operation the server has answered."""
    with urlopen(world.endpoint + "/_batchgw/stats") as answer:  # noqa: S310 - our own server
        scopes = json.load(answer)["scopes"].values()
    return sum(scope["operations"].get(operation, {"calls": 0})["calls"] for scope in scopes)


def somebody_edits() -> str:
    """Somebody adds a method to an API that has a stage prod, and does not deploy it. Gives the API's id."""
    gateway = boto3.client("apigateway", region_name="eu-west-1")
    for api in gateway.get_rest_apis()["items"]:
        if any(each["stageName"] == "prod" for each in gateway.get_stages(restApiId=api["id"])["item"]):
            where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "DELETE"}
            gateway.put_method(**where, authorizationType="NONE")
            gateway.put_integration(**where, type="MOCK")
            return str(api["id"])
    raise AssertionError("no API has a stage prod")


@pytest.mark.usefixtures("world")
def test_deploy_makes_live_what_is_configured_and_configures_nothing() -> None:
    """Where something is still to be configured, the API is left alone, and its stages are held back.

    Roles of other accounts are used in sessions that may deploy.
    """
    early = batchgw("deploy", "policy.yaml", "--yes", "-o", "json")
    assert (early.code, of_stages(early)) == (2, {"held": 6}), early.err
    assert {(reason["kind"], reason["code"]) for reason in early.json["reasons"]} == {
        ("held_back", "NotConfigured"),
        ("skipped", "NotConfigured"),
    }
    assert "apply the policy" in early.json["reasons"][0]["message"]
    assert batchgw("apply", "configures.yaml", "--yes", "-q").code == 0
    deployed = batchgw("deploy", "policy.yaml", "--yes", "-o", "json")
    assert (deployed.code, of_stages(deployed)) == (0, {"applied": 6}), deployed.err
    assert deployed.json["not_live"] is None
    assert deployed.json["verb"] == "deploy"
    assert batchgw("check", "policy.yaml", "-q").code == 0


@pytest.mark.usefixtures("world")
def test_edits_of_others_hold_a_stage_back_unless_they_may_be_shipped() -> None:
    edited = somebody_edits()
    plan = batchgw("plan", "policy.yaml", "--out", "p.plan")
    assert "~ MOVE stage prod   6 APIs in 4 scopes" in plan.out
    told = [
        "  API-types: 5 to create, 3 to update, 2 to reset, 6 as desired",
        "  API-stages: 6 to make live, 0 live already",
    ]
    assert ["Plan: 8 APIs of 8 to change.", *told] == plan.out.splitlines()[-4:-1]
    for form in ("text", "markdown"):
        shown = batchgw("show", "p.plan", "-o", form).out
        assert shown.count("~ MOVE stage prod") == 6
        assert all(each.strip() in shown for each in told)
    assert batchgw("show", "p.plan", "-o", "json").json["kinds"]["stage"] == {
        "counted_as": "API-stage",
        "to_make_live": 6,
        "live_already": 0,
    }
    held = batchgw("apply", "--plan", "p.plan", "--yes", "-o", "json")
    assert (held.code, of_stages(held)) == (2, {"applied": 5, "held": 1}), held.err
    (reason,) = held.json["reasons"]
    assert reason["code"] == "ForeignEdits"
    assert "DELETE / added" in reason["message"]
    assert "--ship-pending" in reason["message"]
    assert edited in reason["examples"][0]
    assert held.json["not_live"] == "Not live: 1 API-stage; the reasons are above."
    held = batchgw("deploy", "policy.yaml", "--yes", "-o", "json")
    assert (held.code, of_stages(held)) == (2, {"unchanged": 5, "held": 1}), held.err
    shipped = batchgw("deploy", "policy.yaml", "--yes", "-o", "json", "--ship-pending")
    assert (shipped.code, of_stages(shipped)) == (0, {"applied": 1, "unchanged": 5})


def test_what_a_deployment_would_ship_besides_is_in_the_plan_where_that_is_asked_for(
    world: ReadyInfo,
) -> None:
    """`--pending` costs calls of GetResources. A check says the same, and an apply holds the stage back."""

    def pending(*arguments: str) -> tuple[Result, int]:
        before = calls_of(world, "GetResources")
        return batchgw(*arguments, "policy.yaml", "--pending"), calls_of(world, "GetResources") - before

    edited = somebody_edits()
    said = "DELETE / added"
    unasked = batchgw("plan", "policy.yaml")
    assert (unasked.code, said in unasked.out, calls_of(world, "GetResources")) == (2, False, 0)
    for verb in ("plan", "check"):
        looked, calls = pending(verb)
        assert (looked.code, said in looked.out, edited in looked.out) == (2, True, True), looked.out
        assert calls == 6  # one for each API with a stage prod
    applied, _ = pending("apply", "--yes", "-o", "json")
    assert (applied.code, of_stages(applied)) == (2, {"applied": 5, "held": 1}), applied.err


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("given", ["variable", "on resume"])
def test_a_resume_makes_stages_live_and_ships_what_the_run_was_to_ship(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    somebody_edits()
    if given == "variable":
        monkeypatch.setenv("BATCHGW_SHIP_PENDING", "1")
    stopped = interrupted(monkeypatch, enters("apply"), "apply", "policy.yaml", "--yes", "-o", "json")
    monkeypatch.delenv("BATCHGW_SHIP_PENDING", raising=False)
    assert stopped.code == 130
    late = ["--ship-pending"] if given == "on resume" else []
    done = batchgw("resume", "last", "--yes", "-o", "json", *late)
    assert (done.code, of_stages(done)) == (0, {"applied": 6}), done.err
    assert "API-types and 6 API-stages of 22 left in 4 account-regions" in done.err


@pytest.mark.usefixtures("world")
def test_each_verb_says_by_its_exit_code_what_kept_stages_from_being_live(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """1: a stage that is named and not there. 4: nothing is selected. 75: another run holds a scope."""
    (tmp_path / "policy.yaml").write_text(POLICY + "deploy: {stages: [prod]}\n")
    for verb, ended in (("apply", {"applied": 6, "failed": 2}), ("deploy", {"unchanged": 6, "failed": 2})):
        done = batchgw(verb, "policy.yaml", "--yes", "-o", "json")
        assert (done.code, of_stages(done)) == (1, ended), done.err
        assert [reason["code"] for reason in done.json["reasons"]] == ["NoSuchStage"]
        assert batchgw(verb, "policy.yaml", "--yes", "--name", "nothing-*").code == 4

    async def held(*_: object, **__: object) -> frozenset[object]:
        raise ScopeLocked("account-region x is held by run y")

    monkeypatch.setattr(SqlRun, "acquire", held)
    assert {batchgw(verb, "policy.yaml", "--yes").code for verb in ("apply", "deploy")} == {75}


@pytest.mark.usefixtures("world")
def test_deploy_wants_a_policy_that_deploys_and_somebody_who_agrees() -> None:
    nothing = batchgw("deploy", "configures.yaml", "--yes")
    assert nothing.code == 64
    assert "configures.yaml says nothing of stages" in nothing.err
    assert "`deploy: {stages: [prod]}`" in nothing.err
    nobody = batchgw("deploy", "policy.yaml")
    assert nobody.code == 64
    assert "--yes" in nobody.err


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [
        (["response"], "Make 1 change to 1 REST API in 1 account-region?"),
        (["stage"], "Make 1 API-stage of 1 REST API live, in 1 account-region?"),
        (
            ["response", "stage"],
            "Make 1 change to 1 REST API, and 1 API-stage live, in 1 account-region?",
        ),
    ],
)
def test_the_question_tells_what_is_configured_from_what_is_made_live(kinds: list[str], asked: str) -> None:
    changes: dict[str, Change] = {
        "response": ResponseChange(
            type=ResponseType.THROTTLED,
            action=Action.CREATE,
            before=GatewayResponse(type=ResponseType.THROTTLED, settings=Settings(), default_response=True),
            after=Settings(status_code="430"),
        ),
        "stage": StageChange(
            stage="prod", action=Action.UPDATE, before=StageImage(deployment="d1"), after=StageMove()
        ),
    }
    scope = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
    planned = PlannedApi(
        api=RestApi(scope=scope, id=RestApiId("a1")), changes=tuple(changes[kind] for kind in kinds)
    )
    fold, totals = PlanFold([Variant(rules=(), desired=Desired(rules={}))]), PlanTotals()
    fold.add(planned)
    totals.add(planned)
    assert question(fold, totals) == asked


def test_stages_of_an_emulator_are_probed_where_the_flag_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without it nothing is written: they are not at AWS. With it callers see what the run says is live."""
    policy = tmp_path / "probed.yaml"
    policy.write_text(
        "version: 1\n"
        "targets: {regions: [eu-west-1]}\n"
        "responses: {MISSING_AUTHENTICATION_TOKEN: {status: 418}}\n"
        'deploy: {stages: ["prod*"], verify: probe}\n'
    )
    unhurried(monkeypatch, tmp_path)
    with served(monkeypatch, apis=3, accounts=1, regions=1, canary=0, propagation=0.2):
        refused = batchgw("apply", policy, "--yes")
        assert (refused.code, "--data-plane-url" in refused.err) == (64, True), refused.err
        nowhere = batchgw("apply", policy, "--yes", "--data-plane-url", "http://127.0.0.1:4599")
        assert (nowhere.code, "does not name {api}" in nowhere.err) == (64, True), nowhere.err
        assert "No runs" in batchgw("runs", "list").err
        url = os.environ["AWS_ENDPOINT_URL"] + "/restapis/{api}/{stage}/_user_request_{path}"
        before = statuses(url)
        applied = batchgw("apply", policy, "--yes", "--data-plane-url", url, "-o", "json")
        assert statuses(url) == dict.fromkeys(before, 418)
        assert 418 not in before.values()
    assert (applied.code, of_stages(applied)) == (0, {"applied": len(before)}), applied.err
    assert applied.json["seen_live"]["by_probe"] == len(before) > 1


def statuses(data_plane: str) -> dict[str, int]:
    """What status each API that has a stage prod answers with, on a path that nothing matches."""
    gateway = boto3.client("apigateway", region_name="eu-west-1")
    found = {}
    for api in (each["id"] for each in gateway.get_rest_apis()["items"]):
        if any(each["stageName"] == "prod" for each in gateway.get_stages(restApiId=api)["item"]):
            with pytest.raises(HTTPError) as answer:
                urlopen(data_plane.format(api=api, stage="prod", path="/none"))  # noqa: S310 - our own server
            found[api] = answer.value.code
            answer.value.close()
    return found


def test_a_plan_that_takes_a_run_back_is_not_applied_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No policy vouches for its changes, so somebody who edits it could write anything."""
    header = replace(PlanHeader.of(Policy(desired=Desired(rules={})), {}), takes_back="20261201-abcdef")
    with PlanWriter(tmp_path / "back.plan", header):
        pass
    with served(monkeypatch, apis=1, accounts=1, regions=1):
        refused = batchgw("apply", "--plan", tmp_path / "back.plan", "--yes")
    assert (refused.code, "takes the run 20261201-abcdef back" in refused.err) == (64, True), refused.err
