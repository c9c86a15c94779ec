"""What a call is about, as IAM names it: its ARN, and its tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from batchgw.simulator.call import Call
from batchgw.simulator.reply import Params, ServiceFault
from batchgw.simulator.service_models import partition
from batchgw.simulator.services import API_GATEWAY
from batchgw.simulator.world.world import World


def resource_of(world: World, call: Call) -> str:
    """Give the ARN that a call is about; "*" when it is about none."""
    name = _RESOURCES.get(call.operation)
    return call.needs[1] if name is None else name(world, call)


def resource_tags(world: World, call: Call) -> Mapping[str, str]:
    """Give the API's tags, which all below it inherit; a stage's own come first (developer guide, tags)."""
    if call.service is not API_GATEWAY or not call.api:
        return {}
    try:
        apis = world.scope(call.account, call.region)
        number = apis.require(call.api)
    except ServiceFault:
        return {}
    tags = apis.attributes(number).tags
    stage = call.params.get("stageName")
    if not isinstance(stage, str) or "/stages/" not in call.needs[1]:
        return tags
    found = apis.detail(number).stages.get(stage)
    return tags if found is None else {**tags, **found.tags}


def _organizations(world: World, kind: str, rest: str) -> str:
    organization = world.organization
    where = f"arn:{partition(world.regions[0])}:organizations::{organization.management}"
    return f"{where}:{kind}/{organization.id}/{rest}"


def _parent(world: World, call: Call) -> str:
    return _organization_resource(world, call.params, "ParentId")


def _organization_resource(world: World, params: Params, name: str) -> str:
    """Give the ARN of a root, an organisational unit or an account by its id."""
    given = params.get(name)
    if not isinstance(given, str):
        return "*"
    kind = "root" if given.startswith("r-") else "ou" if given.startswith("ou-") else "account"
    return _organizations(world, kind, given)


def _account(world: World, call: Call) -> str:
    """Give the account that a call of Account Management is about: the caller's own, or a member."""
    member = call.params.get("AccountId")
    where = f"arn:{partition(call.region)}:account::"
    if not isinstance(member, str):
        return f"{where}{call.account}:account"
    organization = world.organization
    return f"{where}{organization.management}:account/{organization.id}/{member}"


def _stack(world: World, call: Call) -> str:
    """Give the stack that a call names, or that has the resource that it names; any, where none has it."""
    stack = call.params.get("StackName") or _stack_of(world, call)
    if isinstance(stack, str) and stack.startswith("arn:"):
        return stack
    where = f"arn:{partition(call.region)}:cloudformation:{call.region}:{call.account}"
    return f"{where}:stack/{stack if isinstance(stack, str) else '*'}/*"


def _stack_of(world: World, call: Call) -> str | None:
    physical = call.params.get("PhysicalResourceId")
    try:
        apis = world.scope(call.account, call.region)
        owner = apis.owner(apis.require(str(physical)))
    except ServiceFault:
        return None
    return None if owner is None or owner.stack is None else owner.stack_id


def _calendar(_: World, call: Call) -> str:
    """Give the document of the first calendar that a call names."""
    match call.params.get("CalendarNames"):
        case [str(name), *_]:
            where = f"arn:{partition(call.region)}:ssm:{call.region}:{call.account}"
            return name if name.startswith("arn:") else f"{where}:document/{name}"
        case _:
            return "*"


_RESOURCES: Mapping[str, Callable[[World, Call], str]] = {
    "DescribeAccount": lambda world, call: _organization_resource(world, call.params, "AccountId"),
    "ListAccountsForParent": _parent,
    "ListChildren": _parent,
    "ListOrganizationalUnitsForParent": _parent,
    "ListTagsForResource": lambda world, call: _organization_resource(world, call.params, "ResourceId"),
    "ListRegions": _account,
    "DescribeStackResources": _stack,
    "GetCalendarState": _calendar,
}
"""What operations of other services are about; all others are about "*" (service authorization reference)."""
