"""boto3 over HTTP under policies: what is allowed, and which errors it gets for the rest."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import ReadyInfo, running

HUB, MEMBER, BARE = "111111111111", "222222222222", "333333333333"
IAM = """\
roles:
  - name: OrganizationBatchgw
    except: ["333333333333"]
    policy: reader.json
    trust:
      Version: 2012-10-17
      Statement:
        - Effect: Allow
          Principal: {AWS: arn:aws:iam::111111111111:role/Hub}
          Action: [sts:AssumeRole, sts:TagSession]
          Condition: {StringEquals: {sts:ExternalId: secret}}
  - name: Hub
    accounts: ["111111111111"]
    trust:
      Version: 2012-10-17
      Statement: {Effect: Allow, Principal: {AWS: "111111111111"}, Action: sts:*}
    policy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Action: [sts:AssumeRole, sts:TagSession]
        Resource: arn:aws:iam::*:role/OrganizationBatchgw
service_control_policies:
  - ous: [/]
    policy:
      Version: 2012-10-17
      Statement:
        Effect: Deny
        NotAction: [sts:*, organizations:*]
        Resource: "*"
        Condition: {StringNotEquals: {aws:RequestedRegion: [eu-west-1]}}
"""
READER = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "arn:aws:apigateway:*::/restapis"},
        {
            "Effect": "Allow",
            "Action": ["apigateway:GET", "apigateway:PUT"],
            "Resource": "arn:aws:apigateway:*::/restapis/*/gatewayresponses*",
        },
    ],
}
READ_ONLY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"},
}


@contextmanager
def serving(folder: Path) -> Iterator[ReadyInfo]:
    (folder / "reader.json").write_text(json.dumps(READER))
    (folder / "iam.yaml").write_text(IAM)
    options = ServeOptions(apis=6, no_throttle=True, latency=0.0, latency_p99=0.0, iam=folder / "iam.yaml")
    with running(options) as info:
        yield info


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyInfo]:
    with serving(tmp_path_factory.mktemp("iam")) as info:
        yield info


def client(served: ReadyInfo, service: str, keys: dict[str, str], region: str = "eu-west-1") -> Any:
    return boto3.client(
        service,
        endpoint_url=served.endpoint,
        region_name=region,
        config=Config(retries={"total_max_attempts": 1}),
        **keys,
    )


def own(served: ReadyInfo, account: str) -> dict[str, str]:
    keys = served.keys[account]
    return {
        "aws_access_key_id": keys["access_key_id"],
        "aws_secret_access_key": keys["secret_access_key"],
    }


def assume(served: ReadyInfo, keys: dict[str, str], account: str, role: str, **params: Any) -> dict[str, str]:
    arn = f"arn:aws:iam::{account}:role/{role}"
    answer = client(served, "sts", keys).assume_role(RoleArn=arn, RoleSessionName="run1", **params)
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def member(served: ReadyInfo, account: str = MEMBER, **params: Any) -> dict[str, str]:
    """Go through the chain: the account's user, the hub, the role of the member."""
    hub = assume(served, own(served, HUB), HUB, "Hub")
    return assume(served, hub, account, "OrganizationBatchgw", ExternalId="secret", **params)


def refusal(call: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    found: Any = caught.value.response
    return (
        found["Error"]["Code"],
        found["ResponseMetadata"]["HTTPStatusCode"],
        found["Error"]["Message"],
    )


SESSION = f"arn:aws:sts::{MEMBER}:assumed-role/OrganizationBatchgw/run1"


def test_a_chain_reads_and_writes_what_the_policy_says(served: ReadyInfo) -> None:
    gateway = client(served, "apigateway", member(served))
    api = gateway.get_rest_apis()["items"][0]["id"]
    assert len(gateway.get_gateway_responses(restApiId=api)["items"]) == 21
    gateway.put_gateway_response(restApiId=api, responseType="WAF_FILTERED", statusCode="403")
    code, status, message = refusal(lambda: gateway.get_stages(restApiId=api))
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: {SESSION} is not authorized to perform: apigateway:GET on resource: "
        f"arn:aws:apigateway:eu-west-1::/restapis/{api}/stages because no identity-based policy allows the "
        "apigateway:GET action"
    )


def test_a_session_policy_cannot_write(served: ReadyInfo) -> None:
    gateway = client(served, "apigateway", member(served, Policy=json.dumps(READ_ONLY)))
    api = gateway.get_rest_apis()["items"][0]["id"]
    code, _, message = refusal(
        lambda: gateway.put_gateway_response(restApiId=api, responseType="WAF_FILTERED", statusCode="403")
    )
    assert code == "AccessDeniedException"
    assert message.endswith("because no session policy allows the apigateway:PUT action")


