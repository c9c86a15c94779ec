"""Whether the limiter behaves as it did at another revision: every call of every world, exactly.

    python -m benchmarks.virtual.same_traces REVISION [--seeds 2] [--sizes 200,2000] [--only SCENARIO]

Each run is made twice in virtual time: with the code of REVISION, from a temporary git worktree, and with
this code, each in a process of its own. Two runs are equal when the same calls leave and come back at the
same times, to the last bit, with the same results. Exit code 1 when a run differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from benchmarks.virtual.scenarios import HELD_OUT, SCENARIOS, TUNING

HERE = Path(__file__).parents[2]
RECORDER = Path(__file__).with_name("recorded_runs.py")

SIZES = (200, 2_000)
"""Calls of a run: the sizes at which every world is compared."""

SEEDS = {200: 3, 2_000: 1}
"""Seeds to tune with, and as many held-out ones."""

Run = tuple[str, int, int]
"""A scenario's key, its calls, and its seed."""

Trace = Sequence[object]
"""What `recorded_runs` wrote down: the calls, then the figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first entry that differs in two traces of a run; None where one has ended before the other."""

    run: Run
    number: int
    before: object
    after: object

    def __str__(self) -> str:
        """Say it on three lines."""
        key, calls, seed = self.run
        return (
            f"{key}, {calls} calls, seed {seed}: entry {self.number} differs\n"
            f"  before: {self.before}\n   after: {self.after}"
        )


def first_difference(run: Run, before: Trace, after: Trace) -> Difference | None:
    """Compare two traces entry by entry."""
    for number, (old, new) in enumerate(zip_longest(before, after), start=1):
        if old != new:
            return Difference(run=run, number=number, before=old, after=new)
    return None


def runs(keys: Sequence[str], sizes: Sequence[int], seeds: int | None = None) -> list[Run]:
    """Every world at every size: so many seeds to tune with, and as many held-out ones."""
    return [
        (key, calls, start + number)
        for calls in sizes
        for key in keys
        for start in (TUNING.start, HELD_OUT.start)
        for number in range(seeds or SEEDS.get(calls, 1))
    ]


@contextmanager
def worktree(revision: str) -> Iterator[Path]:
    """Check a revision out beside this one, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "before"
        git = ["git", "-C", str(HERE), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(path), revision], check=True)
        try:
            yield path.resolve()
        finally:
            subprocess.run([*git, "remove", "--force", str(path)], check=True)


@contextmanager
def recorded(tree: Path, wanted: Sequence[Run]) -> Iterator[Iterator[Trace]]:
    """Make runs with the code of a tree; their traces come in order, each as soon as it is there."""
    command = [sys.executable, "-P", str(RECORDER), json.dumps(wanted)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    with subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield (json.loads(line) for line in process.stdout or ())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise SystemExit(f"the runs with the code of {tree.name} ended with {process.returncode}")


def compare(revision: str, wanted: Sequence[Run]) -> Iterator[tuple[Run, int, Difference | None]]:
    """Make each run with both revisions. Yields the run, its entries, and the first that differs."""
    with worktree(revision) as before, recorded(before, wanted) as old, recorded(HERE, wanted) as new:
        for run, one, other in zip(wanted, old, new, strict=True):
            yield run, len(one), first_difference(run, one, other)


def main() -> None:
    """Compare, and say what differs."""
    arguments = _arguments()
    keys = arguments.only or [each.key for each in SCENARIOS]
    sizes = [int(size) for size in arguments.sizes.split(",")]
    wanted, entries, differences = runs(keys, sizes, arguments.seeds), 0, 0
    for _, count, difference in compare(arguments.revision, wanted):
        entries += count
        differences += difference is not None
        if difference is not None:
            print(difference, flush=True)
    counts = Counter(calls for _, calls, _ in wanted)
    sizes_told = ", ".join(f"{count // len(keys)} of {calls:,}" for calls, count in counts.items())
    print(
        f"{len(keys)} worlds, runs of each: {sizes_told} calls; {len(wanted)} pairs of runs with "
        f"{entries - len(wanted):,} calls compared, {differences} differ"
    )
    sys.exit(bool(differences))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", help="what to compare with: a commit, a tag or a branch")
    parser.add_argument("--seeds", type=int, help="so many seeds to tune with, and as many held-out ones")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="calls of a run, with commas")
    keys = [each.key for each in SCENARIOS]
    parser.add_argument("--only", action="append", choices=keys, metavar="SCENARIO", help="repeatable")
    return parser.parse_args()


if __name__ == "__main__":
    main()
