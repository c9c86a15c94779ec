"""Many runs, side by side on the machine's cores; each is the same wherever and in whatever order it runs."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from benchmarks.virtual.bins import Trace, trace
from benchmarks.virtual.run import Measured, Pacing, Stage, measure
from benchmarks.virtual.scenarios import scenario
from benchmarks.virtual.settings import Unsupported
from benchmarks.virtual.watched import Queue

SECONDS_PER_CALL = 0.02
"""Real seconds after which a run is taken to hang: many times what a call costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to be made; `traced` keeps it second by second."""

    scenario: str
    calls: int
    seed: int
    traced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job. `skipped` when the client has no such setting, `hung` when it never ended."""

    job: Job
    measured: Measured | None = None
    trace: Trace | None = None
    skipped: str | None = None
    hung: str | None = None


class TookTooLong(BaseException):
    """A run did not end in real time. No error a run may have by itself, so that nothing in it catches it."""


def do(job: Job, make: Pacing | None = None, *, patience: float = 60.0) -> Done:
    """Make a run; a failure is a result, too. It may take `patience` real seconds besides its calls'."""
    stage = Stage(scenario(job.scenario), job.calls, job.seed)
    queue = Queue()
    try:
        with bounded(patience + SECONDS_PER_CALL * job.calls):
            measured = measure(stage, make, observer=queue if job.traced else None)
    except Unsupported as why:
        return Done(job=job, skipped=str(why))
    except BaseException as error:
        if hung := _hung(error):
            return Done(job=job, hung=hung)
        raise
    seen = trace(stage, queue) if job.traced and measured.sent else None
    return Done(job=job, measured=measured, trace=seen)


def do_all(jobs: Sequence[Job], *, processes: int | None = None) -> Iterator[Done]:
    """Make runs, longest first; they are given as they end."""
    processes = processes or _cores()
    order = sorted(jobs, key=lambda job: job.calls, reverse=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=processes, mp_context=context) as pool:
        futures: list[Future[Done]] = [pool.submit(do, job) for job in order]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _hung(error: BaseException) -> str | None:
    """Find the reason among the errors that an ending event loop has wrapped it in."""
    if isinstance(error, TookTooLong):
        return str(error)
    inner = (
        error.exceptions if isinstance(error, BaseExceptionGroup) else (error.__cause__, error.__context__)
    )
    return next((found for each in inner if each is not None and (found := _hung(each))), None)


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise TookTooLong inside the block when it takes longer: a clock that stands still never ends a run."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"not at its end after {seconds:.0f} real seconds")

    before = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
