"""Is a data plane needed, and is there one? That is asked before anything is written."""

from __future__ import annotations

from collections.abc import Container, Iterable

from batchgw.control_plane.data_plane import DataPlane
from batchgw.execution.verifying.verification import no_data_plane
from batchgw.journal import JournalRun
from batchgw.model import Change, Scope
from batchgw.model.deploy import Verify
from batchgw.model.deployment.stage_change import stage_changes
from batchgw.model.rollout.gate import ProbeCheck
from batchgw.model.rollout.rollout import Rollout
from batchgw.planning.deployment.stages import deploy_of
from batchgw.planning.plan_file.plan import Plan

_PAGE = 500
"""APIs that are read of the journal at a time."""


def check_plan(plan: Plan, data_plane: DataPlane | None, skip: Container[str]) -> None:
    """Raise UsageError where a plan asks for probes, and nothing can send them. Gates to `skip` send none."""
    check_gates(plan.header.rollout, data_plane, skip)
    deploys = [deploy_of(variant.desired) for variant in plan.variants] if data_plane is None else []
    if any(deploy is not None and deploy.verify is not Verify.EXPORT for deploy in deploys):
        raise no_data_plane()


def check_gates(rollout: Rollout | None, data_plane: DataPlane | None, skip: Container[str]) -> None:
    """Raise UsageError where a gate that is not skipped sends probes, and nothing can send them."""
    for gate in rollout.gates if rollout is not None and data_plane is None else ():
        if isinstance(gate.check, ProbeCheck) and gate.name not in skip:
            way_out = f"skip it: --skip-gate {gate.name} --reason WHY"
            raise no_data_plane(f"the gate {gate.name} probes stages", way_out)


async def check_run(run: JournalRun, scopes: Iterable[Scope], data_plane: DataPlane | None) -> None:
    """Raise UsageError where what is left of a run asks for probes, and nothing can send them."""
    for scope in scopes if data_plane is None else ():
        page = await run.pending(scope, limit=_PAGE)
        while page:
            if any(_probes(each.change for each in api.changes) for api in page):
                raise no_data_plane()
            page = await run.pending(scope, after=page[-1].row, limit=_PAGE)


def _probes(changes: Iterable[Change]) -> bool:
    moves = (change.after for change in stage_changes(changes))
    return any(move is not None and move.verify is not Verify.EXPORT for move in moves)
