"""A plan API by API as plain text, for the person who approves it. Nothing is folded or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from batchgw.model import Action, PlanItem, PlannedApi, UnreadApi, UnreadScope
from batchgw.model.kinds import KINDS
from batchgw.planning import change_view, kinds
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.plan_report import PlanReport
from batchgw.report.views.interface import View
from batchgw.report.views.text import Span, line
from batchgw.times import timestamp
from batchgw.wording import amount

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.RESET: "-", Action.NO_OP: " "}


class TextView(View):
    """Shows a saved plan as text."""

    async def review(self, plan: PlanReport) -> None:
        """Show the plan's header, every API with what is to be changed in it, and the sum."""
        self.out.data([line(Span(f"Plan {plan.plan.header.plan}", "bold"))])
        self.out.data(line(f"  {name:<9} {value}") for name, value in facts(plan.plan))
        self.out.data([line()])
        async for item in plan.items():
            head, *rest = item_lines(item)
            self.out.data([line(Span(head, "bold")), *(line(f"  {each}") for each in rest)])
        self.out.data([line(), line(total_of(plan.plan))])
        self.out.flush()


def facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say when, by what, from which policy and for which scopes a plan was made."""
    header = plan.header
    yield "created", f"{timestamp(header.created)}, by batchgw {header.batchgw}"
    yield "policy", f"{header.policy_source}, digest {header.policy_digest[:12]}"
    endpoint = header.options.get("endpoint")
    if endpoint is not None:
        yield "endpoint", str(endpoint) or "AWS"
    yield "scopes", ", ".join(map(str, header.scopes or ()))


def item_lines(item: PlanItem) -> Iterator[str]:
    """Render an item: a line that names it, then its changes or why it was not read."""
    match item:
        case PlannedApi():
            yield f"{item.api} {item.api.name}".rstrip()
            for view in kinds.views(item):
                change = view.change
                if change.action is not Action.NO_OP:
                    yield f"{_SIGNS[change.action]} {change.action.value} {change.target}"
                    yield from (f"    {each}" for each in change_view.lines(view))
            kept = (c.target.kind for c in item.changes if c.action is Action.NO_OP)
            for kind, count in Counter(kept).items():
                yield f"  {amount(count, KINDS[kind].noun)} as desired"
        case UnreadApi():
            yield f"{item.api} {item.api.name}".rstrip()
            yield f"  {'left alone' if item.skipped else 'not read'}: {item.code}: {item.message}"
        case UnreadScope():
            yield f"{item.scope}"
            yield f"  not read to the end: {item.code}: {item.message}"
        case _:
            assert_never(item)


def total_of(plan: Plan) -> str:
    """Add up a plan in a sentence."""
    total = plan.totals.total
    return (
        f"{total.creates:,} to create, {total.updates:,} to update, {total.resets:,} to reset, "
        f"{total.no_ops:,} as desired, {total.unread_targets:,} not read, in {amount(total.apis, 'API')}."
    )
