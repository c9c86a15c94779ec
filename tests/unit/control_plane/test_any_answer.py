"""Whatever JSON comes as an answer, it is read or refused as unreadable. Nothing else is raised."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.control_plane.interface import AWS, Request
from batchgw.control_plane.operations import (
    DeleteDeployment,
    DeploymentId,
    GetApiSummary,
    GetDeployment,
    GetDeployments,
    GetExport,
    GetResources,
    GetStage,
    GetStages,
)
from batchgw.control_plane.operations.account import ListRegions
from batchgw.control_plane.operations.cloudformation import DescribeStackResources
from batchgw.control_plane.operations.cloudwatch import DescribeAlarms, GetMetricData, MetricQuery
from batchgw.control_plane.operations.ec2 import DescribeRegions
from batchgw.control_plane.operations.organizations import (
    DescribeOrganization,
    ListAccounts,
    ListAccountsForParent,
    ListOrganizationalUnitsForParent,
    ListRoots,
    ListTagsForResource,
)
from batchgw.control_plane.operations.ssm import GetCalendarState
from batchgw.control_plane.operations.sts import GetCallerIdentity
from batchgw.errors import ServiceFailure
from batchgw.model import AccountId, Region, RestApiId, Scope

HERE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
API = RestApiId("a1b2c3d4e5")

REQUESTS: tuple[Request[object], ...] = (
    ListAccounts(scope=HERE),
    ListRoots(scope=HERE),
    ListOrganizationalUnitsForParent(scope=HERE, parent="r-ab12"),
    ListAccountsForParent(scope=HERE, parent="r-ab12"),
    ListTagsForResource(scope=HERE, resource="111111111111"),
    DescribeOrganization(scope=HERE),
    ListRegions(scope=HERE),
    DescribeRegions(scope=HERE),
    GetCallerIdentity(scope=HERE),
    DescribeStackResources(scope=HERE, physical_id=API),
    GetStages(scope=HERE, api=API),
    GetStage(scope=HERE, api=API, stage="prod"),
    GetDeployment(scope=HERE, api=API, deployment=DeploymentId("d1e2f3")),
    GetApiSummary(scope=HERE, api=API, deployment=DeploymentId("d1e2f3")),
    DeleteDeployment(scope=HERE, api=API, deployment=DeploymentId("d1e2f3")),
    GetDeployments(scope=HERE, api=API),
    GetResources(scope=HERE, api=API),
    GetExport(scope=HERE, api=API, stage="prod"),
    DescribeAlarms(scope=HERE, names=("prod",)),
    GetMetricData(scope=HERE, queries=(MetricQuery(id="prod", metric="Count"),), start=0.0, end=60.0),
    GetCalendarState(scope=HERE, calendar="prod"),
)

MEMBERS = (
    "Accounts", "Roots", "OrganizationalUnits", "Tags", "Organization", "Regions", "StackResources",
    "item", "NextToken", "Account", "Id", "Name", "State", "Status", "Paths", "Path", "Key", "Value",
    "MasterAccountId", "RegionName", "RegionOptStatus", "OptInStatus", "StackName", "StackId",
    "LogicalResourceId", "PhysicalResourceId", "ResourceType", "stageName", "deploymentId", "description",
    "id", "createdDate", "canarySettings", "percentTraffic", "apiSummary", "authorizationType",
    "apiKeyRequired", "items", "position", "path", "resourceMethods", "body",
    "MetricAlarms", "CompositeAlarms", "AlarmName", "AlarmArn", "StateValue", "StateReason",
    "StateUpdatedTimestamp", "MetricDataResults", "Timestamps", "Values", "StatusCode", "NextTransitionTime",
)  # fmt: skip
"""All names that are read."""

GOOD = st.sampled_from(
    [
        "111111111111",
        "ou-ab12-11111111",
        "r-ab12",
        "o-a/r-ab12/",
        "ACTIVE",
        "eu-west-1",
        "d1e2f3",
        "prod",
        "\ud800",
        "",
    ]
)
"""Values that are right somewhere, and two that are not right anywhere."""

ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | GOOD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=12,
)
ANSWERS = st.dictionaries(st.sampled_from(MEMBERS), ANY, max_size=4)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.operation.name)
@given(answer=ANSWERS, signed=st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_answer_is_read_or_unreadable(
    request_: Request[object], answer: dict[str, Any], *, signed: bool
) -> None:
    with suppress(ServiceFailure):
        request_.read(answer | ({"ResponseMetadata": {"RequestId": "r"}} if signed else {}), AWS)
