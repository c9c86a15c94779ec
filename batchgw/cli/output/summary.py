"""A run's end on stdout, and on stderr what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from batchgw.cli.flags.options import Output
from batchgw.cli.output.console import Console
from batchgw.journal import Journal
from batchgw.report.outcomes import outcome_to_json
from batchgw.report.summary import Summary
from batchgw.report.views.summary import summary_lines
from batchgw.report.views.text import Line, Span, amount, line


def show_summary(summary: Summary, journal: Journal, console: Console, output: Output) -> None:
    """Print a summary as data; as JSON lines, every outcome comes before it."""
    match output:
        case Output.TABLE:
            console.data(summary_lines(summary))
            said = (f"Journal: {journal.location}", summary.not_live)
            console.note(*(line(Span(text, "dim")) for text in said if text))
        case Output.JSON:
            console.json(summary.to_json())
        case Output.JSONL:
            for outcome in journal.outcomes(summary.run):
                console.jsonl(outcome_to_json(outcome))
            console.jsonl({"kind": "summary", **summary.to_json()})
    console.flush()


def next_steps(summary: Summary, journal: str | None) -> Iterator[Line]:
    """Say what is still to be done, and with which command. `journal` as in `resume_hint`."""
    if summary.left:
        yield resume_hint(summary.run, journal)
    if summary.moved:
        yield line(
            f"Left alone, moved since the plan: {amount(summary.moved, 'API-type')}. Plan again to see what "
            "is there now."
        )
    if summary.out_of_reach:
        yield line(
            "What could not be read is not in this run, so no resume comes to it: mend what kept it from "
            f"being read, then {summary.verb} again."
        )


def resume_hint(run: str, journal: str | None) -> Line:
    """Say how to go on. `journal` is the one given by flag or variable, None for the usual one."""
    at = f" --journal {shlex.quote(journal)}" if journal and "@" not in journal else ""
    return line("To finish it: ", Span(f"batchgw resume {run}{at}", "bold"))
