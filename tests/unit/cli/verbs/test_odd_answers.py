"""Whole runs against a service that answers oddly: what is concerned is unreadable, the rest is as ever."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli_driver import POLICY, ask_services_at_once, batchgw, clean_environment, served

ACCOUNT = "111111111111"
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEJr" + SECRET * 2


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr("batchgw.throttle.backoff.BASE", 0.001)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


Script = Callable[..., dict[str, Any]]


@pytest.fixture
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Write a script of one fault, and give the options of a world that has it."""
    path = tmp_path_factory.mktemp("script") / "faults.json"

    def write(fault: object, **match: object) -> dict[str, Any]:
        path.write_text(json.dumps([{"match": match, "fault": fault}]))
        return {"faults": path, "customised": 0.0, "exempt": 0.0}

    return write


HERE = ("--account", ACCOUNT, "--attempts", "1")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": ""}, "it is empty"),
        ({"body": {}, "signed": False}, "has no x-amzn-RequestId"),
        ({"body": {"message": "Sorry"}}, 'no list of REST APIs, and says "Sorry"'),
        ({"body": "<html>Log in</html>"}, "not a JSON object"),
        ({"status": 204}, "it is empty"),
        ({"body": {"item": {"name": "orders"}}}, "its list is no list"),
    ],
)
def test_an_invalid_listing_is_not_an_empty_account(
    monkeypatch: pytest.MonkeyPatch, script: Script, answer: dict[str, Any], why: str
) -> None:
    """The other account-region is checked; coverage is incomplete, whatever was found there."""
    with served(
        monkeypatch, **script({"answer": answer}, operation="GetRestApis", region="eu-west-1")
    ) as info:
        regions = [part for region in info.regions for part in ("--region", region)]
        done = batchgw("check", "policy.yaml", *HERE, *regions)
    assert done.code == 4
    assert "Not read to the end: 1 scope" in done.out + done.err
    assert why in done.out + done.err


@pytest.mark.parametrize("verb", ["plan", "check", "discover"])
def test_an_entry_of_a_listing_that_names_no_api_is_one_target_that_was_not_read(
    monkeypatch: pytest.MonkeyPatch, script: Script, verb: str
) -> None:
    """The others of its account-region are worked on. Before, one such entry kept all of them from it."""
    there = [{"id": "aaaaaaaaaa", "name": "orders"}, None, {"name": "payments"}, {"id": "bbbbbbbbbb"}]
    fault = {"answer": {"body": {"item": there}}}
    policy = () if verb == "discover" else ("policy.yaml",)
    with served(monkeypatch, **script(fault, operation="GetRestApis", region="eu-west-1")):
        done = batchgw(verb, *policy, *HERE, "--region", "eu-west-1", "-o", "jsonl")
    assert done.code == 4
    said = done.out + done.err
    assert "the answer cannot be read: in the list of REST APIs, " in said
    assert "ot read to the end" not in said
    for each in ("aaaaaaaaaa", "bbbbbbbbbb", "?1", "?2"):
        assert each in said
    assert "?3" not in said


def test_what_is_listed_without_an_id_may_be_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    """So it is not told to be nowhere; and where all that are named were found, nothing is missing."""
    policy = POLICY.replace("responses:", '  apis: {exclude: [{name: "legacy-*"}]}\nresponses:')
    Path("named.yaml").write_text(policy)
    with served(monkeypatch, customised=0.0, exempt=0.0):
        first = batchgw("discover", *HERE, "--region", "eu-west-1", "-o", "jsonl").lines[0]
    fault = {"answer": {"body": {"item": [first, None]}}}
    with served(monkeypatch, **script(fault, operation="GetRestApis", region="eu-west-1")):
        both = batchgw(
            "plan", "named.yaml", *HERE, "--region", "eu-west-1", "--api-id", f"{first['id']},cccccccccc"
        )
        one = batchgw("plan", "named.yaml", *HERE, "--region", "eu-west-1", "--api-id", first["id"])
    assert both.code == 4
    assert "no REST API cccccccccc" not in both.out + both.err
    assert "in the list of REST APIs, " in both.out + both.err
    assert one.code == 2


@pytest.mark.parametrize(
    "item",
    [
        {"responseType": "THROTTLED", "responseTemplates": {"application/json": None}},
        None,
        {"responseType": "THROTTLED", "statusCode": True},
        {"responseType": ["THROTTLED"]},
    ],
)
def test_one_odd_value_makes_one_api_unreadable(
    monkeypatch: pytest.MonkeyPatch, script: Script, item: object
) -> None:
    fault = {"answer": {"body": {"item": [item]}}}
    with served(monkeypatch, **script(fault, operation="GetGatewayResponses", nth=1)):
        done = batchgw("plan", "policy.yaml", *HERE, "--region", "eu-west-1", "-o", "jsonl")
    kinds = [line["kind"] for line in done.lines if line.get("kind") in ("api", "unread-api", "unread-scope")]
    assert sorted(kinds) == ["api", "unread-api"]
    (unread,) = [line for line in done.lines if line.get("kind") == "unread-api"]
    assert unread["message"].startswith("the answer cannot be read: ")
    assert done.code == 4


