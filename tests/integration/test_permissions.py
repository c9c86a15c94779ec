"""What `iam-policy` prints, given to IAM on MiniStack, is enough for the job, and no statement can be spared.

MiniStack has an evaluator of policies of its own. It decides on every call, after it checked the signature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.errors import AccessDenied
from batchgw.exit_codes import INCOMPLETE, OK, PENDING
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings
from tests.integration.emulator import IRELAND, REGIONS, VIRGINIA, Emulator, Keys
from tests.integration.permits import (
    EVERYTHING,
    Document,
    change_trust,
    give,
    make_role,
    make_user,
    trusting,
    without,
)
from tests.unit.cli_driver import Result, ask_services_at_once, batchgw, clean_environment

ROLE = "OrganizationBatchgw"
MEMBER = "222222222222"
ROOT = Keys(access_key_id=MEMBER)
RUNNER = "runner"

POLICY = f"""\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  accounts: ["{MEMBER}"]
  role: [{{role: {ROLE}, external_id: shared-id, session_tags: {{team: edge}}}}]
  apis: SELECTION
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
  THROTTLED: default
"""
"""Asks each API for a PUT and a DELETE."""

ALL = "{include: [{name: orders}]}"
"""IAM knows no names: the permissions are for all APIs."""

SELECTIONS = {"all": ALL, "two ids": "{include: [{id: EU}, {id: US}]}"}
"""EU and US stand for the API of each region."""

BEFORE = [{"THROTTLED"}] * 2
AFTER = [{"DEFAULT_4XX"}] * 2


class Member:
    """An account with an API in each region, and a role in it that a user of another account may assume."""

    def __init__(self, emulator: Emulator, folder: Path, selection: str) -> None:
        self.emulator = emulator
        self.apis = {region: self._make(region) for region in REGIONS}
        for name, region in zip(("EU", "US"), REGIONS, strict=True):
            selection = selection.replace(name, self.apis[region])
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY.replace("SELECTION", selection))

    def run(self, verb: str, *flags: str) -> Result:
        return batchgw(verb, self.policy, "--endpoint-url", self.emulator.url, *flags)

    def printed(self, *flags: str) -> dict[str, Any]:
        """Give a document that `iam-policy` prints."""
        found = batchgw("iam-policy", self.policy, *flags)
        assert found.code == OK, found.err
        document: dict[str, Any] = found.json
        return document

    def trust(self, principal: str | None = None) -> dict[str, Any]:
        """Give the printed trust policy: by default for the runner."""
        runner = f"arn:aws:iam::{self.emulator.account}:user/{RUNNER}"
        return self.printed("--trust", "--principal", principal or runner)

    def may(self, document: Document) -> None:
        give(self.emulator, ROOT, ROLE, document)

    def customised(self) -> list[set[str]]:
        """Give what each API has customised now, as the root sees it."""
        return [
            {
                item["responseType"]
                for item in self._client(region).get_gateway_responses(restApiId=api)["items"]
                if not item["defaultResponse"]
            }
            for region, api in self.apis.items()
        ]

    def undo(self) -> None:
        """Set each API back to how it began, as the root."""
        for region, api in self.apis.items():
            self._client(region).delete_gateway_response(restApiId=api, responseType="DEFAULT_4XX")
            self._begin(region, api)

    def make_stage(self, region: str, name: str) -> None:
        """Deploy the API, as the root. It has a method then, which a deployment needs."""
        client, api = self._client(region), self.apis[region]
        (root,) = client.get_resources(restApiId=api)["items"]
        method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
        client.put_method(**method, authorizationType="NONE")
        client.put_integration(**method, type="MOCK")
        client.create_deployment(restApiId=api, stageName=name)

    def _make(self, region: str) -> str:
        api: str = self._client(region).create_rest_api(name="orders")["id"]
        self._begin(region, api)
        return api

    def _begin(self, region: str, api: str) -> None:
        self._client(region).put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")

    def _client(self, region: str) -> Any:
        return self.emulator.client(region=region, keys=ROOT)


@pytest.fixture
def world(only_ministack: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    clean_environment(monkeypatch, tmp_path)
    ask_services_at_once(monkeypatch, tmp_path)
    return only_ministack


def inhabited(
    emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch, selection: str = ALL
) -> Member:
    """Make the member and the runner, with the permissions and the trust that are printed for them."""
    member = Member(emulator, folder, selection)
    for name, value in make_user(emulator, RUNNER, may=member.printed("--organization")).environment.items():
        monkeypatch.setenv(name, value)
    make_role(emulator, ROOT, ROLE, trust=member.trust())
    return member


def allowed(document: Mapping[str, Any]) -> Sequence[str]:
    return [each["Sid"] for each in document["Statement"] if each["Effect"] == "Allow"]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_plan_needs_each_statement_for_plan(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    member = inhabited(world, tmp_path, monkeypatch, SELECTIONS[selection])
    document = member.printed("--for", "plan")
    assert allowed(document)[:2] == ["ListRestApis", "ReadGatewayResponses"]
    for sid in allowed(document):
        member.may(without(document, sid))
        refused = member.run("plan")
        assert refused.code == INCOMPLETE, sid
        assert "apigateway:GET" in refused.out + refused.err
    member.may(document)
    assert member.run("plan").code == PENDING
    refused = member.run("apply", "--yes")
    assert refused.code != OK, "what is enough for a plan is not enough to write"
    assert member.customised() == BEFORE


@pytest.mark.parametrize("selection", SELECTIONS)
def test_an_apply_needs_each_statement_for_apply(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    member = inhabited(world, tmp_path, monkeypatch, SELECTIONS[selection])
    document = member.printed("--for", "apply")
    assert {"ListRestApis", "ReadGatewayResponses", "WriteGatewayResponses"} <= set(allowed(document))
    for sid in allowed(document):
        member.may(without(document, sid))
        assert member.run("apply", "--yes").code not in (OK, PENDING), sid
        assert member.customised() != AFTER, sid
        member.undo()
    member.may(document)
    done = member.run("apply", "--yes")
    assert done.code == OK, done.err
    assert member.customised() == AFTER
    member.may(member.printed("--for", "check"))
    assert member.run("check").code == OK


def test_a_plan_that_tells_owners_needs_each_statement_for_that(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = inhabited(world, tmp_path, monkeypatch)
    for region in REGIONS:
        member.make_stage(region, "prod")
    document = member.printed("--for", "plan", "--on-managed", "hold")
    added = [sid for sid in allowed(document) if sid not in allowed(member.printed("--for", "plan"))]
    assert added == ["ReadStagesAndDeployments", "FindStacks"]
    for sid in added:
        member.may(without(document, sid))
        refused = member.run("plan", "--on-managed", "hold")
        assert refused.code == INCOMPLETE, sid
        assert "To tell who manages an API takes this permission" in refused.out + refused.err
    member.may(document)
    # MiniStack's answer cannot be read: deviations.py. To ask eight times would take half a minute.
    allowed_now = member.run("plan", "--on-managed", "hold", "--attempts", "2")
    assert "not authorized" not in allowed_now.out + allowed_now.err


@pytest.mark.parametrize("selection", SELECTIONS)
def test_the_calls_of_a_deployment_need_each_statement_for_deploy(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    """No verb deploys yet. These are the calls it takes: what is live, a deployment, a stage that moves."""
    member = inhabited(world, tmp_path, monkeypatch, SELECTIONS[selection])
    deploy = deploying(world, member, IRELAND)
    document = member.printed("--for", "deploy")
    added = [sid for sid in allowed(document) if sid not in allowed(member.printed("--for", "apply"))]
    assert added == ["ReadWhatIsLive", "Deploy", "MoveStages"]
    for sid in added:
        member.may(without(document, sid))
        with pytest.raises(ClientError, match="AccessDenied"):
            deploy()
    member.may(document)
    deploy()


def test_what_the_policy_leaves_out_by_its_id_is_not_deployed(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = inhabited(world, tmp_path, monkeypatch, "{exclude: [{id: US}]}")
    excluded, other = (deploying(world, member, region) for region in (VIRGINIA, IRELAND))
    member.may(member.printed("--for", "deploy"))
    other()
    with pytest.raises(ClientError, match="explicit deny"):
        excluded()
    member.may(without(member.printed("--for", "deploy"), "LeaveExcludedLive"))
    excluded()


def deploying(world: Emulator, member: Member, region: str) -> Callable[[], None]:
    """Give what makes the calls of a deployment of the API of a region, with the role as it is now."""
    change_trust(world, ROOT, ROLE, trust=trusting(f"arn:aws:iam::{world.account}:root"))
    api = member.apis[region]
    member.make_stage(region, "prod")
    role = world.client(keys=world.assume(MEMBER, ROLE), region=region)

    def deploy() -> None:
        role.get_stages(restApiId=api)
        role.get_export(restApiId=api, stageName="prod", exportType="oas30")
        role.get_deployments(restApiId=api)
        made = role.create_deployment(restApiId=api)["id"]
        role.get_deployment(restApiId=api, deploymentId=made)
        moved = {"op": "replace", "path": "/deploymentId", "value": made}
        role.update_stage(restApiId=api, stageName="prod", patchOperations=[moved])

    return deploy


def test_what_the_policy_leaves_out_cannot_be_written(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role for all APIs but one, used for all of them."""
    member = inhabited(world, tmp_path, monkeypatch, "{exclude: [{id: US}]}")
    member.may(member.printed("--for", "apply"))
    member.policy.write_text(POLICY.replace("SELECTION", ALL))
    refused = member.run("apply", "--yes")
    assert refused.code not in (OK, PENDING)
    assert "explicit deny" in refused.out + refused.err
    assert member.customised() == [AFTER[0], BEFORE[1]]


