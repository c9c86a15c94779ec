"""Two lanes: 200 puts on 20 REST APIs, and each API is deployed once, as soon as its ten puts are made.

    python -m benchmarks.two_lanes [--quick] [--write]

A lane is what shares one quota. All calls share 10/s, burst 40; deployments also have a quota of their own,
one in 5 s. The earliest finish that both quotas allow is 95 s (`benchmarks.lanes.bound`).

First in virtual time: batchgw's limiter and retries, with a queue in which the API with the fewest puts left
is first. For comparison: all APIs in round robin, and one limiter for all operations. Then over HTTP, where
every contestant has an account of its own: batchgw in both orders, and boto3 in adaptive mode with a pool of
threads, with one client and with a client for each lane. Quick: fewer seeds, and over HTTP five times the
rates and a fifth of the latency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from batchgw.control_plane.stack import Pace
from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section
from benchmarks.lanes.bound import Task
from benchmarks.lanes.over_http import Contested, compete
from benchmarks.lanes.pipelines import Order
from benchmarks.lanes.virtual import Run, run
from benchmarks.over_http import table
from benchmarks.over_http.contestant import Contestant
from benchmarks.over_http.traces import trace

SEEDS = range(1000, 1010)
"""Held out: nothing is tuned to them."""

QUICK_SCALE = 5.0

PATIENCE = 5.0
"""A contestant may take this many times the bound."""

GOALS: Mapping[str, float] = {"ratio": 1.04, "given_up": 0, "unfinished": 0}

COLUMNS = (
    Column(key="seconds", label="seconds", format=".1f"),
    Column(key="ratio", label="/ bound", format=".3f"),
    Column(key="worst", label="worst", format=".3f"),
    Column(key="calls", label="calls", format=",.0f"),
    Column(key="refused", label="refused", format=",.1f"),
    Column(key="given_up", label="given up", format=",.0f"),
    Column(key="unfinished", label="APIs not as asked", format=",.0f"),
)

VIRTUAL = "In virtual time: means over {seeds} seeds, and the worst of them."

BOUND = (
    "seconds: from the arrival of the first call to the answer of the last. The bound leaves latency out; "
    "the first API's ten puts, one after the other, take about 1.2 s before anything can be deployed."
)

SCALED = (
    "Over HTTP: {scale:g} times the rates and 1/{scale:g} of the latency, so the bound is {bound:.1f} s. The "
    "time in which boto3's adaptive mode adapts is not scaled, so only the full run is fair to it."
)

ADAPTIVE = {"mode": "adaptive", "total_max_attempts": 10}


def ours(order: Order, goals: Mapping[str, float] | None = None) -> Contestant:
    """batchgw, which takes the APIs in this order."""
    return Contestant(
        label=f"batchgw, {order}", peer="batchgw-lanes", options={"order": order.value}, goals=goals or {}
    )


def boto3(label: str, clients: int) -> Contestant:
    """boto3 in its adaptive mode, with one client for both lanes or one for each."""
    options = {"clients": clients, "threads": 32, "retries": ADAPTIVE}
    return Contestant(label=label, peer="boto3-lanes", options=options)


CONTESTANTS = (
    ours(Order.DEPTH_FIRST, GOALS),
    ours(Order.ROUND_ROBIN),
    boto3("boto3 32 threads, adaptive, one client", 1),
    boto3("boto3 32 threads, adaptive, a client each lane", 2),
)


def measure(*, quick: bool) -> Section:
    """Measure in virtual time, then over HTTP."""
    task, scaled = Task(), Task(scale=QUICK_SCALE if quick else 1.0)
    seeds = SEEDS[:3] if quick else SEEDS
    contested = compete(scaled, CONTESTANTS, patience=PATIENCE * scaled.bound)
    return Section(
        name="two_lanes",
        title=f"{task.apis * task.puts} puts and {task.apis} deployments, each after its API's {task.puts} "
        f"puts: the two-lane bound is {task.bound:.1f} s",
        command="python -m benchmarks.two_lanes" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(*_virtually(task, seeds), *_over_http(contested, scaled)),
        notes=(
            VIRTUAL.format(seeds=len(seeds)),
            BOUND,
            *_about(scaled),
            table.load_in_words(contested.loads),
            *table.reasons(contested.results),
        ),
        series={
            "bars": ["ratio", "refused", "given_up"],
            "traces": [
                trace(
                    result.contestant.label,
                    result.calls,
                    quota=[(0.0, scaled.total.rate)],
                    puts=scaled.apis * scaled.puts,
                    step=1 / scaled.scale,
                )
                for result in contested.results
                if result.calls
            ],
        },
    )


def _virtually(task: Task, seeds: Sequence[int]) -> list[Row]:
    return [
        _mean(f"batchgw, {name}, in virtual time", runs, task, goals)
        for name, order, pace, goals in (
            ("depth first", Order.DEPTH_FIRST, Pace(), GOALS),
            ("round robin", Order.ROUND_ROBIN, Pace(), {}),
            ("one limiter for both lanes", Order.DEPTH_FIRST, Pace(operations={}), {}),
        )
        if (runs := [run(task, order=order, pace=pace, seed=seed) for seed in seeds])
    ]


def _mean(name: str, runs: Sequence[Run], task: Task, goals: Mapping[str, float]) -> Row:
    return Row(
        name=name,
        values={
            "seconds": round(mean(each.seconds for each in runs), 2),
            "ratio": round(mean(each.seconds for each in runs) / task.bound, 4),
            "worst": round(max(each.seconds for each in runs) / task.bound, 4),
            "calls": mean(each.calls for each in runs),
            "refused": mean(each.refused for each in runs),
            "given_up": sum(each.given_up for each in runs),
            "unfinished": sum(each.undeployed for each in runs),
        },
        goals=goals,
    )


def _over_http(contested: Contested, task: Task) -> list[Row]:
    where = "over HTTP" if task.scale == 1 else f"over HTTP x{task.scale:g}"
    return [
        Row(
            name=f"{row.name}, {where}",
            values=row.values,
            goals=row.goals,
            skipped=row.skipped,
            failed=row.failed,
        )
        for row in contested.rows
    ]


def _about(task: Task) -> list[str]:
    """The note on the scale, if there is one."""
    return [] if task.scale == 1 else [SCALED.format(scale=task.scale, bound=task.bound)]


if __name__ == "__main__":
    main(measure, __doc__)
