"""A real boto3 client reads the organisation over HTTP: every operation, its pages and its refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.over_http.serve import ReadyInfo, running
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm, OrganizationPlan
from batchgw.simulator.world.world import World, account_id

OPTIONS = ServeOptions(no_throttle=True, latency=0.0, latency_p99=0.0)
TEAM = account_id(1)
WORLD = World.organized(
    OrganizationPlan(
        accounts=(
            AccountPlan(id=account_id(0), name="management"),
            AccountPlan(
                id=TEAM,
                name="team one",
                ou=("Prod", "Pay/ments"),
                tags={"tier": "gold"},
                regions={"eu-south-1": "ENABLED", "ap-east-1": "ENABLING"},
            ),
            *(
                AccountPlan(id=account_id(n), name=f"n{n}", ou=("Prod",), state="CLOSED")
                for n in range(2, 25)
            ),
        ),
        regions=("eu-west-1", "us-east-1"),
        form=AnswerForm(empty_pages=True),
    ),
    apis=51 * 20,
    proportions=Proportions(owned=1),
)


@pytest.fixture(scope="module")
def served() -> Iterator[ReadyInfo]:
    with running(OPTIONS, world=WORLD) as info:
        yield info


def client(served: ReadyInfo, service: str, account: int = 0, *, region: str = "us-east-1") -> Any:
    keys = served.keys[account_id(account)]
    return boto3.client(
        service,
        endpoint_url=served.endpoint,
        region_name=region,
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def faults(served: ReadyInfo, script: list[dict[str, Any]]) -> Iterator[None]:
    """Let these calls go wrong meanwhile."""

    def send(rules: list[dict[str, Any]]) -> None:
        connection = HTTPConnection(served.endpoint.removeprefix("http://"), timeout=10)
        connection.request("POST", "/_batchgw/faults", json.dumps(rules))
        assert connection.getresponse().status == 200
        connection.close()

    send(script)
    try:
        yield
    finally:
        send([])


def test_boto3_reads_every_list_of_organizations(served: ReadyInfo) -> None:
    """Its paginators follow the empty pages."""
    asked = client(served, "organizations")

    def everything(operation: str, key: str, **params: str) -> list[Any]:
        return [item for p in asked.get_paginator(operation).paginate(**params) for item in p[key]]

    accounts = everything("list_accounts", "Accounts")
    assert [a["Id"] for a in accounts] == [account_id(n) for n in range(25)]
    assert (accounts[2]["State"], accounts[2]["Status"]) == ("CLOSED", "SUSPENDED")
    assert accounts[0]["JoinedTimestamp"].year == 2020
    (root,) = everything("list_roots", "Roots")
    (prod,) = everything("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=root["Id"])
    (payments,) = everything(
        "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=prod["Id"]
    )
    assert (prod["Name"], payments["Name"]) == ("Prod", "Pay/ments")
    (team,) = everything("list_accounts_for_parent", "Accounts", ParentId=payments["Id"])
    assert (team["Id"], team["Name"]) == (TEAM, "team one")
    children = everything("list_children", "Children", ParentId=prod["Id"], ChildType="ACCOUNT")
    assert len(children) == 23
    assert everything("list_tags_for_resource", "Tags", ResourceId=TEAM) == [{"Key": "tier", "Value": "gold"}]


def test_boto3_reads_single_records_of_organizations(served: ReadyInfo) -> None:
    asked = client(served, "organizations")
    assert asked.describe_account(AccountId=TEAM)["Account"]["Name"] == "team one"
    assert asked.describe_organization()["Organization"]["MasterAccountId"] == account_id(0)


def test_paths_are_on_the_wire_even_where_the_client_s_model_does_not_know_them(served: ReadyInfo) -> None:
    asked = client(served, "organizations")
    bodies: list[bytes] = []
    asked.meta.events.register(
        "before-parse.organizations", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    asked.describe_account(AccountId=TEAM)
    assert f'"Paths":["o-batchgw0001/{WORLD.organization.tree.root.id}/'.encode() in bodies[0]


@pytest.mark.parametrize(
    ("account", "operation", "params", "code"),
    [
        (1, "list_accounts", {}, "AccessDeniedException"),
        (0, "list_accounts", {"MaxResults": 21}, "InvalidInputException"),
        (0, "list_accounts_for_parent", {"ParentId": "r-zzzz"}, "ParentNotFoundException"),
        (0, "list_tags_for_resource", {"ResourceId": "100000000099"}, "TargetNotFoundException"),
        (0, "describe_account", {"AccountId": "100000000099"}, "AccountNotFoundException"),
    ],
)
def test_boto3_knows_the_refusals_of_organizations(
    served: ReadyInfo, account: int, operation: str, params: dict[str, Any], code: str
) -> None:
    asked = client(served, "organizations", account)
    with pytest.raises(getattr(asked.exceptions, code)) as caught:
        getattr(asked, operation)(**params)
    assert isinstance(caught.value, ClientError)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_boto3_reads_regions_of_account_management(served: ReadyInfo) -> None:
    asked = client(served, "account")
    pages = asked.get_paginator("list_regions").paginate(AccountId=TEAM, PaginationConfig={"PageSize": 7})
    found = {each["RegionName"]: each["RegionOptStatus"] for page in pages for each in page["Regions"]}
    assert len(found) == 19  # 17 opt-in regions, and two of the world
    assert (found["eu-west-1"], found["eu-south-1"]) == ("ENABLED_BY_DEFAULT", "ENABLED")
    only = asked.list_regions(RegionOptStatusContains=["ENABLED_BY_DEFAULT"])["Regions"]
    assert [each["RegionName"] for each in only] == ["eu-west-1", "us-east-1"]


def test_boto3_knows_the_refusals_of_account_management(served: ReadyInfo) -> None:
    asked = client(served, "account")
    with pytest.raises(asked.exceptions.AccessDeniedException, match="standalone context") as caught:
        asked.list_regions(AccountId=account_id(0))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_boto3_reads_regions_of_ec2(served: ReadyInfo) -> None:
    asked = client(served, "ec2", 1)
    assert asked.describe_regions()["Regions"] == [
        {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": status}
        for name, status in [
            ("eu-west-1", "opt-in-not-required"),
            ("us-east-1", "opt-in-not-required"),
            ("eu-south-1", "opted-in"),
        ]
    ]
    filters = [{"Name": "opt-in-status", "Values": ["not-opted-in", "opted-in"]}]
    found = asked.describe_regions(AllRegions=True, RegionNames=["ap-east-1", "eu-west-1"], Filters=filters)
    assert [each["RegionName"] for each in found["Regions"]] == ["ap-east-1"]
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        asked.describe_regions(RegionNames=["mars-1"])


def test_boto3_reads_the_stack_of_an_api(served: ReadyInfo) -> None:
    apis = next(a for a in WORLD.scopes() if (a.account, a.region) == (TEAM, "eu-south-1"))
    number = next(n for n in apis.numbers() if (o := apis.owner(n)) is not None and o.kind == "sam")
    asked = client(served, "cloudformation", 1, region="eu-south-1")
    found = asked.describe_stack_resources(PhysicalResourceId=apis.id(number))["StackResources"]
    assert len(found) == len(apis.stack_resources(number))
    assert (found[0]["LogicalResourceId"], found[0]["ResourceType"], found[0]["PhysicalResourceId"]) == (
        "ServerlessRestApi",
        "AWS::ApiGateway::RestApi",
        apis.id(number),
    )
    assert found[0]["Timestamp"].timestamp() == int(apis.attributes(number).created)
    assert found[0]["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}
    with pytest.raises(ClientError, match="Stack for abcdefghij does not exist"):
        asked.describe_stack_resources(PhysicalResourceId="abcdefghij")


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("apigateway", "get_rest_apis", "UnrecognizedClientException"),
        ("ec2", "describe_regions", "AuthFailure"),
        ("cloudformation", "describe_stack_resources", "InvalidClientTokenId"),
    ],
)
@pytest.mark.parametrize("region", ["eu-south-1", "af-south-1"])
def test_boto3_meets_an_endpoint_of_a_region_that_is_off(
    served: ReadyInfo, service: str, operation: str, code: str, region: str
) -> None:
    """One that is off in this account alone, and one that nobody has."""
    asked = client(served, service, 0, region=region)
    params = {"StackName": "one"} if service == "cloudformation" else {}
    with pytest.raises(ClientError) as caught:
        getattr(asked, operation)(**params)
    assert caught.value.response["Error"]["Code"] == code


def test_boto3_meets_sts_where_the_region_is_on(served: ReadyInfo) -> None:
    assert client(served, "sts", 1, region="eu-south-1").get_caller_identity()["Account"] == TEAM


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("organizations", "list_roots", "AccessDeniedException", 400),
        ("account", "list_regions", "AccessDeniedException", 403),
        ("ec2", "describe_regions", "UnauthorizedOperation", 403),
        ("cloudformation", "describe_stack_resources", "AccessDenied", 403),
    ],
)
def test_boto3_meets_a_missing_permission_in_each_service_s_own_words(
    served: ReadyInfo, service: str, operation: str, code: str, status: int
) -> None:
    """Each has its own code, and all of them the same sentence."""
    script = [{"match": {"service": service}, "fault": "access_denied"}]
    params = {"StackName": "one"} if service == "cloudformation" else {}
    asked = client(served, service)
    with faults(served, script), pytest.raises(ClientError, match="is not authorized to perform: ") as caught:
        getattr(asked, operation)(**params)
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
