"""The verbs `promote` and `abort`: a person decides about a wave that is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, OutputFlags, RunFlags
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.verb import verb
from batchgw.cli.verbs.rollout.conducting import who
from batchgw.cli.verbs.rollout.writing import Yes
from batchgw.errors import UsageError
from batchgw.exit_codes import OK
from batchgw.report.views.text import line

if TYPE_CHECKING:
    from batchgw.journal import Journal, RunRecord
    from batchgw.journal.rollout_records import Verdict

PANEL = "Rollout"

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")]
Reason = Annotated[str, flag("--reason", "Why: it stands in the journal.", metavar="TEXT")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(app, rich_help_panel=PANEL)(promote)
    verb(app, shows="summary", rich_help_panel=PANEL)(abort)


def promote(run: RunName, journal: JournalFlags, output: OutputFlags, reason: Reason = "") -> None:
    """Let a run go on whose wave is held, from any process that shares its journal."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.journal.rollout_records import Verdict  # noqa: PLC0415 - SQLAlchemy is behind it

    anyio.run(_decide, run, journal, console_for(output), Verdict.PROMOTE, reason)


def abort(  # noqa: PLR0917 - Typer passes all of them by name
    run: RunName,
    flags: RunFlags,
    journal: JournalFlags,
    reason: Reason = "",
    rollback: Annotated[bool, flag("--rollback", "Take the run back as well.")] = False,  # noqa: FBT002 - a flag
    yes: Yes = False,  # noqa: FBT002 - a flag
) -> int:
    """End a run whose wave is held. What is left of it is not made; what it did stays, or is taken back."""
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.cli.verbs.rollout.going_back import GoingBack  # noqa: PLC0415 - the whole engine
    from batchgw.journal.rollout_records import Verdict  # noqa: PLC0415 - SQLAlchemy is behind it

    console = console_for(flags.output)
    going_back = GoingBack(flags=flags, journal=journal, yes=yes)
    if rollback:
        going_back.refuse_impossible()
    verdict = Verdict.ROLLBACK if rollback else Verdict.ABORT
    decided, waited_for = anyio.run(_decide, run, journal, console, verdict, reason)
    return OK if waited_for or not rollback else going_back.run(decided)


async def _decide(
    run: str, journal: JournalFlags, console: Console, verdict: Verdict, reason: str
) -> tuple[str, bool]:
    """Write a decision down, and say what follows. Give the run's id, and whether a process waits for it."""
    from batchgw.journal import open_journal  # noqa: PLC0415 - as above
    from batchgw.journal.holder import Liveness  # noqa: PLC0415 - as above

    async with open_journal(journal.journal) as store:
        record = await store.find(run)
        waited_for = not record.state.ended and record.holder.liveness() is not Liveness.DEAD
        said = await _decided(store, record, verdict, reason, waited_for=waited_for)
        console.note(line(said))
        return record.id, waited_for


async def _decided(
    store: Journal, record: RunRecord, verdict: Verdict, reason: str, *, waited_for: bool
) -> str:
    """Write a decision down, and say what follows. Raises UsageError where there is nothing to decide.

    A run that no process works on ends here: nobody else would end it.
    """
    from batchgw.journal.records import ABORTED  # noqa: PLC0415 - as above
    from batchgw.journal.rollout_records import Verdict, WaveState  # noqa: PLC0415 - as above

    run = store.run(record.id)
    waves = await run.waves()
    if not waves:
        raise UsageError(f"run {record.id} has no waves, or none has begun: there is nothing to decide.")
    wave = waves[-1]
    of_wave = [each for each in await run.decisions() if each.wave == wave.number]
    known = [each for each in of_wave if each.at >= wave.since]
    ended = wave.state is WaveState.FAILED and of_wave and of_wave[-1].verdict is not Verdict.PROMOTE
    if ended:
        known = of_wave  # it has ended by that decision
    elif wave.state is not WaveState.HELD:
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
    of_run = f"Wave {wave.number} of run {record.id}"
    if verdict is Verdict.PROMOTE:
        return (
            f"{of_run}: promoted. A process that waits goes on within seconds; else give `batchgw resume "
            f"{record.id}`."
        )
    why = f"aborted by {who()}" + (f": {reason}" if reason else "")
    if not waited_for:
        await run.set_wave(wave.number, WaveState.FAILED, said=why)
        if verdict is Verdict.ABORT:
            await run.close(ABORTED, f"the run was {why}")
    if verdict is Verdict.ABORT:
        how = "The run ends; what it did stays."
    else:
        how = "The process that waits takes it back." if waited_for else "It is taken back now."
    alive = f" Where that process is dead, give `batchgw resume {record.id}`." if waited_for else ""
    return f"{of_run}: aborted. {how}{alive}"
