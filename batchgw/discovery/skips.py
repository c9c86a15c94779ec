"""Which scopes are rightly left alone, and what is said of them. Everything else must be readable. Pure."""

from __future__ import annotations

from typing import Final

from batchgw.control_plane.operations.region_status import RegionStatus
from batchgw.errors import CallError, DeniedByScp, RegionOff
from batchgw.model import Account, Region, Scope, SkippedScope

EVERYWHERE: Final = Region("*")
"""Stands for all regions of an account, or for those that nobody can tell."""

_STATUSES: Final = {
    "DISABLED": "{region} is not enabled in account {account}",
    "not-opted-in": "account {account} has not opted in to {region}",
    "ENABLING": "account {account} is opting in to {region}, which may take hours",
    "DISABLING": "account {account} is opting out of {region}",
}
"""By AWS's status of a region (service models of Account Management and EC2): what it means."""


def inactive(account: Account) -> SkippedScope:
    """Skip all of an account that is not ACTIVE: no role can be assumed in it."""
    named = f"account {account.id} ({account.name})" if account.name else f"account {account.id}"
    return SkippedScope(
        scope=Scope(account=account.id, region=EVERYWHERE),
        code=account.state,
        message=f"{named} is {account.state} in the organisation",
    )


def off(scope: Scope, status: str) -> SkippedScope:
    """Skip a region that is not on, by what AWS says of it."""
    said = _STATUSES.get(status, "{region} is {status} in account {account}")
    message = said.format(region=scope.region, account=scope.account, status=status)
    return SkippedScope(scope=scope, code=status, message=message)


def skipped(scope: Scope, error: CallError) -> SkippedScope | None:
    """Give the stated skip that an error is; None where the scope counts as unread.

    Only a region that is off, and the denial of a service control policy, tell that nothing is to be done in
    a scope. Any other denial hides what is there.
    """
    if isinstance(error, RegionOff | DeniedByScp):
        return SkippedScope(scope=scope, code=type(error).__name__, message=error.message)
    return None


def is_on(status: RegionStatus) -> bool:
    """Tell whether a region is to be looked into. A status that is new to us is looked into: it may be on."""
    return status.on or status.status not in _STATUSES
