"""Asks the organisation what is different from when a plan was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    named = any(account.ou for account in before)
    facts = facts_for(selection, names=named)
    then = {account.id for account in before}

    def needs_names(account: Account) -> bool:
        """Tell whether it is said where an account is: one may have moved to where none is meant."""
        return (named and account.id in then) or facts.names(account)

    listed = AccountList(plane, scope, replace(facts, names=needs_names))
    now = [account async for account in listed.all()]
    return moves(before, now, selection)
