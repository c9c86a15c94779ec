"""A plan API by API as plain text, for the person who approves it.

Nothing is folded or left out, but for account-regions that are skipped: there may be thousands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import assert_never

from batchgw.model import (
    Action,
    PlannedApi,
    RestApi,
    SetAside,
    SkippedScope,
    UnreadApi,
    UnreadScope,
    Variant,
)
from batchgw.model.kinds import KINDS, title
from batchgw.planning import change_view, kinds
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.extent import Extent, who_said_regions
from batchgw.report.plan_report import PlanReport
from batchgw.report.views.interface import View
from batchgw.report.views.lines.left_alone import skipped_lines
from batchgw.report.views.lines.plan import kind_lines
from batchgw.report.views.lines.rules import idle_lines
from batchgw.report.views.lines.waves import wave_lines
from batchgw.report.views.text import Line, Span, line
from batchgw.times import timestamp
from batchgw.wording import amount

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.RESET: "-", Action.NO_OP: " "}

ShownItem = PlannedApi | UnreadApi | UnreadScope
"""What is shown one by one."""

SCOPES = 40
"""Account-regions named at the top. The rest is counted there; each API stands with its own."""


class TextView(View):
    """Shows a saved plan as text."""

    async def review(self, plan: PlanReport) -> None:
        """Show the plan's header, every API with what is to be changed in it, and the sum."""
        self.out.data([line(Span(f"Plan {plan.plan.header.plan}", "bold"))])
        self.out.data(line(f"  {name:<9} {value}") for name, value in facts(plan.plan))
        self.out.data([line()])
        async for item in plan.items():
            if isinstance(item, SkippedScope):
                continue  # told at the end, by reason
            head, *rest = item_lines(item, plan.plan.variants)
            self.out.data([line(Span(head, "bold")), *(line(f"  {each}") for each in rest)])
        self.out.data([line(), *remarks(plan), line(total_of(plan.plan))])
        self.out.flush()


def facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say when, by what, from which policy and for which scopes a plan was made."""
    header = plan.header
    yield "created", f"{timestamp(header.created)}, by batchgw {header.batchgw}"
    yield "policy", f"{header.policy_source}, digest {header.policy_digest[:12]}"
    endpoint = header.options.get("endpoint")
    if endpoint is not None:
        yield "endpoint", str(endpoint) or "AWS"
    scopes = plan.totals.looked_into
    more = f" and {len(scopes) - SCOPES:,} more" if len(scopes) > SCOPES else ""
    yield "scopes", ", ".join(map(str, scopes[:SCOPES])) + more
    if said := who_said_regions(plan.totals):
        yield "regions", said
    rules = [each for each in plan.totals.variants.rules if each.apis]
    if rules:
        yield "rules", ", ".join(f"{each.name} ({amount(each.apis, 'API')})" for each in rules)


def remarks(plan: PlanReport) -> list[Line]:
    """Say where the plan looked and where not, and which rules and exemptions match nothing.

    That is known at its end.
    """
    skipped = plan.fold.skipped_scopes
    extent = line(str(Extent.of(plan.plan.totals, skipped)))
    waves = filter(None, wave_lines(plan.waves))
    idle, of_kinds = idle_lines(plan.plan.totals), kind_lines(plan.fold)
    return [*filter(None, skipped_lines(skipped)), *waves, extent, *idle, *of_kinds]


def item_lines(item: ShownItem, variants: Sequence[Variant]) -> Iterator[str]:
    """Render an item: a line that names it, then its changes, what is left alone, or why it was not read."""
    match item:
        case PlannedApi():
            yield _title(item.api)
            if rules := variants[item.variant].rules:
                yield f"  {'rule' if len(rules) == 1 else 'rules'} {', '.join(rules)}"
            for view in kinds.views(item):
                change = view.change
                if change.action is not Action.NO_OP:
                    yield f"{_SIGNS[change.action]} {title(change.action, change.target)}"
                    yield from (f"    {each}" for each in change_view.lines(view))
            kept = (c.target.kind for c in item.changes if c.action is Action.NO_OP)
            for kind, count in Counter(kept).items():
                yield f"  {amount(count, KINDS[kind].noun)} as desired"
            yield from map(_aside, item.set_aside)
            yield from (f"  tags: {note}" for note in item.notes)
        case UnreadApi():
            yield _title(item.api)
            what = "left alone" if item.skipped or item.managed else "not read"
            yield f"  {what}: {item.code}: {item.message}"
            yield from map(_aside, item.set_aside)
        case UnreadScope():
            yield f"{item.scope}"
            yield f"  not read to the end: {item.code}: {item.message}"
        case _:
            assert_never(item)


def _title(api: RestApi) -> str:
    owner = "" if api.owner is None else f"[{api.owner}]"
    return " ".join(part for part in (str(api), api.name, owner) if part)


def _aside(each: SetAside) -> str:
    return f"  {each.target} left alone: {each.code}: {each.message}"


def total_of(plan: Plan) -> str:
    """Add up a plan in a sentence."""
    total = plan.totals.total
    more = "+?" if total.unread_scopes else ""  # nobody knows how many there are
    return (
        f"{total.creates:,} to create, {total.updates:,} to update, {total.resets:,} to reset, "
        f"{total.no_ops:,} as desired, {total.set_aside:,} left alone, "
        + (f"{total.managed_targets:,} of managed APIs, " if total.managed_targets else "")
        + f"{total.unread_targets - total.managed_targets:,}{more} not read, "
        f"in {amount(total.apis + total.set_aside_apis, 'API')}."
    )
