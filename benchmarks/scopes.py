"""What a live account-region costs: CPU and memory of 1, 100 and 1,000 of them, each with a role of its own.

    python -m benchmarks.scopes [--quick] [--write]

The real AWS client calls STS and API Gateway on loopback, in another process. "Start" ends when every scope
has its keys and the answer to its first call. Then batchgw plans and applies in all of them at the same time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.authority import issue
from benchmarks.harness.cli import main
from benchmarks.harness.environment import environment
from benchmarks.harness.last_words import last_words
from benchmarks.harness.results import Column, Row, Section
from benchmarks.scale.server import served

APIS = 3  # REST APIs in each scope, with one change each
PATIENCE = 120.0  # seconds for one subject: 1,000 roles at 50 a second take 20 of them
GOALS = {"cpu": 1.5, "base": 120.0}
"""For 1,000 scopes: CPU seconds of the start, and megabytes of the process after it."""

COLUMNS = (
    Column(key="scopes", label="scopes", format=",.0f"),
    Column(key="cpu", label="start: CPU s", format=".3f"),
    Column(key="each", label="ms/scope", format=".2f"),
    Column(key="wall", label="seconds", format=".1f"),
    Column(key="base", label="MB", format=".0f"),
    Column(key="kilobytes", label="KB/scope", format=",.0f"),
    Column(key="connections", label="connections", format=".0f"),
    Column(key="call", label="run: ms/call", format=".2f"),
    Column(key="peak", label="MB", format=".0f"),
    Column(key="busy", label="connections", format=".0f"),
)

NOTES = (
    "A scope is an account with its own role. Start: AssumeRole and GetRestApis answered in every scope.",
    f"Run: {APIS} REST APIs in each scope are planned and applied, in all scopes at once, journal included.",
    "STS is called at most 50 times a second, which decides the seconds of a start. Milliseconds are CPU.",
    "Plain HTTP unless it says TLS. MB and connections: first after the start, then the largest of the run.",
    "The aioboto3 rows start one scope after the other, and only as many scopes as the row says.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured: a kind of `scale.subject`, the number of its scopes, over HTTP or TLS."""

    kind: str
    scopes: int
    tls: bool = False
    goals: bool = False

    @property
    def name(self) -> str:
        """The name of its row."""
        number = f"{self.scopes:,} scope{'s' if self.scopes > 1 else ''}"
        return f"{_KINDS[self.kind]}, {number}" + (", TLS" if self.tls else "")


_KINDS = {
    "batchgw": "batchgw",
    "client-per-scope": "aioboto3, a client per scope",
    "session-per-scope": "aioboto3, a session per scope",
}

SUBJECTS = (
    Subject(kind="batchgw", scopes=1),
    Subject(kind="batchgw", scopes=100),
    Subject(kind="batchgw", scopes=1000, goals=True),
    Subject(kind="batchgw", scopes=1000, tls=True),
    Subject(kind="client-per-scope", scopes=50),
    Subject(kind="client-per-scope", scopes=50, tls=True),
    Subject(kind="session-per-scope", scopes=20),
)

QUICK = (
    Subject(kind="batchgw", scopes=1),
    Subject(kind="batchgw", scopes=100),
    Subject(kind="batchgw", scopes=100, tls=True),
    Subject(kind="client-per-scope", scopes=10),
    Subject(kind="session-per-scope", scopes=5),
)


def measure(*, quick: bool) -> Section:
    """Measure each subject in a process of its own."""
    return Section(
        name="scopes",
        title="Live account-regions",
        command="python -m benchmarks.scopes" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(row(subject) for subject in (QUICK if quick else SUBJECTS)),
        notes=NOTES,
    )


def row(subject: Subject) -> Row:
    """Measure one subject."""
    goals = GOALS if subject.goals else {}
    with tempfile.TemporaryDirectory() as folder:
        issued = issue(Path(folder)) if subject.tls else None
        with served(apis=APIS, certificate=issued.certificate if issued else None) as url:
            command = [sys.executable, "-m", "benchmarks.scale.subject", subject.kind, str(subject.scopes)]
            command += [url, *([str(issued.ca)] if issued else [])]
            try:
                done = subprocess.run(
                    command, env=_keys(), capture_output=True, text=True, timeout=PATIENCE, check=False
                )
            except subprocess.TimeoutExpired:
                return Row(name=subject.name, goals=goals, failed=f"not done after {PATIENCE:g} s")
    if done.returncode:
        failed = f"exit code {done.returncode}: {last_words(done.stderr)}"
        return Row(name=subject.name, goals=goals, failed=failed)
    return Row(name=subject.name, goals=goals, values=figures(subject.scopes, json.loads(done.stdout)))


def figures(scopes: int, found: dict[str, float]) -> dict[str, float]:
    """The values of a row. What the subject did not measure is left out."""
    values = {
        "scopes": scopes,
        "cpu": found["cpu"],
        "each": 1e3 * found["cpu"] / scopes,
        "wall": found["wall"],
        "base": found["after"],
        "kilobytes": 1e3 * (found["after"] - found["before"]) / scopes,
        "connections": found["connections"],
    }
    if "applied" in found:
        calls = scopes + 2 * found["applied"]  # a page in each scope, and of each API a read and a write
        values |= {"call": 1e3 * found["cpu at work"] / calls}
        values |= {"peak": found["peak"], "busy": found["connections at work"]}
    return values


def _keys() -> dict[str, str]:
    """An environment with invented base credentials and no other AWS settings."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "eu-west-1"}
    return environment() | keys


if __name__ == "__main__":
    main(measure, __doc__)
