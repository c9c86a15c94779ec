"""A contestant's process: it gets a job, is timed, is killed when it takes too long, and gives a report."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.environment import environment
from benchmarks.harness.last_words import last_words
from benchmarks.peers.job import Job, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How a contestant's process ended. `cpu` seconds are its own and its children's, user and system."""

    seconds: float
    cpu: float
    report: Report | None
    failed: str | None


def run(peer: str, job: Job, patience: float) -> Process:
    """Run a contestant in a process of its own; kill it when it takes longer than `patience` seconds."""
    folder = Path(job.folder)
    (folder / "job.json").write_text(job.dumps())
    with (
        (folder / "job.json").open() as stdin,
        (folder / "report.json").open("w") as stdout,
        (folder / "stderr.txt").open("w") as stderr,
    ):
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers", peer],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment(),
        )
        late = threading.Event()
        timer = threading.Timer(patience, _kill, (process, late))
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
        seconds = time.monotonic() - began
    failed = None
    if late.is_set():
        failed = f"not done after {patience:g} s"
    elif process.returncode:
        text = (folder / "stderr.txt").read_text(errors="replace")
        failed = f"exit code {process.returncode}: {last_words(text)}"
    report = None if failed else Report.loads((folder / "report.json").read_text())
    return Process(seconds=seconds, cpu=used.ru_utime + used.ru_stime, report=report, failed=failed)


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()
