"""When a condition holds: AWS's operators on keys that are there, are not, or have several values."""

from __future__ import annotations

import pytest

from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.request import Request

VALUES = {
    "aws:resourcetag/tier": ("internal",),
    "aws:requestedregion": ("eu-west-1",),
    "aws:principaltag/team": ("Payments",),
    "aws:principalarn": ("arn:aws:iam::111111111111:role/team/Batchgw",),
    "aws:tagkeys": ("team", "run"),
}


def allows(condition: object, *, version: str = "2012-10-17") -> bool:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policy = read({"Version": version, "Statement": statement}, Kind.IDENTITY)
    return policy.effects(Request(action="apigateway:GET", resource="*", values=VALUES)) == {"Allow"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:ResourceTag/tier": "internal"}}, True),
        ({"StringEquals": {"aws:ResourceTag/tier": "Internal"}}, False),
        ({"StringEquals": {"AWS:resourcetag/TIER": "internal"}}, True),  # a key's case does not count
        ({"StringEquals": {"aws:ResourceTag/tier": ["public", "internal"]}}, True),
        ({"StringEquals": {"aws:ResourceTag/tier": "inter*"}}, False),
        ({"StringLike": {"aws:ResourceTag/tier": "inter*"}}, True),
        ({"StringLike": {"aws:ResourceTag/tier": "inter?"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:ResourceTag/tier": "INTERNAL"}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:ResourceTag/tier": "INTERNAL"}}, False),
        ({"StringNotEquals": {"aws:ResourceTag/tier": "internal"}}, False),
        ({"StringNotEquals": {"aws:ResourceTag/tier": ["public", "internal"]}}, False),
        ({"StringNotLike": {"aws:RequestedRegion": ["us-*", "eu-*"]}}, False),
        ({"StringNotLike": {"aws:RequestedRegion": ["us-*", "ap-*"]}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/Batchgw"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team/*"}}, False),
        # a key that the request lacks
        ({"StringEquals": {"aws:ResourceTag/owner": "x"}}, False),
        ({"StringNotEquals": {"aws:ResourceTag/owner": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:ResourceTag/owner": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:ResourceTag/tier": "x"}}, False),
        ({"Null": {"aws:ResourceTag/owner": "true"}}, True),
        ({"Null": {"aws:ResourceTag/owner": "false"}}, False),
        ({"Null": {"aws:ResourceTag/tier": False}}, True),
        ({"Null": {"aws:ResourceTag/tier": True}}, False),
        ({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "x"}}, False),
        ({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": "x"}}, True),
        # several values
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["run", "x"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["x"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["run", "team", "x"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["run"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["run"]}}, True),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["run"]}}, False),
        ({"ForAllValues:StringLike": {"aws:TagKeys": ["r*", "t*"]}}, True),
        # all operators and all keys must hold
        ({"StringEquals": {"aws:ResourceTag/tier": "internal", "aws:RequestedRegion": "us-east-1"}}, False),
        (
            {
                "StringEquals": {"aws:ResourceTag/tier": "internal"},
                "StringLike": {"aws:RequestedRegion": "us-*"},
            },
            False,
        ),
        # variables
        ({"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}}, True),
        ({"StringEquals": {"aws:ResourceTag/tier": "${aws:PrincipalTag/none}"}}, False),
        ({}, True),
    ],
)
def test_operators(condition: object, *, holds: bool) -> None:
    assert allows(condition) is holds


def test_only_the_new_version_has_variables() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}}
    assert allows(condition)
    assert not allows(condition, version="2008-10-17")
