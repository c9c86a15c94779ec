"""What a refused call needed: the action and the resource, in IAM's words."""

from __future__ import annotations

import pytest

from batchgw.control_plane.advice import permission, with_permission
from batchgw.control_plane.classify import classify
from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    GetStages,
    PutGatewayResponse,
)
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.cloudformation import DescribeStackResources
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.organizations import ListAccounts
from batchgw.errors import AccessDenied, DeniedByScp
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApiId("a1b2c3d4e5")
TYPE = ResponseType.THROTTLED
DEPLOY = CreateDeployment(scope=HERE, api=API)
STACK = DescribeStackResources(scope=HERE, physical_id=API)
APIS = "arn:aws:apigateway:eu-west-1::/restapis"


@pytest.mark.parametrize(
    ("request_", "needed"),
    [
        (GetRestApis(scope=HERE), f"apigateway:GET on {APIS}"),
        (GetGatewayResponses(scope=HERE, api=API), f"apigateway:GET on {APIS}/{API}/gatewayresponses"),
        (
            GetGatewayResponse(scope=HERE, api=API, type=TYPE),
            f"apigateway:GET on {APIS}/{API}/gatewayresponses/THROTTLED",
        ),
        (
            PutGatewayResponse(scope=HERE, api=API, type=TYPE, settings=Settings()),
            f"apigateway:PUT on {APIS}/{API}/gatewayresponses/THROTTLED",
        ),
        (
            DeleteGatewayResponse(scope=HERE, api=API, type=TYPE),
            f"apigateway:DELETE on {APIS}/{API}/gatewayresponses/THROTTLED",
        ),
        (DEPLOY, f"apigateway:POST on {APIS}/{API}/deployments"),
        (GetStages(scope=HERE, api=API), f"apigateway:GET on {APIS}/{API}/stages"),
        (ListAccounts(scope=HERE), "organizations:ListAccounts on *"),
        (ListRegions(scope=HERE), "account:ListRegions on *"),
        (DescribeRegions(scope=HERE), "ec2:DescribeRegions on *"),
        (STACK, "cloudformation:DescribeStackResources on *"),
    ],
)
def test_each_request_needs_a_permission(request_: Request[object], needed: str) -> None:
    assert permission(request_) == needed


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")]
)
def test_the_partition_is_the_regions(region: str, partition: str) -> None:
    there = GetRestApis(scope=Scope(account=HERE.account, region=Region(region)))
    assert permission(there) == f"apigateway:GET on arn:{partition}:apigateway:{region}::/restapis"


def denied(message: str, code: str = "AccessDeniedException") -> AccessDenied:
    error = classify(code, 403, message, request_id="r-1")
    assert isinstance(error, AccessDenied)
    return error


def test_it_is_named_where_the_service_did_not() -> None:
    plain = denied("Access denied by policy")
    error = with_permission(plain, DEPLOY)
    assert type(error) is type(plain)
    assert str(error) == error.message
    assert error.message.startswith(
        f"apigateway:POST on {APIS}/{API}/deployments was refused: Access denied by policy. Give the identity"
    )
    assert (error.code, error.request_id) == ("AccessDeniedException", "r-1")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", f"X is not authorized to perform: apigateway:POST on resource: {APIS}"),
        ("", "403 Forbidden"),  # a proxy's, not AWS's
    ],
)
def test_nothing_is_added_where_it_was_named_or_aws_did_not_speak(code: str, message: str) -> None:
    error = denied(message, code)
    before = str(error)
    assert with_permission(error, DEPLOY) is error
    assert str(error) == before


STATEMENT = "`batchgw iam-policy POLICY --for VERB` prints the statement"
OF_READER = "`batchgw iam-policy POLICY --organization` prints the statement"
NOT_ALLOWED = "User: arn:X is not authorized to perform:"
BY_SCP = "with an explicit deny in a service control policy"


@pytest.mark.parametrize(
    ("request_", "message", "start", "within"),
    [
        (STACK, "Access denied", "cloudformation:DescribeStackResources on * was refused: Acc", STATEMENT),
        (STACK, f"{NOT_ALLOWED} cloudformation:DescribeStackResources", "User: arn:X is", STATEMENT),
        (
            ListAccounts(scope=HERE),
            "You don't have permissions to access this resource.",
            "organizations:ListAccounts on * was refused: You don't have permissions",
            OF_READER,
        ),
        (ListAccounts(scope=HERE), f"{NOT_ALLOWED} organizations:ListAccounts", "User: arn:X", OF_READER),
        (ListRegions(scope=HERE), f"{NOT_ALLOWED} account:ListRegions", "User: arn:X", STATEMENT),
        (
            ListRegions(scope=HERE, asked_by="organization"),
            f"{NOT_ALLOWED} account:ListRegions",
            "User: arn:X",
            OF_READER,
        ),
    ],
)
def test_a_denial_says_what_is_missing_and_which_command_prints_it(
    request_: Request[object], message: str, start: str, within: str
) -> None:
    error = with_permission(denied(message), request_)
    assert error.message.startswith(start)
    assert [command for command in (STATEMENT, OF_READER) if command in error.message] == [within]


@pytest.mark.parametrize("request_", [GetRestApis(scope=HERE), ListAccounts(scope=HERE)])
def test_no_permission_is_advised_against_a_service_control_policy(request_: Request[object]) -> None:
    error = with_permission(denied(f"{NOT_ALLOWED} X {BY_SCP}"), request_)
    assert type(error) is DeniedByScp
    assert "service control policies" in error.message
    assert "iam-policy" not in error.message
