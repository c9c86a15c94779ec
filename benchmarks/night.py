"""A night's check of an organisation: 1,000 accounts x 4 regions x 15 REST APIs, over HTTP with TLS.

    python -m benchmarks.night [--quick] [--write]

`batchgw check` reads every API once, with a role in every account, and compares it with a policy. Beside it
is what a user would write: boto3 and threads, and botocove. They would need minutes, so they check some of
the accounts, and their figures are multiplied. The largest of three bounds says what can be expected: STS at
the pace at which it is asked for roles, the quota of an account-region, and the CPU of the calls as aioboto3
makes them.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from batchgw.throttle.quota import STS, TOTAL
from benchmarks.fleet.server import served
from benchmarks.fleet.size import AS_WANTED, OF, Size
from benchmarks.harness.authority import Issued, issue
from benchmarks.harness.cli import main
from benchmarks.harness.environment import environment
from benchmarks.harness.last_words import last_words
from benchmarks.harness.results import Column, Row, Section
from benchmarks.scale.server import STATISTICS

FLEET = Size(accounts=1000, regions=4, apis=15)
QUICK_FLEET = Size(accounts=40, regions=2, apis=15)

GOALS = {"ratio": 1.2, "peak": 500.0, "refused": 0}
"""Seconds / the largest bound; megabytes; calls that the server refused."""

COLUMNS = (
    Column(key="accounts", label="accounts", format=",.0f"),
    Column(key="wall", label="seconds", format=",.1f"),
    Column(key="ratio", label="/ largest bound", format=".2f"),
    Column(key="cpu", label="CPU s", format=",.1f"),
    Column(key="call", label="CPU ms a call", format=".2f"),
    Column(key="peak", label="peak MB", format=",.0f"),
    Column(key="connections", label="connections", format=",.0f"),
    Column(key="refused", label="refused", format=",.0f"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A module of `benchmarks.fleet`, and how much of the organisation it checks.

    Attributes:
        accounts: how many accounts it checks, of 1,000.
        quick: the same in a quick run, of 40.
        longest: seconds after which it is ended.
        needs: the package that it needs.
    """

    name: str
    module: str
    accounts: int
    quick: int
    longest: float = 200.0
    needs: str = "aioboto3"


OURS = Program(name="batchgw check", module="ours", accounts=1000, quick=40, longest=500.0)
BARE = Program(name="bound: CPU of the calls, bare aioboto3", module="bare", accounts=125, quick=20)
OTHERS = (
    Program(
        name="boto3, 32 threads, a session an account", module="threads", accounts=96, quick=32, needs="boto3"
    ),
    Program(
        name="botocove, 20 threads, a session an account-region",
        module="cove",
        accounts=40,
        quick=10,
        needs="botocove",
    ),
)


def measure(*, quick: bool) -> Section:
    """Let each program check, one after the other; compute the bounds."""
    fleet = QUICK_FLEET if quick else FLEET
    with tempfile.TemporaryDirectory(prefix="batchgw-night-") as folder:
        issued = issue(Path(folder))
        ours, *others = [row(each, fleet, issued, quick=quick) for each in (OURS, *OTHERS, BARE)]
    *programs, bare = others
    bounds = (*bounds_of(fleet), of_cpu(bare))
    largest = max(_seconds(bound) for bound in bounds)
    goals = {} if quick else GOALS
    rows = [compared(each, largest) for each in (replace(ours, goals=goals), *programs)]
    return Section(
        name="night",
        title="A night's check of an organisation",
        command="python -m benchmarks.night" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=(*rows, *bounds),
        notes=notes(fleet),
    )


def notes(fleet: Size) -> tuple[str, ...]:
    """What was measured, and how."""
    size = f"{fleet.accounts:,} accounts with a role x {fleet.regions} regions x {fleet.apis} REST APIs"
    return (
        f"{size}: {fleet.scopes:,} account-regions, {fleet.reads:,} calls over TLS.",
        "A core for the program, one for the server, which has AWS's quota and a latency of 60 to 200 ms.",
        "Its answers are canned: the simulator takes more CPU for a call than the programs do.",
        f"Of {OF} APIs {AS_WANTED} are as the policy wants them, and answer alike.",
        "Of the others, which a program must find, most answer like no other API.",
        "Accounts: as many were checked. If not all, seconds and CPU are multiplied to be those of all.",
        f"batchgw asks STS at most {STS.rate:g} times a second.",
        "The bare calls: one client, one account-region without a quota, and nobody looks at the answers.",
    )


