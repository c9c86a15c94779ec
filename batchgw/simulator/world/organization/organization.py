"""An organisation: who is in it and where, which regions each account has, and what changes over time."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from batchgw.simulator.world.organization.changes import (
    Change,
    ChangeRegion,
    ChangeState,
    Join,
    Leave,
    Move,
    ScheduledChange,
)
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.organization.regions import ON, OPT_IN, RegionStatus, status_of
from batchgw.simulator.world.organization.states import OPEN, AccountState
from batchgw.simulator.world.organization.tree import Tree, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it is now. `parent` is the id of its OU or of the root, None when it is no member."""

    id: str
    name: str
    state: AccountState
    tags: Mapping[str, str]
    regions: Mapping[str, RegionStatus]
    parent: str | None


class Organization:
    """Accounts in OUs. It knows every account of the world; those that are members have a place in it.

    Attributes:
        id: of the organisation.
        plan: how it was at the start, and how it answers.
        tree: its root and OUs.
        all_regions: what some account has or may have; a world has APIs there and nowhere else.
        management: the account that manages it.
    """

    id = "o-batchgw0001"

    def __init__(self, plan: OrganizationPlan, *, seed: int = 7) -> None:
        """Raises ValueError for a plan that contradicts itself."""
        self.plan = plan
        self.all_regions = plan.all_regions
        self.tree = Tree((*(a.ou for a in plan.accounts), *plan.ous), seed=seed)
        self._accounts = {account.id: self._at_start(account) for account in plan.accounts}
        if twice := [each for each, count in Counter(a.id for a in plan.accounts).items() if count > 1]:
            raise ValueError(f"the account {twice[0]} stands in the organisation twice")
        self.management = plan.management or plan.accounts[0].id
        if not self.is_member(self.management):
            raise ValueError(f"the management account {self.management} is not a member")
        for delegated in plan.delegated:
            self.account(delegated)
        self._inside: dict[str, list[str]] | None = None
        self._on = {(a, r) for a in self._accounts for r, status in self.regions(a).items() if status in ON}
        self._coming: list[ScheduledChange] = []
        self.schedule(plan.changes)

    def account(self, id: str) -> Account:  # noqa: A002 - AWS's word
        """An account of the world, member or not. Raises ValueError for one that is not there."""
        found = self._accounts.get(id)
        if found is None:
            raise ValueError(f"there is no account {id}; there are {', '.join(self._accounts)}")
        return found

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts of the world."""
        return tuple(self._accounts.values())

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the members."""
        return tuple(account.id for account in self._accounts.values() if account.parent is not None)

    def is_member(self, account: str) -> bool:
        """Whether an account is in the organisation now."""
        found = self._accounts.get(account)
        return found is not None and found.parent is not None

    def is_administrator(self, account: str) -> bool:
        """Whether it may ask about the other accounts."""
        return self.is_member(account) and (account == self.management or account in self.plan.delegated)

    def is_open(self, account: str) -> bool:
        """Whether roles of an account can be assumed: not where it is suspended, closed or not active yet."""
        return self.account(account).state in OPEN

    def accounts_in(self, unit: str) -> tuple[str, ...]:
        """Ids of the accounts right in the root or an OU, and not of those below."""
        if self._inside is None:
            self._inside = {}
            for account in self._accounts.values():
                if account.parent is not None:
                    self._inside.setdefault(account.parent, []).append(account.id)
        return tuple(self._inside.get(unit, ()))

    def unit_of(self, account: str) -> Unit | None:
        """The root or OU that an account stands in; None for one that is no member."""
        parent = self.account(account).parent
        return None if parent is None else self.tree.get(parent)

    def path_to(self, unit: Unit) -> str:
        """The ids from the organisation down to a unit, as AWS writes them: `o-…/r-…/ou-…/`."""
        ids = [self.id, *reversed([each.id for each in self.tree.upwards(unit)])]
        return "".join(f"{id}/" for id in ids)  # noqa: A001 - AWS's word

    def regions(self, account: str) -> dict[str, RegionStatus]:
        """Every region that an account knows, with its status: AWS lists those that are off as well."""
        own, everywhere = self.account(account).regions, self.plan.regions
        return {
            region: own.get(region) or (status_of(region) if region in everywhere else "DISABLED")
            for region in dict.fromkeys((*self.all_regions, *OPT_IN))
        }

    def is_on(self, account: str, region: str) -> bool:
        """Whether calls of an account in a region are answered."""
        return (account, region) in self._on

    def schedule(self, changes: Iterable[ScheduledChange]) -> None:
        """Let changes happen later. Raises ValueError for one that names what is not there."""
        coming = tuple(changes)
        for change in coming:
            self._check(change.change)
        for change in coming:
            insort(self._coming, change, key=lambda each: each.at)

    def advance(self, now: float) -> None:
        """Make the changes that are due. `now` is seconds since the first call."""
        while self._coming and self._coming[0].at <= now:
            self.change(self._coming.pop(0).change)

    def change(self, change: Change) -> None:
        """Make a change now. Raises ValueError for one that names what is not there."""
        self._check(change)
        account = self._accounts[change.account]
        match change:
            case Move() | Join():
                self._keep(replace(account, parent=self.tree.at(change.ou).id))
            case Leave():
                self._keep(replace(account, parent=None))
            case ChangeState():
                self._keep(replace(account, state=change.state))
            case ChangeRegion():
                self._switch(account, change)
            case _:
                assert_never(change)

    def _check(self, change: Change) -> None:
        self.account(change.account)
        if isinstance(change, Move | Join):
            self.tree.at(change.ou)
        if isinstance(change, Leave) and change.account == self.management:
            raise ValueError(f"the management account {change.account} cannot leave")
        if isinstance(change, ChangeRegion) and change.region not in (known := self.all_regions):
            raise ValueError(f"this world has no region {change.region!r}; it has {', '.join(known)}")

    def _switch(self, account: Account, change: ChangeRegion) -> None:
        self._keep(replace(account, regions={**account.regions, change.region: change.status}))
        if change.status in ON:
            self._on.add((account.id, change.region))
        else:
            self._on.discard((account.id, change.region))

    def _keep(self, account: Account) -> None:
        self._accounts[account.id] = account
        self._inside = None

    def _at_start(self, account: AccountPlan) -> Account:
        return Account(
            id=account.id,
            name=account.name,
            state=account.state,
            tags=account.tags,
            regions=account.regions,
            parent=self.tree.at(account.ou).id if account.member else None,
        )
