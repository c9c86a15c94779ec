"""The verbs `runs list`, `runs show`, `runs diff` and `runs prune`: the runs in the journal."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, OutputFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.output.help import Group
from batchgw.cli.verb import verb
from batchgw.cli.verbs.journal.prune import prune_runs
from batchgw.exit_codes import OK, PENDING
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import line

PANEL = "Rollout"

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")]
OtherName = Annotated[str, typer.Argument(metavar="OTHER", help="The run to compare it with.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    group = typer.Typer(name="runs", help="The runs in the journal.", cls=Group)
    verb(group, "list", shows="runs")(list_runs)
    verb(group, "show", shows="run")(show_run)
    verb(group, "diff", shows="difference")(diff_runs)
    verb(group, "prune", shows="pruning")(prune_runs)
    app.add_typer(group, rich_help_panel=PANEL)


def list_runs(
    journal: JournalFlags,
    output: OutputFlags,
    limit: Annotated[int, flag("--limit", "How many, the newest first.", min=1)] = 50,
) -> None:
    """List the newest runs."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.journal import open_journal  # noqa: PLC0415 - as above

    console = console_for(output)
    view = view_of(output.output, "runs", console)

    async def body() -> None:
        async with open_journal(journal.journal) as store:
            found = await store.runs(limit)
            view.runs(found)
            if not found:
                console.note(line(f"No runs in {store.location} yet."))

    anyio.run(body)


def show_run(
    run: RunName,
    journal: JournalFlags,
    output: OutputFlags,
) -> None:
    """Show a run, its options and how it ended. `--output jsonl` gives every outcome."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.cli.output.summary import resume_hint, run_report  # noqa: PLC0415 - SQLAlchemy is behind it
    from batchgw.journal import open_journal  # noqa: PLC0415 - as above
    from batchgw.report.rollout.went import RolloutReport  # noqa: PLC0415 - as above
    from batchgw.report.summary import Summary  # noqa: PLC0415 - as above

    console = console_for(output)
    view = view_of(output.output, "run", console)

    async def body() -> None:
        async with open_journal(journal.journal) as store:
            found = await store.find(run)
            elapsed = (found.finished or time.time()) - found.started
            summary = await Summary.from_journal(store, found.id, elapsed=elapsed)
            rollout = await RolloutReport.of_run(store.run(found.id))
            await view.run(found, replace(run_report(summary, store), rollout=rollout))
            if summary.left and found.state.ended:
                console.note(resume_hint(found.id, journal.journal))

    anyio.run(body)


def diff_runs(run: RunName, other: OtherName, journal: JournalFlags, output: OutputFlags) -> int:
    """Show how a run differs from another: targets, waves, policy, options. Exit code 2 when it does."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.journal import open_journal  # noqa: PLC0415 - SQLAlchemy is behind it
    from batchgw.report.runs.difference import RunDifference  # noqa: PLC0415 - as above

    view = view_of(output.output, "difference", console_for(output))

    async def body() -> int:
        async with open_journal(journal.journal) as store:
            found = await RunDifference.between(store, await store.find(run), await store.find(other))
            await view.difference(found)
            return OK if found.alike else PENDING

    return anyio.run(body)
