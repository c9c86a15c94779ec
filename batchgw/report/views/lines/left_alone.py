"""What a plan leaves alone on purpose, as lines: exempt targets, managed APIs, skipped account-regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.model import SkippedScope
from batchgw.model.owner import UNKNOWN
from batchgw.report.extent import named
from batchgw.report.left_alone import LeftAlone
from batchgw.report.naming import api_name
from batchgw.report.reasons import generalised_scope
from batchgw.report.views.text import Line, Span, line, table
from batchgw.wording import amount

REASONS = 10
"""Reasons shown. The rest is counted; `--output json` has all."""

NAMED = 20
"""Skipped scopes named for each reason."""


def left_alone_lines(found: LeftAlone) -> Iterator[Line]:
    """Render which targets are left alone, and why; then who manages the APIs, where that is known."""
    reasons = found.reasons()
    if reasons:
        yield line()
        yield line(Span(f"Left alone: {amount(sum(r.targets for r in reasons), 'target')}", "warning"))
    for reason in reasons[:REASONS]:
        where = f"{reason.targets:,} in {amount(reason.apis, 'API')}"
        yield line(f"  {where}: {reason.code}: {reason.message}")
        more = f" and {reason.apis - 1:,} more" if reason.apis > 1 else ""
        yield line(Span(f"      {api_name(reason.example)}{more}", "dim"))
    if len(reasons) > REASONS:
        yield line(f"  and {amount(len(reasons) - REASONS, 'more reason')}")
    if found.notes:
        yield line()
        for note, apis in found.notes.most_common(REASONS):
            yield line(Span("Tags: ", "warning"), f"{note} ({amount(apis, 'API')})")
        if len(found.notes) > REASONS:
            yield line(f"  and {amount(len(found.notes) - REASONS, 'more note')}")
    if found.owners:
        yield line()
        rows = [
            (kind, f"{count.apis:,}", f"{count.changed_apis:,}")
            for kind, count in sorted(found.owners.items())
        ]
        yield from table(["owner", "APIs", "to change"], rows, right=(1, 2))
        managed = sum(n.changed_apis for kind, n in found.owners.items() if kind != UNKNOWN.kind)
        if managed:
            are = "API to change is" if managed == 1 else "APIs to change are"
            said = f"{managed:,} {are} managed by a tool that may put back what is changed here"
            yield line(Span("Managed: ", "warning"), said)


def skipped_lines(skipped: Sequence[SkippedScope]) -> Iterator[Line]:
    """Render account-regions that are rightly not looked into; a reason that many share is shown once."""
    if not skipped:
        return
    yield line()
    yield line(Span(f"Skipped: {amount(len(skipped), 'scope')}", "warning"))
    groups: dict[str, list[SkippedScope]] = {}
    for each in skipped:
        groups.setdefault(f"{each.code}: {generalised_scope(each.message, each.scope)}", []).append(each)
    ranked = sorted(groups.items(), key=lambda group: -len(group[1]))
    for general, scopes in ranked[:REASONS]:
        yield line("  ", general if len(scopes) > 1 else f"{scopes[0].code}: {scopes[0].message}")
        names = ", ".join(named(scope) for scope in sorted(each.scope for each in scopes)[:NAMED])
        more = f" and {len(scopes) - NAMED:,} more" if len(scopes) > NAMED else ""
        yield line(Span(f"      {names}{more}", "dim"))
    if len(ranked) > REASONS:
        yield line(f"  and {amount(len(ranked) - REASONS, 'more reason')}")
