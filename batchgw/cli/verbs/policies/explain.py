"""The verb `explain`: why an API is to be as it is, value by value."""

from __future__ import annotations

from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.verb import verb
from batchgw.cli.verbs.policy import PANEL

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="POLICY... API [TYPE]",
        help="Policy files; an API's ID, REGION/ID or ACCOUNT/REGION/ID; a response type.",
    ),
]
Offline = Annotated[bool, flag("--offline", "Make no call: take the API from the journal's last discovery.")]


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, shows="explanation", rich_help_panel=PANEL)(explain)


def explain(
    words: Words,
    flags: RunFlags,
    journal: JournalFlags,
    *,
    offline: Offline = False,
) -> int:
    """Say why an API is to be as it is: each value, the line that decided it, and what that won over."""
    from batchgw.cli.verbs.policies.explaining import Explaining  # noqa: PLC0415 - the engine, not for --help

    return Explaining.of(words, flags=flags, journal=journal, offline=offline).run()
