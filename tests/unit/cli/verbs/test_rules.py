"""A policy file with rules and exemptions, from the plan to the check, on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.saved_plans import with_checksum
from tests.unit.cli_driver import batchgw, clean_environment, served

POLICY = """\
version: 1
targets: {regions: [eu-west-1]}
responses:
  DEFAULT_4XX: {headers: {X-Test: "all"}}
  THROTTLED: {headers: {X-Test: "all"}}
rules:
  - name: internal
    match: {name: "int-*"}
    responses:
      THROTTLED: {headers: {X-Test: "internal"}}
  - name: lost
    match: {name: "no such name"}
    responses:
      THROTTLED: default
exemptions:
  - {match: {name: vendor}, types: [THROTTLED], reason: see CHG-1, until: 2099-12-31}
  - {match: {name: gone}, reason: see CHG-2, until: 2099-12-31}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    """One account, in it `int-a`, `orders` and `vendor`."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch, apis=0, accounts=1, regions=1) as info:
        gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=info.endpoint)
        for name in ("int-a", "orders", "vendor"):
            gateway.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
        yield info


def throttled(info: ReadyInfo) -> dict[str, str | None]:
    """The header that each API, by its name, sets on THROTTLED itself."""
    gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=info.endpoint)
    found: dict[str, str | None] = {}
    for api in gateway.get_rest_apis()["items"]:
        shown = gateway.get_gateway_response(restApiId=api["id"], responseType="THROTTLED")
        own = shown.get("responseParameters", {}).get("gatewayresponse.header.X-Test")
        found[api["name"]] = None if shown["defaultResponse"] else own
    return found


def test_each_api_gets_what_its_rules_say_and_the_rest_is_accounted_for(world: ReadyInfo) -> None:
    """Three APIs with two types each, of which one is exempt."""
    planned = batchgw("plan", "policy.yaml", "--out", "p.plan")
    assert planned.code == 2
    assert "by rule internal" in planned.out
    assert "policy.yaml:11:5: rule lost matches no REST API" in planned.out
    assert "exemption of name gone matches no REST API" in planned.out
    assert "1 in 1 API: Exempt: see CHG-1 (until 2099-12-31)" in planned.out
    done = batchgw("apply", "policy.yaml", "--plan", "p.plan", "--yes", "-o", "json")
    assert (done.code, done.json["applied"], done.json["skipped"], done.json["expected"]) == (0, 5, 1, 6)
    (reason,) = done.json["reasons"]
    assert (reason["code"], reason["message"]) == ("Exempt", "see CHG-1 (until 2099-12-31)")
    assert throttled(world) == {"int-a": "'internal'", "orders": "'all'", "vendor": None}
    assert batchgw("check", "policy.yaml").code == 0


def test_machines_are_warned_on_stderr(world: ReadyInfo) -> None:
    del world
    planned = batchgw("plan", "policy.yaml", "-o", "json")
    assert "policy.yaml:11:5: rule lost matches no REST API" in planned.err
    assert {each["name"]: each["apis"] for each in planned.json["totals"]["rules"]} == {
        "internal": 1,
        "lost": 0,
    }


@pytest.mark.usefixtures("world")
def test_a_plan_that_gives_an_api_another_variant_is_refused_beside_its_policy(tmp_path: Path) -> None:
    """With its checksum, its totals and its changes made to fit: the plan alone agrees with itself."""
    batchgw("plan", "policy.yaml", "--out", "p.plan")
    path = tmp_path / "p.plan"
    lines = [json.loads(text) for text in path.read_bytes().splitlines()[:-1]]
    apis = {line["api"]["name"]: line for line in lines if line["kind"] == "api"}
    apis["int-a"]["changes"] = apis["orders"]["changes"]
    del apis["int-a"]["variant"]
    path.write_bytes(
        with_checksum(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    )
    assert batchgw("show", "p.plan").code == 0
    refused = batchgw("apply", "policy.yaml", "--plan", "p.plan", "--yes")
    assert refused.code not in (0, 2)
    assert "does not do what policy.yaml says" in refused.err
    assert f"{apis['int-a']['api']['id']}, THROTTLED" in refused.err


def test_a_tag_exempts_an_api_that_is_named_by_its_id(world: ReadyInfo) -> None:
    gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=world.endpoint)
    tags = {
        "batchgw:exempt": "true",
        "batchgw:exempt-reason": "see CHG-3",
        "batchgw:exempt-until": "2099-12-31",
    }
    made = gateway.create_rest_api(name="tagged", tags=tags)
    done = batchgw("apply", "policy.yaml", "--api-id", made["id"], "--yes", "-o", "json")
    assert (done.code, done.json["applied"], done.json["skipped"], done.json["expected"]) == (0, 0, 2, 2)
    assert throttled(world)["tagged"] is None


FAILING = """\
version: 1
targets: {regions: [eu-west-1]}
responses:
  THROTTLED: {headers: {X-Test: "all"}}
