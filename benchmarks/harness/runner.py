"""Runs a section in a process of its own, and gives its tables.

If the section raises, dies or takes too long, its table has one row, which says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.last_words import last_words
from benchmarks.harness.one import INDEX
from benchmarks.harness.results import Row, Section, read
from benchmarks.registry import Entry

_running: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The tables of an entry, and the seconds that it took."""

    entry: Entry
    sections: tuple[Section, ...]
    seconds: float


def run(entry: Entry, *, quick: bool) -> Measured:
    """Measure one entry. Its output goes to stderr."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="batchgw-bench-") as name:
        folder = Path(name)
        failed = None if entry.there else "there is no such module"
        failed = failed or _run(entry, folder, quick=quick)
        sections = (_failed(entry, failed, quick=quick),) if failed else _sections(folder)
    return Measured(entry=entry, sections=sections, seconds=time.monotonic() - began)


def _run(entry: Entry, folder: Path, *, quick: bool) -> str | None:
    """Run it to its end. Gives how it failed, or None."""
    longest = entry.quick if quick else entry.longest
    command = [sys.executable, "-m", "benchmarks.harness.one", entry.module, str(folder)]
    command += ["--quick"] if quick else []
    errors = folder / "stderr.txt"
    with errors.open("w") as stderr:
        process = subprocess.Popen(command, stdout=sys.stderr, stderr=stderr, start_new_session=True)
        _running.add(process)
        try:
            process.wait(longest)
        except subprocess.TimeoutExpired:
            return f"not done after {longest:g} s, so it was killed"
        finally:
            _running.discard(process)
            _end(process)
    text = errors.read_text(errors="replace")
    sys.stderr.write(text)
    if process.returncode == 0 and (folder / INDEX).exists():
        return None
    return f"exit code {process.returncode}: {last_words(text)}"


def end_all() -> None:
    """Kill the processes that other threads have started. Their sections have then failed."""
    for process in tuple(_running):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it has started, which is its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _sections(folder: Path) -> tuple[Section, ...]:
    return tuple(read(name, folder) for name in json.loads((folder / INDEX).read_text()))


def _failed(entry: Entry, failed: str, *, quick: bool) -> Section:
    return Section(
        name=entry.name,
        title=entry.about,
        command=f"python -m {entry.module}" + (" --quick" if quick else ""),
        quick=quick,
        columns=(),
        rows=(Row(name=entry.name, failed=failed),),
    )
