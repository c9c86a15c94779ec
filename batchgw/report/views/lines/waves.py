"""The waves of a plan as lines for people: who goes when, how much that is, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.kinds import KINDS
from batchgw.report.rollout.plan_waves import PlanWaves
from batchgw.report.views.text import Line, Span, line, table
from batchgw.times import duration


def wave_lines(waves: PlanWaves) -> Iterator[Line]:
    """Show a table of the waves, what goes on between them, and what is wrong with them."""
    rollout = waves.rollout
    if rollout is None or not any(each.apis for each in waves.figures):
        return
    kinds = [kind for kind in KINDS if any(each.targets[kind] for each in waves.figures)]
    rows = [
        (
            f"{each.number}",
            str(each.wave),
            f"{each.apis:,}",
            *(f"{each.targets[kind]:,}" for kind in kinds),
            f"{each.scopes:,}",
            _about(seconds),
            _about(after),
        )
        for each, seconds, after in waves.times()
    ]
    head = [
        "wave",
        "who",
        "APIs",
        *(f"{KINDS[kind].counted}s" for kind in kinds),
        "scopes",
        "time",
        "done after",
    ]
    yield line()
    yield from table(head, rows, right=[0, *range(2, len(head))])
    between = [f"{duration(rollout.bake)} of bake"] if rollout.bake else []
    between += [f"the gate {gate.name}" for gate in rollout.gates]
    if between:
        yield line(f"  After each wave: {', '.join(between)}.")
    for window in rollout.windows:
        yield line(f"  Calls are made only in the window {window}.")
    if waves.fault is not None:
        yield line(Span(f"  {waves.fault}", "error"))


def _about(seconds: float) -> str:
    if seconds == float("inf"):
        return "never"
    return "under 1 s" if seconds < 1 else duration(seconds)
