"""How one run differs from another, for people: counts first, then a line a target."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.kinds import KINDS, title
from batchgw.model.shape import JSON
from batchgw.report.runs.difference import (
    ApiDifference,
    Difference,
    RunDifference,
    ScopeDifference,
    TargetDifference,
)
from batchgw.report.summary import WORDS
from batchgw.report.views.lines.runs import option_text
from batchgw.report.views.text import Line, Span, line, table
from batchgw.wording import amount


def counted_lines(found: RunDifference) -> Iterator[Line]:
    """Say how they differ, in figures."""
    for label, run in (("run", found.run), ("other", found.other)):
        yield line(f"{label:<8}{run.id}  {run.verb}  {run.policy_source}, digest {run.policy_digest[:12]}")
    yield line(f"policy  {'the same' if found.same_policy else 'differs'}")
    label = "options"
    for name, (ours, theirs) in found.options.items():
        yield line(f"{label:<8}", Span(f"{name} = {_value(name, ours)} | {_value(name, theirs)}", "change"))
        label = ""
    yield line()
    if found.kinds:
        head = [
            "", "alike", f"only {found.run.id}", f"only {found.other.id}", "planned differently",
            "ended differently",
        ]  # fmt: skip
        rows = [
            [
                KINDS[kind].counted,
                *(f"{n:,}" for n in (of.alike, of.only_run, of.only_other, of.planned, of.outcome)),
            ]
            for kind, of in found.kinds.items()
        ]
        yield from table(head, rows, right=range(1, 6), indent="")
    if found.waves:
        yield line(f"{amount(found.waves, 'API')} of both runs in another wave")
    if found.unread:
        yield line(f"{amount(found.unread, 'account-region')} not read alike")
    if found.alike:
        yield line(Span("The runs are alike.", "good"))


def row_lines(row: ApiDifference | ScopeDifference) -> Iterator[Line]:
    """Say in what an API or an account-region differs."""
    if isinstance(row, ScopeDifference):
        yield line(f"{row.scope}")
        yield line(f"  not read  {row.run or 'read'} | {row.other or 'read'}")
        return
    yield line(f"{row.api}", Span(f"  {row.api.name}" if row.api.name else "", "dim"))
    if row.waves is not None:
        ours, theirs = ("none" if wave is None else str(wave) for wave in row.waves)
        yield line("  wave  ", Span(f"{ours} | {theirs}", "change"))
    for each in row.targets:
        yield _target_line(each)


def _target_line(each: TargetDifference) -> Line:
    difference = each.difference
    some = each.run or each.other
    assert some is not None  # noqa: S101 - one of them has it
    if difference is Difference.ONLY_RUN:
        return line("  ", Span(f"- {title(some.action, each.target)}: {_ended(some.kind, each)}", "remove"))
    if difference is Difference.ONLY_OTHER:
        return line("  ", Span(f"+ {title(some.action, each.target)}: {_ended(some.kind, each)}", "add"))
    assert each.run is not None  # noqa: S101 - both have it
    assert each.other is not None  # noqa: S101 - as above
    ended = f"{_ended(each.run.kind, each)} | {_ended(each.other.kind, each)}"
    if difference is Difference.OUTCOME:
        return line("  ", Span(f"~ {title(some.action, each.target)}: {ended}", "change"))
    ours, theirs = (title(side.action, each.target) for side in (each.run, each.other))
    planned = f"{ours} | {theirs}" if ours != theirs else f"{ours}, to something else"
    return line("  ", Span(f"~ {planned}: {ended}", "change"))


def _ended(kind: str | None, each: TargetDifference) -> str:
    """Name an outcome in the words of the target's kind."""
    name = kind or "undecided"
    return {**WORDS, **KINDS[each.target.kind].words}.get(name, name)


def _value(name: str, value: JSON) -> str:
    return "not given" if value is None else option_text(name, value)
