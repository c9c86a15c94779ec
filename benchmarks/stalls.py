"""The longest stalls of the event loop while batchgw plans and applies, after its start-up.

    python -m benchmarks.stalls [--quick] [--write]

The real command line runs in a process that times every step of its loop, over HTTP on loopback. Roles are
assumed, pages of 500 REST APIs are listed, a plan file is written, read and imported into the journal.

A virtual machine may lose its processor for a while without knowing it. Then any step may take 10 ms more,
and it looks like work. What the program does is the same in every run. So each command runs twice, and the
shorter of the two longest steps counts. The last row shows the machine's own stalls: a loop that only reads
the clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.cli import main
from benchmarks.harness.environment import environment
from benchmarks.harness.last_words import last_words
from benchmarks.harness.results import Column, Row, Section, Value
from benchmarks.scale.policy import SETTINGS
from benchmarks.scale.server import served
from benchmarks.scale.timed_loop import STEPS, TimedLoop, figures, shown

APIS = 500  # in each account-region: a full page
REGIONS = ("eu-west-1", "us-east-1")
ACCOUNTS, QUICK_ACCOUNTS = 6, 1
RATE, QUICK_RATE = 25, 250  # calls/second in each account-region: as many as one core can make
PATIENCE = 150.0  # seconds for a command
ROUNDS, QUICK_ROUNDS = 2, 1
BEGIN, QUICK_BEGIN = 4_000, 400  # account-regions that begin at the same time
FIRST_CALLS = "the first call of each service"
CLOCK_ONLY = "only reading the clock"
CLOCK_SECONDS, QUICK_CLOCK_SECONDS = 15.0, 2.0
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
"""It sets what the server answers to any PUT."""
PENDING = 2  # exit code of a plan with changes

GOALS = {"wall": 10.0}
"""Milliseconds."""

COLUMNS = (
    Column(key="wall", label="longest step, ms", format=".1f"),
    Column(key="range", label="in each run"),
    Column(key="cpu", label="most CPU, ms", format=".1f"),
    Column(key="p99", label="timer delay, p99 ms", format=".1f"),
    Column(key="latest", label="largest delay, ms", format=".1f"),
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
    begin = QUICK_BEGIN if quick else BEGIN
    begun, applied_in_all = _beginnings(begin, rounds)
    with served(apis=1) as url:
        first_calls = [_measured(["benchmarks.scale.first_calls", url], 0) for _ in range(rounds)]
    clock_only = Row(name=CLOCK_ONLY, values=gaps(QUICK_CLOCK_SECONDS if quick else CLOCK_SECONDS))
    return Section(
        name="stalls",
        title="The event loop's longest stalls",
        command="python -m benchmarks.stalls" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(
            row("plan", planned),
            row("apply", applied),
            row(beginning_of(begin), begun),
            row(apply_of(begin), applied_in_all),
            row(FIRST_CALLS, first_calls),
            clock_only,
        ),
        notes=(
            f"{scopes * APIS:,} REST APIs in {scopes} scopes at {rate} calls/s each, after start-up.",
            "They begin from the call of `plan` until all of their APIs are listed, roles included.",
            "They apply, with one API in each, from the call of `apply` to the end of its journal.",
            "The services are organizations, account, ec2 and cloudformation, one after the other.",
            "A step is what the loop runs without a break. A timer fires every millisecond.",
            "Each command is run "
            + ("once." if rounds == 1 else f"{rounds} times, and the smallest value of each column counts.")
            + " The last row shows the machine's own stalls: a loop that only reads the clock.",
            f"With {STEPS}=1 in the environment, the longest steps are printed with their task or callback.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """What a command's loop has measured, or why there is nothing."""

    values: Mapping[str, float] = field(default_factory=dict)
    failed: str | None = None


def beginning_of(scopes: int) -> str:
    """The name of the row about the beginning of so many account-regions."""
    return f"{scopes:,} account-regions begin"


def apply_of(scopes: int) -> str:
    """The name of the row about an apply in so many account-regions."""
    return f"{scopes:,} account-regions apply"


def _beginnings(scopes: int, rounds: int) -> tuple[Sequence[Run], Sequence[Run]]:
    """Let many account-regions begin: in plans, and in applies of a plan that is saved before."""
    module, number = "benchmarks.scale.beginning", str(scopes)
    with tempfile.TemporaryDirectory(prefix="batchgw-stalls-") as folder, served(apis=1) as url:
        planned = [_measured([module, "plan", number, url], 0) for _ in range(rounds)]
        saved = _measured([module, "save", number, url, f"{folder}/plan"], 0)
        journals = [f"{folder}/{round_}.db" for round_ in range(rounds)]
        apply = [module, "apply", number, url, f"{folder}/plan"]
        return planned, [_measured([*apply, each], 0) if not saved.failed else saved for each in journals]


def _run(arguments: list[str], expected: int) -> Run:
    """Run a command in a process whose loop is timed."""
    return _measured(["benchmarks.stalls", "--here", *arguments], expected)


def _measured(module: list[str], expected: int) -> Run:
    """Run a module with its arguments, whose last line has what a loop has measured."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": REGIONS[0]}
    command = [sys.executable, "-m", *module]
    try:
        done = subprocess.run(
            command, env=environment() | keys, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Run(failed=f"not done after {PATIENCE:g} s")
    if os.environ.get(STEPS):
        sys.stderr.write(done.stderr)
    if done.returncode != expected:
        return Run(failed=f"exit code {done.returncode}: {last_words(done.stderr)}")
    return Run(json.loads(done.stdout.splitlines()[-1]))


def row(name: str, runs: Sequence[Run]) -> Row:
    """The smallest value of each column over the runs, and each run's longest step. All runs must succeed."""
    failed = next((run.failed for run in runs if run.failed is not None), None)
    if failed is not None:
        return Row(name=name, goals=GOALS, failed=failed)
    values: dict[str, Value] = {key: min(run.values[key] for run in runs) for key in runs[0].values}
    values["range"] = ", ".join(f"{run.values['wall']:.1f}" for run in runs)
    return Row(name=name, goals=GOALS, values=values)


def gaps(seconds: float) -> Mapping[str, float]:
    """Read the clock again and again. Gives the longest time between two readings and the most CPU, in ms."""
    longest = busiest = 0.0
    begun = before = time.perf_counter()
    cpu = time.thread_time()
    while before - begun < seconds:
        now, used = time.perf_counter(), time.thread_time()
        longest, busiest = max(longest, now - before), max(busiest, used - cpu)
        before, cpu = now, used
    return {"wall": 1e3 * longest, "cpu": 1e3 * busiest}


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Lets asyncio use timed loops, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.loops: list[TimedLoop] = []

    def new_event_loop(self) -> TimedLoop:
        """Make a timed loop."""
        self.loops.append(TimedLoop())
        return self.loops[-1]


def here(arguments: list[str]) -> int:
    """Run a command of batchgw in this process, and print what its loop has measured. Gives the exit code."""
    policy = _Policy()
    asyncio.set_event_loop_policy(policy)
    from batchgw.cli.main import run  # noqa: PLC0415 - after the loop has been set

    code = run(arguments)
    (loop,) = (
        each for each in policy.loops if each.connected
    )  # what is shown has a loop without connections
    if os.environ.get(STEPS):
        shown(loop)
    print(json.dumps(figures(loop)))
    return code


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        sys.exit(here(sys.argv[2:]))
    main(measure, __doc__)
