"""Counts over a plan's items: how much there is to do, per account-region. It keeps no item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import assert_never

from batchgw.model import Action, PlanItem, PlannedApi, Scope, SkippedScope, UnreadApi, UnreadScope
from batchgw.model.fleet.selected import Selected
from batchgw.model.shape import JSON, count, record
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.kinds import KINDS
from batchgw.planning.variants import Variants


@dataclass(slots=True, kw_only=True)
class ScopeTotals:
    """What a plan holds for one scope; also, added up, for all of them."""

    apis: int = 0  # APIs that were read and compared
    changed_apis: int = 0  # those of them with at least one write to make
    creates: int = 0
    updates: int = 0
    resets: int = 0
    no_ops: int = 0
    unread_apis: int = 0  # expected APIs that were not read
    skipped_apis: int = 0  # those of them rightly left alone: deleted meanwhile, or excluded
    unread_targets: int = 0  # targets expected of the unread APIs
    managed_apis: int = 0  # those of the unread APIs that another tool manages, where that is a failure
    managed_targets: int = 0  # targets expected of them
    unread_scopes: int = 0  # 1 when the scope's APIs could not be listed to the end
    skipped_scopes: int = 0  # 1 when the scope was rightly not looked into
    set_aside: int = 0  # targets left alone on purpose
    set_aside_apis: int = 0  # APIs in which nothing else was expected: nothing was to be compared there
    operations: Counter[str] = field(default_factory=Counter)  # the calls that make the writes, by operation

    @property
    def writes(self) -> int:
        """Changes that an apply must make, a call each."""
        return self.creates + self.updates + self.resets

    @property
    def expected(self) -> int:
        """Targets that must end in an outcome."""
        return self.writes + self.no_ops + self.unread_targets + self.set_aside

    @property
    def empty(self) -> bool:
        """Whether all was listed, and no API that is meant is there."""
        found = self.apis or self.set_aside_apis or self.unread_apis
        return not (found or self.unread_scopes or self.skipped_scopes)

    @property
    def nothing_but_skipped(self) -> bool:
        """Whether it is that of a scope that was rightly not looked into, of which nothing else is known."""
        return bool(self.skipped_scopes and not self.unread_apis and not self.expected)

    def to_json(self) -> dict[str, int]:
        """Render the counts, `expected` with them; not `operations`."""
        return {**{name: getattr(self, name) for name in _COUNTS}, "expected": self.expected}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON], operations: Mapping[str, JSON]) -> ScopeTotals:
        """Read what `to_json` wrote, and the calls of `operations`."""
        found = cls()
        for name in _COUNTS:
            setattr(found, name, count(data[name]))
        found.operations.update({name: count(calls) for name, calls in operations.items()})
        found.operations = +found.operations  # without those of which there is no call
        return found


_COUNTS = tuple(f.name for f in fields(ScopeTotals) if f.name != "operations")


def added_up(totals: Iterable[ScopeTotals]) -> ScopeTotals:
    """Add totals up, count by count: there may be thousands of account-regions."""
    every = tuple(totals)
    operations: Counter[str] = Counter()
    for each in every:
        operations.update(each.operations)
    counts = {name: sum([getattr(each, name) for each in every]) for name in _COUNTS}
    return ScopeTotals(**counts, operations=operations)


class PlanTotals:
    """Counts plan items as they pass. Scopes that were looked into are there, whatever comes from them.

    `selected` is what the selection came to, where it was counted. `variants` are what APIs shall be, and
    `frozen` is what was known of accounts.
    """

    def __init__(self, scopes: Iterable[Scope] = ()) -> None:
        self._scopes = {scope: ScopeTotals() for scope in scopes}
        self._total: ScopeTotals | None = None  # as long as nothing more is counted
        self.selected: Selected | None = None
        self.variants = Variants()
        self.frozen = FrozenAccounts()

    def look_into(self, scope: Scope) -> None:
        """Count a scope, even when nothing will come from it."""
        self._of(scope)

    def add(self, item: PlanItem) -> None:
        """Count one item."""
        match item:
            case PlannedApi():
                _count_planned(self._of(item.api.scope), item)
            case UnreadApi():
                of = self._of(item.api.scope)
                of.unread_apis += 1
                of.skipped_apis += item.skipped
                of.unread_targets += len(item.targets)
                if item.managed:
                    of.managed_apis += 1
                    of.managed_targets += len(item.targets)
                of.set_aside += len(item.set_aside)
            case UnreadScope():
                self._of(item.scope).unread_scopes = 1
            case SkippedScope():
                self._of(item.scope).skipped_scopes = 1
            case _:
                assert_never(item)

    @property
    def scopes(self) -> Mapping[Scope, ScopeTotals]:
        """The totals of each scope, in the order in which their first items came."""
        return self._scopes

    @property
    def total(self) -> ScopeTotals:
        """All scopes added up; once, because there may be thousands and a screen asks for each line."""
        if self._total is None:
            self._total = added_up(self._scopes.values())
        return self._total

    @property
    def expected(self) -> dict[Scope, int]:
        """Targets that must end in an outcome, per scope. Those that are rightly left alone have none."""
        return {scope: each.expected for scope, each in self._scopes.items() if not each.skipped_scopes}

    @property
    def looked_into(self) -> tuple[Scope, ...]:
        """The account-regions that were looked into: neither skipped, nor nowhere ("*")."""
        return tuple(
            scope
            for scope, totals in self._scopes.items()
            if not totals.skipped_scopes and "*" not in (scope.account, scope.region)
        )

    @property
    def unread_scopes(self) -> tuple[Scope, ...]:
        """Scopes whose APIs could not be listed to the end."""
        return tuple(scope for scope, totals in self._scopes.items() if totals.unread_scopes)

    @property
    def skipped_accounts(self) -> int:
        """Accounts that were rightly not looked into as a whole: each is a scope with the region "*"."""
        return sum(t.skipped_scopes for scope, t in self._scopes.items() if scope.region == "*")

    @property
    def complete(self) -> bool:
        """Tell whether everything that was expected was read, but for what is rightly left alone."""
        return self.readable and not self.total.managed_apis

    @property
    def readable(self) -> bool:
        """The same where APIs that another tool manages may be a failure: these could have been read."""
        total = self.total
        return total.unread_apis == total.skipped_apis + total.managed_apis and not total.unread_scopes

    @property
    def nothing(self) -> tuple[str, ...]:
        """Say what of the selection matches nothing, a sentence each."""
        return () if self.selected is None else self.selected.nothing(unread=len(self.unread_scopes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlanTotals) and self._scopes == other._scopes

    __hash__ = None  # type: ignore[assignment]  # it changes while it counts

    def to_json(self) -> dict[str, JSON]:
        """Render scope by scope, the sum, and what calls of each operation the writes take in each scope."""
        return {
            "scopes": {str(scope): totals.to_json() for scope, totals in self._scopes.items()},
            "total": self.total.to_json(),
            "operations": {
                str(scope): dict(sorted(totals.operations.items()))
                for scope, totals in self._scopes.items()
                if totals.operations
            },
            **({} if self.selected is None else {"selection": self.selected.to_json()}),
            **self.variants.to_json(),
            **self.frozen.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> PlanTotals:
        """Read what `to_json` wrote. The sum is computed again."""
        totals = cls()
        operations = record(data["operations"])
        for scope, counts in record(data["scopes"]).items():
            calls = record(operations.get(scope, {}))
            totals._scopes[Scope.parse(scope)] = ScopeTotals.from_json(record(counts), calls)
        selection = data.get("selection")
        if selection is not None:
            totals.selected = Selected.from_json(record(selection))
        totals.variants = Variants.from_json(data)
        totals.frozen = FrozenAccounts.from_json(data)
        return totals

    def _of(self, scope: Scope) -> ScopeTotals:
        """Give the totals of a scope, to be counted on."""
        self._total = None
        found = self._scopes.get(scope)
        if found is None:
            found = self._scopes[scope] = ScopeTotals()
        return found


def _count_planned(of: ScopeTotals, item: PlannedApi) -> None:
    of.set_aside += len(item.set_aside)
    if item.set_aside and not item.changes:
        of.set_aside_apis += 1
        return
    of.apis += 1
    writes_before = of.writes
    for change in item.changes:
        match change.action:
            case Action.CREATE:
                of.creates += 1
            case Action.UPDATE:
                of.updates += 1
            case Action.RESET:
                of.resets += 1
            case Action.NO_OP:
                of.no_ops += 1
            case _:
                assert_never(change.action)
    if of.writes > writes_before:
        of.changed_apis += 1
        for kind in KINDS.values():
            of.operations.update(kind.operations(item.changes))
