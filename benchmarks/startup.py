"""How long a command takes to start: a person waits for it, and a script pays it each time.

    python -m benchmarks.startup [--quick] [--write]

Processes are started one after the other, in rounds of all commands. Figures are medians. A first round,
which is not counted, fills the caches.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.cli import main
from benchmarks.harness.environment import environment
from benchmarks.harness.results import Column, Row, Section

ROUNDS, QUICK_ROUNDS = 15, 5
POLICY = Path(__file__).parent.parent / "examples/policies/demo.yaml"

COLUMNS = (
    Column(key="wall", label="seconds", format=".3f"),
    Column(key="cpu", label="CPU seconds", format=".3f"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A command, its name, and the seconds it may take."""

    name: str
    command: tuple[str, ...]
    goal: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process that has ended: seconds of the clock and of CPU, and its exit code."""

    wall: float
    cpu: float
    code: int


def subjects() -> tuple[Subject, ...]:
    """The commands that are started."""
    batchgw = installed("batchgw") or (sys.executable, "-m", "batchgw")
    return (
        Subject(name="python -c pass", command=_python("pass")),
        Subject(name="batchgw --help", command=(*batchgw, "--help"), goal=0.3),
        Subject(name="batchgw validate POLICY", command=(*batchgw, "validate", str(POLICY)), goal=0.6),
        Subject(name="aws --version", command=(*(installed("aws") or ("aws",)), "--version")),
        Subject(name='python -c "import boto3"', command=_python("import boto3")),
        Subject(name='python -c "import aioboto3"', command=_python("import aioboto3")),
    )


def installed(script: str) -> tuple[str, ...] | None:
    """The script of that name beside this interpreter; None when there is none."""
    path = Path(sys.executable).with_name(script)
    return (str(path),) if path.exists() else None


def measure(*, quick: bool) -> Section:
    """Start each command several times."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    chosen = subjects()
    runs: dict[str, list[Started]] = {subject.name: [] for subject in chosen}
    absent: dict[str, str] = {}
    for number in range(rounds + 1):
        for subject in chosen:
            if subject.name in absent:
                continue
            try:
                run = start(subject.command)
            except OSError as error:
                absent[subject.name] = f"it cannot be started: {error.strerror}"
                continue
            if number:  # the first round fills the caches
                runs[subject.name].append(run)
    rows = [row(subject, runs[subject.name], absent.get(subject.name)) for subject in chosen]
    return Section(
        name="startup",
        title="Start-up",
        command="python -m benchmarks.startup" + (" --quick" if quick else ""),
        quick=quick,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(f"Medians of {rounds} processes each.",),
    )


def row(subject: Subject, runs: Sequence[Started], absent: str | None) -> Row:
    """The medians of a subject's runs."""
    if absent is not None:
        return Row(name=subject.name, skipped=absent)
    codes = {run.code for run in runs} - {0}
    return Row(
        name=subject.name,
        values={
            "wall": statistics.median(run.wall for run in runs),
            "cpu": statistics.median(run.cpu for run in runs),
        },
        goals={} if subject.goal is None else {"wall": subject.goal},
        failed=f"exit code {min(codes)}" if codes else None,
    )


def start(command: Sequence[str]) -> Started:
    """Run a command to its end. Raises OSError when it cannot be started."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Started(
        wall=time.perf_counter() - began,
        cpu=used.ru_utime + used.ru_stime,
        code=process.returncode,
    )


def _python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


if __name__ == "__main__":
    main(measure, __doc__)
