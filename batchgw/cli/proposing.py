"""What is proposed to a user: a plan of policy files, of a policy made of flags, or one that was saved."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from batchgw import api
from batchgw.cli.flags.flag import from_environment
from batchgw.cli.flags.options import OwnerFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.loading import (
    Source,
    allows_empty,
    loaded,
    plan_options,
    refuse_other_endpoint,
    refuse_other_policy,
    targets_of,
)
from batchgw.cli.output.console import Console
from batchgw.cli.run_options import with_run_options
from batchgw.cli.session import Run
from batchgw.control_plane.aws import Access
from batchgw.errors import UsageError
from batchgw.model import Targets
from batchgw.model.owner import OnManaged
from batchgw.model.shape import JSON
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.not_live import deploys

NEVER = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How to make a plan, and how to reach its APIs.

    Attributes:
        recheck_after: when the plan is so many seconds old, its APIs are read again before the first write:
            0 for a saved plan, NEVER with --no-recheck.
        options: what the run records in addition.
        allow_empty: a selection that matches nothing is accepted.
        access: what sessions of roles may do to carry it out.
    """

    make: Callable[[Run], Awaitable[Plan]]
    targets: Targets
    flags: RunFlags
    recheck_after: float = api.FRESH
    options: Mapping[str, JSON] = field(default_factory=dict)
    allow_empty: bool = False
    access: Access = Access.WRITE


def fresh_plan(
    files: Sequence[Path],
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    console: Console,
    *,
    recheck: bool,
    configures: bool = True,
    pending: bool = False,
    ship_pending: bool = False,
) -> Proposal:
    """Propose to make the changes of policy files; or, without configuring, what they say of stages.

    Raises UsageError where that is nothing.
    """
    source = loaded(files, console)
    if not configures and not _deploys(source):
        raise UsageError(
            f"{source.policy.source} says nothing of stages, so there is nothing to make live. Write "
            "`deploy: {stages: [prod]}`, with the names of your stages, at the top of the file or in a rule."
        )
    targets = chosen_targets(source.policy.targets, selection, flags.connection)
    return policy_plan(
        source,
        targets,
        flags,
        recheck=recheck,
        allow_empty=selection.allow_empty,
        on_managed=owners.on_managed,
        configures=configures,
        pending=pending,
        ship_pending=ship_pending,
    )


def policy_plan(
    source: Source,
    targets: Targets,
    flags: RunFlags,
    *,
    recheck: bool,
    allow_empty: bool,
    on_managed: OnManaged | None = None,
    configures: bool = True,
    pending: bool = False,
    ship_pending: bool = False,
) -> Proposal:
    """Propose to make a policy's changes, on targets that flags chose."""

    async def make(run: Run) -> Plan:
        policy = run.with_region(source.with_targets(targets))
        options = plan_options(source.policy, flags, policy.targets, allow_empty=allow_empty)
        return await api.plan(
            policy,
            plane=run.plane,
            options=options,
            on_managed=on_managed,
            home=run.home,
            remembering=run.remembering,
            live=run.live,
            data_plane=run.data_plane,
            configures=configures,
            pending=pending,
            ship_pending=ship_pending,
        )

    return Proposal(
        make=make,
        targets=targets,
        flags=flags,
        recheck_after=api.FRESH if recheck else NEVER,
        allow_empty=allow_empty,
        access=Access.DEPLOY if _deploys(source) else Access.WRITE,
    )


def _deploys(source: Source) -> bool:
    """Tell whether a policy says of any API which of its stages are live."""
    return source.policy.rules.live_reach != ()


def saved_plan(
    path: Path, files: Sequence[Path], selection: SelectionFlags, flags: RunFlags, *, recheck: bool
) -> Proposal:
    """Propose to make a saved plan's changes. A policy beside it must be the one it was made from."""
    _refuse_selection(selection)
    plan = Plan.open(path)
    if plan.header.takes_back is not None:
        raise UsageError(
            f"{path} takes the run {plan.header.takes_back} back. No policy vouches for such a plan, so it "
            "is not applied from a file: roll the run back by itself."
        )
    source = loaded(files, Console(quiet=True)) if files else None
    if source is not None:
        refuse_other_policy(plan, source.policy)
    role = SelectionFlags(role_name=selection.role_name, external_id=selection.external_id)
    given = chosen_targets(source.policy.targets if source else Targets(), role, flags.connection)
    targets = targets_of(plan, given)
    laid = with_run_options(flags, plan.header.options)
    refuse_other_endpoint(plan, laid)

    async def make(_run: Run) -> Plan:
        return plan

    return Proposal(
        make=make,
        targets=targets,
        flags=laid,
        recheck_after=0.0 if recheck else NEVER,
        options={"plan": str(path.absolute())},
        allow_empty=selection.allow_empty or allows_empty(plan),
        access=Access.DEPLOY if deploys(each.desired for each in plan.variants) else Access.WRITE,
    )


def _refuse_selection(selection: SelectionFlags) -> None:
    """Raise UsageError for flags that select APIs: the plan says which APIs it is about.

    Environment variables are meant for every command, so they are ignored here, as Terraform does with a
    saved plan.
    """
    given = {
        "--region": selection.region,
        "--account": selection.account,
        "--exclude-account": selection.exclude_account,
        "--api-id": selection.api_id,
        "--name": selection.name,
        "--tag": selection.tag,
        "--select": selection.select,
        "--targets": selection.targets,
    }
    named = [name for name, value in given.items() if value and not from_environment(name, value)]
    if named:
        raise UsageError(
            f"{', '.join(named)} cannot be combined with --plan: a plan is applied as a whole. Plan again "
            "with these flags instead."
        )
