"""What manages an API can be told by its tags, by its deployments, and by its stack."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.owners import KINDS, OwnerKind
from batchgw.simulator.world.scope_apis import ScopeApis
from batchgw.simulator.world.world import World

ACCOUNT, REGION = "111111111111", "eu-west-1"
ASKED = Service(World.generate(apis=700, accounts=1, regions=1, proportions=Proportions(owned=0.5)))
APIS: ScopeApis = next(ASKED.world.scopes())


def owned(kind: OwnerKind) -> list[int]:
    """The numbers of the APIs that a kind of tool manages, those without stages left out."""
    found = ((n, APIS.owner(n)) for n in APIS.numbers() if APIS.detail(n).stages)
    return [n for n, owner in found if owner is not None and owner.kind == kind]


def ask(operation: str, **params: str) -> Any:
    return ASKED.dispatch(operation, ACCOUNT, REGION, params).body


def stack(**params: str) -> list[Any]:
    resources: list[Any] = ask("DescribeStackResources", **params)["StackResources"]
    return resources


def descriptions(number: int) -> set[str | None]:
    return {each.get("description") for each in ask("GetDeployments", restApiId=APIS.id(number))["item"]}


def test_half_of_them_are_managed_in_the_shares_of_the_kinds() -> None:
    counts = Counter(owner.kind for n in APIS.numbers() if (owner := APIS.owner(n)) is not None)
    assert set(counts) == set(KINDS)
    assert 300 < counts.total() < 400
    assert counts["cdk"] > counts["sam"]


def test_cloudformation_and_cdk_tag_with_the_stack() -> None:
    for kind in ("cloudformation", "cdk"):
        for number in owned(kind):
            api = ask("GetRestApi", restApiId=APIS.id(number))
            (first, *_) = stack(PhysicalResourceId=api["id"])
            assert api["tags"]["aws:cloudformation:stack-name"] == first["StackName"]
            assert api["tags"]["aws:cloudformation:stack-id"] == first["StackId"]
            assert api["tags"]["aws:cloudformation:logical-id"] == first["LogicalResourceId"]
            assert re.fullmatch(
                rf"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{first['StackName']}"
                r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                first["StackId"],
            )


@pytest.mark.parametrize(
    ("kind", "description", "resources"),
    [
        ("cloudformation", None, set()),
        ("cdk", r"Automatically created by the RestApi construct", {"CDKMetadata"}),
        ("sam", r"RestApi deployment id: [0-9a-f]{40}", {"ServerlessRestApi"}),
        ("serverless", None, {"ApiGatewayRestApi", "ServerlessDeploymentBucket"}),
    ],
)
def test_each_tool_with_a_stack_has_its_signs(
    kind: OwnerKind, description: str | None, resources: set[str]
) -> None:
    for number in owned(kind):
        (said,) = descriptions(number)
        assert (said is None) is (description is None)
        assert description is None or re.fullmatch(description, said or "")
        found = stack(PhysicalResourceId=APIS.id(number))
        assert resources <= {each["LogicalResourceId"] for each in found}
        stages = APIS.detail(number).stages
        kinds = Counter(each["ResourceType"] for each in found)
        assert (kinds["AWS::ApiGateway::RestApi"], kinds["AWS::ApiGateway::Stage"]) == (1, len(stages))
        assert len({each["LogicalResourceId"] for each in found}) == len(found)


def test_sam_and_serverless_tag_nothing_and_terraform_has_no_stack() -> None:
    tags = {kind: [APIS.attributes(n).tags for n in owned(kind)] for kind in KINDS}
    assert not any(key.startswith("aws:") for each in (*tags["sam"], *tags["serverless"]) for key in each)
    assert all(each["ManagedBy"] == "terraform" for each in tags["terraform"])
    assert {d for n in owned("terraform") for d in descriptions(n)} == {None}


def test_a_stack_is_found_by_its_name_and_its_arn_too() -> None:
    (number, *_) = owned("serverless")
    found = stack(PhysicalResourceId=APIS.id(number))
    assert stack(StackName=found[0]["StackName"]) == stack(StackName=found[0]["StackId"]) == found
    assert stack(StackName=found[0]["StackName"], LogicalResourceId="ApiGatewayRestApi") == found[:1]


def unmanaged() -> str:
    return APIS.id(next(n for n in APIS.numbers() if APIS.owner(n) is None))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"PhysicalResourceId": unmanaged()}, f"Stack for {unmanaged()} does not exist"),
        ({"PhysicalResourceId": APIS.id(owned("terraform")[0])}, " does not exist"),
        ({"PhysicalResourceId": "0000000000"}, "Stack for 0000000000 does not exist"),
        ({"StackName": "nobody"}, "Stack with id nobody does not exist"),
        ({}, "Exactly one of StackName and PhysicalResourceId must be specified"),
        ({"StackName": "a", "PhysicalResourceId": "b"}, "Exactly one of "),
    ],
)
def test_what_is_in_no_stack_is_refused(params: dict[str, str], message: str) -> None:
    with pytest.raises(ServiceFault) as caught:
        stack(**params)
    assert (caught.value.code, caught.value.status) == ("ValidationError", 400)
    assert message in caught.value.message


def test_an_api_that_somebody_made_since_has_no_owner() -> None:
    asked = Service(World.generate(apis=1, accounts=1, regions=1, proportions=Proportions(owned=1)))
    made: Any = asked.dispatch("CreateRestApi", ACCOUNT, REGION, {"name": "new"}).body
    apis = next(asked.world.scopes())
    assert apis.owner(0) is not None
    assert apis.owner(apis.require(made["id"])) is None


def test_what_an_api_is_besides_does_not_change_with_its_owner() -> None:
    """The same seed gives the same names, times, stages and tags of teams, whoever manages the APIs."""
    plain = next(World.generate(apis=700, accounts=1, regions=1).scopes())
    for number in plain.numbers():
        one, other = plain.attributes(number), APIS.attributes(number)
        assert (one.name, one.created, plain.id(number)) == (other.name, other.created, APIS.id(number))
        assert {**other.tags, **one.tags} == other.tags
        assert plain.detail(number).deployments.keys() == APIS.detail(number).deployments.keys()
