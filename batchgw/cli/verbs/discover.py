"""The verb `discover`: lists the selected REST APIs, as AWS has them now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import RunFlags, SelectionFlags
from batchgw.cli.verb import verb

PANEL = "Rollout"

Stages = Annotated[bool, flag("--stages", "Show stages, too: a call for each API.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, shows="apis", rich_help_panel=PANEL)(discover)


def discover(
    selection: SelectionFlags,
    flags: RunFlags,
    policies: Annotated[
        list[Path] | None, typer.Argument(metavar="[POLICY]...", help="Use the targets of this policy.")
    ] = None,
    *,
    stages: Stages = False,
) -> int:
    """List the selected REST APIs. `--targets` reads what `--output jsonl` prints."""
    from batchgw.cli.verbs.discovering import Discovering  # noqa: PLC0415 - the whole engine, not for --help

    return Discovering(policies=policies or (), selection=selection, flags=flags, stages=stages).run()
