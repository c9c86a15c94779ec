"""Opens and ends a run: shows how it ended, and what to do next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from batchgw.cli.flags.options import JournalFlags, RunFlags
from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import add_resume_hint, code_of, is_unexplained_stop, most_telling
from batchgw.cli.output.summary import next_steps, resume_hint, run_report, show_hint
from batchgw.cli.session import Run, RunId, interruptible, open_run
from batchgw.cli.signals import Interrupts
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.aws import Access
from batchgw.discovery.organization.moves import Moves
from batchgw.errors import BatchgwError, ExplainedStop, Stopped
from batchgw.journal import Journal, RunState
from batchgw.journal.records import COUNTS
from batchgw.model import Targets
from batchgw.report.summary import Summary
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import plain


async def carried_out(
    work: Callable[[Run], Awaitable[Summary]],
    *,
    targets: Targets,
    flags: RunFlags,
    journal: JournalFlags,
    store: Journal,
    console: Console,
    stopped: str,
    access: Access = Access.WRITE,
) -> int:
    """Do work that ends in a summary, show the summary, and give the exit code.

    Once the run exists, an error says how to finish it, or that nothing is left. Until then, a stop has the
    message `stopped`. `access` is what sessions of roles may do.
    """
    run_id = RunId()
    moves: list[Moves] = []
    view = view_of(flags.output.output, "summary", console)

    async def body(interrupts: Interrupts) -> Summary:
        opened = open_run(
            targets,
            console=console,
            interrupts=interrupts,
            flags=flags,
            journal=journal,
            run_id=run_id,
            access=access,
            warns=False,
        )
        async with opened as run:
            try:
                summary = await work(run)
            except Exception as error:
                run.ended(code_of(error), {"error": type(most_telling(error)).__name__})
                raise
            moves.extend(run.moves)
            run.ended(summary.exit_code, _totals(summary))
            return summary

    try:
        summary = await interruptible(body, console)
    except Exception as error:
        if run_id.id is not None:
            await _tell_what_is_left(error, run_id.id, store, journal.journal)
        elif is_unexplained_stop(error):
            raise Stopped(stopped) from error
        raise
    slices = TimeSlices()
    await slices.yield_shielded()
    await view.summary(run_report(summary, store, moves[0] if moves else None))
    console.tell(*next_steps(summary, journal.journal))
    await slices.yield_shielded()  # to close the journal, after this, takes a slice of its own
    return summary.exit_code


async def _tell_what_is_left(error: Exception, run: str, store: Journal, journal: str | None) -> None:
    """Add to an error how to finish the run, or that nothing of it is left. Raises ExplainedStop for a stop.

    `journal` is that of the flag or variable, None for the default one.
    """
    if not await _is_done(run, store):
        add_resume_hint(error, plain(resume_hint(run, journal)))
        return
    hint = plain(show_hint(run, journal))
    if is_unexplained_stop(error):
        raise ExplainedStop(f"all its changes were decided by then. {hint}") from error
    error.add_note(hint)


async def _is_done(run: str, store: Journal) -> bool:
    """Tell whether nothing of a run is left. Where the journal cannot tell, a resume does."""
    with suppress(BatchgwError):
        return (await store.find(run)).state is RunState.DONE
    return False


def _totals(summary: Summary) -> dict[str, int]:
    total = summary.total
    counts = {kind: getattr(total, kind) for kind in COUNTS}
    return {"expected": summary.expected, **counts, "left": summary.left}
