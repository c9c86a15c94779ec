"""A chain of roles from a policy to a finished run, in a world that has roles, trust and session policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import anyio
import pytest

from batchgw.control_plane.aws import Access, connect
from batchgw.control_plane.operations import GetRestApis, PutGatewayResponse
from batchgw.errors import AccessDenied
from batchgw.model import AccountId, Region, ResponseType, RoleLink, Scope, Settings
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import batchgw, clean_environment, served

BASE, OTHER, WITHOUT = "111111111111", "222222222222", "333333333333"
HUB = f"arn:aws:iam::{BASE}:role/Hub"

IAM = f"""\
roles:
  - name: Hub
    accounts: ["{BASE}"]
    trust:
      Version: 2012-10-17
      Statement:
        - Effect: Allow
          Principal: {{AWS: "arn:aws:iam::{BASE}:root"}}
          Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
          Condition: {{StringEquals: {{sts:ExternalId: sesame-17}}}}
  - name: Each
    except: ["{WITHOUT}"]
    trust:
      Version: 2012-10-17
      Statement:
        - Effect: Allow
          Principal: {{AWS: "{HUB}"}}
          Action: [sts:AssumeRole, sts:TagSession, sts:SetSourceIdentity]
          Condition: {{StringEquals: {{aws:PrincipalTag/team: edge, aws:SourceIdentity: alice}}}}
"""

POLICY = f"""\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  accounts: ["{BASE}", "{OTHER}", "{WITHOUT}"]
  role:
    - {{role: "{HUB}", external_id: sesame-17, session_tags: {{team: edge}}, source_identity: alice}}
    - Each
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    """Three accounts with twelve APIs. The third has no role."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "iam.yaml").write_text(IAM)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch, iam=tmp_path / "iam.yaml", accounts=3, apis=12) as info:
        yield info


@pytest.mark.usefixtures("world")
def test_a_policy_s_chain_is_used_recorded_and_used_again_without_its_external_id_being_shown(
    tmp_path: Path,
) -> None:
    planned = batchgw("plan", "policy.yaml", "--out", "p.plan", "-o", "json")
    unread = {
        (each["account"], each["region"], each["code"])
        for each in planned.json["items"]
        if each["kind"] == "unread-scope"
    }
    assert unread == {(WITHOUT, region, "CredentialsUnavailable") for region in ("eu-west-1", "us-east-1")}
    assert planned.code == 4, "not everything was read, and the rest is planned"
    assert "(link 2 of 2 of the chain)" in planned.out
    assert "used without the role Each. There, no session policy keeps them from writing." in planned.err
    assert "sesame-17" not in (tmp_path / "p.plan").read_text()
    assert HUB in (tmp_path / "p.plan").read_text()
    alone = batchgw("apply", "--plan", "p.plan", "--yes")
    assert (alone.code, "name the policy beside --plan" in alone.err) == (64, True)
    applied = batchgw("apply", "policy.yaml", "--plan", "p.plan", "--yes", "-o", "json")
    assert "used without the role Each." in applied.err
    assert "no session policy" not in applied.err
    assert applied.json["applied"] == 8, applied.err
    shown = batchgw("runs", "show", "last", "-o", "json")
    assert HUB in shown.out
    plan = json.loads((tmp_path / "p.plan").read_text().splitlines()[0])["plan"]
    assert f'"planned_as": "{plan}"' in shown.out, "CloudTrail has sessions that are named after it"
    assert "sesame-17" not in shown.out


@pytest.mark.usefixtures("world")
def test_flags_are_advised_for_the_last_link_alone() -> None:
    """They stand for no other: a hub that wants another external id is named in the policy alone."""
    Path("policy.yaml").write_text(POLICY.replace("sesame-17", "another-17"))
    refused = batchgw("plan", "policy.yaml")
    assert refused.code == 4
    assert "(link 1 of 2 of the chain)" in refused.out
    assert "must be allowed sts:AssumeRole on it." in refused.out
    assert "--role-name" not in refused.out
    assert "`batchgw iam-policy POLICY --organization` prints what the identity needs." in refused.out
    assert "--trust" not in refused.out  # that prints the trust policy of the last link
    Path("policy.yaml").write_text(POLICY)
    last = batchgw("plan", "policy.yaml", "--role-name", "No").out
    assert "--role-name and --external-id choose" in last
    assert "`batchgw iam-policy POLICY --trust --principal ARN` prints the trust policy. `batchgw iam" in last


def test_where_a_service_control_policy_lets_nobody_assume_no_permission_is_advised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The role is there, and nobody can give the identity what it lacks."""
    clean_environment(monkeypatch, tmp_path)
    denied = {"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}}
    policies = [{"accounts": [OTHER], "policy": {"Version": "2012-10-17", **denied}}]
    iam = {"roles": [{"name": "Each"}], "service_control_policies": policies}
    (tmp_path / "iam.json").write_text(json.dumps(iam))
    with served(monkeypatch, iam=tmp_path / "iam.json", accounts=3, apis=12) as info:
        key = info.keys[OTHER]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["secret_access_key"])
        found = batchgw("discover", "--account", WITHOUT, "--role-name", "Each", "--region", "eu-west-1")
    assert found.code == 4
    assert "with an explicit deny in a service control policy. No permission of this identity" in found.err
    assert "The role must exist" not in found.err
    assert "iam-policy" not in found.err


def test_a_session_that_may_only_read_cannot_write_whatever_its_role_allows(world: ReadyInfo) -> None:
    """So a nightly check cannot write, even if somebody has its keys."""
    there = Scope(account=AccountId(OTHER), region=Region("eu-west-1"))
    hub = RoleLink(role=HUB, external_id="sesame-17", session_tags={"team": "edge"}, source_identity="alice")

    async def writes(access: Access | None) -> str:
        async with connect(roles=(hub,), role="Each", access=access) as plane:
            api = (await plane.send(GetRestApis(scope=there))).items[0].id
            settings = Settings(status_code="418")
            put = PutGatewayResponse(scope=there, api=api, type=ResponseType.THROTTLED, settings=settings)
            try:
                await plane.send(put)
            except AccessDenied as error:
                return str(error)
            return "written"

    refused = anyio.run(writes, Access.READ)
    assert "no session policy allows the apigateway:PUT action" in refused
    assert anyio.run(writes, Access.WRITE) == "written"
    assert anyio.run(writes, None) == "written"
    with urlopen(f"{world.endpoint}/_batchgw/stats") as answer:  # noqa: S310 - the simulator
        operations = json.load(answer)["scopes"][f"{OTHER}/eu-west-1"]["operations"]
    assert operations["PutGatewayResponse"]["calls"] == 3
