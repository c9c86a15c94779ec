"""Regions as three services tell them: Account Management, EC2, and STS by whether it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.organization.regions import OPT_IN
from batchgw.simulator.world.world import World, account_id

MANAGEMENT, TEAM, LEFT = (account_id(n) for n in range(3))
STANDALONE = (
    "The management account can only be managed using the standalone context from the management account."
)
PLAN = OrganizationPlan(
    accounts=(
        AccountPlan(id=MANAGEMENT, name="management"),
        AccountPlan(
            id=TEAM,
            name="team",
            regions={
                "eu-south-1": "ENABLED",
                "ap-east-1": "ENABLING",
                "me-south-1": "DISABLING",
                "us-east-2": "DISABLED",
            },
        ),
        AccountPlan(id=LEFT, name="left", member=False),
    ),
    regions=("eu-west-1", "us-east-2"),
)


def service(plan: OrganizationPlan = PLAN) -> Service:
    return Service(World.organized(plan))


def listed(asked: Service, *, by: str = MANAGEMENT, **params: Any) -> dict[str, str]:
    body: Any = asked.dispatch("ListRegions", by, "us-east-1", params).body
    return {each["RegionName"]: each["RegionOptStatus"] for each in body["Regions"]}


def fault(asked: Service, operation: str, by: str, region: str = "us-east-1", **params: Any) -> ServiceFault:
    with pytest.raises(ServiceFault) as caught:
        asked.dispatch(operation, by, region, params)
    return caught.value


def test_without_an_id_it_is_the_caller_s_own_account() -> None:
    assert listed(service()) == {
        **dict.fromkeys(sorted(OPT_IN), "DISABLED"),
        "eu-west-1": "ENABLED_BY_DEFAULT",
        "us-east-2": "ENABLED_BY_DEFAULT",
    }
    assert listed(service(), by=LEFT) == listed(service())


def test_management_asks_for_a_member_by_its_id() -> None:
    found = listed(service(), AccountId=TEAM)
    assert {name: status for name, status in found.items() if status != "DISABLED"} == {
        "eu-west-1": "ENABLED_BY_DEFAULT",
        "eu-south-1": "ENABLED",
        "ap-east-1": "ENABLING",
        "me-south-1": "DISABLING",
    }
    assert found["us-east-2"] == "DISABLED"
    assert found == listed(service(), by=TEAM)


def test_regions_are_filtered_by_status() -> None:
    found = listed(service(), by=TEAM, RegionOptStatusContains=["ENABLED", "DISABLING"])
    assert found == {"eu-south-1": "ENABLED", "me-south-1": "DISABLING"}


def test_pages_hold_fifty_and_fewer_when_asked() -> None:
    asked = service()
    sizes: list[int] = []
    token: dict[str, Any] = {}
    while True:
        body: Any = asked.dispatch("ListRegions", MANAGEMENT, "us-east-1", {"MaxResults": 8, **token}).body
        sizes.append(len(body["Regions"]))
        if "NextToken" not in body:
            break
        token = {"NextToken": body["NextToken"]}
    assert sizes == [8, 8, 3]  # 17 opt-in regions, and the world's two
    assert len(listed(asked)) == 19


@pytest.mark.parametrize(
    ("plan", "by", "account", "why"),
    [
        (PLAN, TEAM, MANAGEMENT, "You don't have permission to access information about this account."),
        (PLAN, TEAM, TEAM, "You don't have permission to access information about this account."),
        (PLAN, MANAGEMENT, LEFT, "You don't have permission to access information about this account."),
        (
            PLAN,
            MANAGEMENT,
            MANAGEMENT,
            STANDALONE,
        ),
        (
            replace(PLAN, trusted_access=False),
            MANAGEMENT,
            TEAM,
            "Your organization must first enable trusted access with AWS Account Management.",
        ),
    ],
)
def test_who_may_not_ask_is_told_why(plan: OrganizationPlan, by: str, account: str, why: str) -> None:
    refused = fault(service(plan), "ListRegions", by, AccountId=account)
    assert (refused.code, refused.status) == ("AccessDeniedException", 403)
    assert refused.message == (
        f"User: arn:aws:iam::{by}:user/batchgw is not authorized to perform: account:ListRegions ({why})"
    )


def test_a_delegated_administrator_asks_for_others_and_for_itself() -> None:
    asked = service(replace(PLAN, delegated=frozenset({TEAM})))
    assert listed(asked, by=TEAM, AccountId=TEAM) == listed(asked, by=TEAM)
    assert "standalone" in fault(asked, "ListRegions", TEAM, AccountId=MANAGEMENT).message


@pytest.mark.parametrize(
    "params",
    [
        {"AccountId": "1"},
        {"MaxResults": 51},
        {"MaxResults": 0},
        {"NextToken": "?"},
        {"RegionOptStatusContains": ["ON"]},
    ],
)
def test_list_regions_refuses_what_its_model_does_not_allow(params: dict[str, Any]) -> None:
    refused = fault(service(), "ListRegions", MANAGEMENT, **params)
    assert (refused.code, refused.status) == ("ValidationException", 400)


def described(by: str = TEAM, **params: Any) -> dict[str, str]:
    body: Any = service().dispatch("DescribeRegions", by, "eu-west-1", params).body
    return {each["RegionName"]: each["OptInStatus"] for each in body["Regions"]}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"eu-west-1": "opt-in-not-required", "eu-south-1": "opted-in"}),
        ({"RegionNames": ["eu-south-1", "us-east-2"]}, {"eu-south-1": "opted-in"}),
        (
            {"RegionNames": ["ap-east-1", "us-east-2"], "AllRegions": "true"},
            {"us-east-2": "opt-in-not-required", "ap-east-1": "not-opted-in"},
        ),
        ({"Filters": [{"Name": "opt-in-status", "Values": ["opted-in"]}]}, {"eu-south-1": "opted-in"}),
        ({"Filters": [{"Name": "region-name", "Values": ["eu-w*"]}]}, {"eu-west-1": "opt-in-not-required"}),
        (
            {
                "Filters": [
                    {"Name": "endpoint", "Values": ["*.eu-*"]},
                    {"Name": "opt-in-status", "Values": ["not-opted-in", "opted-in"]},
                ]
            },
            {"eu-south-1": "opted-in"},
        ),
    ],
)
def test_ec2_tells_what_is_on_in_the_account(params: dict[str, Any], found: dict[str, str]) -> None:
    assert described(**params) == found


def test_ec2_tells_all_regions_when_asked() -> None:
    found = described(AllRegions=True)
    assert len(found) == 19
    assert (found["us-east-2"], found["me-south-1"]) == ("opt-in-not-required", "not-opted-in")


@pytest.mark.parametrize(
    "params", [{"RegionNames": ["mars-1"]}, {"Filters": [{"Name": "colour", "Values": ["red"]}]}]
)
def test_ec2_refuses_what_it_does_not_know(params: dict[str, Any]) -> None:
    refused = fault(service(), "DescribeRegions", TEAM, "eu-west-1", **params)
    assert (refused.code, refused.status) == ("InvalidParameterValue", 400)


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("GetCallerIdentity", "InvalidClientTokenId", 403),
        ("GetRestApis", "UnrecognizedClientException", 403),
        ("DescribeRegions", "AuthFailure", 401),
        ("DescribeStackResources", "InvalidClientTokenId", 403),
        ("ListAccounts", "UnrecognizedClientException", 400),
    ],
)
@pytest.mark.parametrize("region", ["us-east-2", "ap-east-1", "me-south-1", "eu-west-3", "mars-1"])
def test_an_endpoint_whose_region_is_off_knows_no_keys(
    operation: str, code: str, status: int, region: str
) -> None:
    """Off, opting in, opting out, and not in the world: AWS answers all the same."""
    refused = fault(service(), operation, TEAM, region)
    assert (refused.code, refused.status) == (code, status)


@pytest.mark.parametrize("region", ["eu-west-1", "eu-south-1", "us-east-1"])
def test_sts_answers_where_the_region_is_on_and_at_its_global_endpoint(region: str) -> None:
    body: Any = service().dispatch("GetCallerIdentity", TEAM, region, {}).body
    assert body["Account"] == TEAM
