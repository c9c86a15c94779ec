"""Measure batchgw and what else a user would pick: `scripts/bench`, or `python -m benchmarks`.

Tables are printed as they are measured, and written with their plots to benchmarks/results. From these files
benchmarks/README.md is written. Results of --quick are written to benchmarks/results/quick, and to no page.
Sections that mostly wait for a quota run two at a time, with --quick three at a time. With --quick --check
runs, all sections do: what they measure does not count then.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness import page, plots
from benchmarks.harness.results import RESULTS, Section, show, write
from benchmarks.harness.runner import Measured, end_all, run
from benchmarks.registry import ENTRIES, Entry, chosen

QUICK_RESULTS = RESULTS / "quick"
INTERRUPTED = 130
"""The exit code after Ctrl-C, as in a shell."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen sections. Gives the exit code: 0, or with --check 1 for a missed goal or a failure."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.list:
        for entry in ENTRIES:
            print(f"{entry.name:<14} {entry.about}{'' if entry.there else ' (module not found)'}")
        return 0
    try:
        entries = chosen(given.only)
    except KeyError as unknown:
        parser.error(f"there is no section {unknown}; there are {', '.join(e.name for e in ENTRIES)}")
    folder = given.out or (QUICK_RESULTS if given.quick else RESULTS)
    began = time.monotonic()
    kept = folder if given.write else None
    measured = []
    try:
        for each in _measured(entries, quick=given.quick, counts=given.check != "runs"):
            _show(each, kept)
            measured.append(each)
    except KeyboardInterrupt:
        return INTERRUPTED
    if given.write and folder == RESULTS:
        page.write()
    failed, missed = _conclude(measured, time.monotonic() - began, kept)
    return 1 if (given.check and failed) or (given.check == "goals" and missed) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="smaller tasks: a few minutes, not 20")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these sections; see --list")
    parser.add_argument("--list", action="store_true", help="list the sections")
    parser.add_argument(
        "--write",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write results and plots to files (default)",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="the folder of these files")
    parser.add_argument(
        "--check",
        nargs="?",
        const="goals",
        choices=("runs", "goals"),
        help="exit 1 when batchgw or a section has failed (runs), or also when a goal was missed (goals, the "
        "default)",
    )
    return parser


def _measured(entries: Sequence[Entry], *, quick: bool, counts: bool) -> Iterator[Measured]:
    """Run first the sections that mostly wait, some at a time; then the others, one by one.

    If what a quick run measures does not count, the others do not run alone either.
    """

    def one(entry: Entry) -> Measured:
        print(f"{entry.name} ...", file=sys.stderr, flush=True)
        return run(entry, quick=quick)

    waiting = [entry for entry in entries if entry.waits and (quick or not entry.alone)]
    others = [entry for entry in entries if entry not in waiting]
    alone = others if counts or not quick else []
    with ThreadPoolExecutor(3 if quick else 2) as pool:
        try:
            yield from pool.map(one, waiting if alone else [*waiting, *others])
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
    yield from map(one, alone)


def _show(measured: Measured, folder: Path | None) -> None:
    """Print the tables, and write them and their plots to the folder, if there is one."""
    entry = measured.entry
    print(f"\n{entry.name}: {entry.about} ({measured.seconds:.0f} s)\n", flush=True)
    for section in measured.sections:
        show(section)
        if folder is not None:
            write(section, folder)
            plots.draw(section, folder)
    sys.stdout.flush()


def _conclude(measured: Sequence[Measured], seconds: float, folder: Path | None) -> tuple[bool, bool]:
    """Print what failed and what was missed. Gives whether anything failed, and whether a goal was missed."""
    sections = [section for each in measured for section in each.sections]
    failed = [fault for section in sections for fault in failures_of(section)]
    missed = [f"{section.name}: missed: {each}" for section in sections for each in section.missed()]
    print(f"\n{len(sections)} tables in {seconds:.0f} s" + (f", written to {folder}" if folder else ""))
    for fault in (*failed, *missed):
        print(fault)
    if not failed and not missed:
        print("Every goal was met.")
    return bool(failed), bool(missed)


def failures_of(section: Section) -> list[str]:
    """The failures that count: a section as a whole, or a row of batchgw. A peer may fail."""
    return [
        f"{section.name}: {row.name} failed: {row.failed}"
        for row in section.rows
        if row.failed is not None and (row.goals or not section.columns)
    ]


if __name__ == "__main__":
    sys.exit(main())
