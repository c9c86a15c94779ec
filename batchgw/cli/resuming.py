"""Taking up a run that was stopped or died."""

from __future__ import annotations

from batchgw import api
from batchgw.cli.ending import carried_out
from batchgw.cli.options import JournalFlags, RunFlags
from batchgw.cli.recorded import same_reach, with_recorded
from batchgw.cli.session import Run, console_for
from batchgw.cli.summary_output import resume_hint
from batchgw.journal import Journal
from batchgw.model import Targets
from batchgw.report.summary import Summary
from batchgw.report.text import plain


def resume_run(
    run: str, flags: RunFlags, journal: JournalFlags, *, role: str | None, force_lock: bool
) -> int:
    """Finish a run, reaching its APIs as it did itself where no flag says otherwise."""
    with Journal.open(journal.journal) as store:
        record = store.run(run)

        async def work(under_way: Run) -> Summary:
            return await api.resume(record.id, plane=under_way.plane, journal=store, force_lock=force_lock)

        return carried_out(
            work,
            targets=same_reach(Targets(role=role), record.options),
            flags=with_recorded(flags, record.options),
            journal=journal,
            store=store,
            console=console_for(flags.output),
            stopped="nothing more was written: this came before the next write. "
            + plain(resume_hint(record.id, journal.journal)),
        )
