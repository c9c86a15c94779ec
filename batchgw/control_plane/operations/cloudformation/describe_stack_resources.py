"""DescribeStackResources: which stack has a resource, such as a REST API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.listing import listed
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import EntityNotFound, NotCustomized

LONGEST_TYPE = 256
"""Characters of a resource's type (service model, `ResourceType`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """A resource of a stack: its logical id, its type (`AWS::ApiGateway::RestApi`), its id at its service."""

    stack: str
    stack_id: str
    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeStackResources(Request[tuple[StackResource, ...]]):
    """Describe the resources of the stack that has a resource: AWS answers with all of them, 100 at most.

    Where no stack has it, there are none.
    """

    operation = Operation(
        name="DescribeStackResources", method="describe_stack_resources", service="cloudformation"
    )
    physical_id: str

    @property
    def target(self) -> str:
        """The resource that is asked about."""
        return self.physical_id

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"PhysicalResourceId": self.physical_id}

    def read(self, answer: Wire, reading: Reading) -> tuple[StackResource, ...]:
        """Read all resources."""
        del reading
        return tuple([_resource(item) for item in listed(answer, "StackResources")])

    def read_absent(
        self, error: NotCustomized | EntityNotFound, reading: Reading
    ) -> tuple[StackResource, ...]:
        """Give none: CloudFormation says that there is no stack for a resource that it does not know."""
        del reading
        if isinstance(error, EntityNotFound):
            return ()
        raise error


def _resource(item: Any) -> StackResource:
    members: Wire = item if isinstance(item, dict) else {}
    stack, type_ = members.get("StackName"), members.get("ResourceType")
    if not stack or not is_text(stack) or not is_text(type_, LONGEST_TYPE):
        raise unreadable_answer("a resource in it does not name its stack, or its type")
    others = [members.get(name) or "" for name in ("StackId", "LogicalResourceId", "PhysicalResourceId")]
    if not all(map(is_text, others)):
        raise unreadable_answer(f"an id of a resource of stack {stack} is not a text that can be kept")
    stack_id, logical, physical = others
    return StackResource(stack=stack, stack_id=stack_id, logical_id=logical, type=type_, physical_id=physical)