rules:
  - name: tiers
    match: {name: "o*", expression: "starts_with(tags.tier, 'internal')"}
    responses: {THROTTLED: {headers: {X-Test: "internal"}}}
"""
"""On `orders`, which has no tags, the expression is given null."""


def test_an_api_on_which_an_expression_fails_is_unread_and_the_others_go_on(world: ReadyInfo) -> None:
    """It is named with its rule, the place and the error. A syntax error is refused before any call."""
    Path("failing.yaml").write_text(FAILING)
    planned = batchgw("plan", "failing.yaml", "-o", "jsonl")
    assert planned.code == 4
    (unread,) = [each for each in planned.lines if each["kind"] == "unread-api"]
    assert (unread["code"], unread["targets"]) == (
        "ExpressionFailed",
        [{"change": "response", "target": "THROTTLED"}],
    )
    assert unread["message"].startswith(
        "failing.yaml:7:12: rule tiers: the expression starts_with(tags.tier, "
    )
    assert f"cannot be worked out for the REST API {unread['api']['id']} in " in unread["message"]
    assert "starts_with() takes string, and a value is of type null" in unread["message"]
    done = batchgw("apply", "failing.yaml", "--yes", "-o", "json")
    assert (done.code, done.json["applied"], done.json["failed"]) == (1, 2, 1)
    assert throttled(world) == {"int-a": "'all'", "orders": None, "vendor": "'all'"}
    Path("failing.yaml").write_text(FAILING.replace("internal')", "internal'"))
    assert batchgw("plan", "failing.yaml").code == 64


def test_an_exemption_whose_expression_fails_exempts_nobody_and_is_told(world: ReadyInfo) -> None:
    exemption = "exemptions: [{match: {expression: name > `3`, name: orders}, reason: r, until: 2099-12-31}]"
    Path("failing.yaml").write_text(FAILING.partition("rules:")[0] + exemption + "\n")
    done = batchgw("apply", "failing.yaml", "--yes", "-o", "json")
    assert (done.code, done.json["applied"], done.json["failed"]) == (1, 2, 1)
    (reason,) = done.json["reasons"]
    assert reason["message"].startswith("failing.yaml:5:22: the expression name > `3` cannot be worked out")
    assert throttled(world)["orders"] is None


def test_a_selection_that_fails_on_an_api_leaves_that_one_unread(world: ReadyInfo) -> None:
    select = "name: '[io]*', expression: \"name == 'int-a' || starts_with(tags.tier, 'a')\""
    found = batchgw("discover", "--region", "eu-west-1", "--select", select, "-o", "jsonl")
    assert found.code == 4
    assert [each["name"] for each in found.lines if "name" in each] == ["int-a"]
    assert "--select: the expression" in found.err
    planned = batchgw("plan", "policy.yaml", "--select", select)
    assert planned.code == 4
    assert "ExpressionFailed" in planned.out
    assert "Reading: 2 of 2 APIs" in planned.err
    del world


def test_the_failure_of_an_expression_is_the_explanation_of_that_api(world: ReadyInfo) -> None:
    Path("failing.yaml").write_text(FAILING)
    ids = {
        each["name"]: each["id"] for each in batchgw("discover", "--region", "eu-west-1", "-o", "jsonl").lines
    }
    done = batchgw("explain", "failing.yaml", ids["orders"])
    assert (done.code, done.out) == (4, "")
    assert "failing.yaml:7:12: rule tiers: the expression starts_with(tags.tier" in done.err
    assert batchgw("explain", "failing.yaml", ids["vendor"]).code == 0
    del world
