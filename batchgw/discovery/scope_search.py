"""Looks for the account-regions of an organisation: accounts one after the other, their regions at once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Final

from anyio.streams.memory import MemoryObjectSendStream

from batchgw.concurrency.pool import pooled
from batchgw.control_plane.interface import ControlPlane
from batchgw.discovery.estate import Estate, FoundScope
from batchgw.discovery.organization.accounts import facts_for
from batchgw.discovery.organization.proof import AccountCount
from batchgw.discovery.organization.reader import OrganizationReader
from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.region_count import RegionCount
from batchgw.discovery.regions import AccountRegions, RegionSearch
from batchgw.discovery.skips import EVERYWHERE, inactive, is_on, off
from batchgw.errors import CallError
from batchgw.model import (
    Account,
    AccountId,
    AccountSelection,
    AccountSelector,
    EnabledRegions,
    Region,
    Scope,
    SkippedScope,
    Targets,
    UnreadScope,
)
from batchgw.model.fleet.organization import ACTIVE
from batchgw.model.fleet.targets import CURRENT

AT_ONCE: Final = 64
"""Accounts whose regions are looked for at once. Each takes a role's session and a call, about 0.3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What must be known of accounts beside what selects them: rules and selectors of APIs ask for it.

    Attributes:
        account: their names and OUs.
        tags: their tags.
        words: what is asked of accounts, a word each. Those that match none are told.
    """

    account: bool = False
    tags: bool = False
    words: tuple[AccountSelector, ...] = ()


class ScopeSearch:
    """Sends each account-region as soon as it is known.

    Args:
        plane: calls go through it; it paces and retries them.
        targets: what is meant.
        estate: collects what is found.
        needs: what else must be known of accounts.
        home: a region of the organisation's partition that is on everywhere.
        remembering: how what is found of the organisation is remembered.
        found: takes what is found. It is closed at the end.
    """

    def __init__(
        self,
        plane: ControlPlane,
        targets: Targets,
        estate: Estate,
        *,
        needs: Needs,
        home: Region,
        remembering: Remembering | None,
        found: MemoryObjectSendStream[FoundScope],
    ) -> None:
        self._plane = plane
        self._targets = targets
        self._estate = estate
        self._needs = needs
        self._home = home
        self._remembering = remembering
        self._found = found
        self._regions = RegionSearch(plane, home=home, reader=True)
        self._count = RegionCount(targets.enabled_regions or EnabledRegions())
        self._asked: dict[AccountId, AccountRegions] = {}
        self._known: dict[AccountId, AccountRegions] = {}
        self._known_at: Mapping[AccountId, float] = {}

    async def run(self) -> None:
        """Find all. Raises a `CallError` when the organisation cannot be read to its end."""
        async with self._found:
            own = await self._own()
            if self._targets.organization is None and not self._needs.account:
                async with aclosing(_listed(self._targets, own)) as accounts:
                    await pooled(accounts, self._look_into, workers=AT_ONCE)
            else:
                await self._read_organization(own)
            self._estate.unmatched_regions = self._count.unmatched()

    async def _own(self) -> AccountId:
        """Give the account of the base credentials: whose they are tells what they see of an organisation."""
        named = self._targets.accounts
        asks = self._targets.organization is not None or self._needs.account
        return await self._plane.current_account() if asks or CURRENT in named or not named else named[0]

    async def _read_organization(self, own: AccountId) -> None:
        selection = _selection(self._targets, own)
        count = AccountCount(selection, self._needs.words)
        reader = OrganizationReader(
            self._plane,
            Scope(account=own, region=self._home),
            facts_for(selection, names=self._needs.account, tags=self._needs.tags),
            roles=self._targets.organization_roles,
            remembering=self._remembering,
        )
        await reader.open()
        self._estate.as_of = reader.as_of
        self._known, self._known_at = dict(reader.regions), reader.regions_at
        self._regions = RegionSearch(self._plane, home=self._home, reader=True, management=reader.management)
        async with aclosing(self._meant(reader, count)) as accounts:
            await pooled(accounts, self._look_into, workers=AT_ONCE)
        self._estate.selected = count.total(ous=reader.units.paths(), age=reader.age)
        self._estate.unmatched_words = count.unmatched_words(ous=reader.units.paths())
        await reader.keep(self._asked)

    async def _meant(self, reader: OrganizationReader, count: AccountCount) -> AsyncGenerator[Account, None]:
        """Yield the accounts that are meant, and ACTIVE; the others of them are skipped.

        Those that are decided before the names of their OUs are known are completed when all were given: an
        OU may be proved by them, and plans keep where they are.
        """
        async with aclosing(reader.accounts()) as accounts:
            async for account in accounts:
                if not count.add(account):
                    continue
                self._estate.accounts[account.id] = account
                if account.state == ACTIVE:
                    yield account
                else:
                    await self._skip(inactive(account))
        if count.selection.needs_names:
            await self._complete(reader, count)
        if count.misses_ous:
            with suppress(CallError):  # it is for the hint alone
                await reader.list_all_units()

    async def _complete(self, reader: OrganizationReader, count: AccountCount) -> None:
        """Learn the names of the OUs of accounts that are meant, or that may prove a selector."""
        known = self._estate.accounts
        async with aclosing(reader.completed(lambda a: a.id in known or count.may_prove(a))) as completed:
            async for account in completed:
                count.prove(account)
                if account.id in known:
                    known[account.id] = account

    async def _look_into(self, account: Account) -> None:
        """Send the scopes of an account."""
        enabled = self._targets.enabled_regions
        if enabled is None:
            regions = tuple(dict.fromkeys(self._targets.regions))
            self._estate.looked_into[account.id] = regions
            for region in regions:
                await self._found.send(Scope(account=account.id, region=region))
            return
        try:
            told = self._known.get(account.id) or await self._regions.regions(account.id)
        except CallError as error:
            self._count.untold += 1
            await self._found.send(_unread(Scope(account=account.id, region=EVERYWHERE), error))
            return
        self._count.add(told.all)
        if account.id not in self._known:
            self._asked[account.id] = told
        elif self._estate.as_of is not None:
            self._estate.as_of = min(self._estate.as_of, self._known_at[account.id])
        self._estate.regions[account.id] = told.by
        await self._send(account.id, told, enabled)

    async def _send(self, account: AccountId, regions: AccountRegions, enabled: EnabledRegions) -> None:
        statuses = {each.region: each for each in regions.statuses}
        on = enabled.chosen(region for region, status in statuses.items() if is_on(status))
        self._estate.looked_into[account] = on
        for region in on:
            scope = Scope(account=account, region=region)
            error = regions.unusable
            await self._found.send(scope if error is None else _unread(scope, error))
        for region, status in statuses.items():
            if not is_on(status) and region not in enabled.exclude:
                await self._skip(off(Scope(account=account, region=region), status.status))
        for each in regions.unanswered:
            if each.region not in enabled.exclude:
                await self._found.send(_unread(Scope(account=account, region=each.region), each.error))

    async def _skip(self, skipped: SkippedScope) -> None:
        self._estate.skipped.append(skipped)
        await self._found.send(skipped)


async def _listed(targets: Targets, own: AccountId) -> AsyncGenerator[Account, None]:
    """Yield the accounts that are given as a list, of which nothing but the ids is known."""
    for account in dict.fromkeys(own if each == CURRENT else each for each in targets.accounts or (own,)):
        yield Account(id=account)


def _selection(targets: Targets, own: AccountId) -> AccountSelection:
    """Give what is meant of the organisation; a list of accounts is a selection of their ids."""
    if targets.organization is None:
        chosen = AccountSelection(include=targets.account_selectors or (AccountSelector(id=own),))
    else:
        chosen = targets.organization

    def resolved(selectors: tuple[AccountSelector, ...]) -> tuple[AccountSelector, ...]:
        return tuple(replace(each, id=own) if each.id == CURRENT else each for each in selectors)

    return replace(chosen, include=resolved(chosen.include), exclude=resolved(chosen.exclude))


def _unread(scope: Scope, error: CallError) -> UnreadScope:
    return UnreadScope(scope=scope, code=type(error).__name__, message=error.message)
