"""Does a plan agree with itself, and with its policy?

Somebody who edits a plan can also correct its checksum. So its changes must be what the plan's policy and its
totals say. The totals decide whether the user is asked, and which account-regions are locked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from batchgw.errors import PlanUnreadable
from batchgw.model import Change, Desired, PlanItem, PlannedApi, Scope, UnreadApi
from batchgw.model.kinds import KINDS
from batchgw.model.seen import SeenApis
from batchgw.planning import kinds
from batchgw.planning.plan_file.header import PlanHeader
from batchgw.planning.totals import PlanTotals, ScopeTotals


def fault(item: PlannedApi, desired: Desired) -> str | None:
    """Say what a plan makes of an API that a policy does not; None when all is as derived."""
    derived = kinds.derived(item.changes, desired)
    return None if derived == item.changes else _fault(item.changes, derived)


class Consistency:
    """Takes a plan's items one by one, and counts them. It keeps the ids of their APIs."""

    def __init__(self, path: Path, header: PlanHeader) -> None:
        self._path = path
        self._scopes = None if header.scopes is None else frozenset(header.scopes)
        self._desired = header.desired
        self._seen: defaultdict[Scope, SeenApis] = defaultdict(SeenApis)
        self.totals = PlanTotals()

    def add(self, item: PlanItem) -> None:
        """Take an item. Raises PlanUnreadable when it contradicts the header, or an item before it."""
        if isinstance(item, PlannedApi | UnreadApi):
            if not self._seen[item.api.scope].fresh([item.api]):
                raise self._contradiction(f"it lists {item.api} twice")
            if isinstance(item, UnreadApi) and len(set(item.targets)) < len(item.targets):
                twice = next(target for target, times in Counter(item.targets).items() if times > 1)
                noun = KINDS[twice.kind].noun
                raise self._contradiction(f"it expects a {noun} of {item.api} twice")
        if not isinstance(item, UnreadApi):
            self._refuse_elsewhere(item.api.scope if isinstance(item, PlannedApi) else item.scope)
        if isinstance(item, PlannedApi) and (found := fault(item, self._desired)):
            raise self._contradiction(f"{item.api}, {found} by its policy")
        self.totals.add(item)

    def finish(self, stated: PlanTotals) -> None:
        """Compare the counts with the totals that the plan states. Raises PlanUnreadable when they differ."""
        counted = self.totals.scopes
        for scope in dict.fromkeys((*stated.scopes, *counted)):
            of_file, of_items = _counts(stated, scope), _counts(self.totals, scope)
            if of_file != of_items:
                name = next(name for name in (*of_items, *of_file) if of_file[name] != of_items[name])
                what = f"{name.replace('_', ' ')} in {scope}"
                raise self._contradiction(
                    f"its totals say {of_file[name]:,} {what}, and its items come to {of_items[name]:,}"
                )
            if scope not in counted:
                self._refuse_elsewhere(scope)

    def _refuse_elsewhere(self, scope: Scope) -> None:
        if self._scopes is not None and scope not in self._scopes:
            raise self._contradiction(f"it has something for {scope}, which is not among its targets")

    def _contradiction(self, what: str) -> PlanUnreadable:
        return PlanUnreadable(
            f"{self._path} is a plan that contradicts itself: {what}. Somebody changed it and made its "
            "checksum anew. Nothing was written. Plan again."
        )


def _counts(totals: PlanTotals, scope: Scope) -> Counter[str]:
    found = totals.scopes.get(scope, ScopeTotals())
    calls = {f"calls of {operation}": writes for operation, writes in found.operations.items()}
    return Counter({**found.to_json(), **calls})


def _fault(planned: tuple[Change, ...], derived: tuple[Change, ...]) -> str:
    """Name the first target in which two sets of changes differ."""
    of_plan = {change.target: change for change in planned}
    of_policy = {change.target: change for change in derived}
    for target in dict.fromkeys((*of_policy, *of_plan)):
        found, right = of_plan.get(target), of_policy.get(target)
        if found != right:
            is_, should = _action(found), _action(right)
            if is_ == should:
                return f"{target}: its `after` is not what is made of it"
            return f"{target}: it has {is_}, where {should} is made of it"
    return "its changes: one is listed twice, or they are not in order, as they are made"


def _action(change: Change | None) -> str:
    return "no change" if change is None else change.action.value
