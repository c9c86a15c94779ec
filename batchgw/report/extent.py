"""Where a plan looked, and where it rightly did not: accounts, regions, and scopes that are skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from batchgw.model import SkippedScope
from batchgw.model.shape import JSON
from batchgw.planning.totals import PlanTotals
from batchgw.report.naming import ANYWHERE
from batchgw.wording import amount

WORDS = {
    "RegionOff": "off",
    "DISABLED": "off",
    "not-opted-in": "off",
    "ENABLING": "opting in",
    "DISABLING": "opting out",
    "DeniedByScp": "denied by SCP",
}
"""What codes of skipped scopes mean, in a word. Any other is a state of an account, such as SUSPENDED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How many accounts and regions a plan looked into, and what is skipped, by reason.

    Attributes:
        accounts: all that are meant, those that are skipped as a whole among them.
        regions: regions in which something was looked into or skipped.
        scopes: account-regions that are known: looked into, or skipped by themselves.
        skipped: account-regions that are skipped by themselves.
        skipped_accounts: accounts that are skipped as a whole. Nobody asks which regions they have.
        unknown: accounts whose regions could not be told.
    """

    accounts: int
    regions: int
    scopes: int
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_accounts: Counter[str] = field(default_factory=Counter)
    unknown: int = 0

    @classmethod
    def of(cls, totals: PlanTotals, skipped: Iterable[SkippedScope]) -> Extent:
        """Count what a plan's totals and its skipped scopes say."""
        left_out = list(skipped)
        known = {*totals.looked_into, *(each.scope for each in left_out)}
        unknown = {s.account for s in totals.unread_scopes if s.region == ANYWHERE != s.account}
        scopes = {scope for scope in known if scope.region != ANYWHERE}
        return cls(
            accounts=len({scope.account for scope in known} | unknown),
            regions=len({scope.region for scope in scopes}),
            scopes=len(scopes),
            skipped=_by_word(each for each in left_out if each.scope.region != ANYWHERE),
            skipped_accounts=_by_word(each for each in left_out if each.scope.region == ANYWHERE),
            unknown=len(unknown),
        )

    def __str__(self) -> str:
        """Say it in a line: `38 accounts, 4 regions: 148 account-regions, 5 skipped: 5 off`."""
        where = f"{amount(self.accounts, 'account')}, {amount(self.regions, 'region')}"
        parts = [f"{where}: {amount(self.scopes, 'account-region')}"]
        if self.skipped:
            parts[0] += f", {self.skipped.total():,} skipped: {_reasons(self.skipped)}"
        if self.skipped_accounts:
            accounts = amount(self.skipped_accounts.total(), "account")
            parts.append(f"{accounts} skipped as a whole: {_reasons(self.skipped_accounts)}")
        if self.unknown:
            parts.append(f"of {amount(self.unknown, 'account')} the regions could not be told")
        return "; ".join(parts)

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "accounts": self.accounts,
            "regions": self.regions,
            "account_regions": self.scopes,
            "skipped": dict(_ranked(self.skipped)),
            "skipped_accounts": dict(_ranked(self.skipped_accounts)),
            "unknown_accounts": self.unknown,
        }


def who_said_regions(totals: PlanTotals) -> str:
    """Say who told which regions the accounts have; nothing where none was asked.

    Example: `by account:ListRegions (38 accounts), by sts (1 account)`.
    """
    said = _ranked(Counter(totals.frozen.regions.values()))
    return ", ".join(f"by {who} ({amount(count, 'account')})" for who, count in said)


def word_of(skipped: SkippedScope) -> str:
    """Say in a word why a scope is skipped."""
    return WORDS.get(skipped.code, skipped.code.lower().replace("_", " "))


def _by_word(skipped: Iterable[SkippedScope]) -> Counter[str]:
    return Counter(map(word_of, skipped))


def _reasons(by_word: Counter[str]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in _ranked(by_word))


def _ranked(by_word: Counter[str]) -> list[tuple[str, int]]:
    """Give the most frequent first, then by name: scopes come in an order that chance decides."""
    return sorted(by_word.items(), key=lambda item: (-item[1], item[0]))
