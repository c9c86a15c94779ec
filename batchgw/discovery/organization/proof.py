"""Each selector of accounts must match something: one that does not is most likely misspelt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from batchgw.discovery.organization.hints import hint
from batchgw.model import Account, AccountId, AccountSelection, AccountSelector
from batchgw.model.fleet.organization import ACTIVE
from batchgw.model.fleet.selected import SelectedAccounts, Unmatched


@dataclass(slots=True)
class AccountCount:
    """Counts accounts as they are listed, and which selectors have matched none of them yet."""

    selection: AccountSelection
    found: int = 0
    selected: int = 0
    skipped: int = 0
    _seen: dict[AccountId, Account] = field(default_factory=dict)
    _open: list[AccountSelector] = field(init=False)

    def __post_init__(self) -> None:
        # An exclude selector that matches nothing lets an account in that was to be left alone.
        self._open = [*self.selection.include, *self.selection.exclude]

    def add(self, account: Account) -> bool:
        """Count an account; tell whether it is meant, whatever its state."""
        self.found += 1
        self.prove(account)
        if not self.selection.matches(account):
            return False
        if account.state == ACTIVE:
            self.selected += 1
        else:
            self.skipped += 1
        return True

    def prove(self, account: Account) -> None:
        """Try selectors on an account: one that is new, or one of which more is known than before."""
        self._seen[account.id] = account
        self._open = [each for each in self._open if not each.matches(account)]

    def may_prove(self, account: Account) -> bool:
        """Tell whether a selector may match, if the names of the account's OUs were known."""
        return any(each.needs_names and each.may_match(account) for each in self._open)

    @property
    def misses_ous(self) -> bool:
        """Whether a selector by the names of OUs has matched nothing."""
        return any(each.needs_names for each in self._open)

    def total(self, ous: Iterable[Sequence[str]] = (), *, age: float = 0.0) -> SelectedAccounts:
        """Give the counts. `ous` are the names of known OUs from the top, also of those without accounts.

        `age` is how old what is remembered of accounts is, in seconds.
        """
        known = {tuple(names) for names in ous}.union(account.ou for account in self._seen.values())
        seen = tuple(self._seen.values())
        return SelectedAccounts(
            found=self.found,
            selected=self.selected,
            skipped=self.skipped,
            age=age,
            unmatched=tuple(
                Unmatched(selector=str(each), where=each.where, hint=hint(each, seen, known), of="account")
                for each in self._open
            ),
        )
