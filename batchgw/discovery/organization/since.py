"""Asks the organisation what is different from when a plan was made."""

from __future__ import annotations

from collections.abc import Sequence

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.regions import asked_in
from batchgw.discovery.organization.accounts import AccountList, facts_for
from batchgw.discovery.organization.moves import Moves, moves
from batchgw.model import Account, AccountSelection, Region, Scope


async def moves_since(
    plane: ControlPlane, before: Sequence[Account], selection: AccountSelection, *, home: Region
) -> Moves:
    """Compare the accounts that were meant with those that there are. Raises a `CallError`.

    `home` is any region of the organisation's partition. Nothing that is remembered is used.
    """
    scope = Scope(account=await plane.current_account(), region=asked_in("organizations", home))
    facts = facts_for(selection, names=any(account.ou for account in before))
    now = [account async for account in AccountList(plane, scope, facts).all()]
    return moves(before, now, selection)
