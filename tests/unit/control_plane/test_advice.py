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
    PutGatewayResponse,
)
from batchgw.errors import AccessDenied
from batchgw.model import AccountId, Region, ResponseType, RestApiId, Scope, Settings

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApiId("a1b2c3d4e5")
TYPE = ResponseType.THROTTLED
DEPLOY = CreateDeployment(scope=HERE, api=API)
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
