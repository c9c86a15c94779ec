"""A policy's rules and exemptions, as lines: which of them match how many REST APIs, and which match none."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.planning.totals import PlanTotals
from batchgw.planning.variants import Matched
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount

SHOWN = 20
"""Rules and exemptions shown. The rest is counted; `--output json` has all."""


def rule_lines(totals: PlanTotals) -> Iterator[Line]:
    """Render how many APIs each rule matches, and a warning for each rule or exemption that matches none."""
    matched = [each for each in totals.variants.rules if each.apis]
    if matched:
        yield line()
        shown = [f"{each.name} ({amount(each.apis, 'API')})" for each in matched[:SHOWN]]
        rest = len(matched) - SHOWN
        yield line("Rules: " + ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else ""))
    warnings = list(idle_lines(totals))
    if warnings:
        yield line()
        yield from warnings


def idle_lines(totals: PlanTotals) -> Iterator[Line]:
    """Render a warning for each rule or exemption that matches no API: it may be misspelt.

    Where something could not be read, it may match there.
    """
    variants = totals.variants
    idle = [(f"rule {each.name}", each) for each in variants.rules if not each.apis]
    idle += [(each.name, each) for each in variants.exemptions if not each.apis]
    perhaps = "" if totals.readable else "; it may match in what could not be read"
    for name, each in idle[:SHOWN]:
        yield line(Span("Matches nothing: ", "warning"), f"{_place(each)}{name} {_idle(each, perhaps)}")
    if len(idle) > SHOWN:
        yield line(Span(f"  and {len(idle) - SHOWN:,} more", "dim"))


def _idle(matched: Matched, perhaps: str) -> str:
    hint = f"; {matched.hint}" if matched.hint else ""
    return f"matches no REST API{hint}{perhaps}"


def _place(matched: Matched) -> str:
    return f"{matched.where}: " if matched.where else ""
