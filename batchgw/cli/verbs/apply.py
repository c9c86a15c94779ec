"""The verbs `apply`, `deploy`, `resume`: plan, ask, write, account for every target; finish what was left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.flag import file_flag, from_environment
from batchgw.cli.flags.options import JournalFlags, OwnerFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.verb import verb
from batchgw.cli.verbs.pending import Pending, ShipPending
from batchgw.cli.verbs.policy import POLICY_HELP, PolicyFiles
from batchgw.cli.verbs.rollout.conducting import RolloutFlags
from batchgw.cli.verbs.rollout.writing import (
    ForceLock,
    OnStaleFlag,
    Recheck,
    RereadAfter,
    RoleName,
    TakeOverDead,
    Unfinished,
    Yes,
)
from batchgw.errors import UsageError
from batchgw.model import OnStale

PANEL = "Rollout"
REREAD = "a plan is read several times, and a stream can be read only once"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (apply, deploy, resume):
        verb(app, shows="summary", rich_help_panel=PANEL)(function)


def apply(  # noqa: PLR0917 - Typer passes all of them by name
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    journal: JournalFlags,
    rollout: RolloutFlags,
    policies: Annotated[list[Path] | None, typer.Argument(metavar="[POLICY]...", help=POLICY_HELP)] = None,
    plan: Annotated[
        Path | None, file_flag("--plan", "Do exactly what this saved plan says.", metavar="PLAN", dash=REREAD)
    ] = None,
    yes: Yes = False,  # noqa: FBT002 - a flag
    recheck: Recheck = True,  # noqa: FBT002 - a flag
    reread_after: RereadAfter = None,
    on_stale: OnStaleFlag = OnStale.REFUSE,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
    pending: Pending = False,  # noqa: FBT002 - a flag
    ship_pending: ShipPending = False,  # noqa: FBT002 - a flag
) -> int:
    """Bring REST APIs to the policy: show the plan, ask, write, account for all."""
    from batchgw.cli.proposing import fresh_plan, saved_plan  # noqa: PLC0415 - as below
    from batchgw.cli.verbs.rollout.carrying_out import Applying  # noqa: PLC0415 - the whole engine

    refuse_shared(flags, policies=policies or (), targets=selection.targets)
    if on_stale is OnStale.SKIP and not recheck:
        raise UsageError(
            "--on-stale skip and --no-recheck contradict each other: to skip what has changed, APIs must be "
            "read again. Leave one of them out."
        )
    applying = Applying(
        flags=flags,
        journal=journal,
        yes=yes,
        on_stale=on_stale,
        reread_after=reread_after,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        ship_pending=ship_pending,
        rollout=rollout,
    )
    if plan is not None:
        if owners.on_managed is not None and not from_environment("--on-managed", owners.on_managed.value):
            raise UsageError(
                "--on-managed cannot be combined with --plan: what becomes of APIs of other tools was "
                "decided when it was made."
            )
        return applying.run(saved_plan(plan, policies or (), selection, flags, recheck=recheck))
    if not policies:
        raise UsageError("say what to apply: a policy file, or --plan PLAN.")
    return applying.run(
        fresh_plan(
            policies,
            selection,
            owners,
            flags,
            applying.console,
            recheck=recheck,
            pending=pending,
            ship_pending=ship_pending,
        )
    )


def deploy(  # noqa: PLR0917 - Typer passes all of them by name
    policies: PolicyFiles,
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    journal: JournalFlags,
    rollout: RolloutFlags,
    yes: Yes = False,  # noqa: FBT002 - a flag
    recheck: Recheck = True,  # noqa: FBT002 - a flag
    reread_after: RereadAfter = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
    pending: Pending = False,  # noqa: FBT002 - a flag
    ship_pending: ShipPending = False,  # noqa: FBT002 - a flag
) -> int:
    """Make live what is configured, and configure nothing: the stages that the policy's `deploy` names."""
    from batchgw.cli.proposing import fresh_plan  # noqa: PLC0415 - as below
    from batchgw.cli.verbs.rollout.carrying_out import Applying  # noqa: PLC0415 - the whole engine

    refuse_shared(flags, policies=policies, targets=selection.targets)
    applying = Applying(
        flags=flags,
        journal=journal,
        yes=yes,
        reread_after=reread_after,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        ship_pending=ship_pending,
        rollout=rollout,
        verb="deploy",
    )
    return applying.run(
        fresh_plan(
            policies,
            selection,
            owners,
            flags,
            applying.console,
            recheck=recheck,
            configures=False,
            pending=pending,
            ship_pending=ship_pending,
        )
    )


def resume(  # noqa: PLR0917 - Typer passes all of them by name
    flags: RunFlags,
    journal: JournalFlags,
    rollout: RolloutFlags,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="Run id, the beginning of one, or `last`: the newest that is not finished."
        ),
    ] = None,
    unfinished: Unfinished = False,  # noqa: FBT002 - a flag
    yes: Yes = False,  # noqa: FBT002 - a flag
    role_name: RoleName = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
    ship_pending: ShipPending = False,  # noqa: FBT002 - a flag
) -> int:
    """Finish a run that was stopped or died. What is done is not repeated; what is in doubt is read first."""
    from batchgw.cli.verbs.rollout.resuming import Resuming  # noqa: PLC0415 - the whole engine

    if run is not None and unfinished:
        raise UsageError(f"--unfinished resumes every unfinished run: leave {run} out, or --unfinished.")
    if run is None and not unfinished:
        raise UsageError("say which run to resume: give its id, or `last`, or --unfinished for all of them.")
    resuming = Resuming(
        flags=flags,
        journal=journal,
        yes=yes,
        role=role_name,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        ship_pending=ship_pending,
        rollout=rollout,
    )
    return resuming.all_unfinished() if run is None else resuming.one(run)
