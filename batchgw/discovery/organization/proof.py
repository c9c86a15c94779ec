"""Each selector of accounts must match something: one that does not is most likely misspelt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from batchgw.discovery.organization.hints import hint
from batchgw.model import Account, AccountSelection, AccountSelector
from batchgw.model.fleet.organization import ACTIVE
from batchgw.model.fleet.selected import SelectedAccounts, Unmatched


@dataclass(slots=True)
class AccountCount:
    """Counts accounts as they are listed, and which selectors have matched none of them yet."""

    selection: AccountSelection
    found: int = 0
    selected: int = 0
    skipped: int = 0
    _seen: list[Account] = field(default_factory=list)
    _open: list[AccountSelector] = field(init=False)

    def __post_init__(self) -> None:
        # An exclude selector that matches nothing lets an account in that was to be left alone.
        self._open = [*self.selection.include, *self.selection.exclude]

    def add(self, account: Account) -> bool:
        """Count an account; tell whether it is meant, whatever its state."""
        self.found += 1
        self._seen.append(account)
        self._open = [each for each in self._open if not each.matches(account)]
        if not self.selection.matches(account):
            return False
        if account.state == ACTIVE:
            self.selected += 1
        else:
            self.skipped += 1
        return True

    def total(self, ous: Iterable[Sequence[str]] = ()) -> SelectedAccounts:
        """Give the counts. `ous` are the names of known OUs from the top, also of those without accounts."""
        known = {tuple(names) for names in ous}.union(account.ou for account in self._seen)
        return SelectedAccounts(
            found=self.found,
            selected=self.selected,
            skipped=self.skipped,
            unmatched=tuple(
                Unmatched(
                    selector=str(each), where=each.where, hint=hint(each, self._seen, known), of="account"
                )
                for each in self._open
            ),
        )
