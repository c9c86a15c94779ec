"""The accounts of the organisation as a stream, each with what is asked about it."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations.organizations import (
    ListAccounts,
    ListAccountsForParent,
    ListTagsForResource,
)
from batchgw.discovery.organization.recollection import Recollection
from batchgw.discovery.organization.units import UnitLists
from batchgw.discovery.organization.waiting import WaitingAccounts
from batchgw.discovery.pages import pages
from batchgw.errors import EntityNotFound, ServiceFailure
from batchgw.model import Account, AccountId, AccountSelection, Scope
from batchgw.wording import amount

MOST_LISTS = 2
"""How often accounts are listed, all of them or by their OUs: one that moves meanwhile can be missed once."""

NOWHERE = "AccountInNoOu"
"""Our code for an account that is listed, and is in none of the OUs that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What must be known of accounts beside their ids, names and states.

    Attributes:
        places: in which OUs they are, by id.
        names: of which accounts it must be known what those OUs are called: a call for each OU or root that
            has others below it on the way to them.
        tags: of which accounts the tags must be known, given all else: a call for each.
    """

    places: bool = False
    names: Callable[[Account], bool] = field(default=lambda _account: False)
    tags: Callable[[Account], bool] = field(default=lambda _account: False)


def facts_for(selection: AccountSelection, *, names: bool = False, tags: bool = False) -> Facts:
    """Give what must be known to decide which accounts are meant.

    And the names of the OUs of those that are, and all tags, if they are wanted.
    """
    selectors = (*selection.include, *selection.exclude)
    by_names = selection.needs_names
    by_tags = tuple(each for each in selectors if each.tags)

    def needs_names(account: Account) -> bool:
        """Tell whether names are wanted of an account that may be meant, or decide whether it is."""
        if names:
            return selection.may_mean(account)
        return by_names and selection.depends_on_names(account)

    def needs_tags(account: Account) -> bool:
        """Tell whether the tags decide about an account, which is so only where all else matches."""
        return tags or any(replace(each, tags={}).matches(account) for each in by_tags)

    return Facts(
        places=names or any(each.ou is not None for each in selectors), names=needs_names, tags=needs_tags
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
        listed: the accounts that were asked for, and are not those that were known; without names of OUs.
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
        self._unnamed: list[Account] = []  # given before the names of their OUs were known
        self._units = UnitLists(plane, scope, self._known.units)
        self.units = self._known.units
        self.listed: dict[AccountId, Account] = {}
        self.asked_tags: dict[AccountId, Mapping[str, str]] = {}

    @property
    def asked_units(self) -> Mapping[str, Mapping[str, str]]:
        """The OUs that were asked for: by the id of a root or OU, the names of those right below it."""
        return {parent: self.units.below[parent] for parent in self._units.asked}

    async def all(self) -> AsyncGenerator[Account, None]:
        """Yield every account, each once. Raises a `CallError`: a part of an organisation is not one.

        Each comes as soon as that is known of it which must be. Where AWS does not say in which OU an account
        is, the accounts of each OU are listed.
        """
        without: dict[AccountId, Account] = {}
        async with aclosing(self._with_places(without)) as placed:
            async for account in placed:
                if (tagged := await self._tagged(account)) is not None:
                    yield tagged
        async with aclosing(self._walked(without)) as walked:
            async for account in walked:
                if (tagged := await self._tagged(self._named(account))) is not None:
                    yield tagged

    async def completed(self, wanted: Callable[[Account], bool]) -> AsyncGenerator[Account, None]:
        """Yield accounts again that came before the names of their OUs were known, those that are wanted.

        One whose OU was deleted meanwhile stays without names. Raises a `CallError`.
        """
        for account in self._unnamed:
            if wanted(account):
                waiting = WaitingAccounts(self._units)
                waiting.add(account)
                while waiting:
                    await waiting.list_next()
                known = self.units.know(account.ou_ids)
                if known and (tagged := await self._tagged(self._named(account))) is not None:
                    yield tagged

    async def list_all_units(self) -> None:
        """Ask for all OUs that are not known, with or without accounts. Raises a `CallError`."""
        async for _ in self._units.ways():
            pass

    async def _with_places(self, without: dict[AccountId, Account]) -> AsyncGenerator[Account, None]:
        """Yield the accounts whose place is told, with names where they must be known.

        Accounts in an OU that was deleted since they were listed are listed again.
        """
        asks = not self._is_enough(self._known.accounts)
        for _ in range(MOST_LISTS):
            waiting = WaitingAccounts(self._units)
            async with (
                aclosing(self._pages(without, asks=asks)) as listed,
                aclosing(self._in_turn(listed, waiting)) as in_turn,
            ):
                async for account in in_turn:
                    yield account
            if not waiting.lost:
                return
            self._seen.difference_update(each.id for each in waiting.lost)
            asks = True
        account = waiting.lost[0]
        raise ServiceFailure(
            f"account {account.id} is in {account.ou_ids[-1]}, and no list of OUs has that. Try again",
            code=NOWHERE,
        )

    async def _in_turn(
        self, listed: AsyncIterable[Iterable[Account]], waiting: WaitingAccounts
    ) -> AsyncGenerator[Account, None]:
        """Yield accounts page by page. After each page OUs are listed until an account can go that waits.

        So neither lists of OUs nor further pages keep an account waiting for long that needs none of them.
        """
        async for page in listed:
            slices = TimeSlices()
            for account in page:
                if not self._facts.names(account) or self.units.know(account.ou_ids):
                    yield self._named(account)
                else:
                    waiting.add(account)
                await slices.yield_if_due()
            free: list[Account] = []
            while waiting and not free:
                free = await waiting.list_next()
            for account in free:
                yield self._named(account)
        while waiting:
            for account in await waiting.list_next():
                yield self._named(account)

    async def _pages(
        self, without: dict[AccountId, Account], *, asks: bool
    ) -> AsyncGenerator[Iterable[Account], None]:
        """Yield pages of accounts, known or asked for; those whose place is not told go into `without`."""
        if not asks:
            yield self._new(self._known.accounts or ())
            return
        self.listed.clear()
        listed = pages(self._plane, lambda token: ListAccounts(scope=self._scope, token=token))
        async with aclosing(listed):
            async for page in listed:
                self.listed |= {account.id: account for account in page}
                new = list(self._new(page))
                without.update({each.id: each for each in new if not self._has_place(each)})
                yield filter(self._has_place, new)

    def _has_place(self, account: Account) -> bool:
        return bool(account.ou_ids) or not self._facts.places

    async def _walked(self, without: dict[AccountId, Account]) -> AsyncGenerator[Account, None]:
        """Yield the accounts `without` a place, as they stand below each root and OU."""
        for walk in range(MOST_LISTS):
            if not without:
                return
            async with aclosing(self._units.ways(again=walk > 0)) as ways:
                async for way in ways:
                    async with aclosing(self._right_below(way)) as below:
                        async for account in below:
                            if without.pop(account.id, None) is not None or any(self._new((account,))):
                                self.listed[account.id] = account
                                yield account
        self._refuse_lost(without)

    def _is_enough(self, accounts: Sequence[Account] | None) -> bool:
        """Tell whether known accounts say all that is to be known of their places."""
        return accounts is not None and all(map(self._has_place, accounts))

    def _new(self, page: Iterable[Account]) -> Iterator[Account]:
        for account in page:
            if account.id not in self._seen:
                self._seen.add(account.id)
                yield account

    async def _right_below(self, way: tuple[str, ...]) -> AsyncGenerator[Account, None]:
        """Yield the accounts of a root or OU, without those of the OUs below it."""

        def ask(token: str | None) -> ListAccountsForParent:
            return ListAccountsForParent(scope=self._scope, parent=way[-1], token=token)

        with suppress(EntityNotFound):  # deleted meanwhile, so nothing is in it
            async with aclosing(pages(self._plane, ask)) as listed:
                async for page in listed:
                    for account in page:
                        yield replace(account, ou_ids=way)

    def _named(self, account: Account) -> Account:
        """Give the account with the names of its OUs, if they are known."""
        if self.units.know(account.ou_ids):
            return replace(account, ou=self.units.named(account.ou_ids))
        self._unnamed.append(account)
        return account

    async def _tagged(self, account: Account) -> Account | None:
        """Give the account with its tags, if they must be known; None where it left meanwhile."""
        if not self._facts.tags(account):
            return account
        with suppress(EntityNotFound):
            return replace(account, tags=await self._tags(account.id))
        return None

    async def _tags(self, account: AccountId) -> Mapping[str, str]:
        def ask(token: str | None) -> ListTagsForResource:
            return ListTagsForResource(scope=self._scope, resource=account, token=token)

        found = self._known.tags.get(account, self.asked_tags.get(account))
        if found is None:
            found = {key: value async for page in pages(self._plane, ask) for key, value in page}
            self.asked_tags[account] = found
        return found

    def _refuse_lost(self, without: Collection[AccountId]) -> None:
        if without:
            shown = ", ".join(sorted(without)[:3])
            raise ServiceFailure(
                f"{amount(len(without), 'account')} of the organisation, such as {shown}, came in no list of "
                f"the accounts of an OU, {MOST_LISTS} times. Somebody may be moving accounts: try again",
                code=NOWHERE,
            )
