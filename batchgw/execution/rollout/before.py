"""What is looked at before the first write of a rollout: its guard rails, and that it can be done."""

from __future__ import annotations

from collections.abc import Collection

from batchgw.errors import LimitsExceeded, UsageError
from batchgw.model import Action, PlannedApi
from batchgw.model.deployment.stage_change import stage_changes
from batchgw.model.rollout.gate import MetricCheck, ProbeCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.rollout.guard_rails import Extent, exceeded, refusal
from batchgw.planning.rollout.status import status_changes


def check_rollout(plan: Plan, allowed: Collection[str]) -> None:
    """Look at a plan with a rollout before anything is written; do nothing for any other.

    Raises LimitsExceeded where it does more than its `limits` allow, and UsageError where it asks for what
    this version does not do, or an unknown limit is `allowed`.
    """
    rollout = plan.header.rollout
    if rollout is None:
        return
    _refuse_undoable(rollout)
    if not rollout.limits.to_json():
        return
    try:
        excesses = exceeded(rollout.limits, extent(plan), allowed)
    except ValueError as error:
        raise UsageError(f"--allow: {error}.") from error
    if excesses:
        raise LimitsExceeded(refusal(excesses))


def extent(plan: Plan) -> Extent:
    """Count how much a plan does. It is read once."""
    total, apis, resets, statuses, stages = 0, 0, 0, 0, 0
    for item in plan.items():
        if not isinstance(item, PlannedApi):
            continue
        total += 1
        apis += bool(item.pending)
        resets += sum(change.action is Action.RESET for change in item.pending)
        statuses += status_changes(item.pending)
        stages += len(stage_changes(item.pending))
    return Extent(apis=apis, all_apis=total, resets=resets, status_changes=statuses, stages=stages)


def _refuse_undoable(rollout: Rollout) -> None:
    for gate in rollout.gates:
        if isinstance(gate.check, ProbeCheck | MetricCheck):
            raise UsageError(
                f"the gate {gate.name} is one of kind {gate.check.kind}, which this version cannot ask: "
                "nothing was written. Use a command, an alarm, a calendar or a prompt."
            )
