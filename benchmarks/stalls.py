"""How long the event loop stands still at most while it plans and applies, once it has started.

    python -m benchmarks.stalls [--quick] [--write]

The command line itself, in a process that times every step of its loop, over HTTP on loopback: roles are
assumed, pages of 500 REST APIs are listed, a plan file is written, read and taken into the journal.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.harness.cli import main
from benchmarks.harness.process import environment
from benchmarks.harness.results import Column, Row, Section
from benchmarks.scale.server import served
from benchmarks.scale.timed_loop import TimedLoop

APIS = 500  # of each account-region: a whole page
REGIONS = ("eu-west-1", "us-east-1")
ACCOUNTS, QUICK_ACCOUNTS = 6, 1
RATE, QUICK_RATE = 25, 250  # calls/second and account-region: what one core carries
PATIENCE = 150.0  # seconds for a command
POLICY = Path(__file__).parent.parent / "examples/policies/demo.yaml"
PENDING = 2  # exit code of a plan with something to do

STEPS = "BATCHGW_BENCH_STEPS"
"""When it is set, the longest steps are told on stderr, and whose they were."""

GOALS = {"wall": 10.0}
"""Milliseconds."""

COLUMNS = (
    Column(key="wall", label="longest step, ms", format=".1f"),
    Column(key="cpu", label="most CPU, ms", format=".1f"),
    Column(key="p99", label="timer late, p99 ms", format=".1f"),
    Column(key="latest", label="at most, ms", format=".1f"),
    Column(key="steps", label="steps", format=",.0f"),
)


def measure(*, quick: bool) -> Section:
    """Plan, then apply the plan."""
    accounts = [f"{n + 2:012d}" for n in range(QUICK_ACCOUNTS if quick else ACCOUNTS)]
    scopes = len(accounts) * len(REGIONS)
    rate = QUICK_RATE if quick else RATE
    with tempfile.TemporaryDirectory(prefix="batchgw-stalls-") as folder, served(apis=APIS) as url:
        where = ["--endpoint-url", url, "--rate", str(rate), "--log-file", f"{folder}/log"]
        plan = ["plan", str(POLICY), "--out", f"{folder}/plan", "--role-name", "batchgw", *where]
        plan += ["--region", ",".join(REGIONS), "--account", ",".join(accounts)]
        apply = ["apply", "--plan", f"{folder}/plan", "--yes", "--journal", f"{folder}/journal.db", *where]
        apply += ["--no-recheck"] if quick else []
        rows = (_row("plan", plan, PENDING), _row("apply", apply, 0))
    return Section(
        name="stalls",
        title="The event loop's longest stalls",
        command="python -m benchmarks.stalls" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=rows,
        notes=(
            f"{scopes * APIS:,} REST APIs in {scopes} scopes at {rate} calls/s each, after start-up.",
            "A step is what runs before the loop turns to anything else. A timer is set every millisecond.",
            f"With {STEPS}=1 in the environment it is told whose the longest steps were.",
        ),
    )


def _row(name: str, arguments: list[str], expected: int) -> Row:
    """Run a command in a process whose loop is timed."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": REGIONS[0]}
    command = [sys.executable, "-m", "benchmarks.stalls", "--here", *arguments]
    try:
        done = subprocess.run(
            command, env=environment() | keys, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Row(name=name, goals=GOALS, failed=f"not done after {PATIENCE:g} s")
    if os.environ.get(STEPS):
        sys.stderr.write(done.stderr)
    if done.returncode != expected:
        said = done.stderr.strip().splitlines()
        return Row(name=name, goals=GOALS, failed=f"exit {done.returncode}: {said[-1] if said else ''}")
    return Row(name=name, goals=GOALS, values=json.loads(done.stdout.splitlines()[-1]))


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
