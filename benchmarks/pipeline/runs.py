"""Puts through the pipeline: through the control plane's wrappers alone, or as a whole run."""

from __future__ import annotations

import io
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import cast

import anyio

from batchgw.cli.flags.options import LogFlags
from batchgw.cli.observers.log import logging_to
from batchgw.cli.observers.progress import showing_progress
from batchgw.cli.output.console import Console
from batchgw.concurrency.clock import Moment
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import PutGatewayResponse
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.events import Observer, Observers, PhaseEnded, PhaseStarted
from batchgw.execution.writing.executor import Executor
from batchgw.execution.writing.recorder import Recorder
from batchgw.journal import Journal, JournalRun, open_journal
from batchgw.journal.live_memory import BriefLiveMemory
from batchgw.model import AccountId, PlannedApi, Region, Scope, Settings
from benchmarks.pipeline.fakes import NoJournal, Plane
from benchmarks.pipeline.plans import NEW_RUN, TYPES, planned
from benchmarks.pipeline.timing import Timed

WORKERS = 10

FAST = Pace(rate=1e6, burst=1e6, workers=WORKERS)
"""A quota so high that no call waits: only the limiter's own work remains."""


def scopes_of(number: int) -> tuple[Scope, ...]:
    """A number of account-regions, each in an account of its own."""
    return tuple(
        Scope(account=AccountId(f"{111111111111 + n}"), region=Region("eu-west-1")) for n in range(number)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Puts through a control plane, without a journal."""

    puts: int
    plane: Callable[[], ControlPlane]

    async def run(self, timed: Timed) -> None:
        """Make the puts."""
        plane = self.plane()
        await timed(lambda: self._make(plane))

    async def _make(self, plane: ControlPlane) -> None:
        (scope,) = scopes_of(1)
        api = planned(0, scope).api.id
        put = PutGatewayResponse(scope=scope, api=api, type=TYPES[0], settings=Settings(status_code="403"))

        async def work() -> None:
            for _ in range(self.puts // WORKERS):
                await plane.send(put)

        async with anyio.create_task_group() as tasks:
            for _ in range(WORKERS):
                tasks.start_soon(work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """The puts of a run, with or without a journal, a log file and progress (written to `progress`)."""

    puts: int
    pace: Pace = FAST
    latency: float | None = None
    scopes: int = 1
    journal: bool = True
    log: bool = False
    progress: type[io.StringIO] | None = None

    async def run(self, timed: Timed) -> None:
        """Make the puts. Only they are timed, not what comes before and after."""
        items = [
            planned(number, scope)
            for scope in scopes_of(self.scopes)
            for number in range(self.puts // self.scopes // len(TYPES))
        ]
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            observer = await stack.enter_async_context(self._observing(folder))
            plane = PacedControlPlane(Plane(self.latency), pace=self.pace, observer=observer)
            if self.journal:
                journal = await stack.enter_async_context(open_journal(str(folder / "journal.db")))
                await self._execute(plane, await _imported(journal, items), timed)
            else:
                await self._execute(plane, cast("JournalRun", NoJournal(items)), timed)

    async def _execute(self, plane: PacedControlPlane, run: JournalRun, timed: Timed) -> None:
        scopes = scopes_of(self.scopes)
        expected = dict.fromkeys(scopes, self.puts // self.scopes)
        recorder = Recorder(run, observer=plane.observer, stop=plane.stop, rate=plane.rate)
        executor = Executor(
            plane, run, recorder, read_first=(), live=BriefLiveMemory(), read_at=Moment.ago(0), trusted=inf
        )
        plane.observer.notify(PhaseStarted(run=run.id, phase="apply", scopes=scopes, expected=expected))
        await timed(lambda: executor.run(scopes))
        plane.observer.notify(PhaseEnded(run=run.id, phase="apply", elapsed=0.0))

    @asynccontextmanager
    async def _observing(self, folder: Path) -> AsyncIterator[Observer]:
        async with AsyncExitStack() as stack:
            observers: list[Observer] = []
            console = Console(out=io.StringIO(), err=(self.progress or io.StringIO)())
            if self.log:
                flags = LogFlags(log_file=folder / "run.log")
                observers.append(stack.enter_context(logging_to(console, flags)))
            if self.progress is not None:
                observers.append(await stack.enter_async_context(showing_progress(console, quota=10.0)))
            yield Observers(*observers)


async def _imported(journal: Journal, items: list[PlannedApi]) -> JournalRun:
    run = await journal.begin(NEW_RUN)
    async with run.importing() as plan:
        for item in items:
            await plan.add(item)
    items.clear()
    return run
