"""Runs the cases of a fuzzer. A case that breaks the promise is written to a file and ends the run.

A fuzzer is a module of this folder with `run(cases, seed) -> int`, which gives how many cases it tried and
raises Broken. Most are a function that makes a case and one that checks it, joined by `fuzz`.
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
"""CPU seconds after which a case counts as endless. Most take a few milliseconds."""

CASE_MEGABYTES = 256
"""How far a single case may raise the process's peak of memory."""

FOLDER = Path(__file__).parents[2] / ".fuzz"
"""Where cases that broke a promise are kept."""

_SHOWN = 2_000  # bytes of a case that the message repeats


class Broken(AssertionError):  # a test that lets it pass fails as by any assertion
    """A case that broke its promise. The message shows it, and names the file that holds it whole."""


class Unbounded(Exception):
    """A case took more time or memory than any sensible one."""


def fuzz(
    name: str, make: Callable[[Random], bytes], check: Callable[[bytes], None], *, cases: int, seed: int
) -> int:
    """Check `cases` cases. Each has dice of its own, so that it can be made again without those before it.

    `check` returns when the case kept the promise, and raises anything when it did not. Raises Broken.
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
    """Keep a case under its name, and make the error that tells of it."""
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.case"
    file.write_bytes(case)
    text = case[:_SHOWN].decode("utf-8", "backslashreplace")
    more = f"\n... {len(case) - _SHOWN} bytes more" if len(case) > _SHOWN else ""
    return Broken(
        f"{name} ends in {type(error).__name__}: {error}\n{text}{more}\nThe whole case is in {file}."
    )


@contextmanager
def _bounded() -> Iterator[None]:
    """Raise Unbounded in what takes too long, by the CPU time of this process: a busy machine is no fault."""
    peak, began = _peak(), time.process_time()
    before = signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, CASE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    if time.process_time() - began > CASE_SECONDS:  # what was raised in it may have been caught there
        _give_up(0, None)
    if _peak() - peak > CASE_MEGABYTES:
        raise Unbounded(f"it takes {_peak() - peak} MB of memory")


def _peak() -> int:
    """The most memory this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _give_up(_number: int, _frame: FrameType | None) -> Never:
    raise Unbounded(f"it takes more than {CASE_SECONDS:g} s of CPU time")
