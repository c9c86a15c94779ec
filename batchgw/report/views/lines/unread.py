"""Scopes and APIs that could not be read, as lines: a reason that many share is shown once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from batchgw.model import Scope, UnreadScope
from batchgw.report.naming import api_name, scopes_counted, scopes_named
from batchgw.report.reasons import generalised_scope
from batchgw.report.unread_apis import UnreadCount
from batchgw.report.views.text import Line, Span, Style, line
from batchgw.wording import amount

NAMED = 20
"""Names of scopes for each reason."""

REASONS = 10
"""Reasons shown for scopes."""

API_REASONS = 20
"""Reasons shown for APIs."""


def unread_lines(unread: Mapping[Scope, str]) -> Iterator[Line]:
    """Render scopes that could not be read to the end, and why."""
    if not unread:
        return
    yield line()
    yield line(Span(f"Not read to the end: {scopes_counted(unread)}", "error"))
    groups: dict[str, list[Scope]] = {}
    for scope, why in unread.items():
        groups.setdefault(generalised_scope(why, scope), []).append(scope)
    ranked = sorted(groups.items(), key=lambda g: -len(g[1]))
    for general, scopes in ranked[:REASONS]:
        yield line("  ", general if len(scopes) > 1 else unread[scopes[0]])
        yield line(Span(f"      {scopes_named(scopes, at_most=NAMED)}", "dim"))
    if len(ranked) > REASONS:
        yield line(f"  and {amount(len(ranked) - REASONS, 'more reason')}")


def unread_api_lines(found: Sequence[UnreadCount], *, part: str = "") -> Iterator[Line]:
    """Render APIs that could not be read, by reason; or only a `part` of which could not ("Stages")."""
    for unread in found[:API_REASONS]:
        yield line()
        what = "left alone" if unread.skipped or unread.managed else "could not be read"
        style: Style = "warning" if unread.skipped else "error"
        apis = amount(unread.count, "API")
        head = f"{part} of {apis} could not be read: " if part else f"{apis} {what}: "
        yield line(Span(head, style), f"{unread.code}: {unread.message}")
        more = f" and {unread.count - 1:,} more; --output jsonl names all" if unread.count > 1 else ""
        yield line(Span(f"      {api_name(unread.example)}{more}", "dim"))
    if len(found) > API_REASONS:
        yield line()
        yield line(f"and {amount(len(found) - API_REASONS, 'more reason')}")


def unread_scope_lines(unread: Iterable[UnreadScope]) -> Iterator[Line]:
    """Render the same of a plan or a listing."""
    return unread_lines({each.scope: f"{each.code}: {each.message}" for each in unread})
