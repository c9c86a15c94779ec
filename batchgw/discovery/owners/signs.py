"""What gives away the tool that manages a REST API: tags, descriptions, names within a stack. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from batchgw.control_plane.operations.cloudformation import StackResource
from batchgw.model import Owner

STACK_TAG = "aws:cloudformation:stack-name"
"""CloudFormation sets it on what it makes. Nobody else can, since `aws:` is reserved (its user guide)."""

_TERRAFORM_TAGS: Mapping[str, frozenset[str]] = {
    "terraform": frozenset({"true", "yes", "1"}),
    "managed-by": frozenset({"terraform", "opentofu"}),
    "managed_by": frozenset({"terraform", "opentofu"}),
    "managedby": frozenset({"terraform", "opentofu"}),
    "provisioner": frozenset({"terraform", "opentofu"}),
}
"""Tags that people set by convention, in small letters: Terraform itself sets none."""

_DESCRIPTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Automatically created by the (?:Spec)?RestApi construct"), "cdk"),
    (re.compile(r"RestApi deployment id: \w+"), "sam"),
    (re.compile(r"managed by terraform", re.IGNORECASE), "terraform"),
)
"""What stands in the description of a deployment: CDK and SAM write it, the last one is people's habit."""

_SERVERLESS_API = "ApiGatewayRestApi"
"""The Serverless Framework's name for its one REST API within a stack (its documentation, AWS resources)."""

_SAM_API = "ServerlessRestApi"
"""SAM's name for the REST API that events of functions imply (SAM developer guide, generated resources)."""

_CDK_METADATA = "AWS::CDK::Metadata"
"""CDK puts one into each stack, unless it is told not to (CDK developer guide, version reporting)."""

_REST_API = "AWS::ApiGateway::RestApi"


def by_tags(tags: Mapping[str, str]) -> Owner | None:
    """Tell the owner by an API's tags. A stack may be of CDK, SAM or Serverless: tags do not say which."""
    stack = tags.get(STACK_TAG)
    if stack is not None:
        return Owner(kind="cloudformation", name=stack)
    for key, value in tags.items():
        if value.casefold() in _TERRAFORM_TAGS.get(key.casefold(), ()):
            return Owner(kind="terraform")
    return None


def is_certain(by_tags: Owner) -> bool:
    """Tell whether nothing else can tell more than such tags. A stack may be that of another tool."""
    return by_tags.kind == "terraform"


def by_description(description: str) -> str | None:
    """Tell the kind of owner by the description of a deployment; None where no tool has written it."""
    return next((kind for pattern, kind in _DESCRIPTIONS if pattern.search(description)), None)


def by_stack(resources: Iterable[StackResource]) -> Owner | None:
    """Tell the owner by the stack that an API is in, given the stack's resources; None without a stack."""
    found = list(resources)
    if not found:
        return None
    apis = {each.logical_id for each in found if each.type == _REST_API}
    return Owner(kind=_kind(apis, {each.type for each in found}), name=found[0].stack)


def _kind(apis: set[str], types: set[str]) -> str:
    if _SERVERLESS_API in apis:
        return "serverless"
    if _SAM_API in apis:
        return "sam"
    return "cdk" if _CDK_METADATA in types else "cloudformation"


def joined(tags: Owner | None, described: str | None, stack: Owner | None) -> Owner | None:
    """Join what tags, a description and a stack say. The kind is the most telling, the name the stack's."""
    name = next((each.name for each in (stack, tags) if each is not None), "")
    kinds = [
        None if stack is None or stack.kind == "cloudformation" else stack.kind,
        described,
        None if stack is None else stack.kind,
        None if tags is None else tags.kind,
    ]
    kind = next((each for each in kinds if each is not None), None)
    return None if kind is None else Owner(kind=kind, name=name)
