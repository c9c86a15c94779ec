"""A run's end as a screenful: outcomes by scope, their sum, the cost and the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.exit_codes import FAILED, HELD_BACK, INTERRUPTED, OK, PENDING
from batchgw.journal.records import Tally
from batchgw.report.naming import scope_name
from batchgw.report.reasons import EXAMPLES, Reason
from batchgw.report.summary import IF_ANY, ScopeSummary, Summary
from batchgw.report.views.lines.unread import unread_lines
from batchgw.report.views.text import Line, Span, Style, line, table
from batchgw.times import duration
from batchgw.wording import amount

SCOPES = 20
"""Scopes shown; where there are more, those with problems first."""

REASONS = 10
"""Reasons shown; the rest is in the journal and in `--output json`."""

_COLUMNS: tuple[tuple[str, str, Style], ...] = (
    ("applied", "applied", "good"),
    ("unchanged", "unchanged", ""),
    ("failed", "failed", "error"),
    ("skipped", "skipped", "warning"),
    ("held", "held back", "warning"),
    ("not_attempted", "not attempted", "warning"),
    ("undecided", "undecided", "error"),
)
"""Field of the tally, its title, and the style of a figure that is not 0."""


def summary_lines(summary: Summary) -> Iterator[Line]:
    """Render a summary."""
    yield line(Span(f"Run {summary.run}", "bold"), f", {summary.verb}, {duration(summary.elapsed)}")
    yield line()
    if not summary.planned:
        yield _verdict(summary)
        return
    yield from _scopes(summary)
    yield line()
    yield from _kinds(summary)
    yield _proof(summary)
    yield from _cost(summary.total)
    if summary.seen_live:
        yield line("  ", str(summary.seen_live))
    yield from unread_lines(summary.unread)
    yield from _reasons(summary.reasons)
    yield line()
    yield _verdict(summary)


def _scopes(summary: Summary) -> list[Line]:
    columns = [c for c in _COLUMNS if c[0] not in IF_ANY or getattr(summary.total, c[0])]
    shown, hidden = _most_telling([each for each in summary.scopes if each.expected or each.unread])
    rows: list[list[str | Span]] = [_row(scope_name(s.scope), s.tally, s.expected, columns) for s in shown]
    if hidden:
        rest = Tally.added_up(s.tally for s in hidden)
        expected = sum(s.expected for s in hidden)
        rows.append(_row(f"{amount(len(hidden), 'more scope')}", rest, expected, columns))
    if len(summary.scopes) > 1:
        rows.append(_row("total", summary.total, summary.expected, columns))
    head = ["scope", "expected", *(title for _, title, _ in columns)]
    return table(head, rows, right=range(1, len(head)))


def _most_telling(
    scopes: Sequence[ScopeSummary],
) -> tuple[Sequence[ScopeSummary], Sequence[ScopeSummary]]:
    if len(scopes) <= SCOPES:
        return scopes, ()
    ranked = sorted(scopes, key=lambda s: (-_trouble(s), str(s.scope)))
    return ranked[:SCOPES], ranked[SCOPES:]


def _trouble(scope: ScopeSummary) -> int:
    tally = scope.tally
    left = tally.not_attempted + tally.undecided
    return tally.failed + tally.held + left + tally.skipped + (scope.unread is not None)


def _row(
    name: str, tally: Tally, expected: int, columns: Sequence[tuple[str, str, Style]]
) -> list[str | Span]:
    figures: list[str | Span] = []
    for field, _, style in columns:
        value: int = getattr(tally, field)
        figures.append(Span(f"{value:,}", style if value else "dim"))
    return [name, f"{expected:,}", *figures]


def _kinds(summary: Summary) -> Iterator[Line]:
    for noun, figures in summary.arithmetics.items():
        yield line(f"  {noun}s: {figures}")


def _proof(summary: Summary) -> Line:
    if summary.proves and summary.unread:
        said = (
            f"  every target that could be listed accounted for, {amount(len(summary.unread), 'scope')} not"
        )
        return line("  ", summary.arithmetic, Span(said, "warning"))
    if summary.proves:
        return line("  ", summary.arithmetic, Span("  every target accounted for", "good"))
    return line("  ", summary.arithmetic, Span("  NOT every target is accounted for", "error"))


def _cost(total: Tally) -> Iterator[Line]:
    effort = total.effort
    calls = effort.attempts + effort.throttles
    if calls:
        yield line(
            f"  {amount(effort.attempts, 'call')} answered, {amount(effort.throttles, 'call')} refused by the"
            f" quota; calls waited {duration(effort.waited / calls)} each on average"
        )


def _reasons(reasons: Sequence[Reason]) -> Iterator[Line]:
    titles: dict[str, Style] = {
        "failed": "error",
        "held back": "warning",
        "not attempted": "warning",
        "skipped": "warning",
    }
    for kind, style in titles.items():
        of_kind = [r for r in reasons if r.kind == kind]
        if not of_kind:
            continue
        yield line()
        yield line(Span(f"{kind.capitalize()}: {sum(r.count for r in of_kind):,}", style))
        for reason in of_kind[:REASONS]:
            yield line(f"  {reason.count:,} x {reason.code}: {reason.message}")
            if reason.code == "Stopped":
                continue  # everything that was left; examples would say nothing more
            for example in reason.examples:
                yield line(Span(f"      {example}", "dim"))
            if reason.count > EXAMPLES:
                yield line(Span(f"      and {reason.count - len(reason.examples):,} more", "dim"))
        if len(of_kind) > REASONS:
            yield line(f"  and {amount(len(of_kind) - REASONS, 'more reason')}")


def _verdict(summary: Summary) -> Line:
    if not summary.planned:
        return line(
            Span("This run has no plan yet, or ended before it had one: it has written nothing.", "warning")
        )
    left = amount(summary.left, summary.noun)
    said: dict[int, tuple[str, Style]] = {
        OK: ("Done.", "good"),
        INTERRUPTED: (f"Stopped, {left} left.", "warning"),
        HELD_BACK: (_halted(summary, left), "warning"),
        FAILED: (f"Done, but {amount(summary.total.failed, summary.noun)} failed.", "error"),
        PENDING: (f"Done, but {amount(summary.total.held, summary.noun)} held back.", "warning"),
    }
    return line(Span(*said.get(summary.exit_code, (f"Incomplete: {_lacking(summary)}.", "error"))))


def _halted(summary: Summary, left: str) -> str:
    if summary.halted is None:
        return f"Held back, {left} left."
    if summary.taken_back is not None:
        return f"Halted, and taken back by run {summary.taken_back.run}: {summary.halted}."
    return f"Halted, {left} left: {summary.halted}."


def _lacking(summary: Summary) -> str:
    if summary.left:
        return f"{amount(summary.left, summary.noun)} left"
    if summary.moved and not summary.out_of_reach:
        return f"{amount(summary.moved, summary.noun)} left alone"
    return "not everything could be read"
