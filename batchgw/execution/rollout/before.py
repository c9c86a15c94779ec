"""What is looked at before the first write of a rollout: its guard rails, and what its gates can tell."""

from __future__ import annotations

from collections.abc import Collection

from batchgw.errors import LimitsExceeded, UsageError
from batchgw.model import Action, PlannedApi
from batchgw.model.deployment.stage_change import stage_changes
from batchgw.model.rollout.gate import MetricCheck
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.rollout.guard_rails import Extent, exceeded, refusal
from batchgw.planning.rollout.metrics import moved_by_policy
from batchgw.planning.rollout.status import StatusFamilies, status_changes


def check_rollout(plan: Plan, allowed: Collection[str]) -> None:
    """Look at a plan with a rollout before anything is written; do nothing for any other.

    Raises LimitsExceeded where it does more than its `limits` allow, and UsageError where a gate compares a
    metric that the plan itself moves, or an unknown limit is `allowed`.
    """
    rollout = plan.header.rollout
    if rollout is None:
        return
    metrics = [(gate.name, gate.check) for gate in rollout.gates if isinstance(gate.check, MetricCheck)]
    if not metrics and not rollout.limits.to_json():
        return
    found, families = _read(plan)
    for name, check in metrics:
        if why := moved_by_policy(check, into=families.into, out_of=families.out_of):
            raise UsageError(f"the gate {name} could not tell anything, so nothing was written: {why}")
    try:
        excesses = exceeded(rollout.limits, found, allowed)
    except ValueError as error:
        raise UsageError(f"--allow: {error}.") from error
    if excesses:
        raise LimitsExceeded(refusal(excesses))


def _read(plan: Plan) -> tuple[Extent, StatusFamilies]:
    """Read a plan once: how much it does, and between which families of status codes it moves responses."""
    families = StatusFamilies()
    total, apis, resets, statuses, stages = 0, 0, 0, 0, 0
    for item in plan.items():
        if not isinstance(item, PlannedApi):
            continue
        total += 1
        apis += bool(item.pending)
        resets += sum(change.action is Action.RESET for change in item.pending)
        statuses += status_changes(item.pending)
        families.add(item.pending)
        stages += len(stage_changes(item.pending))
    found = Extent(apis=apis, all_apis=total, resets=resets, status_changes=statuses, stages=stages)
    return found, families
