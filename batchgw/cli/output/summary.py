"""After a run: the report for a view, and what to do next, for stderr."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from batchgw.discovery.organization.moves import Moves
from batchgw.journal import Journal
from batchgw.report.summary import Summary
from batchgw.report.views.interface import RunReport
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount


def run_report(summary: Summary, journal: Journal, moves: Moves | None = None) -> RunReport:
    """Give what a view shows of a run's end."""
    outcomes = journal.run(summary.run).outcomes()
    return RunReport(summary=summary, outcomes=outcomes, journal=journal.location, moves=moves)


def next_steps(summary: Summary, journal: str | None) -> Iterator[Line]:
    """Say what is left to do, and with which command. `journal` as in `resume_hint`."""
    if summary.left:
        yield resume_hint(summary.run, journal)
    if summary.taken_back is not None:
        yield from next_steps(summary.taken_back, journal)
    if summary.moved:
        yield line(
            f"Left alone, changed since the plan: {amount(summary.moved, summary.noun)}. Plan again to see "
            "what is there now."
        )
    if summary.out_of_reach:
        yield line(
            "What could not be read is not in this run, so a resume does not reach it. Correct what kept it "
            f"from being read, then {summary.verb} again."
        )


def resume_hint(run: str, journal: str | None) -> Line:
    """Say how to go on. `journal` is that of the flag or variable, None for the default one."""
    return line("To finish it: ", Span(f"batchgw resume {run}{_at(journal)}", "bold"))


def show_hint(run: str, journal: str | None) -> Line:
    """Say how to see what a run did of which nothing is left. `journal` as in `resume_hint`."""
    command = Span(f"batchgw runs show {run}{_at(journal)}", "bold")
    return line("Nothing is left to resume. To see how it ended: ", command)


def _at(journal: str | None) -> str:
    return f" --journal {shlex.quote(journal)}" if journal and "@" not in journal else ""
