"""What is asked about the regions of an account and the owners of APIs, and what is made of the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batchgw.control_plane.interface import AWS, Request
from batchgw.control_plane.operations import (
    OPERATIONS,
    Deployment,
    DeploymentId,
    GetDeployment,
    GetStages,
    Stage,
)
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.cloudformation import DescribeStackResources, StackResource
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.listing import Page
from batchgw.control_plane.operations.region_status import RegionStatus
from batchgw.control_plane.operations.sts import GetCallerIdentity
from batchgw.errors import CallError, EntityNotFound, NotCustomized, ServiceFailure
from batchgw.model import AccountId, Region, RestApiId, Scope
from batchgw.simulator.service_models import service_model

HERE = Scope(account=AccountId("222222222222"), region=Region("eu-west-1"))
API = RestApiId("a1b2c3d4e5")
LIVE = DeploymentId("d1e2f3")
STAGES = GetStages(scope=HERE, api=API)
DEPLOYMENT = GetDeployment(scope=HERE, api=API, deployment=LIVE)
RESOURCES = DescribeStackResources(scope=HERE, physical_id=API)
SIGNED = {"ResponseMetadata": {"RequestId": "r-1"}}
MADE = datetime(2024, 4, 15, 20, 46, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("request_", "service", "signs", "method", "params"),
    [
        (ListRegions(scope=HERE), "account", "account", "list_regions", {"MaxResults": 50}),
        (
            ListRegions(scope=HERE, asked_by="organization", token="t"),
            "account",
            "organization",
            "list_regions",
            {"MaxResults": 50, "AccountId": "222222222222", "NextToken": "t"},
        ),
        (DescribeRegions(scope=HERE), "ec2", "account", "describe_regions", {"AllRegions": True}),
        (GetCallerIdentity(scope=HERE), "sts", "account", "get_caller_identity", {}),
        (
            RESOURCES,
            "cloudformation",
            "account",
            "describe_stack_resources",
            {"PhysicalResourceId": API},
        ),
        (STAGES, "apigateway", "account", "get_stages", {"restApiId": API}),
        (
            DEPLOYMENT,
            "apigateway",
            "account",
            "get_deployment",
            {"restApiId": API, "deploymentId": LIVE},
        ),
    ],
)
def test_each_request_is_the_keyword_arguments_of_the_boto3_call(
    request_: Request[object], service: str, signs: str, method: str, params: dict[str, Any]
) -> None:
    operation = request_.operation
    assert (operation.service, request_.credentials, operation.method) == (service, signs, method)
    assert request_.params() == params


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.service}:{o.name}")
def test_every_operation_is_one_of_its_service_under_both_of_its_names(operation: Any) -> None:
    model = service_model(operation.service)
    assert operation.name in model.operation_names
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation.name).removeprefix("_")
    assert operation.method == words


def test_operations_are_in_the_registry_once() -> None:
    names = [(operation.service, operation.name) for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    asked = (
        ListRegions,
        DescribeRegions,
        GetCallerIdentity,
        DescribeStackResources,
        GetStages,
        GetDeployment,
    )
    assert {request.operation for request in asked} <= set(OPERATIONS)


@pytest.mark.parametrize(
    ("status", "on"),
    [
        ("ENABLED", True),
        ("ENABLED_BY_DEFAULT", True),
        ("ENABLING", False),
        ("DISABLING", False),
        ("DISABLED", False),
        ("PAUSED", False),
    ],
)
def test_a_region_that_the_account_lists_is_on_or_not(status: str, *, on: bool) -> None:
    page = ListRegions(scope=HERE).read(
        {"Regions": [{"RegionName": "me-south-1", "RegionOptStatus": status}], "NextToken": "t"}, AWS
    )
    assert page == Page(items=(RegionStatus(region=Region("me-south-1"), status=status),), token="t")
    assert page.items[0].on is on


@pytest.mark.parametrize(
    ("status", "on"), [("opted-in", True), ("opt-in-not-required", True), ("not-opted-in", False)]
)
def test_a_region_that_ec2_describes_is_on_or_not(status: str, *, on: bool) -> None:
    (region,) = DescribeRegions(scope=HERE).read(
        {"Regions": [{"RegionName": "me-south-1", "OptInStatus": status, "Endpoint": "ec2.x"}]}, AWS
    )
    assert (region.region, region.on) == ("me-south-1", on)


def test_an_account_is_whose_the_keys_are() -> None:
    assert GetCallerIdentity(scope=HERE).read({"Account": "222222222222"}, AWS) == "222222222222"


def test_the_resources_of_a_stack_are_told_and_none_where_there_is_no_stack() -> None:
    resource = {
        "StackName": "payments",
        "StackId": "arn:aws:cloudformation:eu-west-1:222222222222:stack/payments/1",
        "LogicalResourceId": "Api",
        "PhysicalResourceId": API,
        "ResourceType": "AWS::ApiGateway::RestApi",
    }
    assert RESOURCES.read({"StackResources": [resource]}, AWS) == (
        StackResource(
            stack="payments",
            stack_id="arn:aws:cloudformation:eu-west-1:222222222222:stack/payments/1",
            logical_id="Api",
            type="AWS::ApiGateway::RestApi",
            physical_id=API,
        ),
    )
    assert RESOURCES.read(SIGNED, AWS) == ()
    assert RESOURCES.read_absent(EntityNotFound(f"Stack for {API} does not exist"), AWS) == ()
    with pytest.raises(NotCustomized):
        RESOURCES.read_absent(NotCustomized("x"), AWS)


def test_stages_are_told_with_what_they_show() -> None:
    stages = STAGES.read(
        {
            "item": [
                {
                    "stageName": "prod",
                    "deploymentId": LIVE,
                    "description": "live",
                    "lastUpdatedDate": MADE,
                },
                {"stageName": "empty"},
            ]
        },
        AWS,
    )
    assert stages == (
        Stage(name="prod", deployment=LIVE, description="live", updated=1713213980.0),
        Stage(name="empty", deployment=None),
    )
    assert STAGES.read(SIGNED, AWS) == ()


def test_a_deployment_is_told_with_what_was_written_on_it() -> None:
    found = DEPLOYMENT.read({"id": LIVE, "description": "RestApi deployment id: 1", "createdDate": MADE}, AWS)
    assert found == Deployment(id=LIVE, description="RestApi deployment id: 1", created=1713213980.0)
    assert DEPLOYMENT.read({"id": LIVE}, AWS) == Deployment(id=LIVE)
    with pytest.raises(EntityNotFound):
        DEPLOYMENT.read_absent(EntityNotFound("Invalid Deployment identifier specified"), AWS)


@pytest.mark.parametrize(
    ("request_", "answer", "why"),
    [
        (ListRegions(scope=HERE), {}, "x-amzn-RequestId"),
        (ListRegions(scope=HERE), {"Regions": [{"RegionName": "Ireland"}]}, "name of a region"),
        (ListRegions(scope=HERE), {"Regions": ["eu-west-1"]}, "name of a region"),
        (ListRegions(scope=HERE), {"Regions": [{"RegionName": "eu-west-1"}]}, "whether eu-west-1 is enabled"),
        (DescribeRegions(scope=HERE), {"Regions": {}}, "no list"),
        (DescribeRegions(scope=HERE), {"Regions": [{"RegionName": "eu-west-1"}]}, "whether eu-west-1 is"),
        (GetCallerIdentity(scope=HERE), {}, "whose the keys are"),
        (GetCallerIdentity(scope=HERE), {"Account": "me"}, "whose the keys are"),
        (RESOURCES, {}, "x-amzn-RequestId"),
        (RESOURCES, {"StackResources": [{"ResourceType": "AWS::ApiGateway::RestApi"}]}, "name its stack"),
        (RESOURCES, {"StackResources": [{"StackName": "s", "ResourceType": 7}]}, "name its stack"),
        (
            RESOURCES,
            {"StackResources": [{"StackName": "s", "ResourceType": "T", "StackId": 7}]},
            "an id of a resource of stack s",
        ),
        (STAGES, {}, "x-amzn-RequestId"),
        (STAGES, {"item": [{"deploymentId": LIVE}]}, "no name"),
        (STAGES, {"item": [{"stageName": "prod", "deploymentId": "../x"}]}, "the deployment of stage prod"),
        (STAGES, {"item": [{"stageName": "prod", "description": "\ud800"}]}, "description"),
        (DEPLOYMENT, {}, "not about deployment d1e2f3"),
        (DEPLOYMENT, {"id": "other1"}, "not about deployment d1e2f3"),
        (DEPLOYMENT, {"id": LIVE, "description": 7}, "description of deployment d1e2f3"),
    ],
)
def test_an_answer_that_cannot_be_is_unreadable(
    request_: Request[object], answer: dict[str, Any], why: str
) -> None:
    with pytest.raises(CallError, match=why) as caught:
        request_.read(answer, AWS)
    assert type(caught.value) is ServiceFailure
