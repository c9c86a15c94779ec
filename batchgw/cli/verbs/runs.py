"""The verbs `runs list` and `runs show`: what the journal remembers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batchgw.cli.flags.flag import flag
from batchgw.cli.flags.options import JournalFlags, Output, OutputFlags
from batchgw.cli.flags.verb import verb
from batchgw.cli.output.console import Console
from batchgw.cli.output.help import Group
from batchgw.report.views.text import Line, Span, Style, line, table
from batchgw.times import timestamp

if TYPE_CHECKING:  # SQLAlchemy is behind it
    from batchgw.journal import JSON, RunRecord

PANEL = "Rollout"

_STATES: dict[str, Style] = {"done": "good", "stopped": "warning"}


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    group = typer.Typer(name="runs", help="Runs that the journal remembers.", cls=Group)
    verb(group, "list")(list_runs)
    verb(group, "show")(show_run)
    app.add_typer(group, rich_help_panel=PANEL)


def list_runs(
    journal: JournalFlags,
    output: OutputFlags,
    limit: Annotated[int, flag("--limit", "How many, the last first.", min=1)] = 50,
) -> None:
    """List the runs begun last."""
    from batchgw.journal import Journal  # noqa: PLC0415 - SQLAlchemy is behind it

    console = Console(color=not output.no_color, quiet=output.quiet)
    with Journal.open(journal.journal) as store:
        found = store.runs(limit)
        match output.output:
            case Output.TABLE:
                console.data(_listed(found))
                if not found:
                    console.note(line(f"No runs in {store.location} yet."))
            case Output.JSON:
                console.json([record(run) for run in found])
            case Output.JSONL:
                for run in found:
                    console.jsonl(record(run))


def show_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, or `last`.")],
    journal: JournalFlags,
    output: OutputFlags,
) -> None:
    """Show a run: what it was, how everything in it ended. `--output jsonl` gives every outcome."""
    from batchgw.cli.output.summary import resume_hint, show_summary  # noqa: PLC0415 - SQLAlchemy is behind it
    from batchgw.journal import Journal  # noqa: PLC0415 - as above
    from batchgw.report.summary import Summary  # noqa: PLC0415 - as above

    console = Console(color=not output.no_color, quiet=output.quiet)
    with Journal.open(journal.journal) as store:
        found = store.run(run)
        summary = Summary.from_journal(
            store, found.id, elapsed=(found.finished or time.time()) - found.started
        )
        match output.output:
            case Output.TABLE:
                console.data(_described(found))
                show_summary(summary, store, console, Output.TABLE)
                if summary.left and found.state.ended:
                    console.note(resume_hint(found.id, journal.journal))
            case Output.JSON:
                console.json({**record(found), "summary": summary.to_json()})
            case Output.JSONL:
                show_summary(summary, store, console, Output.JSONL)


def record(run: RunRecord) -> dict[str, Any]:
    """Render a run for machines. `identity` is whose credentials it began with, where that was asked."""
    totals = run.totals
    return {
        "run": run.id,
        "verb": run.verb,
        "state": run.state.value,
        "policy": run.policy_source,
        "policy_digest": run.policy_digest,
        "started": timestamp(run.started),
        "finished": None if run.finished is None else timestamp(run.finished),
        "identity": run.visible_options.get("identity"),
        "batchgw": run.version,
        "holder": str(run.holder),
        "options": dict(run.visible_options),
        "expected": totals.expected,
        "applied": totals.applied,
        "unchanged": totals.unchanged,
        "failed": totals.failed,
        "skipped": totals.skipped,
        "not_attempted": totals.not_attempted,
        "undecided": totals.undecided,
    }


def _listed(found: list[RunRecord]) -> list[Line]:
    if not found:
        return []
    head = ["run", "started", "verb", "state", "expected", "applied", "unchanged", "failed", "left", "policy"]
    rows: list[list[str | Span]] = [
        [
            run.id,
            timestamp(run.started),
            run.verb,
            Span(run.state.value, _STATES.get(run.state.value, "")),
            *_figures(run),
            run.policy_source,
        ]
        for run in found
    ]
    return table(head, rows, right=range(4, 9), indent="")


def _figures(run: RunRecord) -> list[str]:
    of = run.totals
    return [f"{n:,}" for n in (of.expected, of.applied, of.unchanged, of.failed, of.left)]


def _described(run: RunRecord) -> Iterator[Line]:
    yield line(f"started   {timestamp(run.started)}")
    yield line(f"finished  {timestamp(run.finished) if run.finished else '-'}")
    yield line("state     ", Span(run.state.value, _STATES.get(run.state.value, "")))
    yield line(f"policy    {run.policy_source}, digest {run.policy_digest[:12]}")
    yield line(f"by        {run.holder}, batchgw {run.version}")
    yield line(f"identity  {run.visible_options.get('identity') or 'was not asked'}")
    label = "options"
    for name, value in run.visible_options.items():
        if name != "identity":
            yield line(f"{label:<10}", Span(f"{name} = {_said(value)}", "dim"))
            label = ""
    yield line()


def _said(value: JSON) -> str:
    """Say a value as it would be given to a flag; what has parts within parts, as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(part, str) for part in value):
        return ", ".join(map(str, value))
    return json.dumps(value)
