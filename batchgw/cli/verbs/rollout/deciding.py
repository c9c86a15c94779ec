"""The verbs `promote` and `abort`: a person decides about a wave that is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, OutputFlags
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.verb import verb
from batchgw.cli.verbs.rollout.conducting import who
from batchgw.errors import UsageError
from batchgw.report.views.text import line

if TYPE_CHECKING:
    from batchgw.journal import Journal
    from batchgw.journal.rollout_records import Verdict

PANEL = "Rollout"

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")]
Reason = Annotated[str, flag("--reason", "Why: it stands in the journal.", metavar="TEXT")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    for function in (promote, abort):
        verb(app, rich_help_panel=PANEL)(function)


def promote(run: RunName, journal: JournalFlags, output: OutputFlags, reason: Reason = "") -> None:
    """Let a run go on whose wave is held, from any process that shares its journal."""
    from batchgw.journal.rollout_records import Verdict  # noqa: PLC0415 - SQLAlchemy is behind it

    _decide(run, journal, console_for(output), Verdict.PROMOTE, reason)


def abort(run: RunName, journal: JournalFlags, output: OutputFlags, reason: Reason = "") -> None:
    """End a run whose wave is held. What is left of it is not attempted."""
    from batchgw.journal.rollout_records import Verdict  # noqa: PLC0415 - SQLAlchemy is behind it

    _decide(run, journal, console_for(output), Verdict.ABORT, reason)


def _decide(run: str, journal: JournalFlags, console: Console, verdict: Verdict, reason: str) -> None:
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.journal import open_journal  # noqa: PLC0415 - as above

    async def body() -> None:
        async with open_journal(journal.journal) as store:
            console.note(line(await _decided(store, run, verdict, reason)))

    anyio.run(body)


async def _decided(store: Journal, typed: str, verdict: Verdict, reason: str) -> str:
    """Write a decision down, and say what follows. Raises UsageError where there is nothing to decide."""
    from batchgw.journal.rollout_records import Verdict, WaveState  # noqa: PLC0415 - as above

    record = await store.find(typed)
    run = store.run(record.id)
    waves = await run.waves()
    if not waves:
        raise UsageError(f"run {record.id} has no waves, or none has begun: there is nothing to decide.")
    wave = waves[-1]
    known = [each for each in await run.decisions() if each.wave == wave.number and each.at >= wave.since]
    if wave.state is not WaveState.HELD:
        raise UsageError(
            f"wave {wave.number} of run {record.id} is {wave.state.value}, not held: there is nothing to "
            "decide."
        )
    if known:
        before = known[-1]
        if before.verdict is not verdict:
            raise UsageError(
                f"{before.who} has decided about wave {wave.number} of run {record.id} already: "
                f"{before.verdict.value}."
            )
        return f"Wave {wave.number} of run {record.id}: {before.who} has decided so already."
    await run.decide(wave.number, verdict, who=who(), reason=reason)
    if verdict is Verdict.ABORT:
        return f"Wave {wave.number} of run {record.id}: aborted. The run ends; what it did stays."
    return (
        f"Wave {wave.number} of run {record.id}: promoted. A process that waits goes on within seconds; "
        f"else give `batchgw resume {record.id}`."
    )
