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
from benchmarks.virtual.client import Pacing
from benchmarks.virtual.rivals import RIVALS
from benchmarks.virtual.run import Measured, measure, measure_rival
from benchmarks.virtual.scenarios import scenario
from benchmarks.virtual.stage import Stage
from benchmarks.virtual.watched import Queue

SECONDS_PER_CALL = 0.02
"""Real seconds after which a run is taken to hang: many times what a call costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to be made, by batchgw or by a rival of that name; `traced` keeps it second by second."""

    scenario: str
    calls: int
    seed: int
    rival: str = ""
    traced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job; `hung` when it never ended."""

    job: Job
    measured: Measured | None = None
    trace: Trace | None = None
    hung: str | None = None


def do(job: Job, make: Pacing | None = None, *, patience: float = 60.0) -> Done:
    """Make a run; a failure is a result, too. It may take `patience` real seconds besides its calls'."""
    stage = Stage(scenario(job.scenario), job.calls, job.seed)
    queue, alarm = Queue(), Alarm(patience + SECONDS_PER_CALL * job.calls)
    try:
        with alarm.set():
            if job.rival:
                measured = measure_rival(stage, RIVALS[job.rival])
            else:
                measured = measure(stage, make, observer=queue if job.traced else None)
    except BaseException:
        if alarm.rang:
            return Done(job=job, hung=f"not at its end after {alarm.seconds:.1f} real seconds")
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


class Alarm:
    """Interrupts what takes longer than so many real seconds: where time stands still no run ever ends.

    It interrupts as Ctrl-C does, for that is what an event loop knows how to end by.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.rang = False

    @contextmanager
    def set(self) -> Iterator[None]:
        """Interrupt the block when it takes longer. An alarm that others have set waits for its end."""
        before = signal.signal(signal.SIGALRM, self._ring)
        timer = signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            yield
        finally:
            signal.signal(signal.SIGALRM, before)
            signal.setitimer(signal.ITIMER_REAL, *timer)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        self.rang = True
        signal.raise_signal(signal.SIGINT)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
