"""Counts what a plan changes in targets that APIs have set themselves, and what it leaves uncovered there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from batchgw.model import Change, PlannedApi, Target, Variant
from batchgw.model.kinds import in_order
from batchgw.model.shape import JSON
from batchgw.planning.gap import Gap
from batchgw.planning.kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """An uncovered target, in how many APIs, and what it lacks there."""

    target: Target
    apis: int
    gap: Gap


@dataclass(slots=True, kw_only=True)
class CustomisedCounts:
    """Counts changes and gaps in targets that APIs have set themselves, over a plan's items.

    `variants` are those of the plan. `changes` in `apis` are those that the policy makes although it does not
    name their targets, and `by_kind` the same for each kind of change. `uncovered` are, by target and number
    of the variant, the APIs in which it lacks something.
    """

    variants: Sequence[Variant]
    changes: int = 0
    apis: int = 0
    by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    uncovered: Counter[tuple[Target, int]] = field(default_factory=Counter)

    def add(self, item: PlannedApi, pending: Iterable[Change]) -> None:
        """Count an API, given those of its changes that need a write."""
        before, changes = self.changes, tuple(pending)
        desired = self.variants[item.variant].desired
        for name, kind in KINDS.items():
            if kind.unnamed and (made := kind.unnamed.count(changes, desired)):
                of_kind, apis = self.by_kind.get(name, (0, 0))
                self.by_kind[name] = of_kind + made, apis + 1
                self.changes += made
        self.apis += self.changes > before
        if item.uncovered:
            self.uncovered.update((target, item.variant) for target in item.uncovered)

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "changes": self.changes,
            "apis": self.apis,
            "uncovered": [
                {**each.target.to_json(), "apis": each.apis, each.gap.field: list(each.gap.lacks)}
                for each in self.gaps()
            ],
        }

    def remarks(self) -> Iterator[tuple[str, ...]]:
        """Say, a kind at a time, where changes come from whose targets the policy does not name."""
        for name, (changes, apis) in self.by_kind.items():
            if unnamed := KINDS[name].unnamed:
                yield unnamed.remark(changes, apis)

    def gaps(self) -> Iterator[Uncovered]:
        """Give the uncovered targets, in the order in which people know them, by what they lack."""
        for target in in_order({target for target, _ in self.uncovered}):
            apis: Counter[Gap] = Counter()
            for number, variant in enumerate(self.variants):
                if (target, number) in self.uncovered:
                    gap = KINDS[target.kind].gap(target, variant.desired)
                    apis[gap] += self.uncovered[target, number]
            yield from (Uncovered(target=target, apis=count, gap=gap) for gap, count in apis.items())
