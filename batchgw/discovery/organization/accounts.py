"""The accounts of the organisation as a stream, each with what is asked about it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.organizations import (
    ListAccounts,
    ListAccountsForParent,
    ListTagsForResource,
)
from batchgw.discovery.organization.recollection import Recollection
from batchgw.discovery.organization.units import Units, list_units
from batchgw.discovery.pages import pages
from batchgw.errors import EntityNotFound, ServiceFailure
from batchgw.model import Account, AccountId, AccountSelection, Scope
from batchgw.wording import amount

MOST_WALKS = 2
"""How often OUs are walked for accounts: one that moves meanwhile can be missed by the first walk."""

NOWHERE = "AccountInNoOu"
"""Our code for an account that is listed, and is in none of the OUs that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What must be known of accounts beside their ids, names and states.

    Attributes:
        places: in which OUs they are, by id.
        names: what those OUs are called. All OUs are listed for that, a call for each.
        tags: of which accounts the tags must be known, given all else: a call for each.
    """

    places: bool = False
    names: bool = False
    tags: Callable[[Account], bool] = field(default=lambda _account: False)


def facts_for(selection: AccountSelection, *, names: bool = False, tags: bool = False) -> Facts:
    """Give what must be known to decide which accounts are meant; and names and tags, if they are wanted."""
    selectors = (*selection.include, *selection.exclude)
    by_tags = tuple(each for each in selectors if each.tags)

    def needs_tags(account: Account) -> bool:
        """Tell whether the tags decide about an account, which is so only where all else matches."""
        return tags or any(replace(each, tags={}).matches(account) for each in by_tags)

    return Facts(
        places=any(each.ou is not None for each in selectors),
        names=selection.needs_names or names,
        tags=needs_tags,
    )


class AccountList:
    """Lists accounts, one call after the other.

    Args:
        plane: calls go through it; it paces and retries them.
        scope: whose calls they are, in a region of the organisation's partition.
        facts: what must be known of each account.
        known: what is known already, and need not be asked.

    Attributes:
        units: the OUs that are known.
        asked: whether the accounts were asked for, and are not those that were known.
        asked_units: the same of the OUs.
        asked_tags: the tags that were asked for.
    """

    def __init__(
        self, plane: ControlPlane, scope: Scope, facts: Facts, *, known: Recollection | None = None
    ) -> None:
        self._plane = plane
        self._scope = scope
        self._facts = facts
        self._known = known or Recollection()
        self._seen: set[AccountId] = set()
        self._lists_of_units = 0
        self.units = self._known.units or Units()
        self.asked = not self._is_enough(self._known.accounts)
        self.asked_tags: dict[AccountId, Mapping[str, str]] = {}

    @property
    def asked_units(self) -> bool:
        """Whether the OUs were asked for."""
        return self._lists_of_units > 0

    async def all(self) -> AsyncGenerator[Account, None]:
        """Yield every account, each once. Raises a `CallError`: a part of an organisation is not one.

        Where AWS does not say in which OU an account is, the accounts of each OU are listed.
        """
        if self._facts.names and not self.units.ways:
            await self._list_units()
        without: dict[AccountId, Account] = {}
        async for account in self._listed(without):
            async for each in self._completed(account):
                yield each
        async for account in self._walked(without):
            async for each in self._completed(account):
                yield each

    async def _listed(self, without: dict[AccountId, Account]) -> AsyncGenerator[Account, None]:
        """Yield the accounts of the one list; those whose place it does not say go into `without`."""
        anywhere = not (self._facts.places or self._facts.names)
        if not self.asked:
            for account in self._known.accounts or ():
                yield account
            return
        async for page in pages(self._plane, lambda token: ListAccounts(scope=self._scope, token=token)):
            for account in self._new(page):
                if account.ou_ids or anywhere:
                    yield account
                else:
                    without[account.id] = account

    async def _walked(self, without: dict[AccountId, Account]) -> AsyncGenerator[Account, None]:
        """Yield the accounts `without` a place, as they stand below each root and OU."""
        for walk in range(MOST_WALKS):
            if not without:
                return
            if walk or not self.units.ways:
                await self._list_units()
            async for account in self._below_each_unit():
                if without.pop(account.id, None) is not None or any(self._new((account,))):
                    yield account
        self._refuse_lost(without)

    def _is_enough(self, accounts: Sequence[Account] | None) -> bool:
        """Tell whether known accounts say all that is to be known of their places."""
        if accounts is None:
            return False
        if self._facts.names and self._known.units is not None:
            return all(each.ou_ids and self.units.know(each.ou_ids) for each in accounts)
        return all(each.ou_ids for each in accounts) or not (self._facts.places or self._facts.names)

    def _new(self, page: Iterable[Account]) -> Iterator[Account]:
        for account in page:
            if account.id not in self._seen:
                self._seen.add(account.id)
                yield account

    async def _list_units(self) -> None:
        self._lists_of_units += 1
        self.units = await list_units(self._plane, self._scope)

    async def _below_each_unit(self) -> AsyncGenerator[Account, None]:
        for parent, way in self.units.ways.items():

            def ask(token: str | None, parent: str = parent) -> ListAccountsForParent:
                return ListAccountsForParent(scope=self._scope, parent=parent, token=token)

            with suppress(EntityNotFound):  # deleted meanwhile, so nothing is in it
                async for page in pages(self._plane, ask):
                    for account in page:
                        yield replace(account, ou_ids=way)

    async def _completed(self, account: Account) -> AsyncGenerator[Account, None]:
        """Yield the account with all that must be known of it; nothing where it left meanwhile."""
        if self._facts.names:
            account = replace(account, ou=await self._names(account))
        if self._facts.tags(account):
            with suppress(EntityNotFound):
                yield replace(account, tags=await self._tags(account.id))
        else:
            yield account

    async def _names(self, account: Account) -> tuple[str, ...]:
        if not self.units.know(account.ou_ids) and self._lists_of_units < MOST_WALKS:
            await self._list_units()  # an OU that was made meanwhile
        if not self.units.know(account.ou_ids):
            raise ServiceFailure(
                f"account {account.id} is in {account.ou_ids[-1]}, and no list of OUs has that. Try again",
                code=NOWHERE,
            )
        return self.units.named(account.ou_ids)

    async def _tags(self, account: AccountId) -> Mapping[str, str]:
        def ask(token: str | None) -> ListTagsForResource:
            return ListTagsForResource(scope=self._scope, resource=account, token=token)

        found = self._known.tags.get(account)
        if found is None:
            found = {key: value async for page in pages(self._plane, ask) for key, value in page}
            self.asked_tags[account] = found
        return found

    def _refuse_lost(self, without: Collection[AccountId]) -> None:
        if without:
            shown = ", ".join(sorted(without)[:3])
            raise ServiceFailure(
                f"{amount(len(without), 'account')} of the organisation, such as {shown}, came in no list of "
                f"the accounts of an OU, {MOST_WALKS} times. Somebody may be moving accounts: try again",
                code=NOWHERE,
            )
