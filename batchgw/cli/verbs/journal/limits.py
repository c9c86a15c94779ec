"""The verb `limits`: shows what runs have learned of quotas, or forgets it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.cli.flags.options import JournalFlags, OutputFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.verb import verb
from batchgw.errors import UsageError
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import line
from batchgw.wording import amount

PANEL = "Rollout"

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichFlags:
    """Which quotas."""

    account: Annotated[
        list[str],
        repeatable("--account", "Quotas of this account; repeatable, or a comma list.", commas=True),
    ] = field(default_factory=list)
    region: Annotated[
        list[str],
        repeatable(
            "--region",
            "Quotas of this region; repeatable, or a comma list. `*`: shared by all regions.",
            commas=True,
        ),
    ] = field(default_factory=list)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, shows="limits", rich_help_panel=PANEL)(limits)


def limits(
    which: WhichFlags,
    journal: JournalFlags,
    output: OutputFlags,
    forget: Annotated[bool, flag("--forget", "Forget these quotas instead of showing them.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Show what runs have learned of quotas, what was refused, and how long calls have waited."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.journal import open_journal  # noqa: PLC0415 - as above

    for account in which.account:
        if not _ACCOUNT.fullmatch(account):
            raise UsageError(f"--account {account} is not twelve digits: quotas are kept by account id.")
    console = console_for(output)
    view = view_of(output.output, "limits", console)

    async def body() -> None:
        async with open_journal(journal.journal) as store:
            if forget:
                number = await store.forget_limits(accounts=which.account, regions=which.region)
                console.note(line(f"Forgot {amount(number, 'quota')}."))
                return
            found = await store.limits(accounts=which.account, regions=which.region)
            view.limits(found, time.time())
            if not found:
                of = "these quotas" if which.account or which.region else "any quota"
                console.note(line(f"{store.location} has nothing about {of} yet."))

    anyio.run(body)
