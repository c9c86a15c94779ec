"""AWS CloudFormation's DescribeStackResources, which tells the stack that an API belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import optional_text
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.owners import Owner, StackResource
from batchgw.simulator.world.scope_apis import ScopeApis

CLOUDFORMATION = AwsService(
    name="cloudformation",
    protocol="query",
    throttled=("Throttling", 400, "Rate exceeded"),
    denied=("AccessDenied", 403),
    throttle_is_modelled=False,
)


def describe_stack_resources(given: Input) -> Body:
    """Give all resources of a stack, which is named, or which one of its resources is named of."""
    physical = optional_text(given.params, "PhysicalResourceId")
    stack = optional_text(given.params, "StackName")
    if (physical is None) is (stack is None):
        raise _not_valid("Exactly one of StackName and PhysicalResourceId must be specified")
    apis = given.apis
    number = _of_stack(apis, stack) if stack is not None else _of_resource(apis, physical or "")
    owner = None if number is None else apis.owner(number)
    if number is None or owner is None or owner.stack is None:
        what = f"Stack with id {stack}" if stack is not None else f"Stack for {physical}"
        raise _not_valid(f"{what} does not exist")
    logical = optional_text(given.params, "LogicalResourceId")
    found = [each for each in apis.stack_resources(number) if logical in (None, each[0])]
    created = apis.attributes(number).created
    return {"StackResources": [_resource(owner, each, created) for each in found]}


def _of_resource(apis: ScopeApis, physical: str) -> int | None:
    """Find the API of an id. Other resources than APIs are not looked for."""
    try:
        return apis.require(physical)
    except ServiceFault:
        return None


def _of_stack(apis: ScopeApis, stack: str) -> int | None:
    """Find the API of a stack's name or ARN."""
    for number in apis.numbers():
        owner = apis.owner(number)
        if owner is not None and owner.stack is not None and stack in (owner.stack, owner.stack_id):
            return number
    return None


def _resource(owner: Owner, resource: StackResource, created: float) -> Body:
    logical, kind, physical = resource
    return {
        "StackName": owner.stack,
        "StackId": owner.stack_id,
        "LogicalResourceId": logical,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "Timestamp": created,
        "ResourceStatus": "CREATE_COMPLETE",
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def _not_valid(message: str) -> ServiceFault:
    return ServiceFault("ValidationError", 400, message, modelled=False)


OPERATIONS: Mapping[str, Operation] = {"DescribeStackResources": answers(describe_stack_resources)}
