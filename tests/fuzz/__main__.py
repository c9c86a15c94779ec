"""Runs fuzzers: `python -m tests.fuzz [NAME...] [--cases N] [--seed S] [--seconds T]`."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules

from tests import fuzz
from tests.fuzz.harness import Broken

CASES = 10_000
_ROUND = 500  # cases before the clock is read again

Run = Callable[[int, int], int]


def fuzzers() -> Mapping[str, Run]:
    """The fuzzers by name: the `run` of each module of this folder that has one."""
    names = [module.name for module in iter_modules(fuzz.__path__) if module.name != "__main__"]
    modules = {name: import_module(f"{fuzz.__name__}.{name}") for name in names}
    return {name: module.run for name, module in modules.items() if hasattr(module, "run")}


def main(arguments: list[str] | None = None) -> int:
    """Run the named fuzzers, or all of them. Gives the exit code: 1 when a case failed."""
    known = fuzzers()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=fuzz.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}; default: all")
    parser.add_argument("--cases", type=int, default=CASES, help="for each fuzzer (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same cases (default: 1)")
    parser.add_argument("--seconds", type=float, help="for each fuzzer, instead of a number of cases")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(known)):
        parser.error(f"no such fuzzer: {', '.join(unknown)}")
    failed = [name for name in options.names or known if not _passes(name, known[name], options)]
    return 1 if failed else 0


def _passes(name: str, run: Run, options: argparse.Namespace) -> bool:
    began = time.monotonic()
    try:
        if options.seconds is None:
            tried = run(options.cases, options.seed)
        else:
            tried = _for_seconds(run, options.seed, began + options.seconds)
    except Broken as found:
        sys.stderr.write(f"{found}\n")
        return False
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{name}: {tried:,} cases, {seconds:.1f} s, peak memory {peak:,} MB\n")
    sys.stdout.flush()
    return True


def _for_seconds(run: Run, seed: int, until: float) -> int:
    """Run rounds, each with the next seed, until a time."""
    tried = 0
    while time.monotonic() < until:
        tried += run(_ROUND, seed)
        seed += 1
    return tried


if __name__ == "__main__":
    sys.exit(main())
