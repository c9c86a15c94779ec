"""A number of things, or a share of all of them: `5`, or `2%`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from batchgw.model.shape import JSON, count, number, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Either a `count`, or `percent` (0 to 100) of a whole. Raises ValueError for anything else."""

    count: int | None = None
    percent: float | None = None

    def __post_init__(self) -> None:
        if (self.count is None) is (self.percent is None):
            raise ValueError("an amount is a count or a share")
        if (self.count or 0) < 0 or not 0 <= (self.percent or 0) <= 100:  # noqa: PLR2004 - per cent
            raise ValueError("an amount is 0 or more, and a share 100 % at most")

    def __str__(self) -> str:
        """Render as the policy file spells it: `5`, `2%`."""
        return f"{self.count:,}" if self.percent is None else f"{self.percent:g}%"

    def down(self, whole: int) -> int:
        """Give how many that is of a whole, rounded down."""
        part = self._part(whole)
        return part.numerator // part.denominator

    def up(self, whole: int) -> int:
        """Give how many that is of a whole, rounded up."""
        part = self._part(whole)
        return -(-part.numerator // part.denominator)

    def _part(self, whole: int) -> Fraction:
        """Give it exactly: 7 % of 100 is 7, and not a little more."""
        if self.percent is None:
            return Fraction(self.count or 0)
        return Fraction(str(self.percent)) * whole / 100

    def to_json(self) -> JSON:
        """Render as `from_json` reads it."""
        return {"count": self.count} if self.percent is None else {"percent": self.percent}

    @classmethod
    def from_json(cls, data: JSON) -> Amount:
        """Read what `to_json` wrote. Raises TypeError or ValueError for anything else."""
        found = record(data)
        return cls(
            count=count(found["count"]) if "count" in found else None,
            percent=number(found["percent"]) if "percent" in found else None,
        )


def amount_or_none(data: JSON) -> Amount | None:
    """Read an amount, or null. Raises as `Amount.from_json` does."""
    return None if data is None else Amount.from_json(data)
