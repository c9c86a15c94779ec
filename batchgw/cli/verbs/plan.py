"""The verbs `plan` and `check`: read every API once, compare it with the policy, show the difference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.flag import file_flag
from batchgw.cli.flags.options import JournalFlags, OwnerFlags, RunFlags, SelectionFlags
from batchgw.cli.verb import verb
from batchgw.cli.verbs.pending import Pending, ShipPending
from batchgw.cli.verbs.policy import PolicyFiles

PANEL = "Rollout"
AS_DATA = "`--output jsonl` prints the plan as data"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (plan, check):
        verb(app, shows="plan", rich_help_panel=PANEL)(function)


def plan(  # noqa: PLR0917 - Typer passes all of them by name
    policies: PolicyFiles,
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    journal: JournalFlags,
    out: Annotated[
        Path | None,
        file_flag("--out", "Save the plan here, for `apply --plan`.", metavar="PLAN", dash=AS_DATA),
    ] = None,
    pending: Pending = False,  # noqa: FBT002 - a flag
    ship_pending: ShipPending = False,  # noqa: FBT002 - a flag
) -> int:
    """Show what an apply would change. Exit 0: nothing, 2: something, 4: not everything could be read."""
    from batchgw.cli.verbs.comparing import Comparing  # noqa: PLC0415 - the whole engine, not for --help

    comparing = Comparing(
        files=policies,
        selection=selection,
        owners=owners,
        flags=flags,
        journal=journal,
        out=out,
        pending=pending,
        ship_pending=ship_pending,
    )
    return comparing.run()


def check(  # noqa: PLR0917 - as above
    policies: PolicyFiles,
    selection: SelectionFlags,
    owners: OwnerFlags,
    flags: RunFlags,
    journal: JournalFlags,
    pending: Pending = False,  # noqa: FBT002 - a flag
) -> int:
    """Show what has drifted from the policy. Exit 0: nothing, 2: drift, 4: not everything could be read."""
    from batchgw.cli.verbs.comparing import Comparing  # noqa: PLC0415 - the whole engine, not for --help

    comparing = Comparing(
        files=policies,
        selection=selection,
        owners=owners,
        flags=flags,
        journal=journal,
        drift=True,
        pending=pending,
    )
    return comparing.run()
