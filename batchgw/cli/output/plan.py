"""A plan on stdout: a screenful, or everything in it as a stream of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import chain, repeat
from typing import Any

import anyio.lowlevel

from batchgw.cli.flags.options import Output
from batchgw.cli.output.console import Console
from batchgw.concurrency.stop import StopSignal
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.stack import Pace
from batchgw.errors import Stopped
from batchgw.execution.executor import TRUSTED
from batchgw.model import PlanItem, UnreadScope
from batchgw.planning.estimate import Estimate, Work, estimate
from batchgw.planning.plan_file.items import item_to_json
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.live import CHECKED, PLANNED
from batchgw.report.plan_fold import PlanFold
from batchgw.report.verdict import verdict_to_json
from batchgw.report.views.plan import PlanView
from batchgw.report.views.text import Span, line
from batchgw.times import timestamp


async def show_plan(
    plan: Plan,
    console: Console,
    *,
    output: Output,
    code: int,
    work: Estimate,
    stop: StopSignal,
    drift: bool = False,
) -> PlanFold:
    """Print a plan as data, and give the fold of it. Raises Stopped.

    `code` is its exit code, `work` what an apply takes.
    """
    live = CHECKED if drift else PLANNED
    verdict = verdict_to_json(plan.totals, code)
    match output:
        case Output.TABLE:
            view = await plan_view(plan, work=work, stop=stop, drift=drift)
            await anyio.lowlevel.checkpoint()  # to lay out a screenful takes ten milliseconds
            console.data(view.lines())
            console.note(line(Span(live, "dim")))
            fold = view.fold
        case Output.JSON:
            fold = await _json(plan, console, work, stop, live=live, verdict=verdict)
        case Output.JSONL:
            fold = await _jsonl(plan, console, work, stop, live=live, verdict=verdict)
    console.flush()
    return fold


async def plan_view(plan: Plan, *, work: Estimate, stop: StopSignal, drift: bool = False) -> PlanView:
    """Read a plan through once, and give what shows it. Raises Stopped."""
    fold = await _folded(plan, stop, lambda _item: None)
    return PlanView(fold=fold, totals=plan.totals, estimate=work, drift=drift)


def apply_of(plan: Plan, pace: Pace, *, saved: bool) -> Estimate:
    """Estimate an apply at a later time, of the saved plan or of the policy, with full buckets."""
    work = Work.APPLY_SAVED if saved else Work.ALL
    return estimate(plan.totals, work, rate=pace.supposed, burst=pace.burst, trusted=TRUSTED)


async def _folded(plan: Plan, stop: StopSignal, show: Callable[[PlanItem], None]) -> PlanFold:
    """Fold and show each item. That takes a minute for a million, so signals are heeded meanwhile."""
    fold, slices = PlanFold(plan.header.desired), TimeSlices()
    for item in plan.items():
        fold.add(item)
        show(item)
        if await slices.yield_if_due() and stop.requested:
            raise Stopped("the plan was not shown to its end.")
    return fold


async def _json(
    plan: Plan,
    console: Console,
    work: Estimate,
    stop: StopSignal,
    *,
    live: str,
    verdict: Mapping[str, Any],
) -> PlanFold:
    """Print one object; its items one a line, so that a plan of any size is a stream."""
    header = json.dumps(_header(plan), separators=(",", ":"))
    console.text(f'{{"header":{header},\n"items":[')
    separators = chain([""], repeat(","))
    fold = await _folded(
        plan,
        stop,
        lambda item: console.text(next(separators) + json.dumps(_item(item), separators=(",", ":"))),
    )
    closing = {
        "totals": plan.totals.to_json(),
        "estimate": work.to_json(),
        "customised": fold.customised.to_json(),
        "not_live": live,
        **verdict,
    }
    console.text("]," + json.dumps(closing, separators=(",", ":"))[1:])
    return fold


async def _jsonl(
    plan: Plan,
    console: Console,
    work: Estimate,
    stop: StopSignal,
    *,
    live: str,
    verdict: Mapping[str, Any],
) -> PlanFold:
    """Print the lines of a plan file, and what else there is to know of it last."""
    console.jsonl(_header(plan))
    fold = await _folded(plan, stop, lambda item: console.jsonl(_item(item)))
    console.jsonl({"kind": "totals", **plan.totals.to_json()})
    console.jsonl({"kind": "estimate", **work.to_json()})
    console.jsonl({"kind": "customised", **fold.customised.to_json()})
    console.jsonl({"kind": "verdict", **verdict})
    console.jsonl({"kind": "not-live", "message": live})
    return fold


def _header(plan: Plan) -> dict[str, Any]:
    """Render a plan's header, its time as all times are shown."""
    return {**plan.header.to_json(), "created": timestamp(plan.header.created)}


def _item(item: PlanItem) -> dict[str, Any]:
    """Render an item of a plan, its API's time as all times are shown."""
    shown = item_to_json(item)
    if isinstance(item, UnreadScope) or item.api.created is None:
        return shown
    return {**shown, "api": {**shown["api"], "created": timestamp(item.api.created)}}
