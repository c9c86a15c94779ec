"""Each region of `exclude` and `order` must be one of some account: another is most likely misspelt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchgw.model import EnabledRegions, Region
from batchgw.model.fleet.selected import Unmatched
from batchgw.policy.quoting import did_you_mean


@dataclass(slots=True)
class RegionCount:
    """Notes the regions of accounts as they are found, whether or not they are enabled there.

    `untold` counts the accounts whose regions nobody could tell.
    """

    enabled: EnabledRegions
    untold: int = 0
    _known: set[Region] = field(default_factory=set)

    def add(self, regions: Iterable[Region]) -> None:
        """Take note of all regions of an account."""
        self._known.update(regions)

    def unmatched(self) -> tuple[Unmatched, ...]:
        """Give the words that match no region, if the regions of any account are known.

        An excluded one lets a region in that was to be left out. One of the order does not come first.
        """
        if not self._known:
            return ()
        exclude, order = self.enabled.exclude, self.enabled.order
        return (
            *self._of("excluded region", exclude, self.enabled.exclude_places),
            *self._of("region of the order", order, self.enabled.order_places),
        )

    def _of(self, kind: str, regions: Iterable[Region], places: Mapping[Region, str]) -> Iterable[Unmatched]:
        for region in regions:
            if region not in self._known:
                yield Unmatched(
                    selector=f"{kind} {region}",
                    where=places.get(region, ""),
                    hint=did_you_mean(region, sorted(self._known)) + self._perhaps_there(),
                    of="region of any account",
                )

    def _perhaps_there(self) -> str:
        """Say why it may be a region all the same."""
        if not self.untold:
            return ""
        of = "an account" if self.untold == 1 else f"{self.untold:,} accounts"
        return f"; it may be one of {of} whose regions nobody could tell"
