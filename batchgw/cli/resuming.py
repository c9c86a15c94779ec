"""Taking up a run that was stopped or died."""

from __future__ import annotations

from batchgw import api
from batchgw.cli.failure import add_resume_hint
from batchgw.cli.options import JournalFlags, RunFlags
from batchgw.cli.recorded import same_role, with_recorded
from batchgw.cli.session import RunId, console_for, open_run, run_async
from batchgw.cli.signals import Interrupts
from batchgw.cli.summary_output import resume_hint, show_summary
from batchgw.journal import Journal
from batchgw.model import Targets
from batchgw.report.summary import Summary
from batchgw.report.text import plain


def resume_run(
    run: str, flags: RunFlags, journal: JournalFlags, *, role: str | None, force_lock: bool
) -> int:
    """Finish a run, reaching its APIs as it did itself where no flag says otherwise."""
    console = console_for(flags.output)
    run_id = RunId()
    with Journal.open(journal.journal) as store:
        record = store.run(run)
        laid = with_recorded(flags, record.options)
        targets = same_role(Targets(role=role), record.options)

        async def body(interrupts: Interrupts) -> Summary:
            opened = open_run(targets, console=console, interrupts=interrupts, flags=laid, run_id=run_id)
            async with opened as under_way:
                return await api.resume(
                    record.id, plane=under_way.plane, journal=store, force_lock=force_lock
                )

        try:
            summary = run_async(body, console)
        except Exception as error:
            if run_id.id is not None:
                add_resume_hint(error, plain(resume_hint(run_id.id, journal.journal)))
            raise
        show_summary(summary, store, console, flags.output.output)
        if summary.left:
            console.tell(resume_hint(summary.run, journal.journal))
        return summary.exit_code
