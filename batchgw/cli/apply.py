"""The verbs `apply` and `resume`: plan, ask, write, prove; and take up what was left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flag import flag
from batchgw.cli.options import JournalFlags, RunFlags, SelectionFlags
from batchgw.cli.stdin import refuse_shared
from batchgw.cli.verb import verb
from batchgw.errors import UsageError

PANEL = "Rollout"

Yes = Annotated[bool, flag("--yes", "Write without asking.", "-y")]
Recheck = Annotated[
    bool,
    flag(
        "--recheck/--no-recheck",
        "Read again what a plan will change, if it was saved or its question stood open for long, and refuse "
        "if it moved.",
    ),
]
ForceLock = Annotated[bool, flag("--force-lock", "Break the lock of a run whose process is dead.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (apply, resume):
        verb(app, rich_help_panel=PANEL)(function)


def apply(  # noqa: PLR0917 - Typer passes all of them by name
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
    policy: Annotated[
        Path | None, typer.Argument(metavar="[POLICY]", help="Policy file (YAML or JSON); - reads stdin.")
    ] = None,
    plan: Annotated[
        Path | None, flag("--plan", "Do exactly what this saved plan says.", metavar="PLAN")
    ] = None,
    yes: Yes = False,  # noqa: FBT002 - a flag
    recheck: Recheck = True,  # noqa: FBT002 - a flag
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
) -> int:
    """Bring REST APIs to policy: shows the plan, asks, writes, and accounts for every target."""
    from batchgw.cli.applying import Applying, fresh_plan, saved_plan  # noqa: PLC0415 - the whole engine

    refuse_shared(flags, policy=policy, targets=selection.targets)
    applying = Applying(flags=flags, journal=journal, yes=yes, force_lock=force_lock)
    if plan is not None:
        return applying.run(saved_plan(plan, policy, selection, flags, recheck=recheck))
    if policy is None:
        raise UsageError("say what to apply: a policy file, or --plan PLAN.")
    return applying.run(fresh_plan(policy, selection, flags, applying.console, recheck=recheck))


def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")],
    flags: RunFlags,
    journal: JournalFlags,
    role_name: Annotated[str | None, flag("--role-name", "Role to assume, if it has changed.")] = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
) -> int:
    """Finish a run that was stopped or died. What is done is not repeated; what is in doubt is read first."""
    from batchgw.cli.resuming import resume_run  # noqa: PLC0415 - the whole engine

    return resume_run(run, flags, journal, role=role_name, force_lock=force_lock)
