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
                for t, count in self.by_target()
            ],
        }

    def by_target(self) -> Iterator[tuple[Target, int]]:
        """Give the uncovered targets with the number of APIs, in AWS's order."""
        for t in in_order(self.uncovered):
            yield t, self.uncovered[t]
