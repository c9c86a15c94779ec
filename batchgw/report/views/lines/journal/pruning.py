"""What is deleted of a journal, for people."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.journal.pruning import ended_at
from batchgw.report.records import state_of
from batchgw.report.runs.pruning import Pruning, why_kept
from batchgw.report.views.text import Line, Span, line, table
from batchgw.times import timestamp


def pruning_lines(found: Pruning) -> Iterator[Line]:
    """Lay out a row a run: those that go, then those that are kept, with the reason."""
    if found.going:
        yield line(Span("To delete:", "bold"))
        rows: list[list[str | Span]] = [
            [
                part.run.id,
                part.run.verb,
                state_of(part.run),
                timestamp(ended_at(part.run)),
                f"{part.targets:,}",
                Span("cannot be rolled back any more" if part.loses_rollback else "", "warning"),
            ]
            for part in found.going
        ]
        yield from table(["run", "verb", "state", "ended", "targets", ""], rows, right=[4])
    if found.staying:
        yield line(Span("Kept:", "bold"))
        for part in found.staying:
            yield line(f"  {part.run.id}  {part.run.verb}  ", Span(why_kept(part) or "", "dim"))