def test_a_service_control_policy_is_told_by_its_text(served: ReadyInfo) -> None:
    gateway = client(served, "apigateway", member(served), region="us-east-1")
    code, status, message = refusal(gateway.get_rest_apis)
    assert (code, status) == ("AccessDeniedException", 403)
    assert message == (
        f"User: {SESSION} is not authorized to perform: apigateway:GET on resource: "
        "arn:aws:apigateway:us-east-1::/restapis with an explicit deny in a service control policy"
    )
    elsewhere = client(served, "sts", member(served), region="us-east-1")
    assert elsewhere.get_caller_identity()["Arn"] == SESSION


def test_sts_names_its_denials_in_its_own_way(served: ReadyInfo) -> None:
    hub = assume(served, own(served, HUB), HUB, "Hub")
    arn = f"arn:aws:iam::{MEMBER}:role/OrganizationBatchgw"
    text = (
        f"User: arn:aws:sts::{HUB}:assumed-role/Hub/run1 is not authorized to perform: {{}} on resource: {{}}"
    )
    denials = {
        "sts:AssumeRole": lambda: assume(served, hub, MEMBER, "OrganizationBatchgw"),
        "sts:SetSourceIdentity": lambda: member(served, SourceIdentity="me"),
    }
    for action, call in denials.items():
        code, status, message = refusal(call)
        assert (code, status) == ("AccessDenied", 403)
        assert message.startswith(text.format(action, arn))
    missing = refusal(lambda: member(served, BARE))
    assert missing == ("AccessDenied", 403, text.format("sts:AssumeRole", arn.replace(MEMBER, BARE)))


def test_boto3_knows_the_refusals_of_session_policies(served: ReadyInfo) -> None:
    sts = client(served, "sts", own(served, HUB))
    many = [{"Key": f"k{n}", "Value": "v" * 200} for n in range(50)]
    with pytest.raises(sts.exceptions.MalformedPolicyDocumentException):
        assume(served, own(served, HUB), HUB, "Hub", Policy="{}")
    with pytest.raises(sts.exceptions.PackedPolicyTooLargeException):
        assume(served, own(served, HUB), HUB, "Hub", Tags=many)


def test_tags_and_their_transitive_keys_go_over_the_wire(served: ReadyInfo) -> None:
    hub = assume(
        served, own(served, HUB), HUB, "Hub", Tags=[{"Key": "run", "Value": "1"}], TransitiveTagKeys=["run"]
    )
    assert assume(served, hub, MEMBER, "OrganizationBatchgw", ExternalId="secret")
    code, _, message = refusal(
        lambda: assume(
            served,
            hub,
            MEMBER,
            "OrganizationBatchgw",
            ExternalId="secret",
            Tags=[{"Key": "run", "Value": "2"}],
        )
    )
    assert (code, "transitive tag key" in message) == ("InvalidParameterValue", True)


def test_the_organization_s_reader_needs_a_permission_too(served: ReadyInfo) -> None:
    hub = client(served, "organizations", assume(served, own(served, HUB), HUB, "Hub"), "us-east-1")
    code, status, message = refusal(hub.list_accounts)
    assert (code, status) == ("AccessDeniedException", 400)
    assert "organizations:ListAccounts on resource: * because no identity-based policy" in message
    user = client(served, "organizations", own(served, HUB), "us-east-1")
    assert len(user.list_accounts()["Accounts"]) == 3


def post(served: ReadyInfo, body: object) -> int:
    """Send identities, and give the status."""
    request = urllib.request.Request(  # noqa: S310 - the simulator's own address
        f"{served.endpoint}/_batchgw/iam", json.dumps(body).encode(), method="POST"
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


def test_identities_can_be_changed_while_it_serves(tmp_path: Path) -> None:
    """For tests that take one statement away after the other. Sessions stay, and their rights change."""
    with serving(tmp_path) as served:
        gateway = client(served, "apigateway", member(served))
        assert gateway.get_rest_apis()["items"]
        assert post(served, {"roles": [{"name": "OrganizationBatchgw", "policy": []}]}) == 200
        assert "no identity-based policy" in refusal(gateway.get_rest_apis)[2]
        assert post(served, {"roles": [{"name": "X", "accounts": ["999999999999"]}]}) == 400
        assert "no identity-based policy" in refusal(gateway.get_rest_apis)[2]
        assert post(served, {"roles": [{"name": "OrganizationBatchgw"}]}) == 200
        assert gateway.get_rest_apis()["items"]
