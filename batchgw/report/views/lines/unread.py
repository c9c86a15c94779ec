"""Scopes that could not be read, as lines: a reason that many share is shown once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from batchgw.model import Scope
from batchgw.report.naming import scopes_counted, scopes_named
from batchgw.report.reasons import generalised_scope
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount

NAMED = 20
"""Names of scopes for each reason."""

REASONS = 10
"""Reasons shown."""


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
