"""Where a plan looked, and where it rightly did not: accounts, regions, and scopes that are skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from batchgw.model import Scope, SkippedScope
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
"""What codes of skipped scopes mean, in a word. Any other code is a word already, such as SUSPENDED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How many accounts and regions a plan looked into, and how many scopes are skipped, by reason.

    An account that is skipped as a whole counts once among `skipped`.
    """

    accounts: int
    regions: int
    scopes: int
    skipped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, totals: PlanTotals, skipped: Iterable[SkippedScope]) -> Extent:
        """Count what a plan's totals and its skipped scopes say."""
        left_out = list(skipped)
        known = (*totals.looked_into, *(each.scope for each in left_out))
        return cls(
            accounts=len({scope.account for scope in known}),
            regions=len({scope.region for scope in known if scope.region != ANYWHERE}),
            scopes=sum(scope.region != ANYWHERE for scope in known),
            skipped=Counter(WORDS.get(each.code, each.code.lower()) for each in left_out),
        )

    def __str__(self) -> str:
        """Say it in a line: `38 accounts, 4 regions: 152 account-regions, 9 skipped: 5 off, 4 suspended`."""
        where = f"{amount(self.accounts, 'account')}, {amount(self.regions, 'region')}"
        found = f"{where}: {amount(self.scopes, 'account-region')}"
        if not self.skipped:
            return found
        reasons = ", ".join(f"{count:,} {word}" for word, count in self._ranked())
        return f"{found}, {self.skipped.total():,} skipped: {reasons}"

    def _ranked(self) -> list[tuple[str, int]]:
        """The most frequent first, then by name: scopes come in an order that chance decides."""
        return sorted(self.skipped.items(), key=lambda item: (-item[1], item[0]))

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "accounts": self.accounts,
            "regions": self.regions,
            "account_regions": self.scopes,
            "skipped": dict(self._ranked()),
        }


def named(scope: Scope) -> str:
    """Name a skipped scope: a whole account by its id alone."""
    return scope.account if scope.region == ANYWHERE else str(scope)
