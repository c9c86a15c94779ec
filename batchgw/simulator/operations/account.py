"""AWS Account Management: the regions of an account."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.operations.listing import page, rendered
from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import (
    all_of,
    matching,
    optional_text,
    require,
    strings,
    whole,
)
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.organization.regions import STATUSES

ACCOUNT = AwsService(
    name="account",
    protocol="rest-json",
    throttled=("TooManyRequestsException", 429, "Too Many Requests"),
    has_global_endpoint=True,
)

PAGE = 50
"""Regions per page at most (service model, ListRegionsRequestMaxResultsInteger)."""

_OF_MANAGEMENT = (
    "The management account can only be managed using the standalone context from the management account."
)
_NO_TRUSTED_ACCESS = "Your organization must first enable trusted access with AWS Account Management."
_NOT_YOURS = "You don't have permission to access information about this account."


def list_regions(given: Input) -> Body:
    """Give a page of regions with their status: of the caller's account, or of the one that is named."""
    account = optional_text(given.params, "AccountId")
    wanted = strings(given.params, "RegionOptStatusContains")
    require(
        matching(account, "accountId", r"\d{12}") + all_of(wanted or (), "regionOptStatusContains", STATUSES)
    )
    if account is not None:
        _require_administrator(given, account)
    regions = given.world.organization.regions(account or given.account)
    found = sorted((name, status) for name, status in regions.items() if wanted is None or status in wanted)
    size = whole(given.params, "MaxResults")
    if size is not None and not 1 <= size <= PAGE:
        raise _not_valid(f"MaxResults must be between 1 and {PAGE}, not {size}.")
    try:
        listed = page(found, size=size or PAGE, token=optional_text(given.params, "NextToken"))
    except ValueError:
        raise _not_valid("The NextToken is not valid.") from None
    return rendered(listed, "Regions", lambda each: {"RegionName": each[0], "RegionOptStatus": each[1]})


def _require_administrator(given: Input, account: str) -> None:
    """Refuse a caller who may not ask about an account. That of management asks without its own id."""
    organization = given.world.organization
    if not organization.is_administrator(given.account):
        raise _denied(given, _NOT_YOURS)
    if not organization.plan.trusted_access:
        raise _denied(given, _NO_TRUSTED_ACCESS)
    if account == organization.management:
        raise _denied(given, _OF_MANAGEMENT)
    if not organization.is_member(account):
        raise _denied(given, _NOT_YOURS)


def _denied(given: Input, why: str) -> ServiceFault:
    """The wording is as users report it, but for that of `_NOT_YOURS`."""
    action = "account:ListRegions"
    text = f"User: {given.caller.arn} is not authorized to perform: {action} ({why})"
    return ServiceFault("AccessDeniedException", 403, text)


def _not_valid(message: str) -> ServiceFault:
    return ServiceFault("ValidationException", 400, message)


OPERATIONS: Mapping[str, Operation] = {"ListRegions": answers(list_regions)}
