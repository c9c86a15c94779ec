"""One contestant's process: started with a job, timed, killed when it takes too long, then its report."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.harness.words import last_words
from benchmarks.peers.job import Job, Report

HIDDEN = ("AWS_", "BATCHGW_", "TF_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
"""Beginnings of environment variables that a contestant must not see: the caller's own settings."""

KEPT = ("BATCHGW_BENCH_",)


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
        (folder / "job.json").open() as asked,
        (folder / "report.json").open("w") as told,
        (folder / "stderr.txt").open("w") as complaint,
    ):
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peers", peer],
            stdin=asked,
            stdout=told,
            stderr=complaint,
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
        said = (folder / "stderr.txt").read_text(errors="replace")
        failed = f"exit code {process.returncode}: {last_words(said)}"
    report = None if failed else Report.loads((folder / "report.json").read_text())
    return Process(seconds=seconds, cpu=used.ru_utime + used.ru_stime, report=report, failed=failed)


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def environment() -> dict[str, str]:
    """The caller's environment without anything that would change what a contestant does."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(HIDDEN) or name.startswith(KEPT)
    }
    return clean | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_STATE_HOME": _state(),
    }


@cache
def _state() -> str:
    """Give a folder that ends with this process: what is learned of 127.0.0.1 is not for the user's own."""
    folder = tempfile.TemporaryDirectory(prefix="batchgw-bench-")
    atexit.register(folder.cleanup)
    return folder.name