def bounds_of(fleet: Size) -> tuple[Row, ...]:
    """The bounds that can be computed, in seconds."""
    roles = max(0.0, (fleet.accounts - STS.burst) / STS.rate)
    quota = max(0.0, (1 + fleet.apis - TOTAL.burst) / TOTAL.rate)
    return (
        Row(name=f"bound: roles, at {STS.rate:g} a second", values={"wall": roles}),
        Row(name=f"bound: the quota, {TOTAL.rate:g} calls/s, burst {TOTAL.burst:g}", values={"wall": quota}),
    )


def of_cpu(bare: Row) -> Row:
    """The bound that follows from the CPU of the bare calls."""
    kept = {key: bare.values[key] for key in ("accounts", "cpu", "call") if key in bare.values}
    return replace(bare, values={**kept, "wall": bare.values.get("cpu")})


def compared(row: Row, largest: float) -> Row:
    """The row with its ratio to the largest bound."""
    wall = _seconds(row)
    return replace(row, values={**row.values, "ratio": wall / largest}) if wall and largest else row


def row(program: Program, fleet: Size, issued: Issued, *, quick: bool) -> Row:
    """Let a program check its part of the organisation."""
    if find_spec(program.needs) is None:
        return Row(name=program.name, skipped=f"{program.needs} not installed (scripts/setup bench)")
    part = replace(fleet, accounts=program.quick if quick else program.accounts)
    with served(part, issued.certificate, throttled=program is not BARE) as url:
        command = [sys.executable, "-m", "benchmarks.fleet.subject", program.module, url, str(issued.ca)]
        try:
            done = subprocess.run(
                [*command, *part.arguments()],
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=program.longest,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Row(name=program.name, failed=f"not done after {program.longest:g} s")
        counted = statistics(url, issued.ca)
    if done.returncode:
        return Row(name=program.name, failed=f"exit code {done.returncode}: {last_words(done.stderr)}")
    return figures(program, json.loads(done.stdout.splitlines()[-1]), counted, part, fleet)


def figures(
    program: Program, found: Mapping[str, float], counted: Mapping[str, float], part: Size, fleet: Size
) -> Row:
    """The figures of a program that has checked a part, for the whole fleet."""
    times = fleet.accounts / part.accounts
    values = {
        "accounts": part.accounts,
        "wall": found["wall"] * times,
        "cpu": found["cpu"] * times,
        "call": 1e3 * found["cpu"] / part.reads,
        "peak": found["peak"],
        "connections": counted["connections"],
        "refused": counted["refused"],
    }
    drifted = 0 if program is BARE else part.drifted
    if (found["read"], found["drifted"]) != (part.scopes * part.apis, drifted):
        there = f"there are {part.scopes * part.apis:,} and {drifted:,}"
        wrong = f"{found['read']:,} APIs read and {found['drifted']:,} drifted; {there}"
        return Row(name=program.name, values=values, failed=wrong)
    return Row(name=program.name, values=values)


def statistics(url: str, ca: Path) -> dict[str, float]:
    """What the server has counted. One connection is that of this question."""
    tls = ssl.create_default_context(cafile=ca)
    with urllib.request.urlopen(url + STATISTICS, context=tls) as answer:  # noqa: S310 - loopback
        counted: dict[str, float] = json.load(answer)
    return counted


def _environment() -> dict[str, str]:
    """An environment with invented base credentials and no other AWS settings."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "eu-west-1"}
    return environment() | keys | {"AWS_DEFAULT_REGION": "eu-west-1"}


def _seconds(row: Row) -> float:
    """What it took, or 0 where that is not known."""
    wall = row.values.get("wall")
    return wall if isinstance(wall, float) else 0.0


if __name__ == "__main__":
    main(measure, __doc__)
