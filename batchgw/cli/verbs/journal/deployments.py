"""The verb `deployments prune`: deletes deployments of batchgw's own that nothing needs any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, RunFlags, SelectionFlags
from batchgw.cli.output.help import Group
from batchgw.cli.verb import verb
from batchgw.cli.verbs.journal.prune import DryRun
from batchgw.cli.verbs.rollout.writing import Yes

PANEL = "Rollout"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    group = typer.Typer(name="deployments", help="The deployments that runs have made.", cls=Group)
    group.callback()(_group)
    verb(group, "prune", shows="deployments")(prune_deployments)
    app.add_typer(group, rich_help_panel=PANEL)


def _group() -> None:
    """Keep it a group, though it has one verb."""


def prune_deployments(  # noqa: PLR0917 - Typer passes all of them by name
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
    policies: Annotated[
        list[Path],
        typer.Argument(metavar="POLICY...", help="Whose targets; later ones refine."),
    ],
    keep: Annotated[
        int,
        flag("--keep", "Keep so many of each API's newest.", min=1, of="deployments_prune"),
    ],
    dry_run: DryRun = False,  # noqa: FBT002 - a flag
    yes: Yes = False,  # noqa: FBT002 - a flag
) -> int:
    """Delete deployments that batchgw has made and that no stage and no rollback needs."""
    from batchgw.cli.verbs.journal.pruning_deployments import Pruning  # noqa: PLC0415 - the whole engine

    return Pruning(
        policies=policies,
        selection=selection,
        flags=flags,
        journal=journal,
        keep=keep,
        dry_run=dry_run,
        yes=yes,
    ).run()
