"""The verb `runs prune`: deletes old runs, or an account's part of them, from the journal."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.cli.flags.options import JournalFlags, OutputFlags
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.verbs.rollout.writing import Yes
from batchgw.errors import UsageError
from batchgw.exit_codes import HELD_BACK, OK
from batchgw.policy.grammar.amounts import duration_of
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import Span, line
from batchgw.wording import amount

if TYPE_CHECKING:
    from batchgw.cli.signals import Interrupts
    from batchgw.journal import Journal, Swept, ToPrune
    from batchgw.report.runs.pruning import Pruning

DryRun = Annotated[bool, flag("--dry-run", "Only show what would be deleted.")]

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_OF = "runs_prune"
"""Its variables are its own: one that selects accounts for a policy must delete nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneFlags:
    """What is deleted."""

    keep: Annotated[
        str | None, flag("--keep", "Delete what ended longer ago, such as 90d.", metavar="TIME", of=_OF)
    ] = None
    account: Annotated[
        list[str],
        repeatable(
            "--account",
            "Only the data of this account, in all runs; repeatable.",
            metavar="ACCOUNT",
            commas=True,
            of=_OF,
        ),
    ] = field(default_factory=list)
    forget_rollback: Annotated[bool, flag("--forget-rollback", "Delete what a rollback needs, too.")] = False
    dry_run: DryRun = False

    def kept_seconds(self) -> float | None:
        """Give the seconds for which runs are kept. Raises UsageError for what is no time."""
        if self.keep is None:
            return None
        try:
            return duration_of(self.keep)
        except ValueError:
            raise UsageError(
                f"--keep {self.keep} is not a time such as 90d or 12h, of a year at most."
            ) from None


def prune_runs(
    flags: PruneFlags,
    journal: JournalFlags,
    output: OutputFlags,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Only these runs, whenever they ended.")
    ] = None,
    yes: Yes = False,  # noqa: FBT002 - a flag
) -> int:
    """Delete old runs from the journal, or an account's part of them. What a rollback needs is kept."""
    from batchgw.cli.confirm import refuse_unasked  # noqa: PLC0415 - not for --help
    from batchgw.cli.session import run_async  # noqa: PLC0415 - as above
    from batchgw.journal import open_journal  # noqa: PLC0415 - SQLAlchemy is behind it
    from batchgw.report.runs.pruning import Pruning  # noqa: PLC0415 - as above

    console = console_for(output)
    view = view_of(output.output, "pruning", console)
    keep = flags.kept_seconds()
    if keep is None and not flags.account and not runs:
        raise UsageError("say what to delete: --keep 90d, --account ID, or the ids of runs.")
    for account in flags.account:
        if not _ACCOUNT.fullmatch(account):
            raise UsageError(f"--account {account} is not twelve digits: runs know accounts by their ids.")
    if not yes and not flags.dry_run:
        refuse_unasked(console, "--dry-run shows what would be deleted.")

    async def body(interrupts: Interrupts) -> int:
        async with open_journal(journal.journal) as store:
            wanted = await _wanted(store, flags, keep, runs or ())
            found = Pruning(parts=await store.prunable(wanted), dry_run=flags.dry_run)
            view.pruning(found)
            await _delete(store, found, wanted, console, None if yes else interrupts)
            return HELD_BACK if wanted.runs and found.staying else OK

    return run_async(body, console)


async def _wanted(
    store: Journal, flags: PruneFlags, keep: float | None, runs: list[str] | tuple[()]
) -> ToPrune:
    from batchgw.journal import ToPrune  # noqa: PLC0415 - as above
    from batchgw.model import AccountId  # noqa: PLC0415 - as above

    return ToPrune(
        ended_before=None if keep is None else time.time() - keep,
        accounts=frozenset(map(AccountId, flags.account)),
        runs=frozenset([(await store.find(run)).id for run in runs]),
        forget_rollback=flags.forget_rollback,
    )


async def _delete(
    store: Journal, found: Pruning, wanted: ToPrune, console: Console, asking: Interrupts | None
) -> None:
    """Ask where somebody is to be asked, delete, and say what has gone."""
    from contextlib import aclosing  # noqa: PLC0415 - as above

    from batchgw.cli.confirm import confirm  # noqa: PLC0415 - as above

    if not found.parts:
        console.note(line(f"{store.location} has no such runs."))
    if found.dry_run:
        return
    number = len(found.going)
    what = "their data of these accounts" if wanted.accounts else "all that is known of them"
    if asking is not None and (number or wanted.accounts):
        console.flush()
        await confirm(f"Delete {amount(number, 'run')}, {what}?", console=console, interrupts=asking)
    gone = 0
    for part in found.going:
        async with aclosing(store.prune(part)) as steps:
            async for some in steps:
                gone += some
    swept = await store.sweep(before=wanted.ended_before, accounts=wanted.accounts)
    console.note(line(f"Deleted {amount(gone, 'target')} of {amount(number, 'run')}{_besides(swept)}."))
    lost = [part.run.id for part in found.going if part.loses_rollback]
    if lost:
        names = ", ".join(lost)
        console.tell(line(Span(f"Cannot be rolled back any more: {names}.", "warning")))


def _besides(swept: Swept) -> str:
    """Say what else has gone."""
    counts = {
        "image": swept.images or 0,
        "remembered deployment": swept.deployments,
        "learned quota": swept.limits,
    }
    words = "".join(f", {amount(n, noun)}" for noun, n in counts.items() if n)
    left = "; images stay until the next prune, since a run is being planned" if swept.images is None else ""
    return words + left
