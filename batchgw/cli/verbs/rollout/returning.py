"""The verbs `rollback` and `retry`: take a run back, and try again what has failed in one."""

from __future__ import annotations

from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.verb import verb
from batchgw.cli.verbs.pending import ShipPending
from batchgw.cli.verbs.rollout.writing import ForceLock, RoleName, TakeOverDead, Yes
from batchgw.errors import UsageError

PANEL = "Rollout"

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")]

Wave = Annotated[int | None, flag("--wave", "Take back this wave alone.", metavar="WAVE", min=1)]
Apis = Annotated[
    list[str] | None,
    repeatable("--api", "This API alone; repeatable.", metavar="API", commas=True, of="rollback"),
]
OfFailed = Annotated[bool, flag("--failed", "Only APIs in which something has failed.", of="rollback")]
Force = Annotated[bool, flag("--force", "Also what others have changed since.", of="rollback")]
Redeploy = Annotated[bool, flag("--redeploy", "A new snapshot for stages that need it.")]
Failed = Annotated[bool, flag("--failed", "What has failed, and what is left.", of="retry")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (rollback, retry):
        verb(app, shows="summary", rich_help_panel=PANEL)(function)


def rollback(  # noqa: PLR0917 - Typer passes all of them by name
    run: RunName,
    flags: RunFlags,
    journal: JournalFlags,
    wave: Wave = None,
    api: Apis = None,
    failed: OfFailed = False,  # noqa: FBT002 - a flag
    force: Force = False,  # noqa: FBT002 - a flag
    redeploy: Redeploy = False,  # noqa: FBT002 - a flag
    yes: Yes = False,  # noqa: FBT002 - a flag
    role_name: RoleName = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
) -> int:
    """Take a run back: whatever it made is to be as before, the last wave first. A run of its own does it."""
    from batchgw.cli.verbs.rollout.going_back import GoingBack  # noqa: PLC0415 - the whole engine

    going_back = GoingBack(
        flags=flags,
        journal=journal,
        yes=yes,
        role=role_name,
        wave=wave,
        apis=api or (),
        failed=failed,
        force=force,
        redeploy=redeploy,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
    )
    return going_back.run(run)


def retry(  # noqa: PLR0917 - Typer passes all of them by name
    run: RunName,
    flags: RunFlags,
    journal: JournalFlags,
    failed: Failed = False,  # noqa: FBT002 - a flag
    yes: Yes = False,  # noqa: FBT002 - a flag
    role_name: RoleName = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
    ship_pending: ShipPending = False,  # noqa: FBT002 - a flag
) -> int:
    """Try again what has failed in a run, in one wave and by its own plan; everything is read first."""
    from batchgw.cli.verbs.rollout.resuming import Resuming  # noqa: PLC0415 - the whole engine

    if not failed:
        raise UsageError("say what to try again: --failed. What was not attempted, `batchgw resume` makes.")
    resuming = Resuming(
        flags=flags,
        journal=journal,
        yes=yes,
        role=role_name,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        ship_pending=ship_pending,
        failed=True,
    )
    return resuming.one(run)
