"""Progress on stderr: a live view on a terminal, else a line every ten seconds."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import anyio

from batchgw.cli.observers.progress_lines import end_line, progress_line
from batchgw.cli.observers.tracker import Tracker
from batchgw.cli.observers.waves_seen import told
from batchgw.cli.output.console import Console
from batchgw.events import Event, NullObserver, Observer, PhaseEnded, PhaseStarted, WavesEnded
from batchgw.report.views.text import Line, line

INTERVAL = 10.0
"""Seconds between plain lines."""

WAITING = 60.0
"""Seconds between those that say that a wave bakes or is held: nothing else changes meanwhile."""


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

    def tell(self, told: Line) -> None:
        """Show at once what has happened to a wave. The line stays."""
        ...

    def close(self) -> None:
        """Leave nothing on the screen but lines that stay."""
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
        if (said := told(event)) is not None:
            self._view.tell(said)
        if isinstance(event, WavesEnded):
            self._view.close()
        if isinstance(event, PhaseStarted) and self._view.interval < INTERVAL:
            self._view.show(self._tracker, now)

    async def keep_showing(self) -> None:
        """Show the state at every interval. Runs until cancelled."""
        while True:
            await anyio.sleep(self._view.interval)
            if self._tracker.phase or self._tracker.waves.waits:
                self._view.show(self._tracker, self._clock())


class PlainView:
    """A line every ten seconds, and one at the end of each phase."""

    interval = INTERVAL

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0.0  # when a line said what a wave waits for

    def show(self, tracker: Tracker, now: float) -> None:
        """Print a line. While a wave waits there is one a minute."""
        wave = tracker.waves.now
        if tracker.phase:
            self._console.note(progress_line(tracker, now))
        elif wave is not None and not self._console.asking and now - max(self._shown, wave.since) >= WAITING:
            self._shown = now
            self._console.note(line(wave.says(now)))

    def end(self, tracker: Tracker, now: float, elapsed: float) -> None:
        """Print the last line of a phase."""
        self._console.note(end_line(tracker, now, elapsed))

    def tell(self, told: Line) -> None:
        """Print it."""
        self._console.note(told)

    def close(self) -> None:
        """Nothing is drawn."""


@asynccontextmanager
async def showing_progress(
    console: Console, *, quota: float, snapshots: float | None = None
) -> AsyncIterator[Observer]:
    """Show progress while the block runs; `quota` and `snapshots` are those of `Tracker`."""
    if console.quiet:
        yield NullObserver()
        return
    view = _view(console)
    tracker = Tracker(quota=quota) if snapshots is None else Tracker(quota=quota, snapshots=snapshots)
    observer = ProgressObserver(tracker, view)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(observer.keep_showing)
            yield observer
            tasks.cancel_scope.cancel()
    finally:
        view.close()


def _view(console: Console) -> View:
    if not console.live:
        return PlainView(console)
    from batchgw.cli.observers.live import LiveView  # noqa: PLC0415 - rich's widgets, for terminals only

    return LiveView(console)
