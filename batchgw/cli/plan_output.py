"""A plan on stdout: a screenful, or everything in it as a stream of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from batchgw.cli.console import Console
from batchgw.cli.options import Output
from batchgw.control_plane.paced import Pace
from batchgw.planning.estimate import Estimate, Work, estimate
from batchgw.planning.items import item_to_json
from batchgw.planning.planfile import Plan
from batchgw.report.plan_fold import PlanFold
from batchgw.report.plan_view import PlanView
from batchgw.report.text import Line


def show_plan(plan: Plan, console: Console, *, output: Output, pace: Pace, drift: bool = False) -> PlanFold:
    """Print a plan as data, and give the fold of it."""
    match output:
        case Output.TABLE:
            fold, lines = plan_view(plan, pace=pace, drift=drift)
            console.data(lines)
        case Output.JSON:
            fold = _json(plan, console, pace)
        case Output.JSONL:
            fold = _jsonl(plan, console, pace)
    console.flush()
    return fold


def plan_view(plan: Plan, *, pace: Pace, drift: bool = False) -> tuple[PlanFold, Iterator[Line]]:
    """Read a plan through once, and give the fold and the lines that show it."""
    fold = PlanFold()
    for item in plan.items():
        fold.add(item)
    view = PlanView(fold=fold, totals=plan.totals, estimate=writes_of(plan, pace), drift=drift)
    return fold, view.lines()


def writes_of(plan: Plan, pace: Pace) -> Estimate:
    """Estimate an apply of the plan."""
    return estimate(plan.totals, Work.APPLY, rate=pace.supposed, burst=pace.burst)


def _json(plan: Plan, console: Console, pace: Pace) -> PlanFold:
    """Print one object; its items one a line, so that a plan of any size is a stream."""
    fold = PlanFold()
    header = json.dumps(plan.header.to_json(), separators=(",", ":"))
    console.text(f'{{"header":{header},\n"items":[')
    separator = ""
    for item in plan.items():
        fold.add(item)
        console.text(separator + json.dumps(item_to_json(item), separators=(",", ":")))
        separator = ","
    closing = {"totals": plan.totals.to_json(), "estimate": writes_of(plan, pace).to_json()}
    console.text("]," + json.dumps(closing, separators=(",", ":"))[1:])
    return fold


def _jsonl(plan: Plan, console: Console, pace: Pace) -> PlanFold:
    """Print the lines of a plan file, and the estimate last."""
    fold = PlanFold()
    console.jsonl(plan.header.to_json())
    for item in plan.items():
        fold.add(item)
        console.jsonl(item_to_json(item))
    console.jsonl({"kind": "totals", **plan.totals.to_json()})
    console.jsonl({"kind": "estimate", **writes_of(plan, pace).to_json()})
    return fold
