"""Does a plan agree with itself, and with a policy?

Whoever changes a plan can make its checksum anew. What is done must still be what its policy says and what
its totals promise, for these decide whether the user is asked and which account-regions are locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from batchgw.errors import PlanUnreadable
from batchgw.model import Change, Desired, PlanItem, PlannedApi, RestApi, Scope, UnreadApi
from batchgw.model.kinds import KINDS
from batchgw.model.seen import SeenApis
from batchgw.planning import kinds
from batchgw.planning.plan_file.header import PlanHeader
from batchgw.planning.totals import PlanTotals, ScopeTotals

REMEMBERED = 64
"""Different sets of changes that are known to be right, before they are forgotten."""


AT_ONCE = 256
"""APIs of a scope that are looked at together, to see whether one comes twice."""


class Derivation:
    """Derives the changes of APIs again from their before-images; those that APIs share, only once."""

    def __init__(self, desired: Desired) -> None:
        self._desired = desired
        self._right: dict[int, tuple[Change, ...]] = {}  # by identity, kept so that no other takes its place

    def fault(self, item: PlannedApi) -> str | None:
        """Say what a plan makes of an API that the policy does not; None when all is as derived."""
        if id(item.changes) in self._right:
            return None
        derived = kinds.derived(item.changes, self._desired)
        if derived != item.changes:
            return _fault(item.changes, derived)
        if len(self._right) >= REMEMBERED:
            self._right.clear()
        self._right[id(item.changes)] = item.changes
        return None


class Consistency:
    """Takes a plan's items one by one, and counts them. It keeps eight bytes an API."""

    def __init__(self, path: Path, header: PlanHeader) -> None:
        named = header.targets.get("scopes")
        self._path = path
        self._scopes = None if named is None else frozenset(map(Scope.parse, named))
        self._derivation = Derivation(header.desired)
        self._seen: defaultdict[Scope, SeenApis] = defaultdict(SeenApis)
        self._waiting: defaultdict[Scope, list[RestApi]] = defaultdict(list)
        self.totals = PlanTotals()

    def add(self, item: PlanItem) -> None:
        """Take an item. Raises PlanUnreadable when it contradicts the header, or an item before it."""
        if isinstance(item, PlannedApi | UnreadApi):
            waiting = self._waiting[item.api.scope]
            waiting.append(item.api)
            if len(waiting) >= AT_ONCE:
                self._refuse_twice(item.api.scope)
            if isinstance(item, UnreadApi) and len(set(item.targets)) < len(item.targets):
                noun = KINDS[item.targets[0].kind].noun
                raise self._contradiction(f"it expects a {noun} of {item.api} twice")
        if not isinstance(item, UnreadApi):
            self._refuse_elsewhere(item.api.scope if isinstance(item, PlannedApi) else item.scope)
        if isinstance(item, PlannedApi) and (fault := self._derivation.fault(item)):
            raise self._contradiction(f"{item.api}, {fault} by its policy")
        self.totals.add(item)

    def finish(self, said: PlanTotals) -> None:
        """Compare what was counted with what the plan says. Raises PlanUnreadable when they differ."""
        for scope in self._waiting:
            self._refuse_twice(scope)
        counted = self.totals.scopes
        for scope in dict.fromkeys((*said.scopes, *counted)):
            of_file, of_items = _counts(said, scope), _counts(self.totals, scope)
            if of_file != of_items:
                name = next(name for name, count in of_items.items() if of_file[name] != count)
                what = f"{name.replace('_', ' ')} in {scope}"
                raise self._contradiction(
                    f"its totals say {of_file[name]:,} {what}, and its items come to {of_items[name]:,}"
                )
            if scope not in counted:
                self._refuse_elsewhere(scope)

    def _refuse_twice(self, scope: Scope) -> None:
        seen, waiting = self._seen[scope], self._waiting[scope]
        fresh = {id(api) for api in seen.fresh(waiting)}
        for api in waiting:
            if id(api) not in fresh:
                raise self._contradiction(f"it lists {api} twice")
        waiting.clear()

    def _refuse_elsewhere(self, scope: Scope) -> None:
        if self._scopes is not None and scope not in self._scopes:
            raise self._contradiction(f"it has something for {scope}, which is not among its targets")

    def _contradiction(self, what: str) -> PlanUnreadable:
        return PlanUnreadable(
            f"{self._path} is a plan that contradicts itself: {what}. Somebody changed it and made its "
            "checksum anew. Nothing was written. Plan again."
        )


def _counts(totals: PlanTotals, scope: Scope) -> Mapping[str, int]:
    return totals.scopes.get(scope, ScopeTotals()).to_json()


def _fault(said: tuple[Change, ...], derived: tuple[Change, ...]) -> str:
    """Name the first target in which two sets of changes differ."""
    of_plan = {change.target: change for change in said}
    of_policy = {change.target: change for change in derived}
    for target in dict.fromkeys((*of_policy, *of_plan)):
        planned, right = of_plan.get(target), of_policy.get(target)
        if planned != right:
            is_, should = _action(planned), _action(right)
            if is_ == should:
                return f"{target}: its `after` is not what is made of it"
            return f"{target}: it has {is_}, where {should} is made of it"
    return "its changes: one is listed twice, or they are not in order, as they are made"


def _action(change: Change | None) -> str:
    return "no change" if change is None else change.action.value
