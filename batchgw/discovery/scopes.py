"""From targets to scopes: which account-regions a run is about, as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, asynccontextmanager
from typing import Final

import anyio

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.regions import asked_in
from batchgw.discovery.estate import Estate, FoundScope
from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.scope_search import Needs, ScopeSearch
from batchgw.errors import UsageError
from batchgw.model import Region, Scope, Targets
from batchgw.model.fleet.targets import CURRENT

HOME: Final = Region("us-east-1")
"""A region of the commercial partition: which one it is, does not matter."""

_WAITING: Final = 100
"""Scopes that may wait for whoever reads them."""


@asynccontextmanager
async def find_scopes(
    plane: ControlPlane,
    targets: Targets,
    *,
    estate: Estate,
    needs: Needs | None = None,
    home: Region | None = None,
    remembering: Remembering | None = None,
) -> AsyncGenerator[AsyncIterable[FoundScope], None]:
    """Stream the account-regions that the targets mean, each once, while more are looked for.

    Usage: `async with find_scopes(plane, targets, estate=estate) as scopes: async for scope in scopes: ...`
    What is found of accounts and regions goes into `estate`. An account is in it before its first scope
    comes. All of it is there when the stream has ended.

    Where accounts and regions are given as lists nobody is asked, and the scopes come in the order that is
    written. `needs` says what else must be known of accounts: then the organisation is asked. `home` is any
    region of the organisation's partition, such as that of the profile.

    Raises UsageError when no region is given. The block raises a `CallError` when the organisation cannot be
    read to its end: a part of it is no organisation. An account that cannot be read is an UnreadScope.
    """
    _require_region(targets)
    needs = needs or Needs()
    if targets.organization is None and targets.enabled_regions is None and not needs.account:
        async with aclosing(_given(plane, targets)) as scopes:
            yield scopes
        return
    send, receive = anyio.create_memory_object_stream[FoundScope](_WAITING)
    known = (home, *targets.regions, *(targets.enabled_regions.order if targets.enabled_regions else ()))
    search = ScopeSearch(
        plane,
        targets,
        estate,
        needs=needs,
        home=asked_in("organizations", next(filter(None, known), HOME)),
        remembering=remembering,
        found=send,
    )
    async with anyio.create_task_group() as tasks, receive:
        tasks.start_soon(search.run)
        yield receive
        tasks.cancel_scope.cancel()


async def _given(plane: ControlPlane, targets: Targets) -> AsyncGenerator[FoundScope, None]:
    """Every account in every region, in the order they are written, each once.

    No accounts means the account of the credentials, and so does `CURRENT` among them.
    """
    accounts = targets.accounts or (CURRENT,)
    if CURRENT in accounts:
        own = await plane.current_account()
        accounts = tuple(own if account == CURRENT else account for account in accounts)
    for account in dict.fromkeys(accounts):
        for region in dict.fromkeys(targets.regions):
            yield Scope(account=account, region=region)


def _require_region(targets: Targets) -> None:
    if not targets.regions and targets.enabled_regions is None:
        raise UsageError(
            "no region to work in: name some under targets.regions, with --region, or in AWS_REGION"
        )
