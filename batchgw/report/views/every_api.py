"""A plan API by API, as a stream: for a terminal or a file, and as Markdown for a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import assert_never

from batchgw.model import Action, PlanItem, PlannedApi, UnreadApi, UnreadScope
from batchgw.model.kinds import KINDS
from batchgw.planning import change_view, kinds
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.views.text import Line, Span, amount, line, plain
from batchgw.times import timestamp

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.RESET: "-", Action.NO_OP: " "}


def text(plan: Plan) -> Iterator[Line]:
    """Give the plan's header, every API with what is to be changed in it, and the sum."""
    yield line(Span(f"Plan {plan.header.plan}", "bold"))
    for name, value in _facts(plan):
        yield line(f"  {name:<9} {value}")
    yield line()
    for item in plan.items():
        head, *rest = _item(item)
        yield line(Span(head, "bold"))
        yield from (line(f"  {each}") for each in rest)
    yield line()
    yield line(_sum(plan))


def markdown(plan: Plan) -> Iterator[Line]:
    """Give the same as Markdown; changes are fenced, so that nothing in them is taken for markup."""
    yield line(f"# Plan {plan.header.plan}")
    yield line()
    for name, value in _facts(plan):
        yield line(f"- {name}: {_code(value)}")
    yield line()
    yield line(f"**{_sum(plan)}**")
    for item in plan.items():
        head, *rest = _item(item)
        shown = [plain(line(each)) for each in rest]
        fence = "`" * max(3, 1 + max((_longest_run(each) for each in shown), default=0))
        yield line()
        yield line(f"## {_code(head)}")
        yield line()
        yield line(f"{fence}diff")
        yield from (line(each) for each in shown)
        yield line(fence)


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    header = plan.header
    yield "created", f"{timestamp(header.created)}, by batchgw {header.batchgw}"
    yield "policy", f"{header.policy_source}, digest {header.policy_digest[:12]}"
    endpoint = header.options.get("endpoint")
    if endpoint is not None:
        yield "endpoint", str(endpoint) or "AWS"
    yield "scopes", ", ".join(map(str, header.targets.get("scopes", ())))


def _item(item: PlanItem) -> Iterator[str]:
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


def _sum(plan: Plan) -> str:
    total = plan.totals.total
    return (
        f"{total.creates:,} to create, {total.updates:,} to update, {total.resets:,} to reset, "
        f"{total.no_ops:,} as desired, {total.unread_targets:,} not read, in {amount(total.apis, 'API')}."
    )


def _code(value: str) -> str:
    """Quote as code, whatever backticks there are within."""
    shown = plain(line(value))
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if "`" in shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _longest_run(value: str) -> int:
    longest = run = 0
    for character in value:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
