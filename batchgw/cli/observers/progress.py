"""Progress on stderr: a live view on a terminal, else a line every ten seconds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import anyio

from batchgw.cli.observers.progress_lines import end_line, progress_line
from batchgw.cli.observers.tracker import Tracker
from batchgw.cli.output.console import Console
from batchgw.events import Event, NullObserver, Observer, PhaseEnded, PhaseStarted

INTERVAL = 10.0
"""Seconds between plain lines."""


class View(Protocol):
    """Shows the progress of a run."""

    interval: float
    """Seconds between two updates."""

    def show(self, tracker: Tracker, now: float) -> None:
        """Show the current state."""
        ...

    def end(self, tracker: Tracker, now: float, elapsed: float) -> None:
        """Show how a phase ended, after `elapsed` seconds."""
        ...


class ProgressObserver:
    """Counts events; a view shows the counts from time to time."""

    def __init__(self, tracker: Tracker, view: View, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tracker = tracker
        self._view = view
        self._clock = clock

    def notify(self, event: Event) -> None:
        """Count an event."""
        now = self._clock()
        if isinstance(event, PhaseEnded):
            self._view.end(self._tracker, now, event.elapsed)
        self._tracker.notify(event, now)
        if isinstance(event, PhaseStarted) and self._view.interval < INTERVAL:
            self._view.show(self._tracker, now)

    async def keep_showing(self) -> None:
        """Show the state at every interval. Runs until cancelled."""
        while True:
            await anyio.sleep(self._view.interval)
            if self._tracker.phase:
                self._view.show(self._tracker, self._clock())


class PlainView:
    """A line every ten seconds, and one at the end of each phase."""

    interval = INTERVAL

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, tracker: Tracker, now: float) -> None:
        """Print a line."""
        self._console.note(progress_line(tracker, now))

    def end(self, tracker: Tracker, now: float, elapsed: float) -> None:
        """Print the last line of a phase."""
        self._console.note(end_line(tracker, now, elapsed))


@asynccontextmanager
async def showing_progress(console: Console, *, quota: float) -> AsyncIterator[Observer]:
    """Show progress while the block runs; `quota` is calls/second of one scope."""
    if console.quiet:
        yield NullObserver()
        return
    view = _view(console)
    observer = ProgressObserver(Tracker(quota=quota), view)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(observer.keep_showing)
        yield observer
        tasks.cancel_scope.cancel()


def _view(console: Console) -> View:
    if not console.live:
        return PlainView(console)
    from batchgw.cli.observers.live import LiveView  # noqa: PLC0415 - rich's widgets, for terminals only

    return LiveView(console)
