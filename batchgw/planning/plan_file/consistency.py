"""Does a plan agree with itself, and with its policy?

Somebody who edits a plan can also correct its checksum. So its changes must be what the plan's policy and its
totals say. The totals decide whether the user is asked, and which account-regions are locked. The changes of
a rollback come from a run's before-images, so those are not derived again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from batchgw.errors import PlanUnreadable
from batchgw.model import Change, Desired, PlanItem, PlannedApi, RestApiId, Scope, UnreadApi, Variant
from batchgw.model.change import MANAGED, NOT_CONFIGURED
from batchgw.model.fleet.seen import SeenApis
from batchgw.model.kinds import KINDS
from batchgw.planning import kinds
from batchgw.planning.plan_file.header import PlanHeader
from batchgw.planning.rollout.waves import Waves
from batchgw.planning.totals import PlanTotals, ScopeTotals
from batchgw.planning.variants import alike


def fault(item: PlannedApi, desired: Desired) -> str | None:
    """Say what a plan makes of an API that a policy does not; None when all is as derived.

    Of what is held because another tool manages it, nothing is made; nor of an API that is not configured,
    where the plan only makes live. Of what is exempt, `desired` itself says nothing.
    """
    derived = kinds.derived(item.changes, desired)
    if item.set_aside:
        aside = {each.target for each in item.set_aside if each.code in (MANAGED, NOT_CONFIGURED)}
        derived = tuple([change for change in derived if change.target not in aside])
    return None if derived == item.changes else _fault(item.changes, derived)


class Consistency:
    """Takes a plan's items one by one, and counts them. It keeps the ids of their APIs.

    Raises PlanUnreadable when the plan's `variants` contradict its header.
    """

    def __init__(self, path: Path, header: PlanHeader, variants: Sequence[Variant]) -> None:
        self._path = path
        self._variants = variants
        if tuple(variants[:1]) != alike(header.desired):
            raise self._contradiction(
                "what its totals say of APIs that no rule matches is not what its first line says"
            )
        self._seen: defaultdict[Scope, SeenApis] = defaultdict(SeenApis)
        self._derived = header.takes_back is None
        self._waves = header.rollout is not None
        self._pending: defaultdict[Scope, set[RestApiId]] = defaultdict(set)
        self.totals = PlanTotals()

    def add(self, item: PlanItem) -> None:
        """Take an item. Raises PlanUnreadable when it contradicts the policy, or an item before it."""
        if isinstance(item, PlannedApi | UnreadApi):
            if not self._seen[item.api.scope].fresh([item.api]):
                raise self._contradiction(f"it lists {item.api} twice")
            self._refuse_twice(item)
        if isinstance(item, PlannedApi):
            if item.variant >= len(self._variants):
                raise self._contradiction(
                    f"{item.api} is of variant {item.variant}, which its totals do not have"
                )
            desired = self._variants[item.variant].desired
            if self._derived and (found := fault(item, desired)):
                raise self._contradiction(f"{item.api}, {found} by its policy")
        self.totals.add(item)
        if self._waves and isinstance(item, PlannedApi) and item.pending:
            self._pending[item.api.scope].add(item.api.id)

    def check_waves(self, waves: Waves | None) -> None:
        """Take the plan's waves, after all items.

        Raises PlanUnreadable when an API with something to do is in none, or in two, or another is in one.
        """
        if waves is None:
            return
        for number, _, members in waves:
            for scope, apis in members.items():
                for api in apis:
                    if api not in self._pending[scope]:
                        raise self._contradiction(
                            f"wave {number} has {scope}/{api}, which has nothing to do, or is in one already"
                        )
                    self._pending[scope].remove(api)
        for scope, left in self._pending.items():
            if left:
                raise self._contradiction(f"no wave has {scope}/{min(left)}, which has something to do")

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

    def _refuse_twice(self, item: PlannedApi | UnreadApi) -> None:
        """Refuse targets that would be counted twice. Changes alone are derived again, which shows it."""
        if isinstance(item, UnreadApi):
            own = item.targets
        elif item.set_aside:
            own = tuple(change.target for change in item.changes)
        else:
            return
        counts = Counter((*own, *(each.target for each in item.set_aside)))
        for target, times in counts.items():
            if times > 1:
                noun = KINDS[target.kind].noun
                raise self._contradiction(f"it expects a {noun} of {item.api} twice")

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
