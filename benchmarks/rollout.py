"""200 REST APIs made live: three types on each, its deployment, and two stages moved to it.

    python -m benchmarks.rollout [--quick] [--write]

A deployment may leave once in 5 s, so 200 of them take 995 s, whatever else is done (the arithmetic:
`benchmarks.rollouts.task`). In virtual time: batchgw's whole run, with its journal, its look for others'
edits and at each stage in the end; and scripts with aioboto3 and aiolimiter, with one limiter for all calls
and with a second one for deployments. Both meet the simulator with AWS's quotas and latency. Then Terraform,
if its binary and its AWS provider are on this machine: over HTTP, so in real time, and only 20 APIs.

Quick: 20 APIs, one seed, and no Terraform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import mean

from benchmarks.harness.cli import main
from benchmarks.harness.results import Column, Row, Section
from benchmarks.over_http import task as http
from benchmarks.over_http.calls import OK, REFUSED, LoggedCall
from benchmarks.over_http.contestant import Contestant, Result
from benchmarks.over_http.serving import serving
from benchmarks.peers.registry import why_not
from benchmarks.peers.terraform_live import LONGEST, STAGES
from benchmarks.rollouts.runs import Run, ours, script
from benchmarks.rollouts.task import SETTINGS, TYPES, Task

SEEDS = range(1000, 1003)
"""Held out: nothing is tuned to them."""

FEW = 20
"""APIs of a quick run, and of Terraform."""

GOALS: Mapping[str, float] = {"ratio": 1.01, "refused": 0, "given_up": 0, "not_live": 0}

QUICK_GOALS: Mapping[str, float] = {**GOALS, "ratio": 1.03}
"""In so short a run the first API's responses and the last one's stages, 2 s together, are 2 %."""

TERRAFORM = Contestant(
    label="Terraform, over HTTP", peer="terraform-live", options={"types": [kind.value for kind in TYPES]}
)

COLUMNS = (
    Column(key="apis", label="APIs", format=",.0f"),
    Column(key="bound", label="bound s", format=",.1f"),
    Column(key="seconds", label="seconds", format=",.1f"),
    Column(key="ratio", label="/ bound", format=".4f"),
    Column(key="worst", label="worst", format=".4f"),
    Column(key="calls", label="calls", format=",.0f"),
    Column(key="refused", label="refused", format=",.0f"),
    Column(key="given_up", label="given up", format=",.0f"),
    Column(key="not_live", label="stages not live", format=",.0f"),
)

VIRTUAL = (
    "In virtual time: means over {seeds} seeds, and the worst of them. seconds: from the arrival of the "
    "first call to the answer of the last. The bound leaves latency out."
)

LOOKS = (
    "batchgw reads each API's responses back, looks for others' edits, and reads each stage after its move. "
    "The scripts do none of it. given up: targets of batchgw, APIs of a script, errors of Terraform."
)


def measure(*, quick: bool) -> Section:
    """Measure all of them."""
    seeds = SEEDS[:1] if quick else SEEDS
    tasks = [Task(apis=FEW if quick else 200, seed=seed) for seed in seeds]
    terraform = Row(name=TERRAFORM.label, skipped="only in a full run") if quick else _terraform()
    return Section(
        name="rollout",
        title=f"{tasks[0].apis} APIs x {len(TYPES)} types, a deployment and 2 stages of each: "
        f"the bound is {tasks[0].bound:.1f} s",
        command="python -m benchmarks.rollout" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(
            _row("batchgw", ours, tasks, QUICK_GOALS if quick else GOALS),
            *_scripts(tasks),
            terraform,
        ),
        notes=(VIRTUAL.format(seeds=len(seeds)), LOOKS),
        series={"bars": ["ratio", "refused", "not_live"]},
    )


def _scripts(tasks: Sequence[Task]) -> list[Row]:
    names = {1: "aioboto3 + aiolimiter, one for all calls", 2: "aioboto3 + aiolimiter, one for each quota"}
    lacking = why_not("aiolimiter-tenacity")
    if lacking is not None:
        return [Row(name=name, skipped=lacking) for name in names.values()]
    return [_row(name, partial(script, limiters=limiters), tasks, {}) for limiters, name in names.items()]


def _row(name: str, run: Callable[[Task], Run], tasks: Sequence[Task], goals: Mapping[str, float]) -> Row:
    runs, bound = [run(task) for task in tasks], tasks[0].bound
    return Row(
        name=name,
        values={
            "apis": tasks[0].apis,
            "bound": bound,
            "seconds": round(mean(each.seconds for each in runs), 2),
            "ratio": round(mean(each.seconds for each in runs) / bound, 4),
            "worst": round(max(each.seconds for each in runs) / bound, 4),
            "calls": mean(each.calls for each in runs),
            "refused": max(each.refused for each in runs),
            "given_up": max(each.given_up for each in runs),
            "not_live": max(each.not_live for each in runs),
        },
        goals=goals,
    )


def _terraform() -> Row:
    """Let Terraform make the responses, deployments and stages of `FEW` APIs."""
    task = Task(apis=FEW)
    with serving(http.world(accounts=2, regions=1, apis=FEW)) as server:
        contest = http.contest(server, rate=10.0, burst=40.0, patience=LONGEST + 50)
        contest.put = SETTINGS.to_json()
        (result,) = contest.run([TERRAFORM])
    return _of_terraform(result, task)


def _of_terraform(result: Result, task: Task) -> Row:
    process = result.process
    if process is None:
        return Row(name=result.contestant.label, skipped=result.skipped or "not run")
    made = [call for call in result.calls if call.outcome == OK]
    seconds = max(call.answered for call in made) - min(call.arrived for call in made) if made else None
    return Row(
        name=result.contestant.label,
        values={
            "apis": task.apis,
            "bound": task.bound,
            "seconds": seconds,
            "ratio": None if seconds is None else round(seconds / task.bound, 4),
            "calls": len(result.calls),
            "refused": sum(call.outcome == REFUSED for call in result.calls),
            "given_up": None if process.report is None else process.report.given_up.total(),
            "not_live": task.apis * len(STAGES) - _count(made, "CreateStage"),
        },
        failed=process.failed,
    )


def _count(calls: Sequence[LoggedCall], operation: str) -> int:
    return sum(call.operation == operation for call in calls)


if __name__ == "__main__":
    main(measure, __doc__)
