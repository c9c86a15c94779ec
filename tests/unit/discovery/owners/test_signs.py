"""What gives away the tool that manages a REST API."""

from __future__ import annotations

import pytest

from batchgw.control_plane.operations.cloudformation import StackResource
from batchgw.discovery.owners.signs import by_description, by_stack, by_tags, joined
from batchgw.model import Owner

STACK = Owner(kind="cloudformation", name="orders")


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({}, None),
        ({"team": "terraform"}, None),
        ({"aws:cloudformation:stack-name": "orders"}, STACK),
        ({"Terraform": "True"}, Owner(kind="terraform")),
        ({"managed-by": "Terraform"}, Owner(kind="terraform")),
        ({"ManagedBy": "opentofu"}, Owner(kind="terraform")),
        ({"managed-by": "hand"}, None),
        ({"managed-by": "terraform", "aws:cloudformation:stack-name": "orders"}, STACK),
    ],
)
def test_tags(tags: dict[str, str], owner: Owner | None) -> None:
    assert by_tags(tags) == owner


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("Automatically created by the RestApi construct", "cdk"),
        ("RestApi deployment id: 1a2b3c4d5e6f", "sam"),
        ("Managed by Terraform", "terraform"),
        ("Created by hand", None),
        ("", None),
    ],
)
def test_descriptions(description: str, kind: str | None) -> None:
    assert by_description(description) == kind


def _resource(name: str, kind: str = "AWS::ApiGateway::RestApi") -> StackResource:
    return StackResource(stack="orders", stack_id="", logical_id=name, type=kind, physical_id="a1b2c3d4e5")


@pytest.mark.parametrize(
    ("resources", "owner"),
    [
        ([], None),
        ([_resource("Api")], STACK),
        ([_resource("ApiGatewayRestApi")], Owner(kind="serverless", name="orders")),
        ([_resource("ServerlessRestApi")], Owner(kind="sam", name="orders")),
        ([_resource("ServerlessRestApi", "AWS::Lambda::Function")], STACK),
        (
            [_resource("Api"), _resource("CDKMetadata", "AWS::CDK::Metadata")],
            Owner(kind="cdk", name="orders"),
        ),
    ],
)
def test_stacks(resources: list[StackResource], owner: Owner | None) -> None:
    assert by_stack(resources) == owner


@pytest.mark.parametrize(
    ("tags", "described", "stack", "owner"),
    [
        (None, None, None, None),
        (STACK, None, None, STACK),
        (STACK, "cdk", None, Owner(kind="cdk", name="orders")),
        (None, "sam", STACK, Owner(kind="sam", name="orders")),
        (None, None, STACK, STACK),
        (None, "terraform", None, Owner(kind="terraform")),
        (Owner(kind="terraform"), None, None, Owner(kind="terraform")),
        (None, "cdk", Owner(kind="serverless", name="x"), Owner(kind="serverless", name="x")),
    ],
)
def test_the_kind_is_the_most_telling_and_the_name_the_stacks(
    tags: Owner | None, described: str | None, stack: Owner | None, owner: Owner | None
) -> None:
    assert joined(tags, described, stack) == owner
