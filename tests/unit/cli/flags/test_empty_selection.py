"""A selection that matches nothing is told with its place, is exit 4, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import batchgw, clean_environment, served

POLICY = """\
version: 1
targets:
  regions: [eu-west-1]
  apis:
    include:
      - name: orders
      - tags: {team: paymets}
      - name: "[dev] orders"
    exclude: [{tags: {exempt: "true"}}]
responses:
  DEFAULT_4XX: {headers: {X-Test: "1"}}
"""
TYPO = "policy.yaml:7:9: tag team=paymets matches no REST API"
BRACKETS = "policy.yaml:8:9: name [dev] orders matches no REST API"
ADVICE = "write [[]dev] orders"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    """One account, in it `orders` and `[dev] orders`."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch, apis=0, accounts=1, regions=1) as info:
        gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=info.endpoint)
        for name in ("orders", "[dev] orders"):
            gateway.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
        yield info


def writes(info: ReadyInfo) -> int:
    gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=info.endpoint)
    apis = gateway.get_rest_apis()["items"]
    shown = [gateway.get_gateway_responses(restApiId=api["id"])["items"] for api in apis]
    return sum(not response["defaultResponse"] for responses in shown for response in responses)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("verb", ["plan", "check", "discover"])
def test_reading_verbs_name_the_selector_and_are_incomplete(verb: str) -> None:
    found = batchgw(verb, "policy.yaml")
    said = found.out + found.err
    assert found.code == 4
    assert TYPO in said
    assert BRACKETS in said
    assert ADVICE in said
    assert "2 REST APIs found, 1 selected, 0 excluded." in said
    assert "policy.yaml:9:15: tag exempt=true matches no REST API" in said


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("verb", ["plan", "check", "discover"])
def test_where_a_scope_was_not_read_no_exclude_is_said_to_exempt_nothing(verb: str) -> None:
    """What it exempts may be there: the keys are not those of the other account."""
    found = batchgw(verb, "policy.yaml", "--account", "current,999999999999")
    assert found.code == 4
    assert "tag exempt=true matches no REST API" not in found.out + found.err


@pytest.mark.usefixtures("world")
def test_machines_are_told_in_the_totals() -> None:
    found = batchgw("plan", "policy.yaml", "-o", "json")
    assert found.code == 4
    selection = found.json["totals"]["selection"]
    assert (selection["found"], selection["selected"], selection["excluded"]) == (2, 1, 0)
    assert [each["where"] for each in selection["unmatched"]] == ["policy.yaml:7:9", "policy.yaml:8:9"]
    assert [each["where"] for each in selection["idle"]] == ["policy.yaml:9:15"]
    assert TYPO in found.err


def test_apply_writes_nothing_until_it_is_accepted(world: ReadyInfo) -> None:
    refused = batchgw("apply", "policy.yaml", "--yes")
    assert refused.code == 4
    assert TYPO in refused.err
    assert "--allow-empty (BATCHGW_ALLOW_EMPTY=true)" in refused.err
    assert writes(world) == 0
    assert batchgw("runs", "list", "-o", "json").json == []
    accepted = batchgw("apply", "policy.yaml", "--yes", "--allow-empty")
    assert accepted.code == 0
    assert TYPO in accepted.err
    assert writes(world) == 1


@pytest.mark.usefixtures("world")
def test_what_is_accepted_is_still_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHGW_ALLOW_EMPTY", "true")
    plan = batchgw("plan", "policy.yaml")
    assert (plan.code, TYPO in plan.out) == (2, True)
    discovered = batchgw("discover", "policy.yaml")
    assert (discovered.code, TYPO in discovered.err) == (0, True)


def test_a_saved_plan_keeps_what_it_was_made_with(world: ReadyInfo) -> None:
    assert batchgw("plan", "policy.yaml", "--out", "refused.plan").code == 4
    refused = batchgw("apply", "--plan", "refused.plan", "--yes")
    assert (refused.code, TYPO in refused.err) == (4, True)
    assert writes(world) == 0
    assert batchgw("plan", "policy.yaml", "--out", "accepted.plan", "--allow-empty").code == 2
    assert batchgw("apply", "--plan", "accepted.plan", "--yes").code == 0
    assert writes(world) == 1


def test_flags_and_variables_are_named(world: ReadyInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    header = ("--header", "X-Test=1")
    put = batchgw(
        "put", "--type", "DEFAULT_4XX", *header, "--region", "eu-west-1", "--name", "bills", "--yes"
    )
    assert (put.code, "--name: name bills matches no REST API" in put.err) == (4, True)
    assert writes(world) == 0
    monkeypatch.setenv("BATCHGW_TAG", "team=paymets")
    found = batchgw("discover", "--region", "eu-west-1")
    assert (found.code, "BATCHGW_TAG: tag team=paymets matches no REST API" in found.err) == (4, True)


def test_one_region_of_several_may_be_empty_and_all_of_them_may_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that is empty was read; that there is nothing at all says that something is misspelt."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.json").write_text(json.dumps({"version": 1, "use": ["cors"]}))
    with served(monkeypatch, apis=1, accounts=1, regions=2):
        regions = {"eu-west-1", "us-east-1"}
        both = batchgw("discover", "--region", ",".join(sorted(regions)), "-o", "json")
        assert both.code == 0
        (empty,) = regions - {api["region"] for api in both.json}
        nothing = batchgw("check", "policy.json", "--region", empty)
        assert nothing.code == 4
        assert "no REST API was found in any account and region that was looked into" in nothing.out
        assert batchgw("apply", "policy.json", "--yes", "--region", empty).code == 4
        assert batchgw("check", "policy.json", "--region", empty, "--allow-empty").code == 0


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("more", [(), ("--allow-empty",)])
def test_discover_misses_an_id_that_is_nowhere_as_a_plan_does(more: tuple[str, ...]) -> None:
    """What was named and is not there must not pass for all there is, whatever may be empty."""
    there = batchgw("discover", "--region", "eu-west-1", "--allow-empty", "-o", "json").json[0]
    both = ("--region", "eu-west-1", "--api-id", f"{there['id']},nosuch1234", *more)
    found = batchgw("discover", *both, "-o", "json")
    assert (found.code, found.json[0]) == (4, there)
    assert [(each["kind"], each["api"]["id"]) for each in found.json[1:]] == [("unread-api", "nosuch1234")]
    assert "no REST API nosuch1234 in 111111111111/eu-west-1" in found.err
    elsewhere = batchgw("discover", "--region", "eu-west-1", "--api-id", f"us-east-1/{there['id']}", *more)
    assert elsewhere.code == 4, elsewhere.err


@pytest.mark.usefixtures("world")
def test_show_judges_a_saved_plan_by_what_it_was_made_with() -> None:
    assert batchgw("plan", "policy.yaml", "--out", "refused.plan").code == 4
    assert batchgw("plan", "policy.yaml", "--out", "accepted.plan", "--allow-empty").code == 2
    shown = {
        name: batchgw("show", f"{name}.plan", "-o", "json").json["exit_code"]
        for name in ("refused", "accepted")
    }
    assert shown == {"refused": 4, "accepted": 2}


def test_an_api_on_which_the_expression_fails_may_be_the_one_that_is_meant(world: ReadyInfo) -> None:
    """Nobody can tell whether the selector matches it, so nobody says that it does not."""
    del world
    found = batchgw("discover", "policy.yaml", "--select", "expression: \"starts_with(tags.nope, 'x')\"")
    assert found.code == 4
    said = "expression starts_with(tags.nope, 'x') matches no REST API; it may match one of the 2 REST APIs"
    assert f"--select: {said} that could not be read" in found.err
