"""What a plan leaves alone on purpose, as lines: exempt targets, managed APIs, skipped account-regions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from batchgw.errors import DeniedByScp
from batchgw.model import RestApi, Scope, SkippedScope
from batchgw.model.owner import UNKNOWN
from batchgw.report.extent import word_of
from batchgw.report.left_alone import LeftAlone
from batchgw.report.naming import ANYWHERE, api_name, scopes_counted, scopes_named
from batchgw.report.reasons import generalised_scope
from batchgw.report.views.text import Line, Span, line, table
from batchgw.wording import amount

REASONS = 10
"""Reasons shown. The rest is counted; `--output json` has all."""

NAMED = 3
"""Names of skipped scopes for each reason."""

ANSWERED = frozenset({DeniedByScp.__name__})
"""Codes of skips that are an answer of AWS: its words say who can change it."""


def left_alone_lines(found: LeftAlone) -> Iterator[Line]:
    """Render which targets are left alone, and why; then who manages the APIs, where that is known."""
    reasons = found.reasons()
    if reasons:
        yield line()
        yield line(Span(f"Left alone: {amount(sum(r.targets for r in reasons), 'target')}", "warning"))
    for reason in reasons[:REASONS]:
        where = f"{reason.targets:,} in {amount(reason.apis, 'API')}"
        yield line(f"  {where}: {reason.code}: {reason.message}")
        yield line(_first_of(reason.example, reason.apis))
    if len(reasons) > REASONS:
        yield line(f"  and {amount(len(reasons) - REASONS, 'more reason')}")
    if found.notes:
        yield line()
        for note, apis in found.notes.most_common(REASONS):
            yield line(Span("Tags: ", "warning"), f"{note} ({amount(apis, 'API')})")
            yield line(_first_of(found.noted[note], apis))
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


def _first_of(api: RestApi, apis: int) -> Span:
    more = f" and {apis - 1:,} more" if apis > 1 else ""
    return Span(f"      {api_name(api)}{more}", "dim")


def skipped_lines(skipped: Sequence[SkippedScope]) -> Iterator[Line]:
    """Render account-regions that are rightly not looked into: a line a reason, with the first of them.

    A word says it all but for what AWS has answered, which is shown beneath.
    """
    if not skipped:
        return
    groups = defaultdict[tuple[bool, str, str], list[Scope]](list)
    for each in skipped:
        said = generalised_scope(each.message, each.scope) if each.code in ANSWERED else ""
        groups[each.scope.region == ANYWHERE, word_of(each), said].append(each.scope)
    more = any(len(scopes) > NAMED for scopes in groups.values())
    yield line()
    yield line(
        Span(f"Skipped: {scopes_counted(each.scope for each in skipped)}", "warning"),
        Span("; --output jsonl names all" if more else "", "dim"),
    )
    ranked = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    for (whole, word, said), scopes in ranked[:REASONS]:
        count = amount(len(scopes), "account") if whole else f"{len(scopes):,}"
        yield line(f"  {count} {word}: ", Span(scopes_named(scopes, at_most=NAMED), "dim"))
        if said:
            yield line(Span(f"      {said}", "dim"))
    if len(ranked) > REASONS:
        yield line(f"  and {amount(len(ranked) - REASONS, 'more reason')}")
