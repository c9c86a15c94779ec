"""AWS Organizations: accounts, OUs and tags, for the management account and delegated administrators."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from batchgw.simulator.operations.listing import page, rendered
from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import optional_text, text, whole
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.generated import EPOCH
from batchgw.simulator.world.organization.organization import Organization
from batchgw.simulator.world.organization.states import status_of
from batchgw.simulator.world.organization.tree import Unit

T = TypeVar("T")

ORGANIZATIONS = AwsService(
    name="organizations",
    protocol="json-1.1",
    throttled=(
        "TooManyRequestsException",
        400,
        "AWS Organizations can't complete your request because there are too many requests. Try again later.",
    ),
    denied=("AccessDeniedException", 400),
    has_global_endpoint=True,
)

PAGE = 20
"""Entries per page at most (service model, MaxResults)."""

_PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
_ACCOUNT = re.compile(r"\d{12}")
_TAGGABLE = re.compile(rf"{_PARENT.pattern}|{_ACCOUNT.pattern}|r?p-[0-9a-zA-Z_]{{4,128}}")


def list_accounts(given: Input) -> Body:
    """Give a page of all accounts."""
    organization = _administered(given)
    return _page(given, organization.members, "Accounts", lambda each: _account(organization, each))


def list_roots(given: Input) -> Body:
    """Give the root: there is one."""
    organization = _administered(given)
    return _page(given, [organization.tree.root], "Roots", lambda root: _root(organization, root))


def list_organizational_units_for_parent(given: Input) -> Body:
    """Give a page of the OUs right below the root or an OU."""
    organization = _administered(given)
    units = organization.tree.children(_parent(given, organization).id)
    return _page(given, units, "OrganizationalUnits", lambda unit: _unit(organization, unit))


def list_accounts_for_parent(given: Input) -> Body:
    """Give a page of the accounts right below the root or an OU."""
    organization = _administered(given)
    accounts = organization.accounts_in(_parent(given, organization).id)
    return _page(given, accounts, "Accounts", lambda each: _account(organization, each))


def list_children(given: Input) -> Body:
    """Give a page of the ids of the OUs, or of the accounts, right below the root or an OU."""
    organization = _administered(given)
    parent = _parent(given, organization).id
    kind = text(given.params, "ChildType")
    match kind:
        case "ACCOUNT":
            ids = organization.accounts_in(parent)
        case "ORGANIZATIONAL_UNIT":
            ids = tuple(unit.id for unit in organization.tree.children(parent))
        case _:
            raise _invalid("INVALID_ENUM")
    return _page(given, ids, "Children", lambda each: {"Id": each, "Type": kind})


def list_tags_for_resource(given: Input) -> Body:
    """Give all tags of an account. OUs and the root have none here. There is no MaxResults."""
    organization = _administered(given)
    id = _matching(given, "ResourceId", _TAGGABLE)  # noqa: A001 - AWS's word
    if organization.is_member(id):
        tags = tuple(organization.account(id).tags.items())
    elif organization.tree.get(id) is not None:
        tags = ()
    else:
        raise _refusal("TargetNotFoundException", "You specified a target that doesn't exist.")
    return _page(given, tags, "Tags", lambda tag: {"Key": tag[0], "Value": tag[1]})


def describe_account(given: Input) -> Body:
    """Give one account."""
    organization = _administered(given)
    account = _matching(given, "AccountId", _ACCOUNT)
    if not organization.is_member(account):
        raise _refusal("AccountNotFoundException", "You specified an account that doesn't exist.")
    return {"Account": _account(organization, account)}


def describe_organization(given: Input) -> Body:
    """Describe the organisation. Every member may ask."""
    organization = _joined(given)
    management = organization.management
    return {
        "Organization": {
            "Id": organization.id,
            "Arn": _arn(organization, "organization"),
            "FeatureSet": "ALL",
            "MasterAccountArn": _arn(organization, "account", management),
            "MasterAccountId": management,
            "MasterAccountEmail": _email(management),
            "AvailablePolicyTypes": [],
        }
    }


def _account(organization: Organization, id: str) -> Body:  # noqa: A002 - AWS's word
    account, form = organization.account(id), organization.plan.form
    out: Body = {
        "Id": id,
        "Arn": _arn(organization, "account", id),
        "Email": _email(id),
        "Name": account.name,
        "JoinedMethod": "INVITED" if id == organization.management else "CREATED",
        "JoinedTimestamp": EPOCH,
    }
    if form.status:
        out["Status"] = status_of(account.state)
    if form.state:
        out["State"] = account.state
    unit = organization.unit_of(id)
    if form.paths != "none" and unit is not None:
        end = f"{id}/" if form.paths == "account" else ""
        out["Paths"] = [organization.path_to(unit) + end]
    return out


def _unit(organization: Organization, unit: Unit) -> Body:
    out: Body = {"Id": unit.id, "Arn": _arn(organization, "ou", unit.id), "Name": unit.name}
    if organization.plan.form.paths != "none":
        out["Path"] = organization.path_to(unit)
    return out


def _root(organization: Organization, root: Unit) -> Body:
    return {
        "Id": root.id,
        "Arn": _arn(organization, "root", root.id),
        "Name": root.name,
        "PolicyTypes": [],
    }


def _arn(organization: Organization, *parts: str) -> str:
    kind, *rest = parts
    named = "/".join((kind, organization.id, *rest))
    return f"arn:aws:organizations::{organization.management}:{named}"


def _email(account: str) -> str:
    return f"aws+{account}@example.com"


def _page(given: Input, items: Sequence[T], name: str, render: Callable[[T], object]) -> Body:
    size = whole(given.params, "MaxResults")
    if size is not None and not 1 <= size <= PAGE:
        raise _invalid("MIN_VALUE_EXCEEDED" if size < 1 else "MAX_VALUE_EXCEEDED")
    token = optional_text(given.params, "NextToken")
    empty_pages = given.world.organization.plan.form.empty_pages
    try:
        found = page(items, size=size or PAGE, token=token, empty_pages=empty_pages)
    except ValueError:
        raise _invalid("INVALID_NEXT_TOKEN") from None
    return rendered(found, name, render)


def _parent(given: Input, organization: Organization) -> Unit:
    found = organization.tree.get(_matching(given, "ParentId", _PARENT))
    if found is None:
        raise _refusal(
            "ParentNotFoundException", "We can't find a root or OU with the ParentId that you specified."
        )
    return found


def _matching(given: Input, name: str, pattern: re.Pattern[str]) -> str:
    value = text(given.params, name)
    if pattern.fullmatch(value) is None:
        raise _invalid("INVALID_PATTERN" if value else "INPUT_REQUIRED")
    return value


def _joined(given: Input) -> Organization:
    """Give the organisation of the caller, who must be a member."""
    organization = given.world.organization
    if not organization.is_member(given.account):
        raise _refusal(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
        )
    return organization


def _administered(given: Input) -> Organization:
    """Give the organisation of the caller, who must manage it or be a delegated administrator."""
    organization = _joined(given)
    if not organization.is_administrator(given.account):
        raise _refusal("AccessDeniedException", "You don't have permissions to access this resource.")
    return organization


def _refusal(code: str, message: str) -> ServiceFault:
    return ServiceFault(code, 400, message)


def _invalid(reason: str) -> ServiceFault:
    """`reason` is one of the service model's InvalidInputExceptionReason."""
    return ServiceFault(
        "InvalidInputException", 400, "You specified an invalid value.", members={"Reason": reason}
    )


OPERATIONS: Mapping[str, Operation] = {
    "ListAccounts": answers(list_accounts),
    "ListRoots": answers(list_roots),
    "ListOrganizationalUnitsForParent": answers(list_organizational_units_for_parent),
    "ListAccountsForParent": answers(list_accounts_for_parent),
    "ListChildren": answers(list_children),
    "ListTagsForResource": answers(list_tags_for_resource),
    "DescribeAccount": answers(describe_account),
    "DescribeOrganization": answers(describe_organization),
}