def test_a_write_whose_answer_cannot_be_read_is_read_back(
    monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    """It was made: so it is applied, and said to have been read. Nothing is believed that was not shown."""
    fault = {"answer": {"body": {"message": "Thank you"}, "applied": True}}
    with served(monkeypatch, **script(fault, operation="PutGatewayResponse", nth=1)):
        done = batchgw("apply", "policy.yaml", *HERE, "--region", "eu-west-1", "--yes", "-o", "json")
    assert done.code == 0, done.err
    with served(
        monkeypatch, **script({"answer": {"body": "", "applied": False}}, operation="PutGatewayResponse")
    ):
        done = batchgw("apply", "policy.yaml", *HERE, "--region", "eu-west-1", "--yes", "-o", "json")
    assert done.code == 1, "never applied on the word of an empty answer"


@pytest.mark.parametrize(
    "answer",
    [{"status": 202, "signed": False}, {"status": 204, "signed": False}, {"status": 200, "signed": True}],
    ids=["202 unsigned", "204 unsigned", "200"],
)
@pytest.mark.parametrize("made", [True, False])
def test_a_deletion_is_read_back_unless_it_is_answered_as_aws_does(
    monkeypatch: pytest.MonkeyPatch, script: Script, answer: dict[str, Any], *, made: bool
) -> None:
    """The answer is empty: only its status and its request id say whose it is."""
    Path("reset.yaml").write_text("version: 1\nresponses: {DEFAULT_4XX: default, UNAUTHORIZED: default}\n")
    world = {
        **script({"answer": {**answer, "applied": made}}, operation="Delete*"),
        "customised": 1.0,
        "apis": 20,
    }
    with served(monkeypatch, **world):
        done = batchgw("apply", "reset.yaml", *HERE, "--region", "eu-west-1", "--yes", "-o", "json")
    assert done.json["applied" if made else "failed"] > 0
    assert done.json["failed" if made else "applied"] == 0
    assert done.code == (0 if made else 1)
    assert done.json["effort"]["attempts"] == 2 * done.json["expected"] - 2 * done.json["unchanged"]


def test_what_a_refusal_quotes_reaches_neither_output_nor_plan_nor_journal_nor_log(
    monkeypatch: pytest.MonkeyPatch, folder: Path, script: Script
) -> None:
    quoted = (
        "The Canonical String for this request should have been 'GET /restapis x-amz-security-token:"
        f"{TOKEN} ' Authorization: AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/x, Signature={SECRET}"
    )
    fault = {"bad_request": quoted}
    with served(
        monkeypatch, **script(fault, operation=["GetGatewayResponses", "PutGatewayResponse"], every=2)
    ):
        log = ("--log-file", "run.log", "--log-level", "debug")
        planned = batchgw("plan", "policy.yaml", *HERE, "--region", "eu-west-1", "--out", "a.plan", *log)
        applied = batchgw("apply", "policy.yaml", *HERE, "--region", "eu-west-1", "--yes", *log)
    assert {planned.code, applied.code} <= {1, 4}
    assert "Canonical String" in planned.out + planned.err
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    for shown in (*files, *(text.encode() for r in (planned, applied) for text in (r.out, r.err))):
        for secret in (SECRET, "ASIAIOSFODNN7EXAMPLE", TOKEN[:30]):
            assert secret.encode() not in shown


def test_an_answer_without_an_end_makes_one_api_unreadable(
    monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    with served(monkeypatch, **script("endless", operation="GetGatewayResponses", nth=1)):
        done = batchgw("plan", "policy.yaml", *HERE, "--region", "eu-west-1", "-o", "jsonl")
    (unread,) = [line for line in done.lines if line.get("kind") == "unread-api"]
    assert (done.code, unread["code"]) == (4, "AnswerTooLarge")
    assert "is longer than 16 MiB" in unread["message"]


ORGANIZATION = ("--account", "organization", "--region", "enabled", "--role-name", "OrganizationBatchgw")


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("ListAccounts", "organizations:ListAccounts: "),
        ("DescribeOrganization", "organizations:DescribeOrganization: "),
        ("GetCallerIdentity", "sts:GetCallerIdentity: "),
    ],
)
@pytest.mark.parametrize("answer", [{"body": "<html>Log in</html>"}, {"status": 302, "body": ""}])
def test_an_error_that_ends_the_run_names_the_call(
    monkeypatch: pytest.MonkeyPatch, script: Script, operation: str, named: str, answer: dict[str, Any]
) -> None:
    """Such an answer names neither the service nor what was asked of it; nothing else on the screen does."""
    with served(monkeypatch, **script({"answer": answer}, operation=operation)):
        done = batchgw("plan", "policy.yaml", *ORGANIZATION, "--attempts", "1")
    assert done.code == 4
    assert f"error: {named}" in done.err
    assert "API Gateway" not in done.err


def test_an_account_of_which_no_region_is_named_does_not_leave_the_plan(
    monkeypatch: pytest.MonkeyPatch, folder: Path, script: Script
) -> None:
    """Every account has regions. Before, a check of such an account looked nowhere, and ended with 0."""
    ask_services_at_once(monkeypatch, folder)
    world = script({"answer": {"body": {"Regions": []}}}, operation="ListRegions", account="222222222222")
    with served(monkeypatch, **world):
        done = batchgw("discover", *ORGANIZATION, "-o", "jsonl")
    apis = Counter(line["account"] for line in done.lines if line.get("kind") is None)
    assert apis == {ACCOUNT: 4, "222222222222": 4}
