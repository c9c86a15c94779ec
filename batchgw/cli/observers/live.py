"""The live view: a bar for the whole, and one for each of the slowest scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from batchgw.cli.observers.frame import BOLD, DIM, RED, YELLOW, Cell, Frame, Row
from batchgw.cli.observers.progress_lines import TITLES, done_of, end_line
from batchgw.cli.observers.tracker import Lanes, Progress, Tracker
from batchgw.cli.output.console import Console
from batchgw.report.views.text import Line
from batchgw.times import duration
from batchgw.wording import amount

REFRESH = 0.2
"""Seconds between frames."""

SCOPES = 10
"""Scopes with a bar of their own."""


class LiveView:
    """Draws on the terminal while a phase lasts. Lines printed meanwhile go above."""

    interval = REFRESH

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rich = RichConsole(
            file=console.err, force_terminal=True, no_color=not console.color, highlight=False
        )
        self._live: Live | None = None

    def show(self, tracker: Tracker, now: float) -> None:
        """Draw a frame. While a question is open the terminal belongs to who answers it."""
        if self._console.asking:
            return
        frame = drawn(tracker, now)
        if self._live is None:
            self._live = Live(
                frame, console=self._rich, auto_refresh=False, transient=True, redirect_stdout=False
            )
            self._live.start(refresh=True)
            self._console.above, self._console.hide = self._above, self.close
        else:
            self._live.update(frame, refresh=True)

    def end(self, tracker: Tracker, now: float, elapsed: float) -> None:
        """Remove the view and leave a line."""
        self.close()
        self._console.note(end_line(tracker, now, elapsed))

    def tell(self, told: Line) -> None:
        """Print it, above the view."""
        self._console.note(told)

    def close(self) -> None:
        """Remove the view."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._console.above = self._console.hide = None

    def _above(self, text: str) -> None:
        self._rich.print(Text.from_ansi(text), soft_wrap=True)


SPARE = (4, 1, 2)
"""Columns that a narrow terminal leaves out, the last first: time left, rate, throttles."""


def drawn(tracker: Tracker, now: float) -> Frame:
    """Lay out one frame: the wave, the phase, its lanes, and the slowest account-regions."""
    wave = tracker.waves.now
    first = "" if wave is None else wave.says(now)
    if not tracker.phase:
        return Frame([], first=first)
    title = TITLES.get(tracker.phase, tracker.phase)
    whole, lanes = tracker.all(now), tracker.lanes(now)
    rows = [_row(Cell(title, BOLD), whole if lanes is None else replace(whole, by_kind=""), tracker.noun)]
    if lanes is not None:
        rows += _of_lanes(lanes)
    last = ""
    if tracker.count > 1:
        slowest, hidden = tracker.scopes(now, at_most=SCOPES)
        rows += [_row(Cell(f"  {progress.name}"), progress, "") for progress in slowest]
        if hidden:
            last = f"  and {amount(hidden, 'more scope')} under way"
    return Frame(rows, first=first, last=last, spare=SPARE)


def _of_lanes(lanes: Lanes) -> Iterator[Row]:
    """Give a row for each lane: changes, and the deployments that wait for them."""
    none = Cell("")
    if lanes.all_changes:
        done = f"{lanes.changes:,} of {amount(lanes.all_changes, lanes.noun)}"
        cells = (Cell(done, right=True), none, none, none, none)
        yield Row(Cell("  changes"), lanes.changes, lanes.all_changes, cells)
    done = f"{lanes.stages:,} of {amount(lanes.all_stages, 'stage')}"
    left = "" if lanes.left is None else f"{duration(lanes.left)} left"
    cells = (
        Cell(done, right=True),
        Cell(f"{lanes.rate:.1f}/s of {lanes.quota:g}", right=True),
        Cell(amount(lanes.snapshots, "snapshot"), DIM, right=True),
        none,
        Cell(left, right=True),
    )
    yield Row(Cell("  deployments"), lanes.stages, lanes.all_stages, cells)


def _row(title: Cell, progress: Progress, noun: str) -> Row:
    cells = (
        Cell(done_of(progress, noun), right=True),
        Cell(f"{progress.rate:.1f}/s of {progress.quota:g}", right=True),
        Cell(f"{progress.throttles:,} throttled", YELLOW if progress.throttles else DIM, right=True),
        Cell(f"{progress.failed:,} failed" if progress.failed else "", RED),
        Cell("" if progress.left is None else f"{duration(progress.left)} left", right=True),
    )
    return Row(title, progress.done, progress.total, cells)
