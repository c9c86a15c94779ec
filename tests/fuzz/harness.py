"""Runs the cases of a fuzzer. A case that fails is written to a file, and ends the run.

A fuzzer is a module of this folder with `run(cases, seed) -> int`. It returns the number of cases it
tried, or raises Broken. Most have a function that makes a case, and one that checks it, for `fuzz`.
"""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Never

CASE_SECONDS = 10.0
"""CPU seconds that a case may take. Most take a few milliseconds."""

CASE_MEGABYTES = 256
"""How much a single case may raise the process's peak memory."""

FOLDER = Path(__file__).parents[2] / ".fuzz"
"""The folder of the cases that failed."""

_SHOWN = 2_000  # bytes of a case that are shown in the message


class Broken(AssertionError):  # pytest shows it like any failed assertion
    """A case that failed. The message shows it, and names the file with the whole case."""


class Unbounded(Exception):
    """A case took too much time or memory."""


def fuzz(
    name: str, make: Callable[[Random], bytes], check: Callable[[bytes], None], *, cases: int, seed: int
) -> int:
    """Check `cases` cases. Each has its own random numbers, so that it can be repeated without the others.

    `check` returns if the case is as it should be, and raises any exception if not. Raises Broken.
    """
    for number in range(cases):
        case = make(Random(f"{name}/{seed}/{number}"))
        try:
            with _bounded():
                check(case)
        except Exception as error:
            raise broken(f"{name}-{seed}-{number}", case, error) from error
    return cases


def broken(name: str, case: bytes, error: Exception) -> Broken:
    """Write a case to a file, and make the error that describes it."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.case"
    file.write_bytes(case)
    text = case[:_SHOWN].decode("utf-8", "backslashreplace")
    more = f"\n... {len(case) - _SHOWN} more bytes" if len(case) > _SHOWN else ""
    return Broken(
        f"{name} ends in {type(error).__name__}: {error}\n{text}{more}\nThe whole case is in {file}."
    )


@contextmanager
def _bounded() -> Iterator[None]:
    """Raise Unbounded if the block takes too long, in CPU time: a slow machine is no failure."""
    peak, began = _peak(), time.process_time()
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, CASE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    if time.process_time() - began > CASE_SECONDS:  # the block may have caught what was raised in it
        _give_up(0, None)
    if _peak() - peak > CASE_MEGABYTES:
        raise Unbounded(f"it takes {_peak() - peak} MB of memory")


def _peak() -> int:
    """The most memory this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _give_up(_number: int, _frame: FrameType | None) -> Never:
    raise Unbounded(f"it takes more than {CASE_SECONDS:g} s of CPU time")
