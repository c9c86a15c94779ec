"""Many runs in parallel, a process for each core. A run gives the same result in any process and order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from benchmarks.virtual.call_log import WaitLog
from benchmarks.virtual.client import MakeClient
from benchmarks.virtual.output.timeline import Trace, trace
from benchmarks.virtual.peers import PEERS
from benchmarks.virtual.run import Measured, measure, measure_peer
from benchmarks.virtual.scenarios import scenario
from benchmarks.virtual.stage import Stage

SECONDS_PER_CALL = 0.02
"""Real seconds a call may take on average before its run counts as hung: many times what it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run to make: by batchgw, or by the named peer. `traced` keeps its timeline, too."""

    scenario: str
    calls: int
    seed: int
    peer: str = ""
    traced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The result of a job. `hung` says so of a run that had to be interrupted."""

    job: Job
    measured: Measured | None = None
    trace: Trace | None = None
    hung: str | None = None


def do(job: Job, make: MakeClient | None = None, *, patience: float = 60.0) -> Done:
    """Make a run; a failure is a result, too. It may take `patience` real seconds more than its calls do."""
    stage = Stage(scenario(job.scenario), job.calls, job.seed)
    waiting, alarm = WaitLog(), Alarm(patience + SECONDS_PER_CALL * job.calls)
    try:
        with alarm.set():
            if job.peer:
                measured = measure_peer(stage, PEERS[job.peer])
            else:
                measured = measure(stage, make, observer=waiting if job.traced else None)
    except BaseException:
        if alarm.rang:
            return Done(job=job, hung=f"not at its end after {alarm.seconds:.1f} real seconds")
        raise
    seen = trace(stage, waiting) if job.traced and measured.sent else None
    return Done(job=job, measured=measured, trace=seen)


def do_all(jobs: Sequence[Job], *, processes: int | None = None) -> Iterator[Done]:
    """Make runs, the longest first, and yield each as it ends."""
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
    """Interrupts a block that takes longer than so many real seconds: a run without progress never ends.

    It interrupts as Ctrl-C does, because every event loop can be ended that way.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.rang = False

    @contextmanager
    def set(self) -> Iterator[None]:
        """Interrupt the block when it takes longer. A timer that was already set is set again after it."""
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
