"""How long the event loop stands still at most while it plans and applies, once it has started.

    python -m benchmarks.stalls [--quick] [--write]

The command line itself, in a process that times every step of its loop, over HTTP on loopback: roles are
assumed, pages of 500 REST APIs are listed, a plan file is written, read and taken into the journal.

A virtual machine that is kept from its processor does not know it: any step may take 10 ms more then, and it
looks like work. What the program does comes again in every run; so each runs twice, and the lesser of the
two longest steps counts. What the machine does by itself is told afterwards, by only looking at the clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.harness.cli import main
from benchmarks.harness.environment import environment
from benchmarks.harness.results import Column, Row, Section, Value
from benchmarks.scale.policy import SETTINGS
from benchmarks.scale.server import served
from benchmarks.scale.timed_loop import TimedLoop

APIS = 500  # of each account-region: a whole page
REGIONS = ("eu-west-1", "us-east-1")
ACCOUNTS, QUICK_ACCOUNTS = 6, 1
RATE, QUICK_RATE = 25, 250  # calls/second and account-region: what one core carries
PATIENCE = 150.0  # seconds for a command
ROUNDS, QUICK_ROUNDS = 2, 1
LOOKED = "nothing but looking at the clock"
LOOKING, QUICK_LOOKING = 15.0, 2.0  # seconds of that
POLICY = {
    "version": 1,
    "responses": {
        family: {
            "responseParameters": dict(SETTINGS.parameters),
            "responseTemplates": dict(SETTINGS.templates),
        }
        for family in ("DEFAULT_4XX", "DEFAULT_5XX")
    },
}
"""What the server answers to any PUT."""
PENDING = 2  # exit code of a plan with something to do

STEPS = "BATCHGW_BENCH_STEPS"
"""When it is set, the longest steps are told on stderr, and whose they were."""

GOALS = {"wall": 10.0}
"""Milliseconds."""

COLUMNS = (
    Column(key="wall", label="longest step, ms", format=".1f"),
    Column(key="range", label="of each run"),
    Column(key="cpu", label="most CPU, ms", format=".1f"),
    Column(key="p99", label="timer late, p99 ms", format=".1f"),
    Column(key="latest", label="at most, ms", format=".1f"),
    Column(key="steps", label="steps", format=",.0f"),
)


def measure(*, quick: bool) -> Section:
    """Plan, then apply the plan."""
    accounts = [f"{n + 2:012d}" for n in range(QUICK_ACCOUNTS if quick else ACCOUNTS)]
    scopes = len(accounts) * len(REGIONS)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    rate = QUICK_RATE if quick else RATE
    with tempfile.TemporaryDirectory(prefix="batchgw-stalls-") as folder, served(apis=APIS) as url:
        where = ["--endpoint-url", url, "--rate", str(rate), "--log-file", f"{folder}/log"]
        Path(folder, "policy.json").write_text(json.dumps(POLICY))
        plan = ["plan", f"{folder}/policy.json", "--out", f"{folder}/plan", "--role-name", "batchgw", *where]
        plan += ["--region", ",".join(REGIONS), "--account", ",".join(accounts)]
        apply = ["apply", "--plan", f"{folder}/plan", "--yes", *where]
        apply += ["--no-recheck"] if quick else []
        planned, applied = [], []
        for number in range(rounds):
            planned.append(_run(plan, PENDING))
            applied.append(_run([*apply, "--journal", f"{folder}/{number}.db"], 0))
    looked = Row(name=LOOKED, values=gaps(QUICK_LOOKING if quick else LOOKING))
    return Section(
        name="stalls",
        title="The event loop's longest stalls",
        command="python -m benchmarks.stalls" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(row("plan", planned), row("apply", applied), looked),
        notes=(
            f"{scopes * APIS:,} REST APIs in {scopes} scopes at {rate} calls/s each, after start-up.",
            "A step is what runs before the loop turns to anything else. A timer is set every millisecond.",
            "Each is run "
            + ("once." if rounds == 1 else f"{rounds} times, and the least of each column counts.")
            + " The last row is the machine's own: no program, and longer if looked at for longer.",
            f"With {STEPS}=1 in the environment it is told whose the longest steps were.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What a command's loop has noted, or why there is nothing."""

    values: Mapping[str, float] = field(default_factory=dict)
    failed: str | None = None


def _run(arguments: list[str], expected: int) -> Run:
    """Run a command in a process whose loop is timed."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": REGIONS[0]}
    command = [sys.executable, "-m", "benchmarks.stalls", "--here", *arguments]
    try:
        done = subprocess.run(
            command, env=environment() | keys, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Run(failed=f"not done after {PATIENCE:g} s")
    if os.environ.get(STEPS):
        sys.stderr.write(done.stderr)
    if done.returncode != expected:
        said = done.stderr.strip().splitlines()
        return Run(failed=f"exit {done.returncode}: {said[-1] if said else ''}")
    return Run(json.loads(done.stdout.splitlines()[-1]))


def row(name: str, runs: Sequence[Run]) -> Row:
    """Of each quantity the least of all runs, and the longest step of each. All of them must end well."""
    failed = next((run.failed for run in runs if run.failed is not None), None)
    if failed is not None:
        return Row(name=name, goals=GOALS, failed=failed)
    values: dict[str, Value] = {key: min(run.values[key] for run in runs) for key in runs[0].values}
    values["range"] = ", ".join(f"{run.values['wall']:.1f}" for run in runs)
    return Row(name=name, goals=GOALS, values=values)


def gaps(seconds: float) -> Mapping[str, float]:
    """Look at the clock again and again; give the longest time between two looks, and its CPU, both in ms."""
    longest = busiest = 0.0
    begun = before = time.perf_counter()
    cpu = time.thread_time()
    while before - begun < seconds:
        now, used = time.perf_counter(), time.thread_time()
        longest, busiest = max(longest, now - before), max(busiest, used - cpu)
        before, cpu = now, used
    return {"wall": 1e3 * longest, "cpu": 1e3 * busiest}


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Gives the timed loop to whoever asks asyncio for one, and remembers it."""

    loop: TimedLoop

    def new_event_loop(self) -> TimedLoop:
        """Make it."""
        self.loop = TimedLoop()
        return self.loop


def here(arguments: list[str]) -> int:
    """Run a command of batchgw in this process; print what its loop has noted. Gives its exit code."""
    policy = _Policy()
    asyncio.set_event_loop_policy(policy)
    from batchgw.cli.main import run  # noqa: PLC0415 - after the loop is in its place

    code = run(arguments)
    loop = policy.loop
    steps = sorted(loop.steps, reverse=True)
    if os.environ.get(STEPS):
        for step in steps:
            print(asdict(step), file=sys.stderr)
    late = statistics.quantiles(loop.late, n=100)
    values = {
        "wall": 1e3 * steps[0].wall,
        "cpu": 1e3 * loop.busiest,
        "p99": 1e3 * late[-1],
        "latest": 1e3 * max(loop.late),
        "steps": loop.counted,
    }
    print(json.dumps(values))
    return code


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        sys.exit(here(sys.argv[2:]))
    main(measure, __doc__)
