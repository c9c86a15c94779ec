"""Folds a plan's items: equal changes once, with the APIs they concern. Its size is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from batchgw.model import (
    Action,
    PlanItem,
    PlannedApi,
    RestApi,
    Scope,
    SkippedScope,
    Target,
    UnreadApi,
    UnreadScope,
    Variant,
)
from batchgw.model.kinds import KINDS as KNOWN
from batchgw.model.kinds import sort_key
from batchgw.model.shape import JSON
from batchgw.planning.change_view import ChangeView
from batchgw.planning.kinds import KINDS, views
from batchgw.report.customised_counts import CustomisedCounts
from batchgw.report.left_alone import LeftAlone
from batchgw.report.unread_apis import UnreadApis

GROUPS = 2_000
"""Different changes kept apart. Further ones are counted by action and target alone."""

NAMES = 3
"""APIs named for each scope of a change."""


@dataclass(slots=True, kw_only=True)
class ScopeApis:
    """The APIs of one scope that a change concerns: how many, and the first of them."""

    apis: int = 0
    first: list[RestApi] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Group:
    """One change, and the APIs it concerns. `view` is None where too many changes were counted together.

    `rules` are the policy's rules that match those APIs, where they say something else of the target than the
    policy says by itself.
    """

    action: Action
    target: Target
    view: ChangeView | None
    rules: tuple[str, ...] = ()
    scopes: dict[Scope, ScopeApis] = field(default_factory=dict)

    @property
    def apis(self) -> int:
        """In how many APIs."""
        return sum(found.apis for found in self.scopes.values())

    def add(self, api: RestApi) -> None:
        """Count an API."""
        found = self.scopes.setdefault(api.scope, ScopeApis())
        found.apis += 1
        if len(found.first) < NAMES:
            found.first.append(api)


class PlanFold:
    """Everything that a screen shows of a plan of any size. `variants` are those of the plan.

    `changes` counts the changes of each account-region by kind and action, `set_aside` targets by kind.
    """

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.customised = CustomisedCounts(variants=variants)
        self.left_alone = LeftAlone()
        self._variants = variants
        self._rules: dict[tuple[int, Target], tuple[str, ...]] = {}
        self._groups: dict[Hashable, Group] = {}
        self.unread_scopes: list[UnreadScope] = []
        self.skipped_scopes: list[SkippedScope] = []
        self.unread_apis = UnreadApis()
        self.changes: dict[Scope, Counter[tuple[str, Action]]] = {}
        self.set_aside = Counter[str]()

    def add(self, item: PlanItem) -> None:
        """Count an item."""
        match item:
            case PlannedApi():
                pending = [view for view in views(item) if view.change.action is not Action.NO_OP]
                for view in pending:
                    self._group(view, item.variant).add(item.api)
                self.customised.add(item, (view.change for view in pending))
                self.left_alone.add(item, changed=bool(pending))
                self._count(item)
            case UnreadApi():
                self.unread_apis.add(item)
                self.left_alone.add(item, changed=False)
            case UnreadScope():
                self.unread_scopes.append(item)
            case SkippedScope():
                self.skipped_scopes.append(item)
            case _:
                assert_never(item)

    @property
    def pending(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._groups)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the targets that were read, in the order in which their changes are made."""
        found = {kind for counts in self.changes.values() for kind, _ in counts} | set(self.set_aside)
        return tuple(kind for kind in KINDS if kind in found)

    def counted(self, kind: str, action: Action, scopes: Collection[Scope] | None = None) -> int:
        """Count the changes of a kind, in all account-regions or in some."""
        of = self.changes if scopes is None else scopes
        return sum(self.changes[scope][kind, action] for scope in of if scope in self.changes)

    def figures(self) -> Mapping[str, Mapping[str, int]]:
        """Count the targets of each kind by what is to become of them; empty where there is one kind alone.

        `{"stage": {"to make live": 6, "live already": 2, "left alone": 1}}`
        """
        return {
            kind: {
                **{word: self.counted(kind, action) for action, word in KNOWN[kind].planned.items()},
                **({"left alone": self.set_aside[kind]} if self.set_aside[kind] else {}),
            }
            for kind in (self.kinds if len(self.kinds) > 1 else ())
        }

    def figures_to_json(self) -> dict[str, JSON]:
        """Render the same for machines."""
        return {
            kind: {
                "counted_as": KNOWN[kind].counted,
                **{word.replace(" ", "_"): count for word, count in counts.items()},
            }
            for kind, counts in self.figures().items()
        }

    def groups(self) -> Iterator[Group]:
        """Give the changes by target, in the order people know them, the most frequent first."""
        yield from sorted(self._groups.values(), key=lambda g: (sort_key(g.target), -g.apis))

    def _count(self, item: PlannedApi) -> None:
        counts = self.changes.setdefault(item.api.scope, Counter())
        counts.update([(change.target.kind, change.action) for change in item.changes])
        if item.set_aside:
            self.set_aside.update([each.target.kind for each in item.set_aside])

    def _group(self, view: ChangeView, variant: int) -> Group:
        change = view.change
        rules = self._rules_of(change.target, variant) if variant else ()
        key: Hashable = (change.action, change.target, view.fields, view.note, rules)
        if key not in self._groups and len(self._groups) >= GROUPS:
            key, view_shown, rules = (change.action, change.target), None, ()
        else:
            view_shown = view
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(
                action=change.action, target=change.target, view=view_shown, rules=rules
            )
        return group

    def _rules_of(self, target: Target, number: int) -> tuple[str, ...]:
        """Name the rules of a variant, unless it says of a target what the policy says by itself."""
        found = self._rules.get((number, target))
        if found is None:
            says, variant = KINDS[target.kind].says, self._variants[number]
            same = says(target, variant.desired) == says(target, self._variants[0].desired)
            found = self._rules[number, target] = () if same else variant.rules
        return found
