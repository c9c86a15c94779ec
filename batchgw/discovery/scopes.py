"""From targets to scopes: which account-regions a run is about."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from batchgw.control_plane.interface import ControlPlane
from batchgw.discovery.estate import Estate, FoundScope
from batchgw.errors import UsageError
from batchgw.model import Scope, Targets
from batchgw.model.fleet.targets import CURRENT


@asynccontextmanager
async def find_scopes(
    plane: ControlPlane, targets: Targets, *, estate: Estate
) -> AsyncGenerator[AsyncGenerator[FoundScope, None], None]:
    """Stream the account-regions that the targets mean, each once, while more are looked for.

    Usage: `async with find_scopes(plane, targets, estate=estate) as scopes: async for scope in scopes: ...`
    What is found of accounts and regions goes into `estate`. An account is in it before its first scope
    comes.

    Where accounts and regions are given as lists nobody is asked, and the scopes come in the order that is
    written. Raises UsageError when no region is given, and a `CallError` when accounts must be asked for and
    cannot be.
    """
    del estate
    async with aclosing(_given(plane, targets)) as scopes:
        yield scopes


async def _given(plane: ControlPlane, targets: Targets) -> AsyncGenerator[FoundScope, None]:
    for scope in await resolve_scopes(plane, targets):
        yield scope


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