@pytest.mark.parametrize("action", ["apigateway:PUT", "apigateway:DELETE"])
def test_both_actions_of_the_writes_are_needed(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    member = inhabited(world, tmp_path, monkeypatch)
    document = member.printed("--for", "apply")
    for statement in document["Statement"]:
        if action in statement["Action"]:
            statement["Action"].remove(action)
    member.may(document)
    refused = member.run("apply", "--yes")
    assert refused.code not in (OK, PENDING)
    assert action in refused.out + refused.err
    assert member.customised() != AFTER


def test_the_trust_policy_needs_each_statement(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = inhabited(world, tmp_path, monkeypatch)
    trust = member.trust()
    assert allowed(trust) == ["LetBatchgwIn", "TakeSessionTags"]
    for sid in allowed(trust):
        change_trust(world, ROOT, ROLE, trust=without(trust, sid))
        refused = member.run("plan")
        assert refused.code == INCOMPLETE, sid
        assert "cannot assume" in refused.out + refused.err
    change_trust(world, ROOT, ROLE, trust=member.trust(f"arn:aws:iam::{world.account}:user/another"))
    assert member.run("plan").code == INCOMPLETE
    change_trust(world, ROOT, ROLE, trust=trust)
    assert member.run("plan").code == PENDING
    member.policy.write_text(member.policy.read_text().replace("shared-id", "another-id"))
    assert member.run("plan").code == INCOMPLETE


def test_who_runs_it_needs_what_is_printed_for_the_reading_side(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = inhabited(world, tmp_path, monkeypatch)
    assert member.run("plan").code == PENDING
    assert allowed(member.printed("--organization")) == ["AssumeRoles"]
    world.client("iam").delete_user_policy(UserName=RUNNER, PolicyName="only")
    assert member.run("plan").code == INCOMPLETE


@pytest.mark.asyncio
async def test_a_session_for_reading_cannot_write_whatever_its_role_may(
    world: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session policy narrows a role that may do everything."""
    member = inhabited(world, tmp_path, monkeypatch)
    member.may(EVERYTHING)
    put = PutGatewayResponse(
        scope=Scope(account=AccountId(MEMBER), region=Region(IRELAND)),
        api=RestApiId(member.apis[IRELAND]),
        type=ResponseType.THROTTLED,
        settings=Settings(status_code="500"),
    )
    for access in (Access.READ, Access.WRITE):
        async with connect(
            endpoint_url=world.url, region=IRELAND, role=ROLE, external_id="shared-id", access=access
        ) as plane:
            if access is Access.WRITE:
                await plane.send(put)
            else:
                with pytest.raises(AccessDenied, match="apigateway:PUT"):
                    await plane.send(put)
