"""Runs sections one after the other, each in a process of its own, and says how each ended.

A section that raises, dies or takes too long is a section with one failed row: shown and kept like any other.
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

_under_way: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of an entry, and the seconds it took."""

    entry: Entry
    sections: tuple[Section, ...]
    seconds: float


def run(entry: Entry, *, quick: bool) -> Measured:
    """Measure one entry. What it prints goes to stderr."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="batchgw-bench-") as name:
        folder = Path(name)
        how = None if entry.there else "there is no such module"
        how = how or _run(entry, folder, quick=quick)
        sections = (_failed(entry, how, quick=quick),) if how else _sections(folder)
    return Measured(entry=entry, sections=sections, seconds=time.monotonic() - began)


def _run(entry: Entry, folder: Path, *, quick: bool) -> str | None:
    """Run it to its end. Gives how it failed, None when it did not."""
    longest = entry.quick if quick else entry.longest
    command = [sys.executable, "-m", "benchmarks.harness.one", entry.module, str(folder)]
    command += ["--quick"] if quick else []
    said = folder / "stderr.txt"
    with said.open("w") as complaint:
        process = subprocess.Popen(command, stdout=sys.stderr, stderr=complaint, start_new_session=True)
        _under_way.add(process)
        try:
            process.wait(longest)
        except subprocess.TimeoutExpired:
            return f"not done after {longest:g} s, so it was killed"
        finally:
            _under_way.discard(process)
            _end(process)
    words = said.read_text(errors="replace")
    sys.stderr.write(words)
    if process.returncode == 0 and (folder / INDEX).exists():
        return None
    return f"exit code {process.returncode}: {last_words(words)}"


def end_all() -> None:
    """End what is under way in other threads: their sections have then failed."""
    for process in tuple(_under_way):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing behind: what it started is in its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def _sections(folder: Path) -> tuple[Section, ...]:
    return tuple(read(name, folder) for name in json.loads((folder / INDEX).read_text()))


def _failed(entry: Entry, how: str, *, quick: bool) -> Section:
    return Section(
        name=entry.name,
        title=entry.about,
        command=f"python -m {entry.module}" + (" --quick" if quick else ""),
        quick=quick,
        columns=(),
        rows=(Row(name=entry.name, failed=how),),
    )
