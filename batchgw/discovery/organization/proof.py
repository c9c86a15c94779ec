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
    """Counts accounts as they are listed, and which selectors have matched none of them yet.

    `words` are what rules and selectors of APIs ask of accounts. They choose no account; they are only tried.
    """

    selection: AccountSelection
    words: Iterable[AccountSelector] = ()
    found: int = 0
    selected: int = 0
    skipped: int = 0
    _seen: dict[AccountId, Account] = field(default_factory=dict)
    _open: list[AccountSelector] = field(init=False)
    _open_words: list[AccountSelector] = field(init=False)

    def __post_init__(self) -> None:
        # An exclude selector that matches nothing lets an account in that was to be left alone.
        self._open = [*self.selection.include, *self.selection.exclude]
        self._open_words = list({str(each): each for each in self.words}.values())

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
        self._open_words = [each for each in self._open_words if not each.matches(account)]

    def may_prove(self, account: Account) -> bool:
        """Tell whether a selector may match, if the names of the account's OUs were known."""
        return any(each.needs_names and each.may_match(account) for each in self._open)

    @property
    def misses_ous(self) -> bool:
        """Whether a selector by the names of OUs has matched nothing."""
        return any(each.needs_names for each in (*self._open, *self._lost_words()))

    def unmatched_words(self, ous: Iterable[Sequence[str]] = ()) -> tuple[Unmatched, ...]:
        """Give those of the `words` that match no account, as far as that can be told."""
        return self._unmatched(self._lost_words(), ous)

    def total(self, ous: Iterable[Sequence[str]] = (), *, age: float = 0.0) -> SelectedAccounts:
        """Give the counts. `ous` are the names of known OUs from the top, also of those without accounts.

        `age` is how old what is remembered of accounts is, in seconds.
        """
        return SelectedAccounts(
            found=self.found,
            selected=self.selected,
            skipped=self.skipped,
            age=age,
            unmatched=self._unmatched(self._open, ous),
        )

    def _lost_words(self) -> list[AccountSelector]:
        """Give the `words` that are known to match no account.

        Of a word by an OU that is known only where the names of each account's OUs are. No call is made to
        learn them: a rule may well be about accounts that are not meant this time.
        """
        named = all(len(account.ou) == len(account.ou_ids[1:]) for account in self._seen.values())
        return [each for each in self._open_words if named or not each.needs_names]

    def _unmatched(
        self, selectors: Iterable[AccountSelector], ous: Iterable[Sequence[str]]
    ) -> tuple[Unmatched, ...]:
        known = {tuple(names) for names in ous}.union(account.ou for account in self._seen.values())
        seen = tuple(self._seen.values())
        return tuple(
            Unmatched(selector=str(each), where=each.where, hint=hint(each, seen, known), of="account")
            for each in selectors
        )
