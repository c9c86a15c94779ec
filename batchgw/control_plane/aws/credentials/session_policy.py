"""What the sessions of roles may do at most: session policies, narrowed to what a verb needs. Pure.

A session has what both the role and the session policy allow, so a session policy never adds a right. With
`Access.READ` a run cannot write, whatever the role could do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

MOST_CHARACTERS = 2048
"""Of a session policy in plain text (API reference, AssumeRole). STS also packs it, with the session tags."""

_Statement = Mapping[str, object]


class Access(StrEnum):
    """What the sessions of roles are allowed, at most."""

    READ = "read"  # nothing is written: plan, check, discover
    WRITE = "write"  # and gateway responses are put and deleted, and gates asked: apply, put, resume
    DEPLOY = "deploy"  # and deployments are made, and stages pointed at them
    PRUNE = "prune"  # deployments that no stage uses are deleted, and nothing else is written


_BESIDE = ("account:ListRegions", "cloudformation:DescribeStackResources", "ec2:DescribeRegions")
"""What is read of an account beside API Gateway: its regions, and who owns its APIs."""

_OF_ROLLOUT = ("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "ssm:GetCalendarState")
"""What the gates of a rollout ask."""

_OF_ORGANIZATION = ("account:ListRegions", "organizations:Describe*", "organizations:List*")


def session_policy(access: Access, partition: str) -> str:
    """Give the session policy for the role of an account, as JSON."""
    apis = f"arn:{partition}:apigateway:*::/restapis"
    statements = [_allow(["apigateway:GET"], [f"{apis}*"]), _allow(_BESIDE, ["*"])]
    if access in (Access.WRITE, Access.DEPLOY):
        statements.append(_allow(["apigateway:DELETE", "apigateway:PUT"], [f"{apis}/*/gatewayresponses/*"]))
        statements.append(_allow(_OF_ROLLOUT, ["*"]))
    if access is Access.DEPLOY:
        statements.append(_allow(["apigateway:POST"], [f"{apis}/*/deployments"]))
        statements.append(_allow(["apigateway:PATCH"], [f"{apis}/*/stages/*"]))
    if access is Access.PRUNE:
        statements.append(_allow(["apigateway:DELETE"], [f"{apis}/*/deployments/*"]))
    return _document(statements)


def organization_policy(_partition: str) -> str:
    """Give the session policy for the role by which the organisation is read, as JSON."""
    return _document([_allow(_OF_ORGANIZATION, ["*"])])


def _allow(actions: Sequence[str], resources: Sequence[str]) -> _Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(statements: Sequence[_Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
