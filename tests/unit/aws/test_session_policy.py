"""What sessions of roles may do at most, asked action by action, as IAM would answer."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from batchgw.control_plane.aws.credentials.session_policy import (
    MOST_CHARACTERS,
    Access,
    organization_policy,
    session_policy,
)
from batchgw.control_plane.operations import OPERATIONS, DeleteDeployment

API = "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3"


def allows(policy: str, action: str, resource: str) -> bool:
    """Answer as IAM does for a policy that only allows: `*` and `?` match, and anything else is denied."""
    return any(
        any(fnmatchcase(action.casefold(), each.casefold()) for each in statement["Action"])
        and any(fnmatchcase(resource, each) for each in statement["Resource"])
        for statement in json.loads(policy)["Statement"]
    )


ASKED = [
    ("apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis", "rwdp"),
    ("apigateway:GET", API, "rwdp"),
    ("apigateway:GET", f"{API}/gatewayresponses/WAF_FILTERED", "rwdp"),
    ("apigateway:GET", f"{API}/stages/prod/exports/oas30", "rwdp"),
    ("apigateway:GET", "arn:aws:apigateway:eu-west-1::/apikeys", ""),
    ("apigateway:GET", "arn:aws:apigateway:eu-west-1::/domainnames/x", ""),
    ("apigateway:PUT", f"{API}/gatewayresponses/WAF_FILTERED", "wd"),
    ("apigateway:DELETE", f"{API}/gatewayresponses/WAF_FILTERED", "wd"),
    ("apigateway:DELETE", API, ""),
    ("apigateway:PUT", API, ""),
    ("apigateway:PATCH", f"{API}/gatewayresponses/WAF_FILTERED", ""),
    ("apigateway:POST", f"{API}/deployments", "d"),
    ("apigateway:DELETE", f"{API}/deployments/d1", "p"),
    ("apigateway:PATCH", f"{API}/stages/prod", "d"),
    ("apigateway:POST", f"{API}/stages", ""),
    ("ec2:DescribeRegions", "*", "rwdp"),
    ("account:ListRegions", "*", "rwdp"),
    ("account:EnableRegion", "*", ""),
    ("cloudformation:DescribeStackResources", "arn:aws:cloudformation:eu-west-1:1:stack/s/u", "rwdp"),
    ("cloudformation:DeleteStack", "arn:aws:cloudformation:eu-west-1:1:stack/s/u", ""),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/Admin", ""),
    ("lambda:InvokeFunction", "*", ""),
    ("cloudwatch:DescribeAlarms", "*", "wd"),
    ("cloudwatch:GetMetricData", "*", "wd"),
    ("cloudwatch:PutMetricAlarm", "*", ""),
    ("ssm:GetCalendarState", "arn:aws:ssm:eu-west-1:111122223333:document/freeze", "wd"),
    ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/secret", ""),
]


@pytest.mark.parametrize(("action", "resource", "allowed"), ASKED)
def test_what_each_access_allows(action: str, resource: str, allowed: str) -> None:
    of = {access: allows(session_policy(access, "aws"), action, resource) for access in Access}
    assert of == {access: access.value[0] in allowed for access in Access}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
@pytest.mark.parametrize("access", Access)
def test_a_session_policy_is_of_its_partition_and_short_enough(access: Access, partition: str) -> None:
    policy = session_policy(access, partition)
    assert len(policy) <= MOST_CHARACTERS / 2, "half of it is left for tags, which are packed with it"
    assert allows(policy, "apigateway:GET", f"arn:{partition}:apigateway:r-1::/restapis/a")
    assert not allows(policy, "apigateway:GET", "arn:other:apigateway:r-1::/restapis/a")


def test_every_operation_of_batchgw_is_within_the_access_of_its_verb_and_reads_are_within_the_narrowest() -> (
    None
):
    """An operation that is added and not allowed would be denied in every account, and only there."""
    for operation in OPERATIONS:
        if operation.path == "/":
            continue  # not API Gateway's: its IAM action is not made of the HTTP method
        path = operation.path.replace("{", "").replace("}", "")
        access = Access.DEPLOY if operation.writes else Access.READ
        if operation == DeleteDeployment.operation:
            access = Access.PRUNE  # by a verb of its own, and never within a run
        policy = session_policy(access, "aws")
        action, resource = f"apigateway:{operation.http}", f"arn:aws:apigateway:eu-west-1::{path}"
        assert allows(policy, action, resource), operation.name
        assert allows(session_policy(Access.READ, "aws"), action, resource) is not operation.writes


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("organizations:ListAccounts", "allowed"),
        ("organizations:DescribeOrganization", "allowed"),
        ("organizations:LeaveOrganization", "denied"),
        ("organizations:MoveAccount", "denied"),
        ("account:ListRegions", "allowed"),
        ("apigateway:GET", "denied"),
    ],
)
def test_the_organisation_s_role_only_reads_the_organisation(action: str, answer: str) -> None:
    assert ("allowed" if allows(organization_policy("aws"), action, "*") else "denied") == answer
