"""Asks the organisation what is different from when a plan was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.regions import asked_in
from batchgw.discovery.organization.accounts import facts_for
from batchgw.discovery.organization.moves import Moves, moves
from batchgw.discovery.organization.reader import OrganizationReader
from batchgw.discovery.organization.recollection import Remembering
from batchgw.model import Account, AccountSelection, Region, RoleLink, Scope


async def moves_since(
    plane: ControlPlane,
    before: Sequence[Account],
    selection: AccountSelection,
    *,
    home: Region,
    roles: tuple[RoleLink, ...] = (),
    remembering: Remembering | None = None,
) -> Moves:
    """Compare the accounts that were meant with those that there are. Raises a `CallError`.

    `home` is any region of the organisation's partition, and `roles` are those by which the organisation is
    read. Nothing that is remembered is used; what is asked is remembered for the next command.
    """
    scope = Scope(account=await plane.current_account(), region=asked_in("organizations", home))
    named = any(account.ou for account in before)
    facts = facts_for(selection, names=named)
    then = {account.id for account in before}

    def needs_names(account: Account) -> bool:
        """Tell whether it is said where an account is: one may have moved to where none is meant."""
        return (named and account.id in then) or facts.names(account)

    reader = OrganizationReader(
        plane,
        scope,
        replace(facts, names=needs_names),
        roles=roles,
        remembering=None if remembering is None else replace(remembering, max_age=0.0),
    )
    await reader.open()
    now = [account async for account in reader.accounts()]
    await reader.keep(regions={})
    return moves(before, now, selection)
