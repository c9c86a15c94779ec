"""Reads the organisation: what is remembered of it, and the rest from AWS."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.organizations import DescribeOrganization
from batchgw.discovery.organization.accounts import AccountList, Facts
from batchgw.discovery.organization.recollection import (
    Recollection,
    Remembering,
    keep_accounts,
    keep_regions,
    keep_tags,
    keep_units,
    recalled,
)
from batchgw.discovery.organization.units import Units
from batchgw.discovery.regions import AccountRegions
from batchgw.errors import AccessDenied
from batchgw.journal import OrganizationMemory
from batchgw.model import Account, AccountId, RoleLink, Scope


class OrganizationReader:
    """Gives the accounts of the organisation, and remembers them.

    Args:
        plane: calls go through it; it paces and retries them.
        scope: the account of the base credentials, in a region of the organisation's partition.
        facts: what must be known of each account.
        roles: the chain of roles by which the organisation is read; they tell what this reader may see.
        remembering: how what is found is remembered; None: it is not.
    """

    def __init__(
        self,
        plane: ControlPlane,
        scope: Scope,
        facts: Facts,
        *,
        roles: tuple[RoleLink, ...] = (),
        remembering: Remembering | None = None,
    ) -> None:
        self._plane = plane
        self._scope = scope
        self._facts = facts
        self._roles = roles
        self._remembering = remembering
        self._memory: OrganizationMemory | None = None
        self._known = Recollection()
        self._list: AccountList | None = None
        self._opened = 0.0  # what is asked is at least as new as this
        self.management: AccountId | None = None
        """The management account, once the organisation was `opened`, if that could be told."""
        self.as_of: float | None = None
        """When the organisation was asked, or what is remembered of it, in seconds since the epoch."""

    async def open(self) -> None:
        """Ask which organisation it is, and recall what is known of it. Raises a `CallError`."""
        name = f"the organisation of {self._scope.account}"
        with suppress(AccessDenied):  # it is needed for nothing but names
            organization = await self._plane.send(DescribeOrganization(scope=self._scope))
            self.management = organization.management_account
            name = organization.id
        if self._remembering is None:
            return
        self._opened = now = self._remembering.clock()
        roles = [link.role for link in self._roles]
        self._memory = await self._remembering.open(" ".join([name, "by", self._scope.account, *roles]))
        if self._memory is not None and self._remembering.max_age:
            self._known = await recalled(self._memory, since=now - self._remembering.max_age)
        self.as_of = now if self._known.as_of is None else self._known.as_of

    @property
    def units(self) -> Units:
        """The OUs that are known by now."""
        return self._known.units

    @property
    def age(self) -> float:
        """How old what is remembered was when the organisation was `opened`, in seconds."""
        return 0.0 if self.as_of is None else self._opened - self.as_of

    @property
    def regions(self) -> Mapping[AccountId, AccountRegions]:
        """The regions of accounts, as far as they are remembered."""
        return self._known.regions

    @property
    def regions_at(self) -> Mapping[AccountId, float]:
        """When the remembered regions of accounts were asked, in seconds since the epoch."""
        return self._known.regions_at

    async def accounts(self) -> AsyncGenerator[Account, None]:
        """Yield every account, each once. Raises a `CallError`: a part of an organisation is not one."""
        self._list = AccountList(self._plane, self._scope, self._facts, known=self._known)
        async for account in self._list.all():
            yield account

    async def completed(self, wanted: Callable[[Account], bool]) -> AsyncGenerator[Account, None]:
        """Yield accounts again, once all were given: those without names of OUs that are wanted with them."""
        if self._list is not None:
            async for account in self._list.completed(wanted):
                yield account

    async def list_all_units(self) -> None:
        """Ask for the OUs that are not known, once all accounts were given. Raises a `CallError`."""
        if self._list is not None:
            await self._list.list_all_units()

    async def keep(self, regions: Mapping[AccountId, AccountRegions]) -> None:
        """Remember what was asked, once all accounts were given. `regions` are those that were asked for."""
        if self._memory is None or self._list is None:
            return
        if self._list.listed:
            await keep_accounts(self._memory, self._list.listed.values(), self._opened)
        await keep_units(self._memory, self._list.asked_units, self._opened)
        await keep_tags(self._memory, self._list.asked_tags, self._opened)
        await keep_regions(self._memory, regions, self._opened)
