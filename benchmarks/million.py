"""A million targets planned and applied in virtual time, in one process whose memory does not grow.

    python -m benchmarks.million [--targets 1000000] [--types 1] [--quick] [--write]

A target is one response type of one REST API. The real planner, plan file, limiter, retries, executor and
SQLite journal run on asyncio. `scale.compact_plane` answers, with the simulator's quota of 10 calls a second
and a burst of 40 in each account-region, and knows at the end what was written.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import anyio

from batchgw import api
from batchgw.cli.garbage import collect_rarely
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.journal import open_journal
from batchgw.planning.estimate import PAGE_SIZE
from benchmarks.harness.last_words import last_words
from benchmarks.harness.memory import Sampler, peak, quarter_peaks, resident
from benchmarks.harness.results import Column, Row, Section, show, write
from benchmarks.scale.compact_plane import CompactPlane, State
from benchmarks.scale.policy import desired, policy
from benchmarks.scale.virtual_loop import VirtualLoop

SCOPES, REGIONS = 1_000, 10
"""Account-regions, and the regions of each account."""

TARGETS, QUICK_TARGETS = 200_000, 10_000
"""Targets of `measure`. --targets sets another number."""

QUICK_SCOPES = 100

GOALS = {"peak": 300.0, "growth": 1.1, "wrong": 0, "undone": 0}
"""Megabytes of the process; the peak of the last quarter / that of the second; targets not as desired."""

COLUMNS = (
    Column(key="targets", label="targets", format=",.0f"),
    Column(key="apis", label="APIs", format=",.0f"),
    Column(key="scopes", label="scopes", format=",.0f"),
    Column(key="peak", label="peak MB", format=".0f"),
    Column(key="growth", label="4th/2nd quarter", format=".2f"),
    Column(key="wrong", label="wrong", format=",.0f"),
    Column(key="undone", label="undone", format=",.0f"),
    Column(key="calls", label="calls", format=",.0f"),
    Column(key="refused", label="refused", format=",.0f"),
    Column(key="makespan", label="virtual s", format=",.0f"),
    Column(key="ratio", label="/ limit", format=".3f"),
    Column(key="cpu", label="CPU ms/call", format=".3f"),
    Column(key="wall", label="seconds", format=".0f"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The size: each of `targets / types` APIs has a change of each of `types` response types."""

    targets: int
    types: int
    scopes: int

    @property
    def apis(self) -> int:
        """The number of REST APIs."""
        return self.targets // self.types

    @property
    def name(self) -> str:
        """The name of its row."""
        return f"{self.apis:,} APIs x {self.types} type{'s' if self.types != 1 else ''}"

    def limit(self) -> float:
        """The shortest time that the quota allows, in seconds: first the burst, then the rate."""
        apis = -(-self.apis // self.scopes)
        calls = -(-apis // PAGE_SIZE) + apis + apis * self.types
        return max(0.0, (calls - 40) / 10)


def measure(*, quick: bool) -> Section:
    """Measure one size, in a process of its own."""
    task = Task(
        targets=QUICK_TARGETS if quick else TARGETS, types=1, scopes=QUICK_SCOPES if quick else SCOPES
    )
    return section([task], quick=quick)


def section(tasks: Sequence[Task], *, quick: bool) -> Section:
    """The table of some tasks. A size other than that of `measure` gets a name of its own."""
    usual = quick or tasks[0].targets == TARGETS
    done = [(task, _in_a_process(task)) for task in tasks]
    return Section(
        name="million" if usual else f"million_{tasks[0].targets}",
        title="Many targets, planned and applied in virtual time",
        command=_command(tasks[0], quick=quick),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(row for _, (row, _) in done),
        notes=(
            "A target is one response type of one REST API. Each is written once, after its API was read.",
            "Memory: of the whole process, with the simulated service, which keeps one byte for each target.",
            "Wrong: written with other settings than desired, or twice. Undone: not as desired at the end.",
        ),
        series={task.name: {"seconds, MB": samples} for task, (_, samples) in done if samples},
    )


def _command(task: Task, *, quick: bool) -> str:
    if quick:
        return "python -m benchmarks.million --quick"
    return f"python -m benchmarks.million --targets {task.targets} --types {task.types}"


def _in_a_process(task: Task) -> tuple[Row, list[tuple[float, float]]]:
    """Run a task in a process of its own, so that only its memory is measured."""
    command = [sys.executable, "-m", "benchmarks.million", "--here"]
    command += ["--targets", str(task.targets), "--types", str(task.types), "--scopes", str(task.scopes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        failed = f"exit code {done.returncode}: {last_words(done.stderr)}"
        return Row(name=task.name, goals=GOALS, failed=failed), []
    found = json.loads(done.stdout)
    return Row(name=task.name, goals=GOALS, values=found["values"]), found["samples"]


async def run(task: Task) -> dict[str, float | None]:
    """Plan and apply, then count what was written."""
    rules = desired(task.types).rules
    plane = CompactPlane(
        apis=task.apis,
        accounts=task.scopes // REGIONS,
        regions=REGIONS,
        desired={kind: rule.settings for kind, rule in rules.items() if rule.settings is not None},
    )
    paced = PacedControlPlane(plane)
    began, cpu, wall = anyio.current_time(), time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="batchgw-million-") as folder:
        plan = await api.plan(policy(plane.scopes, task.types), plane=paced, out=Path(folder) / "plan")
        async with open_journal(f"{folder}/journal.db") as journal:
            # In virtual time the plan is only minutes old, however long it takes here: no API is read again.
            summary = await api.apply(plan, plane=paced, journal=journal, trusted=inf)
    if summary.exit_code != 0 or not summary.proves:
        sys.exit(f"the run did not end well: exit code {summary.exit_code}, {summary.arithmetic}")
    makespan = anyio.current_time() - began
    census = plane.census()
    return {
        "targets": task.targets,
        "apis": task.apis,
        "scopes": task.scopes,
        "wrong": census[State.WRONG] + census[State.TWICE],
        "undone": task.targets - census[State.AS_DESIRED] - census[State.TWICE],
        "calls": plane.calls,
        "refused": plane.refused,
        "makespan": makespan,
        "ratio": makespan / task.limit() if task.limit() else None,
        "cpu": 1e3 * (time.process_time() - cpu) / plane.calls,
        "wall": time.perf_counter() - wall,
    }


def here(task: Task) -> None:
    """Run a task in this process, and print figures and samples as JSON."""
    collect_rarely()  # as the command line does when it is set up
    before = resident()
    with Sampler() as sampler:
        values = anyio.run(run, task, backend_options={"loop_factory": VirtualLoop})
    _, second, _, fourth = quarter_peaks(sampler.samples)
    values |= {"peak": peak(), "growth": fourth / second, "before": before}
    print(json.dumps({"values": values, "samples": sampler.samples}))


def main() -> None:
    """Measure with the flags of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, help=f"number of targets (default: {TARGETS:,})")
    parser.add_argument("--types", type=int, default=1, help="response types of each API (default: 1)")
    parser.add_argument(
        "--scopes", type=int, default=SCOPES, help=f"account-regions, a multiple of {REGIONS}"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_TARGETS:,} targets")
    parser.add_argument("--write", action="store_true", help="write the results to benchmarks/results")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.scopes % REGIONS or given.scopes < REGIONS:
        parser.error(f"--scopes must be a multiple of {REGIONS}")
    task = Task(targets=given.targets or TARGETS, types=given.types, scopes=given.scopes)
    if given.here:
        here(task)
        return
    measured = section([task], quick=False) if given.targets else measure(quick=given.quick)
    show(measured)
    if given.write:
        write(measured)


if __name__ == "__main__":
    main()
