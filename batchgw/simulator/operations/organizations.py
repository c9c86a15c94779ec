"""ListAccounts and DescribeOrganization. The world's first account manages the organisation."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.operations import paging
from batchgw.simulator.operations.operation import Operation, answers
from batchgw.simulator.operations.params import optional_text, whole
from batchgw.simulator.reply import Body, Params, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.generated import EPOCH
from batchgw.simulator.world.world import World

ORGANIZATIONS = AwsService(
    name="organizations",
    protocol="json-1.1",
    throttled=(
        "TooManyRequestsException",
        400,
        "AWS Organizations can't complete your request because there are too many requests. Try again later.",
    ),
    has_global_endpoint=True,
)

PAGE = 20
"""Accounts per page at most (API reference, ListAccounts: MaxResults)."""

_ORGANIZATION = "o-batchgw0001"


def list_accounts(world: World, caller: str, params: Params) -> Body:
    """Give a page of accounts. Only the management account may ask."""
    _require_management(world, caller)
    start = paging.decode(optional_text(params, "NextToken"))
    size = min(whole(params, "MaxResults") or PAGE, PAGE)
    out: Body = {"Accounts": [_account(world, a) for a in world.accounts[start : start + size]]}
    if start + size < len(world.accounts):
        out["NextToken"] = paging.encode(start + size)
    return out


def describe_organization(world: World) -> Body:
    """Describe the organisation. Every member may ask."""
    management = world.accounts[0]
    return {
        "Organization": {
            "Id": _ORGANIZATION,
            "Arn": f"arn:aws:organizations::{management}:organization/{_ORGANIZATION}",
            "FeatureSet": "ALL",
            "MasterAccountArn": f"arn:aws:organizations::{management}:account/{_ORGANIZATION}/{management}",
            "MasterAccountId": management,
            "MasterAccountEmail": _email(management),
            "AvailablePolicyTypes": [],
        }
    }


def _account(world: World, account: str) -> Body:
    status = world.account_status.get(account, "ACTIVE")
    management = world.accounts[0]
    return {
        "Id": account,
        "Arn": f"arn:aws:organizations::{management}:account/{_ORGANIZATION}/{account}",
        "Email": _email(account),
        "Name": f"account-{world.accounts.index(account) + 1}",
        "Status": status,
        "State": status,
        "JoinedMethod": "INVITED" if account == management else "CREATED",
        "JoinedTimestamp": EPOCH,
    }


def _email(account: str) -> str:
    return f"aws+{account}@example.com"


def _require_management(world: World, caller: str) -> None:
    if caller != world.accounts[0]:
        raise ServiceFault(
            "AccessDeniedException", 400, "You don't have permissions to access this resource."
        )


OPERATIONS: Mapping[str, Operation] = {
    "ListAccounts": answers(lambda i: list_accounts(i.world, i.account, i.params)),
    "DescribeOrganization": answers(lambda i: describe_organization(i.world)),
}
