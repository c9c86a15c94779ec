"""From targets to scopes: which account-regions a run is about."""

from __future__ import annotations

from batchgw.control_plane.interface import ControlPlane
from batchgw.errors import UsageError
from batchgw.model import Scope, Targets
from batchgw.model.fleet.targets import CURRENT


async def resolve_scopes(plane: ControlPlane, targets: Targets) -> tuple[Scope, ...]:
    """Every account in every region, in the order they are written, each once.

    No accounts means the account of the credentials, and so does `CURRENT` among them. Raises UsageError
    when no region is given, and a `CallError` when the account must be asked for and cannot be.
    """
    if not targets.regions:
        raise UsageError(
            "no region to work in: name some under targets.regions, with --region, or in AWS_REGION"
        )
    accounts = targets.accounts or (CURRENT,)
    if CURRENT in accounts:
        own = await plane.current_account()
        accounts = tuple(own if account == CURRENT else account for account in accounts)
    return tuple(
        dict.fromkeys(
            Scope(account=account, region=region) for account in accounts for region in targets.regions
        )
    )
