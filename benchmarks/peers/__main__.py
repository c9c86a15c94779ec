"""Runs one contestant: `python -m benchmarks.peers NAME < JOB > REPORT`."""

from __future__ import annotations

import os
import sys

from benchmarks.peers.job import Job
from benchmarks.peers.registry import load


def main() -> None:
    """Read the job, do it, and write the report. What the contestant prints goes to stderr."""
    report_to = os.dup(1)
    os.dup2(2, 1)
    report = load(sys.argv[1])(Job.loads(sys.stdin.read()))
    with os.fdopen(report_to, "w") as out:
        out.write(report.dumps())


if __name__ == "__main__":
    main()
