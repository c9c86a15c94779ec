"""Counts what a plan changes in types that APIs customised themselves, and what it leaves uncovered there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from batchgw.model import Action, Change, Desired, PlannedApi, Target
from batchgw.model.kinds import in_order
from batchgw.model.response_change import response_type, responses
from batchgw.model.shape import JSON
from batchgw.planning.coverage import header_names
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount


@dataclass(slots=True, kw_only=True)
class CustomisedCounts:
    """Counts changes and gaps in types that APIs customised themselves, over a plan's items.

    `changes` in `apis` are those that the policy makes to them although it does not name them; `uncovered`
    are, by type, the APIs whose type lacks headers that the policy sets for its family.
    """

    desired: Desired
    changes: int = 0
    apis: int = 0
    uncovered: Counter[Target] = field(default_factory=Counter)

    def add(self, item: PlannedApi, pending: Iterator[Change]) -> None:
        """Count an API, given those of its changes that need a write."""
        if self.desired.wherever_customised:
            made = sum(
                change.action is Action.UPDATE and change.type in self.desired.wherever_customised
                for change in responses(pending)
            )
            self.changes += made
            self.apis += made > 0
        if item.uncovered:
            self.uncovered.update(item.uncovered)

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "changes": self.changes,
            "apis": self.apis,
            "uncovered": [
                {
                    **t.to_json(),
                    "apis": count,
                    "headers": list(header_names(response_type(t), self.desired)),
                }
                for t, count in self._in_order()
            ],
        }

    def lines(self) -> Iterator[Line]:
        """Render for people; no lines where there is nothing to say."""
        if self.changes:
            are = "is to a type" if self.changes == 1 else "are to types"
            yield line()
            yield line(
                f"{amount(self.changes, 'change')} in {amount(self.apis, 'API')} {are} that an API customised"
                " itself."
            )
            yield line("  `wherever_customised` and most presets change those, too;")
            yield line("  with `types: [DEFAULT_4XX, DEFAULT_5XX]` a preset leaves them alone.")
        if self.uncovered:
            yield line()
            yield line(
                Span("Not covered: ", "warning"),
                "some APIs customise types themselves, and those lack headers that this policy sets.",
            )
            for t, count in self._in_order():
                names = ", ".join(header_names(response_type(t), self.desired))
                yield line(f"  {t} in {amount(count, 'API')}: {names}")
            yield line(
                "  Presets with `types: [DEFAULT_4XX, DEFAULT_5XX, customised]` cover them, and so does"
            )
            yield line("  `wherever_customised`.")

    def _in_order(self) -> Iterator[tuple[Target, int]]:
        for t in in_order(self.uncovered):
            yield t, self.uncovered[t]
